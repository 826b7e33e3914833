"""``tocsin demo``: its stream, its town, and the command as a person starts it."""

import gzip
import hashlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from tocsin.campaigns.assessing import detector
from tocsin.campaigns.models import Campaign, CampaignChange, Sighting
from tocsin.campaigns.states import CampaignStatus, Origin
from tocsin.config.demo import building, homes, tables
from tocsin.config.demo.seeding import Seeded, seed
from tocsin.config.demo.stream import STREAM, StreamMessage, move_to, read_stream, scan_stream
from tocsin.config.demo.tables import columns_of, fit
from tocsin.config.demo.town import Hour, midnight, read_town
from tocsin.intake.access import get_report_by_receipt
from tocsin.intake.models import Report
from tocsin.intake.states import ReportStatus
from tocsin.ledger import access as ledger
from tocsin.ledger.checkpoints import ensure_signing_key
from tocsin.ledger.verify import verify_lines
from tocsin.people.models import Member
from tocsin.people.roles import Role

ROOT = Path(__file__).resolve().parents[4]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WAIT = 240.0


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that makes the stream."""
    spec = importlib.util.spec_from_file_location("make_demo_stream", ROOT / "scripts" / "make_demo_stream.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def truth(script: ModuleType) -> dict[str, str | None]:
    """The campaign of each message of the stream, None for ordinary traffic."""
    return {message.id: message.campaign for message in script.make_stream()}


@pytest.fixture(scope="module")
def flagged(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What the scan flags."""
    folder = tmp_path_factory.mktemp("scan")
    return scan_stream(folder, folder, sys.stderr)


@dataclass(frozen=True, slots=True)
class Written:
    """A town that was written to the test database; its tests need the ``django_db`` mark, or there is none."""

    stream: list[StreamMessage]
    seeded: Seeded


@pytest.fixture(scope="module")
def town(flagged: set[str], django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Written]:
    """The town with the flagged messages; it goes when the module is done."""
    detector()
    with django_db_blocker.unblock(), transaction.atomic():
        ensure_signing_key(settings.LEDGER_KEY_FILE, settings.LEDGER_ORIGIN)
        stream = move_to(read_stream(), NOW)
        seeded = seed(read_town(), [each for each in stream if each.id in flagged], midnight(NOW))
        yield Written(stream, seeded)
        transaction.set_rollback(True)


def test_the_stream_is_what_the_script_makes(script: ModuleType) -> None:
    messages = script.make_stream()
    assert gzip.decompress(STREAM.read_bytes()) == gzip.decompress(script.encode(messages))
    assert 3_900 <= len(messages) <= 4_100
    copies = Counter(message.campaign for message in messages if message.campaign)
    assert len(copies) == 8
    assert all(15 <= number <= 140 for number in copies.values())
    assert sum(len(texts) for texts in script.ordinary_texts().values()) >= 400


def test_no_slot_stays_open_and_times_are_in_order(script: ModuleType) -> None:
    messages = read_stream()
    assert not [message.text for message in messages if set(message.text) & set("{}|")]
    assert all(first.at <= second.at for first, second in pairwise(messages))
    assert messages[-1].at - messages[0].at <= timedelta(days=script.DAYS)


def test_it_moves_the_stream_to_the_days_before_now() -> None:
    original, moved = read_stream(), move_to(read_stream(), NOW)
    assert midnight(NOW) - timedelta(days=1) <= moved[-1].at < midnight(NOW)
    assert {after.at - before.at for before, after in zip(original, moved, strict=True)} == {
        moved[0].at - original[0].at
    }
    assert (moved[0].at - original[0].at) % timedelta(days=1) == timedelta()


@pytest.mark.parametrize("text", ["0 10:00", "1 10:00", "-1", "yesterday 10:00"])
def test_it_refuses_a_moment_that_is_not_before_today(text: str) -> None:
    with pytest.raises(ValueError, match=r"no future|invalid literal"):
        Hour.parse(text)
    assert Hour.parse("-1 10:05").before(midnight(NOW)) == midnight(NOW) - timedelta(hours=13, minutes=55)


@pytest.mark.django_db
def test_it_finds_each_campaign_whole(town: Written, truth: dict[str, str | None]) -> None:
    ids = {(each.text, each.at): each.id for each in town.stream}
    found: dict[int, Counter[str | None]] = {}
    for campaign, text, at in Sighting.objects.filter(origin=Origin.SCAN).values_list("campaign", "text", "seen_at"):
        found.setdefault(campaign, Counter())[truth[ids[text, at]]] += 1
    for name, copies in Counter(each for each in truth.values() if each).items():
        holding = [counts for counts in found.values() if counts[name] >= building.LEAST_COPIES]
        assert len(holding) == 1, f"{name} is in {len(holding)} campaigns"
        assert holding[0][name] >= 0.9 * copies, f"{name}: {holding[0][name]} of {copies}"
        assert holding[0].total() == holding[0][name], f"{name} is mixed with others"


