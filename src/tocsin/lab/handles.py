"""How well chat handles are found in disguised text: exact spans and values, against messages labelled by hand.

What is here: reading ``handles/*.jsonl`` (messages written for this project) and counting. Which half a message is in
was settled by a hash of its id: the detectors were written looking at ``tuning``; ``held_out`` is only judged by. What
is not: any expression, that is `tocsin.engine.detectors.handles`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tocsin.engine.detectors import find_indicators
from tocsin.engine.fold import fold_batch
from tocsin.engine.text import TextBatch

FOLDER = Path(__file__).parent / "handles"
SERVICES = ("wechat", "qq", "telegram", "whatsapp", "line")
SIDES = ("held_out", "tuning")


@dataclass(frozen=True, slots=True)
class Handle:
    """One handle: the service, the value as a person would type it, and its span in code points, end exclusive."""

    kind: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Labelled:
    """One message with every handle in it."""

    id: str
    language: str
    text: str
    handles: tuple[Handle, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """What was found of one service: how many handles there are, how many were found, how many of these exactly.

    spans: kind, start and end agree.  values: kind and value agree, wherever they stand in the message.
    """

    kind: str
    expected: int
    found: int
    spans: int
    values: int

    @property
    def precision(self) -> float:
        """Share of what was found that is exactly a handle; 1 where nothing was found."""
        return self.spans / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the handles that were found exactly; 1 where there are none."""
        return self.spans / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall of exact spans."""
        return _f1(self.spans, self.found, self.expected)

    @property
    def value_f1(self) -> float:
        """The same of kind and value."""
        return _f1(self.values, self.found, self.expected)


@dataclass(frozen=True, slots=True)
class HandleReport:
    """The scores of every service and of all together, over so many messages."""

    messages: int
    services: tuple[Score, ...]
    whole: Score


def measure(side: str = "held_out", folder: Path = FOLDER) -> HandleReport:
    """Run the detectors over one half of the labelled messages and compare.

    side: one of SIDES. Raises ValueError for another, OSError where the file is missing.
    """
    if side not in SIDES:
        raise ValueError(f"side must be one of {', '.join(SIDES)}, not {side!r}")
    rows = tuple(read_labelled(folder / f"{side}.jsonl"))
    return compare(rows, find_handles([row.text for row in rows]))


def read_labelled(path: Path) -> Iterator[Labelled]:
    """The labelled messages of one file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        handles = tuple(Handle(**handle) for handle in entry["handles"])
        yield Labelled(entry["id"], entry["language"], entry["text"], handles)


def find_handles(texts: Sequence[str]) -> list[list[Handle]]:
    """The chat handles that the detectors find in each message."""
    batch = TextBatch.from_arrow(pa.array(texts, type=pa.string()))
    found = find_indicators(batch, fold_batch(batch))
    result: list[list[Handle]] = [[] for _ in texts]
    columns = zip(
        found.row.tolist(),
        found.kind.to_pylist(),
        found.value.to_pylist(),
        found.start.tolist(),
        found.end.tolist(),
        strict=True,
    )
    for row, kind, value, start, end in columns:
        if kind in SERVICES:
            result[row].append(Handle(str(kind), str(value), start, end))
    return result


def compare(rows: Sequence[Labelled], found: Sequence[Sequence[Handle]]) -> HandleReport:
    """Count what agrees; found holds the handles of each row, in order."""
    counts = {kind: [0, 0, 0, 0] for kind in SERVICES}
    for row, handles in zip(rows, found, strict=True):
        for kind in SERVICES:
            wanted = [handle for handle in row.handles if handle.kind == kind]
            given = [handle for handle in handles if handle.kind == kind]
            spans = {(handle.start, handle.end) for handle in wanted} & {(h.start, h.end) for h in given}
            values = {handle.value for handle in wanted} & {handle.value for handle in given}
            for place, number in enumerate((len(wanted), len(given), len(spans), len(values))):
                counts[kind][place] += number
    services = tuple(Score(kind, *counts[kind]) for kind in SERVICES)
    whole = Score("all", *(sum(column) for column in zip(*counts.values(), strict=True)))
    return HandleReport(len(rows), services, whole)


def _f1(right: int, found: int, expected: int) -> float:
    return 2 * right / (found + expected) if found + expected else 1.0
