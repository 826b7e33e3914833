"""Builds a demo's home in a folder, with Django set up for it: database, keys, scan, town, and what the command prints.

The first import of this module sets Django up, so the environment must point at the folder before.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402 - after set-up
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from tqdm import tqdm  # noqa: E402

from tocsin.base import clock  # noqa: E402
from tocsin.campaigns.assessing import detector  # noqa: E402
from tocsin.campaigns.models import Sighting  # noqa: E402
from tocsin.campaigns.states import Origin  # noqa: E402
from tocsin.config.demo import tables  # noqa: E402
from tocsin.config.demo.homes import Marker, schema_digest  # noqa: E402
from tocsin.config.demo.seeding import Event, seed  # noqa: E402
from tocsin.config.demo.stream import move_to, read_stream, scan_stream  # noqa: E402
from tocsin.config.demo.tables import Found  # noqa: E402
from tocsin.config.demo.town import midnight, read_town  # noqa: E402
from tocsin.engine.harms import Harm  # noqa: E402
from tocsin.ledger.checkpoints import ensure_signing_key  # noqa: E402

# A campaign of fewer copies is not worth a line in the table.
LEAST_COPIES = 5


def build(draft: Path, home: Path, say: Callable[[str], None]) -> Marker:
    """Build everything in ``draft``, later to be called ``home``; returns its marker. Raises ScanError or OSError."""
    now = clock.now()
    # All migrations take under a second of processor time (measured), so there is no template to keep up to date.
    call_command("migrate", verbosity=0, interactive=False)
    ensure_signing_key(settings.LEDGER_KEY_FILE, settings.LEDGER_ORIGIN)
    say("载入检测引擎 Loading the engine (第一次要编译，约一分钟 compiled on its very first run: about a minute)")
    detector()
    stream = move_to(read_stream(), now)
    say(f"扫描样例消息流 Scanning the sample stream ({len(stream):,})")
    flagged = scan_stream(draft, home, sys.stderr)
    say("写入样例城市 Writing the sample town")
    seeded = seed(read_town(), [message for message in stream if message.id in flagged], midnight(now), _with_bar)
    report = describe(found_campaigns(), messages=len(stream), flagged=len(flagged))
    connections.close_all()
    return Marker(tuple(report), seeded.receipt, schema_digest())


def found_campaigns() -> list[Found]:
    """The campaigns that the scan found, with at least ``LEAST_COPIES`` copies in the stream.

    Their harm is the one that the engine named most often, whatever the desk decided afterwards.
    """
    scanned = Sighting.objects.filter(origin=Origin.SCAN).order_by("seen_at", "pk")
    copies: dict[int, list[Sighting]] = {}
    for sighting in scanned.only("campaign_id", "harm", "seen_at", "text"):
        copies.setdefault(sighting.campaign_id, []).append(sighting)
    return [_found(each) for each in copies.values() if len(each) >= LEAST_COPIES]


def describe(found: Sequence[Found], *, messages: int, flagged: int) -> list[str]:
    """The table of campaigns, and the line that sums the scan up."""
    return [
        *tables.render(found),
        f"{messages:,} messages, {flagged:,} flagged, {len(found)} campaigns"
        f" ({messages:,} 条消息，{flagged:,} 条被标出，{len(found)} 个批次)",
    ]


def _found(copies: Sequence[Sighting]) -> Found:
    harms = Counter(each.harm for each in copies if each.harm)
    harm = Harm(harms.most_common(1)[0][0])
    return Found(harm, len(copies), copies[0].seen_at, copies[-1].seen_at, copies[0].text)


def _with_bar(events: Sequence[Event]) -> Iterable[Event]:
    bar: Iterable[Event] = tqdm(events, unit="", leave=False, disable=not sys.stderr.isatty(), file=sys.stderr)
    return bar