def test_it_hardly_ever_flags_ordinary_traffic(flagged: set[str], truth: dict[str, str | None]) -> None:
    ordinary = [id_ for id_, campaign in truth.items() if campaign is None]
    texts = {each.id: each.text for each in read_stream()}
    alarms = [texts[id_] for id_ in ordinary if id_ in flagged]
    assert len(alarms) <= 0.005 * len(ordinary), sorted(set(alarms))


@pytest.mark.django_db
def test_it_has_campaigns_and_reports_in_every_state(town: Written) -> None:
    assert set(Campaign.objects.values_list("status", flat=True)) == set(CampaignStatus.values)
    reports = Counter(Report.objects.values_list("status", flat=True))
    assert set(reports) >= {ReportStatus.RECEIVED, ReportStatus.IN_REVIEW, ReportStatus.ANSWERED, ReportStatus.CLOSED}
    assert {Role(grant) for grant in Member.objects.values_list("grants__role", flat=True)} == set(Role)


@pytest.mark.django_db
def test_reports_of_one_scam_are_in_one_campaign(town: Written) -> None:
    """The keys of such reports differ only in the number at their end."""
    campaigns: dict[str, set[int]] = {}
    for line in read_town().reports:
        name, _, number = line.key.rpartition("-")
        if number.isdigit():
            sighting = Sighting.objects.get(origin=Origin.REPORT, text=line.text)
            campaigns.setdefault(name, set()).add(sighting.campaign_id)
    assert {name: len(found) for name, found in campaigns.items()} == dict.fromkeys(campaigns, 1)


@pytest.mark.django_db
def test_every_decision_has_a_reason_and_an_answer(town: Written) -> None:
    decided = CampaignChange.objects.filter(after__in=[CampaignStatus.CONFIRMED, CampaignStatus.DISMISSED])
    by_people = decided.exclude(member=None)
    assert by_people.count() >= 15
    assert not by_people.filter(reason="").exists()
    assert not by_people.filter(answer="").exists()


@pytest.mark.django_db
def test_the_shown_receipt_opens_a_report_with_a_conversation(town: Written) -> None:
    report = get_report_by_receipt(town.seeded.receipt)
    assert report.status == ReportStatus.ANSWERED
    assert report.words.count() >= 2


@pytest.mark.django_db
def test_nothing_in_the_town_lies_in_the_future(town: Written) -> None:
    assert not Sighting.objects.filter(seen_at__gte=midnight(NOW)).exists()
    assert not CampaignChange.objects.filter(at__gte=midnight(NOW)).exists()


@pytest.mark.django_db
def test_the_ledger_of_the_town_verifies_and_is_signed_to_its_end(town: Written) -> None:
    result = verify_lines(ledger.export_lines())
    assert result.ok, result.findings
    assert result.entries == result.covered > town.seeded.events


@pytest.mark.django_db
def test_the_table_is_aligned_and_in_order_of_volume(town: Written) -> None:
    lines = building.describe(building.found_campaigns(), messages=len(town.stream), flagged=500)
    rows, last = lines[1:-1], lines[-1]
    copies = [int(row[columns_of_prefix(row, lines[0]) :].split()[0]) for row in rows]
    assert copies == sorted(copies, reverse=True)
    assert last.startswith(f"{len(town.stream):,} messages, 500 flagged, {len(rows)} campaigns")


def columns_of_prefix(row: str, head: str) -> int:
    """How many characters of the row stand under the first column of the head."""
    width, used = columns_of(head[: head.index("份数")]), 0
    for place, character in enumerate(row):
        if used == width:
            return place
        used += columns_of(character)
    raise AssertionError(f"no column begins at {width}: {row}")


@pytest.mark.parametrize("text", ["plain", "宽字符也要对齐的一段话", "半 half 半\u200b🔥\n下一行", "é" * 30, ""])
def test_it_fits_any_text_into_its_columns(text: str) -> None:
    assert columns_of(fit(text, 12)) == 12
    assert tables.fit("abc", 5) == "abc  "
    assert tables.fit("中文字", 5) == "中文…"


