"""Files reports over the public door in a child process that is killed at a random moment, fifty times over.

Run inside an installation. Prints JSON: for each form the number of reports found, and what the ledger's verification
says. Everything is loaded once; each round forks, so that a kill lands in the middle of filing and not of starting.
"""

import json
import os
import random
import signal
import time

import django

django.setup()

from django.db import connections  # noqa: E402 - after set-up
from django.test import Client  # noqa: E402

from tocsin.campaigns.assessing import assess  # noqa: E402
from tocsin.campaigns.models import Campaign, Sighting  # noqa: E402
from tocsin.intake.models import Report  # noqa: E402
from tocsin.intake.receipts import digest_of, new_token, receipt_for  # noqa: E402
from tocsin.ledger.models import LedgerEntry  # noqa: E402

KILLS = 50
SEED = int.from_bytes(os.urandom(4), "big")
MESSAGES = (
    "刷单返利,一单一结,日赚{}元,无需押金,加微信 wxid_demo88 领取任务",
    "您的包裹因地址不详无法派送,请登录 http://parcel-fee.example/{} 补填信息并支付两元",
    "妈,我晚上{}点到家,买点青菜就行",
)


def main() -> None:
    """Kill, retry what was not acknowledged as a browser would, and report."""
    assess("load the engine before the first fork")
    chance = random.Random(SEED)
    waiting = [new_token() for _ in range(KILLS * 8)]
    forms = list(waiting)
    killed = 0
    while killed < KILLS and waiting:
        acknowledged, was_killed = _one_round(waiting, chance)
        killed += was_killed
        waiting = [token for token in waiting if token not in acknowledged]
    client = Client()
    for token in waiting:
        assert _file(client, token) == 302
    digests = [digest_of(receipt_for(token, _message(token))) for token in forms]
    found = list(Report.objects.values_list("receipt_digest", flat=True))
    print(
        json.dumps(
            {
                "seed": SEED,
                "killed": killed,
                "forms": len(forms),
                "reports_per_form": sorted({found.count(digest) for digest in digests}),
                "reports": len(found),
                "sightings": Sighting.objects.count(),
                "counted": sum(Campaign.objects.values_list("sighting_count", flat=True)),
                "received": LedgerEntry.objects.filter(verb="report.received").count(),
                "filed": LedgerEntry.objects.filter(verb="sighting.filed").count(),
            }
        )
    )


def _one_round(waiting: list[str], chance: random.Random) -> tuple[set[str], bool]:
    """Let a child file forms for a moment; returns what it acknowledged, and whether the kill caught it at work."""
    connections.close_all()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        client = Client()
        for token in waiting:
            if _file(client, token) == 302:
                os.write(writer, f"{token}\n".encode())
        os._exit(0)
    os.close(writer)
    time.sleep(chance.uniform(0.02, 0.45))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reader) as answers:
        return set(answers.read().split()), os.WIFSIGNALED(status)


def _message(token: str) -> str:
    """The same for the same form, another for most others: copies, near copies and strangers."""
    number = sum(token.encode())
    return MESSAGES[number % len(MESSAGES)].format(number % 100)


def _file(client: Client, token: str) -> int:
    return client.post("/report", {"text": _message(token), "token": token}).status_code


if __name__ == "__main__":
    main()
