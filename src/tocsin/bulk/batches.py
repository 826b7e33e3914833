"""Cuts the items of all inputs into batches, and knows after each batch how far the reading has come.

Where a batch ends depends on the inputs and the limits alone, never on workers or on where a run was interrupted: so an
interrupted run writes the same bytes as one that was not.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tocsin.bulk.request import Limits
from tocsin.bulk.rows import Item, Reader, Row


@dataclass(frozen=True, slots=True)
class Position:
    """How far the reading has come, and what it met.

    file: index of the input.  items: rows and damage taken from that input.  rows, bad, damaged: over all inputs.
    """

    file: int = 0
    items: int = 0
    rows: int = 0
    bad: int = 0
    damaged: int = 0


@dataclass(slots=True)
class Batch:
    """Rows to be judged together, in order; three lists of the same length.

    ids: the input's, or the number of the row over all inputs from 1.  texts: UTF-8.  errors: what is wrong with a bad
    row.
    """

    ids: list[str | int] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    errors: list[str | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """A batch, and the position after it."""

    batch: Batch
    after: Position


Report = Callable[[Path, Item], None]
"""Told of each bad row and each damage, when it is met."""


class Batches:
    """The batches of all inputs from a position on.

    open_reader: opens one input.  report: see ``Report``.  moved: told the index of the input and the bytes read of it.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        limits: Limits,
        *,
        open_reader: Callable[[Path], Reader],
        report: Report,
        moved: Callable[[int, int], None],
    ) -> None:
        self._paths = paths
        self._limits = limits
        self._open_reader = open_reader
        self._report = report
        self._moved = moved

    def read(self, start: Position) -> Iterator[PlannedBatch]:
        """Batches of at most ``batch_rows`` rows and about ``batch_bytes`` bytes; the last may hold no row, only
        damage."""
        batch, size, planned, tally = Batch(), 0, start, _Tally(start)
        for item in self._items(start, tally):
            if isinstance(item, Row):
                batch.ids.append(tally.rows if item.id is None else item.id)
                batch.texts.append(item.text)
                batch.errors.append(item.error)
                size += len(item.text)
            if len(batch) >= self._limits.batch_rows or size >= self._limits.batch_bytes:
                planned = tally.position()
                yield PlannedBatch(batch, planned)
                batch, size = Batch(), 0
        if tally.position() != planned:
            yield PlannedBatch(batch, tally.position())

    def _items(self, start: Position, tally: "_Tally") -> Iterator[Item]:
        """Each item that is still to be done, counted."""
        for index in range(start.file, len(self._paths)):
            done = start.items if index == start.file else 0
            reader = self._open_reader(self._paths[index])
            try:
                for number, item in enumerate(itertools.islice(reader, done, None), done + 1):
                    tally.file, tally.items = index, number
                    tally.count(item)
                    if not isinstance(item, Row) or item.error is not None:
                        self._report(self._paths[index], item)
                    if number % 1024 == 0:
                        self._moved(index, reader.position)
                    yield item
            finally:
                reader.close()


class _Tally:
    """A position that is counted up; making a Position for every row would cost more than reading the row."""

    def __init__(self, start: Position) -> None:
        self.file, self.items = start.file, start.items
        self.rows, self.bad, self.damaged = start.rows, start.bad, start.damaged

    def count(self, item: Item) -> None:
        """Count a row, good or bad, or damage."""
        if isinstance(item, Row):
            self.rows += 1
            self.bad += item.error is not None
        else:
            self.damaged += 1

    def position(self) -> Position:
        """The position so far."""
        return Position(self.file, self.items, self.rows, self.bad, self.damaged)
