"""The text of a whole batch in which detectors search, and what they hand back."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.fold_tables import load_capitals
from tocsin.engine.text import FoldedBatch, TextBatch

NEWLINE = 10


@dataclass(frozen=True, slots=True)
class Found:
    """One candidate that a detector stands by: kind, normalised value, span in Haystack.lower (end exclusive)."""

    kind: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Haystack:
    """All folded messages in one string, a newline between two (folding leaves none inside a message).

    lower: the folded text.  cased: the same, with the capitals of the original put back; for what is case-sensitive.
    origin: uint32, as long as lower: the first original code point of each position.  gaps: bool, where points of the
    original between a position and the one before it were folded away.
    """

    lower: str
    cased: str
    origin: NDArray[np.uint32]
    gaps: NDArray[np.bool_]

    @classmethod
    def build(cls, batch: TextBatch, folded: FoldedBatch) -> Self:
        """Lay out a batch; column operations only."""
        places = message_places(folded)
        points = np.full(len(folded.points) + len(folded), NEWLINE, dtype=np.uint32)
        points[places] = folded.points
        lengths = np.diff(folded.offsets)
        origin = points.copy()
        origin[places] = batch.points[np.repeat(batch.offsets[:-1], lengths) + folded.starts]
        cased = points.copy()
        capital = load_capitals()[origin] & (points >= ord("a")) & (points <= ord("z"))
        cased[capital] -= 32
        gaps = np.zeros(len(points), dtype=np.bool_)
        if len(folded.points):
            gaps[places[1:]] = folded.starts[1:] != folded.ends[:-1]
        return cls(lower=_as_text(points), cased=_as_text(cased), origin=origin, gaps=gaps)

    def before(self, position: int, length: int) -> str:
        """Up to length characters of the same message that stand before a position."""
        return self.lower[max(0, position - length) : position].rpartition("\n")[2]

    def after(self, position: int, length: int) -> str:
        """Up to length characters of the same message from a position on."""
        return self.lower[position : position + length].partition("\n")[0]


def message_places(folded: FoldedBatch) -> NDArray[np.int64]:
    """Where in the haystack each folded point lies: one newline is added after each message."""
    rows = np.repeat(np.arange(len(folded), dtype=np.int64), np.diff(folded.offsets))
    return np.arange(len(folded.points), dtype=np.int64) + rows


def _as_text(points: NDArray[np.uint32]) -> str:
    return points.astype("<u4").tobytes().decode("utf-32-le")
