"""The transparency report: figures, the checkpoint they rest on, and their recomputation from an export. No Django.

The format is described in ``docs/LEDGER.md``.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tocsin.figures.compute import METHOD, Figures, Tally
from tocsin.ledger.checkpoints import NoteError, Statement, read_note
from tocsin.ledger.entries import Entry
from tocsin.ledger.findings import Pin, Verification
from tocsin.ledger.verify import verify_lines

FORMAT, VERSION = "tocsin-figures", 1
_FIELDS = {"checkpoint": str, "figures": dict, "format": str, "method": int, "utc_offset_minutes": int, "version": int}
_LARGEST_OFFSET = 14 * 60


class ReportError(ValueError):
    """A text that is not a report, or one made by a method that this program does not know."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report as read. ``figures`` is its JSON; ``checkpoint`` the signed note, its signature not yet checked."""

    checkpoint: str
    statement: Statement
    utc_offset: timedelta
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that the ledger does not add up to; ``None`` where one side does not have it."""

    name: str
    reported: object
    recomputed: object

    def __str__(self) -> str:
        """Write the difference as one line."""
        return f"DIFFERS {self.name}: the report says {self.reported}, the ledger adds up to {self.recomputed}"


@dataclass(frozen=True, slots=True)
class Recomputation:
    """The verification of the export, and every figure that differs."""

    ledger: Verification
    differences: tuple[Difference, ...]

    @property
    def ok(self) -> bool:
        """Whether the export verifies and every figure is what it adds up to."""
        return self.ledger.ok and not self.differences

    def as_json(self) -> dict[str, object]:
        """Return the result as a JSON object."""
        differences = [
            {"name": item.name, "reported": item.reported, "recomputed": item.recomputed} for item in self.differences
        ]
        return {"ok": self.ok, "differences": differences, "ledger": self.ledger.as_json()}


def write_report(figures: Figures, *, checkpoint: str, utc_offset: timedelta) -> str:
    """Return a report as text, the same for the same figures and checkpoint."""
    report = {
        "checkpoint": checkpoint,
        "figures": figures.as_json(),
        "format": FORMAT,
        "method": METHOD,
        "utc_offset_minutes": utc_offset // timedelta(minutes=1),
        "version": VERSION,
    }
    return json.dumps(report, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_report(text: str) -> Report:
    """Read a report. Raises ReportError where it is none, or of another method or version."""
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        raise ReportError("not JSON, or with a name given twice") from None
    if not isinstance(value, dict) or set(value) != set(_FIELDS):
        raise ReportError(f"a report has exactly: {', '.join(sorted(_FIELDS))}")
    if any(type(value[name]) is not type_ for name, type_ in _FIELDS.items()):
        raise ReportError("a field of the report is not of its type")
    if (value["format"], value["version"], value["method"]) != (FORMAT, VERSION, METHOD):
        raise ReportError(f"this program recomputes {FORMAT} version {VERSION}, method {METHOD}")
    if abs(value["utc_offset_minutes"]) > _LARGEST_OFFSET:
        raise ReportError("no time zone is that far from UTC")
    try:
        statement = read_note(value["checkpoint"])
    except NoteError as error:
        raise ReportError(f"its checkpoint: {error}") from None
    offset = timedelta(minutes=value["utc_offset_minutes"])
    return Report(value["checkpoint"], statement, offset, value["figures"])


def recompute(report: Report, lines: Iterable[bytes], *, pin: Pin | None = None) -> Recomputation:
    """Verify an export against the report's checkpoint, and compare the report with what the export adds up to.

    The export may be younger than the report: what came after the report's checkpoint is verified, not counted.
    """
    tally = Tally(report.utc_offset)

    def add(entry: Entry) -> None:
        if entry.position < report.statement.size:
            tally.add(entry)

    verification = verify_lines(lines, pin=pin, held=report.checkpoint, on_entry=add)
    return Recomputation(verification, tuple(differences(report.figures, tally.figures().as_json())))


def differences(reported: dict[str, Any], recomputed: dict[str, Any]) -> Iterator[Difference]:
    """Yield every figure that is not the same on both sides, by its path such as ``reports/by_day/2026-01-31/closed``.

    Where each figure is the same and the two are built differently, that is one difference named ``structure``.
    """
    found = False
    left, right = dict(_flat(reported, "")), dict(_flat(recomputed, ""))
    for name in sorted(left.keys() | right.keys()):
        one, other = left.get(name), right.get(name)
        # 1, 1.0 and true are equal in Python and not the same figure.
        if name not in left or name not in right or type(one) is not type(other) or one != other:
            found = True
            yield Difference(name, one, other)
    if not found and reported != recomputed:
        yield Difference("structure", sorted(reported), sorted(recomputed))


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name is given twice")
    return value


def _flat(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _flat(part, f"{path}/{name}" if path else name)
    elif value != {}:
        yield path, value
