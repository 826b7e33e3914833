"""Reporters, officers and the worker act at once on the same few campaigns. Run inside an installation.

Prints JSON: what went wrong, and what the tables and the ledger add up to at the end.
"""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import DatabaseError, connection  # noqa: E402 - after set-up

from tocsin.campaigns.assessing import assess  # noqa: E402
from tocsin.campaigns.models import Campaign  # noqa: E402
from tocsin.campaigns.rulings import Ruling  # noqa: E402
from tocsin.campaigns.states import DECIDED, CampaignStatus, Dismissal, InvalidTransition  # noqa: E402
from tocsin.engine.harms import Harm  # noqa: E402
from tocsin.intake import actions  # noqa: E402
from tocsin.intake.models import Report  # noqa: E402
from tocsin.intake.receipts import new_token  # noqa: E402
from tocsin.intake.states import OPEN, ReportClosed, ThreadFull  # noqa: E402
from tocsin.ledger.models import LedgerEntry  # noqa: E402
from tocsin.people.models import Agency, Member  # noqa: E402

TEXTS = (
    "刷单返利,一单一结,日赚{}元,无需押金,加微信 wxid_demo88 领取任务",
    "您的包裹因地址不详无法派送,请登录 http://parcel-fee.example/{} 补填信息并支付两元",
    "内部股票群,跟着老师操作稳赚不赔,今日名额{}个,加微信 niugu_t18 进群",
)
Deed = Callable[[random.Random], None]


def main(seconds: float) -> None:
    """Let everybody act for so long."""
    assess("load the engine first")
    end = time.monotonic() + seconds
    deeds: tuple[Deed, ...] = (_report, _report, _report, _write, _decide, _decide, _reopen, _close)
    with ThreadPoolExecutor(len(deeds)) as pool:
        failures = sum(pool.map(lambda pair: _repeat(pair[1], pair[0], end), enumerate(deeds)), Counter[str]())
    decided = Report.objects.filter(sighting__campaign__status__in=DECIDED, status__in=OPEN, words=None)
    print(
        json.dumps(
            {
                "failures": failures,
                "reports": Report.objects.count(),
                "received": LedgerEntry.objects.filter(verb="report.received").count(),
                "counted": sum(Campaign.objects.values_list("sighting_count", flat=True)),
                "waiting_though_decided": decided.count(),
                "acts": LedgerEntry.objects.count(),
            }
        )
    )


def _repeat(deed: Deed, seed: int, end: float) -> Counter[str]:
    chance, failures = random.Random(seed), Counter[str]()
    while time.monotonic() < end:
        try:
            deed(chance)
        except DatabaseError as error:
            failures[f"{deed.__name__}: {type(error).__name__}: {str(error)[:60]}"] += 1
        except (InvalidTransition, ReportClosed, ThreadFull):
            pass
    connection.close()
    return failures


def _report(chance: random.Random) -> None:
    text = chance.choice(TEXTS).format(chance.randrange(100, 999))
    actions.receive_report(text=text, token=new_token(), agency=chance.choice(list(Agency.objects.all())))


def _write(chance: random.Random) -> None:
    report = Report.objects.order_by("?").first()
    if report is not None:
        actions.add_words(report=report, text=f"line {chance.random()}")


def _decide(chance: random.Random) -> None:
    member = Member.objects.get(username=chance.choice(("analyst", "second_analyst")))
    campaign = Campaign.objects.exclude(status__in=DECIDED).order_by("?").first()
    if campaign is None:
        return
    if campaign.status == CampaignStatus.NEW:
        actions.start_review(actor=member, campaign=campaign)
    elif campaign.harm and chance.random() < 0.5:
        ruling = Ruling(reason="yes", harm=Harm(campaign.harm))
        actions.confirm_campaign(actor=member, campaign=campaign, ruling=ruling)
    else:
        ruling = Ruling(reason="no", dismissal=Dismissal.GENUINE)
        actions.dismiss_campaign(actor=member, campaign=campaign, ruling=ruling)


def _reopen(chance: random.Random) -> None:
    campaign = Campaign.objects.filter(status__in=DECIDED).order_by("?").first()
    if campaign is not None and chance.random() < 0.3:
        actor = Member.objects.get(username="analyst")
        actions.reopen_campaign(actor=actor, campaign=campaign, ruling=Ruling(reason="again"))
    time.sleep(0.02)


def _close(chance: random.Random) -> None:
    report = Report.objects.filter(status="answered").order_by("?").first()
    if report is not None and chance.random() < 0.3:
        actions.close_report(report=report)
    time.sleep(0.02)


if __name__ == "__main__":
    main(float(sys.argv[1]))
