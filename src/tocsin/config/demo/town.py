"""Reads the sample town from ``town.toml``, ``reports.toml`` and ``decisions.toml`` into dataclasses."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
# The town lies in China, wherever the demo runs.
TOWN_TIME = timezone(timedelta(hours=8))
ACTS = frozenset({"review", "confirm", "dismiss", "reopen", "reply", "words", "close", "rest"})


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """An agency; the first one stands over the others."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member and the roles at one agency."""

    username: str
    display_name: str
    agency: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hour:
    """A moment before the first start: whole days back from that day, and the time of day in the town."""

    days: int
    hour: int
    minute: int

    @classmethod
    def parse(cls, text: str) -> "Hour":
        """Read ``-13 10:05``. Raises ValueError for anything else, and for a moment that is not before today."""
        day, _, clock = text.partition(" ")
        hour, _, minute = clock.partition(":")
        parsed = cls(int(day), int(hour), int(minute))
        if parsed.days >= 0:
            raise ValueError(f"{text}: the sample town has no future")
        return parsed

    def before(self, today: datetime) -> datetime:
        """The moment itself; ``today`` is a midnight in the town."""
        return today + timedelta(days=self.days, hours=self.hour, minutes=self.minute)


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A report. key: by which acts name it.  show: whether the command prints its receipt."""

    at: Hour
    key: str
    agency: str
    text: str
    show: bool = False


@dataclass(frozen=True, slots=True)
class ActLine:
    """Something done with a report or its campaign; which of the fields count depends on ``act``, one of ``ACTS``."""

    at: Hour
    act: str
    report: str = ""
    actor: str = ""
    text: str = ""
    harm: str = ""
    dismissal: str = ""
    reason: str = ""
    answer: str = ""

    def __post_init__(self) -> None:
        if self.act not in ACTS:
            raise ValueError(f"{self.act}: not an act")


@dataclass(frozen=True, slots=True)
class Town:
    """The whole sample town."""

    agencies: tuple[AgencyLine, ...]
    members: tuple[MemberLine, ...]
    reports: tuple[ReportLine, ...]
    acts: tuple[ActLine, ...]


def read_town() -> Town:
    """The town as its files say. Raises ValueError, TypeError or KeyError where one is wrong."""
    people, reports, decisions = (_read(name) for name in ("town", "reports", "decisions"))
    return Town(
        tuple(AgencyLine(**line) for line in people["agency"]),
        tuple(MemberLine(**{**line, "roles": tuple(line["roles"])}) for line in people["member"]),
        tuple(ReportLine(**_timed(line)) for line in reports["reports"]),
        tuple(ActLine(**_timed(line)) for line in decisions["acts"]),
    )


def midnight(now: datetime) -> datetime:
    """The midnight in the town with which the day of ``now`` began."""
    return now.astimezone(TOWN_TIME).replace(hour=0, minute=0, second=0, microsecond=0)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _timed(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "at": Hour.parse(line["at"])}
