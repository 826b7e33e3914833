"""The linear classifier: how much a message, and its worst passage, sound like a harm, and like which.

Two tables of small integers over hashed n-grams (``features``): one weight each for "a harm at all", and one for each
harm. A margin is the sum of weights over the root of their number, so that long texts and short ones compare. Only
``lab`` makes tables; turning margins into a confidence is the task of ``combine``.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.features import (
    KIND,
    LEXICON,
    LONGEST,
    NONE,
    SCRATCH,
    Lexicon,
    Scratch,
    emit,
    lexicon,
    longest_of,
    scratch_for,
)
from tocsin.engine.kernels import I32, I64, U32, U64, inner, kernel
from tocsin.engine.text import FoldedBatch

WINDOW = 96
"""Folded points of a passage that is weighed alone; passages overlap by half."""

PASSAGE = 24
"""Folded points of the passage that is shown as a reason."""

DAMPING = 8.0
"""Added to the number of features under the root, so that two odd words do not make a large margin."""

_LINE = 32
"""Weights of a row of the second table as it is scored, at least one for each harm."""

MODEL_PATH = Path(__file__).parent / "model" / "model.npz"


@dataclass(frozen=True, slots=True)
class Margins:
    """What the classifier says of each message, one entry a row.

    count: int32 features seen.  whole: float32 margin of all of it.  window: float32 margin of the worst passage of
    `WINDOW` points, equal to whole where the message is no longer than that.
    """

    count: NDArray[np.int32]
    whole: NDArray[np.float32]
    window: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Classifier:
    """Weights of the bundled model.

    alarm: int8, 2^a weights for "a harm at all".  kinds: int8, 2^k rows of one weight for each harm, in the order of
    `Harm`. alarm_scale and kinds_scale turn them into log-odds.
    """

    alarm: NDArray[np.int8]
    kinds: NDArray[np.int8]
    alarm_scale: float
    kinds_scale: float
    _lines: NDArray[np.int8] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # rows of half a cache line: one look-up each instead of two, and whole vector registers to add up
        lines = np.zeros((len(self.kinds), _LINE), dtype=np.int8)
        lines[:, : self.kinds.shape[1]] = self.kinds
        object.__setattr__(self, "_lines", lines)

    def margins(self, folded: FoldedBatch) -> Margins:
        """Weigh every message of a batch: of each, the first `LONGEST` folded points."""
        rows = len(folded)
        count, whole, window = np.zeros(rows, np.int32), np.zeros(rows), np.zeros(rows)
        scratch = scratch_for(folded.offsets)
        _margins(folded.points, folded.offsets, lexicon(), scratch, self.alarm, count, whole, window)
        scale = np.float32(self.alarm_scale)
        return Margins(count, (scale * whole).astype(np.float32), (scale * window).astype(np.float32))

    def kind_scores(self, folded: FoldedBatch, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Score of each harm for the chosen rows: float32 of shape (rows, harms), larger is likelier."""
        scores = np.zeros((len(rows), _LINE))
        sums, scratch = np.zeros(_LINE, dtype=np.int32), scratch_for(folded.offsets)
        _kind_scores(folded.points, folded.offsets, rows, lexicon(), scratch, self._lines, sums, scores)
        return (np.float32(self.kinds_scale) * scores[:, : self.kinds.shape[1]]).astype(np.float32)

    def passages(self, folded: FoldedBatch, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The passage of each chosen row that speaks loudest for a harm: (rows, 2) folded points, end exclusive."""
        spans = np.zeros((len(rows), 2), dtype=np.int64)
        weights = np.zeros(longest_of(folded.offsets) + 1, dtype=np.int64)
        scratch = scratch_for(folded.offsets)
        _passages(folded.points, folded.offsets, rows, lexicon(), scratch, self.alarm, weights, spans)
        return spans


_I8, _F64 = types.int8[::1], types.float64[::1]


@inner(types.float64(U64, I64, types.uint64, types.uint64, _I8))
def _weigh(
    hashes: NDArray[np.uint64], bounds: NDArray[np.int64], first: np.uint64, last: np.uint64, alarm: NDArray[np.int8]
) -> float:
    """The margin of the tokens ``[first, last)`` without the scale."""
    mask, total = np.uint64(len(alarm) - 1), np.int64(0)
    begin, end = np.uint64(bounds[first]), np.uint64(bounds[last])
    for feature in range(begin, end):
        total += alarm[hashes[feature] & mask]
    return float(total / np.sqrt(np.float64(end - begin) + DAMPING))


@inner(types.float64(SCRATCH, types.uint64, types.int64, types.int64, _I8))
def _worst_window(scratch: Scratch, tokens: np.uint64, begin: int, end: int, alarm: NDArray[np.int8]) -> float:
    """The margin, without the scale, of the passage of `WINDOW` points that has the highest."""
    hashes, bounds, ends, one = scratch.hashes, scratch.bounds, scratch.ends, np.uint64(1)
    best, low, high, at = -np.inf, np.uint64(0), np.uint64(0), begin
    while at < end:
        # a feature lies at the last point of its token
        while low < tokens and ends[low] <= at:
            low += one
        while high < tokens and ends[high] <= at + WINDOW:
            high += one
        best = max(best, _weigh(hashes, bounds, low, high, alarm))
        at += WINDOW // 2
    return best


@kernel(types.void(U32, I64, LEXICON, SCRATCH, _I8, I32, _F64, _F64))
def _margins(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    lexicon: Lexicon,
    scratch: Scratch,
    alarm: NDArray[np.int8],
    count: NDArray[np.int32],
    whole: NDArray[np.float64],
    window: NDArray[np.float64],
) -> None:
    """Write of every message the features seen, and the margins, without the scale, of it and of its worst passage."""
    hashes, bounds = scratch.hashes, scratch.bounds
    for row in range(len(offsets) - 1):
        begin, end = offsets[row], min(offsets[row + 1], offsets[row] + LONGEST)
        tokens = emit(points, np.uint64(begin), np.uint64(end), lexicon, scratch)
        count[row] = bounds[tokens]
        whole[row] = _weigh(hashes, bounds, np.uint64(0), tokens, alarm)
        window[row] = whole[row]
        if end - begin > WINDOW:
            window[row] = _worst_window(scratch, tokens, begin, end, alarm)


@kernel(types.void(U32, I64, I64, LEXICON, SCRATCH, types.int8[:, ::1], I32, types.float64[:, ::1]))
def _kind_scores(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    lexicon: Lexicon,
    scratch: Scratch,
    kinds: NDArray[np.int8],
    sums: NDArray[np.int32],
    scores: NDArray[np.float64],
) -> None:
    """Write the score of each harm, without the scale, for the chosen rows; sums: room for one row of kinds."""
    mask, width = np.uint64(len(kinds) - 1), np.uint64(len(sums))
    hashes, bounds = scratch.hashes, scratch.bounds
    for number in range(len(rows)):
        begin = offsets[rows[number]]
        end = min(offsets[rows[number] + 1], begin + LONGEST)
        tokens = emit(points, np.uint64(begin), np.uint64(end), lexicon, scratch)
        count = np.uint64(bounds[tokens])
        sums[:] = 0
        for feature in range(count):
            bucket = hashes[feature] & mask
            for kind in range(width):
                sums[kind] += kinds[bucket, kind]
        for kind in range(width):
            scores[number, kind] = sums[kind] / np.sqrt(np.float64(count) + DAMPING)


@inner(types.void(SCRATCH, types.uint64, types.int64, types.int64, _I8, I64))
def _weigh_places(
    scratch: Scratch, tokens: np.uint64, begin: int, end: int, alarm: NDArray[np.int8], weights: NDArray[np.int64]
) -> None:
    """Write what the features weigh that lie at each point of a message."""
    hashes, bounds, ends, mask = scratch.hashes, scratch.bounds, scratch.ends, np.uint64(len(alarm) - 1)
    weights[: end - begin] = 0
    for token in range(tokens):
        place = ends[token] - 1 - begin
        for feature in range(np.uint64(bounds[token]), np.uint64(bounds[token + np.uint64(1)])):
            weights[place] += alarm[hashes[feature] & mask]


@kernel(types.void(U32, I64, I64, LEXICON, SCRATCH, _I8, I64, types.int64[:, ::1]))
def _passages(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    lexicon: Lexicon,
    scratch: Scratch,
    alarm: NDArray[np.int8],
    weights: NDArray[np.int64],
    spans: NDArray[np.int64],
) -> None:
    """Write the passage of each chosen row whose features weigh most, trimmed to where its weight lies."""
    classes = lexicon.classes
    for number in range(len(rows)):
        begin = offsets[rows[number]]
        end = min(offsets[rows[number] + 1], begin + LONGEST)
        tokens = emit(points, np.uint64(begin), np.uint64(end), lexicon, scratch)
        _weigh_places(scratch, tokens, begin, end, alarm, weights)
        first, best, running = np.int64(0), np.int64(-(2**62)), np.int64(0)
        for place in range(end - begin):
            running += weights[place]
            if place >= PASSAGE:
                running -= weights[place - PASSAGE]
            if running > best:
                best, first = running, np.int64(max(0, place - PASSAGE + 1))
        last = min(first + PASSAGE, end - begin)
        while last - first > 1 and weights[last - 1] <= 0:
            last -= 1
        while last - first > 1 and classes[points[begin + first]] & KIND == NONE:
            first += 1
        spans[number, 0], spans[number, 1] = begin + first, begin + last
