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
    LONGEST,
    NONE,
    SCRATCH,
    TOP_DOMAINS,
    Scratch,
    classes,
    emit,
    longest_of,
    scratch_for,
)
from tocsin.engine.kernels import I32, I64, U8, U32, U64, inner, kernel, several
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
        count, whole, window = _margins(
            folded.points, folded.offsets, classes(), TOP_DOMAINS, self.alarm, np.float32(self.alarm_scale)
        )
        return Margins(count, whole, window)

    def kind_scores(self, folded: FoldedBatch, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Score of each harm for the chosen rows: float32 of shape (rows, harms), larger is likelier."""
        scores = _kind_scores(
            folded.points, folded.offsets, rows, classes(), TOP_DOMAINS, self._lines, np.float32(self.kinds_scale)
        )
        return scores[:, : self.kinds.shape[1]]

    def passages(self, folded: FoldedBatch, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The passage of each chosen row that speaks loudest for a harm: (rows, 2) folded points, end exclusive."""
        return _passages(folded.points, folded.offsets, rows, classes(), TOP_DOMAINS, self.alarm)


_I8, _F32 = types.int8[::1], types.float32[::1]


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


@kernel(several(I32, _F32, _F32)(U32, I64, U8, U64, _I8, types.float32))
def _margins(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    top_domains: NDArray[np.uint64],
    alarm: NDArray[np.int8],
    scale: np.float32,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Margins of every message: features seen, of the whole, of the worst passage."""
    rows = len(offsets) - 1
    counts, whole, window = np.zeros(rows, np.int32), np.zeros(rows, np.float32), np.zeros(rows, np.float32)
    scratch = scratch_for(longest_of(offsets))
    hashes, bounds = scratch.hashes, scratch.bounds
    for row in range(np.uint64(rows)):
        begin, end = offsets[row], min(offsets[row + np.uint64(1)], offsets[row] + LONGEST)
        tokens = emit(points, np.uint64(begin), np.uint64(end), classes, top_domains, scratch)
        counts[row] = bounds[tokens]
        whole[row] = scale * _weigh(hashes, bounds, np.uint64(0), tokens, alarm)
        window[row] = whole[row]
        if end - begin > WINDOW:
            window[row] = scale * _worst_window(scratch, tokens, begin, end, alarm)
    return counts, whole, window


@kernel(types.float32[:, ::1](U32, I64, I64, U8, U64, types.int8[:, ::1], types.float32))
def _kind_scores(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    classes: NDArray[np.uint8],
    top_domains: NDArray[np.uint64],
    kinds: NDArray[np.int8],
    scale: np.float32,
) -> NDArray[np.float32]:
    """Score of each harm for the chosen rows; of kinds and of the result, rows have `_LINE` entries."""
    mask, width = np.uint64(len(kinds) - 1), np.uint64(kinds.shape[1])
    scores, sums = np.zeros((len(rows), _LINE), np.float32), np.zeros(_LINE, np.int32)
    scratch = scratch_for(longest_of(offsets))
    hashes, bounds = scratch.hashes, scratch.bounds
    for number in range(len(rows)):
        begin = offsets[rows[number]]
        end = min(offsets[rows[number] + 1], begin + LONGEST)
        tokens = emit(points, np.uint64(begin), np.uint64(end), classes, top_domains, scratch)
        count = np.uint64(bounds[tokens])
        sums[:] = 0
        for feature in range(count):
            bucket = hashes[feature] & mask
            for kind in range(width):
                sums[kind] += kinds[bucket, kind]
        for kind in range(width):
            scores[number, kind] = scale * sums[kind] / np.sqrt(np.float64(count) + DAMPING)
    return scores


@inner(I64(SCRATCH, types.uint64, types.int64, types.int64, _I8))
def _weights_by_place(
    scratch: Scratch, tokens: np.uint64, begin: int, end: int, alarm: NDArray[np.int8]
) -> NDArray[np.int64]:
    """What the features weigh that lie at each point of a message."""
    weights, mask = np.zeros(end - begin, np.int64), np.uint64(len(alarm) - 1)
    for token in range(tokens):
        place = scratch.ends[token] - 1 - begin
        for feature in range(np.uint64(scratch.bounds[token]), np.uint64(scratch.bounds[token + np.uint64(1)])):
            weights[place] += alarm[scratch.hashes[feature] & mask]
    return weights


@kernel(types.int64[:, ::1](U32, I64, I64, U8, U64, _I8))
def _passages(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    classes: NDArray[np.uint8],
    top_domains: NDArray[np.uint64],
    alarm: NDArray[np.int8],
) -> NDArray[np.int64]:
    """The passage of each chosen row whose features weigh most, trimmed to where its weight lies."""
    spans = np.zeros((len(rows), 2), dtype=np.int64)
    scratch = scratch_for(longest_of(offsets))
    for number in range(len(rows)):
        begin = offsets[rows[number]]
        end = min(offsets[rows[number] + 1], begin + LONGEST)
        tokens = emit(points, np.uint64(begin), np.uint64(end), classes, top_domains, scratch)
        weights = _weights_by_place(scratch, tokens, begin, end, alarm)
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
    return spans