def test_a_demo_takes_nothing_from_a_real_installation(tmp_path: Path) -> None:
    environment = {
        "DATABASE_URL": "postgres://real",
        "TOCSIN_LEDGER_KEY": "/real/key",
        "TOCSIN_HTTPS": "1",
        "TOCSIN_TIME_ZONE": "Asia/Shanghai",
        "PATH": "/bin",
    }
    homes.enter(environment, tmp_path)
    assert set(environment) == {
        "TOCSIN_HOME", "TOCSIN_DEMO", "TOCSIN_TIME_ZONE", "TOCSIN_LOG_LEVEL", "PATH", "DJANGO_SETTINGS_MODULE"
    }  # fmt: skip
    assert environment["TOCSIN_HOME"] == str(tmp_path)


def _command(home: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "tocsin", "demo", "--home", str(home), *more]


def _start(home: Path, *more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        _command(home, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def _run(home: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(_command(home, *more), capture_output=True, text=True, timeout=WAIT, check=False)


def _read_until(process: "subprocess.Popen[str]", words: str) -> str:
    """Read what a process prints until ``words`` come."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if words in line:
            return seen
    raise AssertionError(f"{words!r} never came after {seen!r}: {process.communicate()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children_of(pid: int) -> dict[str, int]:
    """Process ids of the direct children by the name of their command: ``work``, ``serve``."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {Path(f"/proc/{child}/cmdline").read_text().split("\0")[3]: int(child) for child in children}


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose first start was killed in the middle of writing the town, and whose second start finished."""
    home = tmp_path_factory.mktemp("demo") / "town"
    first = _start(home, "--no-serve")
    _read_until(first, "Writing the sample town")
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=WAIT)
    assert not home.exists()
    assert home.with_name(".town.draft").exists()
    second = _run(home, "--no-serve")
    assert second.returncode == 0, second.stderr
    assert " messages, " in second.stdout
    return home


def test_a_start_after_a_kill_begins_again_and_leaves_no_draft(home: Path) -> None:
    assert homes.read_marker(home) is not None
    assert not home.with_name(".town.draft").exists()


def test_another_start_changes_nothing(home: Path) -> None:
    before = _digests(home)
    again = _run(home, "--no-serve")
    assert again.returncode == 0
    assert "campaigns" in again.stdout
    assert "First start" not in again.stdout
    assert _digests(home) == before


def test_it_refuses_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = _run(tmp_path / "town", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"tocsin demo: port {port}: Address already in use; choose another --port"]
    assert not (tmp_path / "town").exists()


def test_it_leaves_a_folder_alone_that_no_demo_made(tmp_path: Path) -> None:
    (tmp_path / "tocsin.sqlite3").write_bytes(b"a real desk")
    done = _run(tmp_path, "--no-serve")
    assert done.returncode == 2
    assert "choose another --home" in done.stderr
    assert _digests(tmp_path) == {"tocsin.sqlite3": hashlib.sha256(b"a real desk").hexdigest()}


def test_two_starts_at_once_do_not_build_the_same_home(tmp_path: Path) -> None:
    with homes.drafting(tmp_path / "town"):
        done = _run(tmp_path / "town", "--no-serve")
    assert done.returncode == 2
    assert "another start is building it" in done.stderr


@pytest.mark.parametrize(
    ("whom", "number", "status"),
    [
        ("demo", signal.SIGTERM, 0),
        ("demo", signal.SIGINT, 0),
        ("work", signal.SIGKILL, 1),
        ("serve", signal.SIGKILL, 1),
    ],
)
def test_whoever_ends_ends_all(home: Path, whom: str, number: signal.Signals, status: int) -> None:
    port = _free_port()
    demo = _start(home, "--port", str(port))
    everybody: dict[str, int] = {}
    try:
        shown = _read_until(demo, "Ctrl-C")
        assert f"http://localhost:{port}/desk/" in shown
        everybody = _children_of(demo.pid)
        assert set(everybody) == {"work", "serve"}
        assert len({os.getpgid(pid) for pid in everybody.values()}) == 1
        os.kill({"demo": demo.pid, **everybody}[whom], number)
        _, errors = demo.communicate(timeout=WAIT)
    finally:
        if demo.poll() is None:
            for pid in [demo.pid, *everybody.values()]:
                os.kill(pid, signal.SIGKILL)
            demo.communicate()
    assert demo.returncode == status, errors
    assert not any(_is_running(pid) for pid in everybody.values())
    if status:
        assert f"tocsin {whom} ended" in errors
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)), "the server's own worker still listens"
