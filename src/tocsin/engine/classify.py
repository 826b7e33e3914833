"""The linear classifier: how much a message, and its worst passage, sound like a harm, and like which.

Two tables of small integers over hashed n-grams (``features``): one weight each for "a harm at all", and one for each
harm. A margin is the sum of weights over the root of their number, so that long texts and short ones compare. Only
``lab`` makes tables; turning margins into a confidence is the task of ``combine``.
"""

from dataclasses import dataclass
from pathlib import Path

import numba as nb
import numpy as np
from numpy.typing import NDArray

from tocsin.engine.features import LONGEST, NONE, TOP_DOMAINS, emit, kind_of, room_for
from tocsin.engine.text import FoldedBatch

WINDOW = 96
"""Folded points of a passage that is weighed alone; passages overlap by half."""

PASSAGE = 24
"""Folded points of the passage that is shown as a reason."""

DAMPING = 8.0
"""Added to the number of features under the root, so that two odd words do not make a large margin."""

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

    def margins(self, folded: FoldedBatch) -> Margins:
        """Weigh every message of a batch: of each, the first `LONGEST` folded points."""
        count, whole, window = _margins(
            folded.points, folded.offsets, TOP_DOMAINS, self.alarm, np.float32(self.alarm_scale)
        )
        return Margins(count, whole, window)

    def kind_scores(self, folded: FoldedBatch, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Score of each harm for the chosen rows: float32 of shape (rows, harms), larger is likelier."""
        return _kind_scores(folded.points, folded.offsets, rows, TOP_DOMAINS, self.kinds, np.float32(self.kinds_scale))

    def passages(self, folded: FoldedBatch, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The passage of each chosen row that speaks loudest for a harm: (rows, 2) folded points, end exclusive."""
        return _passages(folded.points, folded.offsets, rows, TOP_DOMAINS, self.alarm)


@nb.njit(
    "Tuple((int32[::1], float32[::1], float32[::1]))(uint32[::1], int64[::1], uint64[::1], int8[::1], float32)",
    cache=True,
    nogil=True,
)
def _margins(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    top_domains: NDArray[np.uint64],
    alarm: NDArray[np.int8],
    scale: np.float32,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Margins of every message: features seen, of the whole, of the worst passage."""
    rows = len(offsets) - 1
    counts = np.zeros(rows, dtype=np.int32)
    whole = np.zeros(rows, dtype=np.float32)
    window = np.zeros(rows, dtype=np.float32)
    longest = 0
    for row in range(rows):
        longest = max(longest, min(offsets[row + 1] - offsets[row], LONGEST))
    hashes = np.empty(room_for(longest), dtype=np.uint64)
    places = np.empty(room_for(longest), dtype=np.int64)
    sums = np.empty(room_for(longest) + 1, dtype=np.int64)
    mask = np.uint64(len(alarm) - 1)
    for row in range(rows):
        begin, end = offsets[row], min(offsets[row + 1], offsets[row] + LONGEST)
        count = emit(points, begin, end, top_domains, hashes, places)
        sums[0] = 0
        for feature in range(count):
            sums[feature + 1] = sums[feature] + alarm[hashes[feature] & mask]
        counts[row] = count
        whole[row] = scale * sums[count] / np.sqrt(count + DAMPING)
        best, low, high, at = -np.inf, 0, 0, begin
        while end - begin > WINDOW and at < end:
            while low < count and places[low] < at:
                low += 1
            while high < count and places[high] < at + WINDOW:
                high += 1
            best = max(best, (sums[high] - sums[low]) / np.sqrt(high - low + DAMPING))
            at += WINDOW // 2
        window[row] = scale * best if end - begin > WINDOW else whole[row]
    return counts, whole, window


@nb.njit(
    "float32[:,::1](uint32[::1], int64[::1], int64[::1], uint64[::1], int8[:,::1], float32)", cache=True, nogil=True
)
def _kind_scores(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    top_domains: NDArray[np.uint64],
    kinds: NDArray[np.int8],
    scale: np.float32,
) -> NDArray[np.float32]:
    """Score of each harm for the chosen rows."""
    width = kinds.shape[1]
    scores = np.zeros((len(rows), width), dtype=np.float32)
    mask = np.uint64(kinds.shape[0] - 1)
    for number in range(len(rows)):
        begin = offsets[rows[number]]
        end = min(offsets[rows[number] + 1], begin + LONGEST)
        hashes = np.empty(room_for(end - begin), dtype=np.uint64)
        places = np.empty(room_for(end - begin), dtype=np.int64)
        count = emit(points, begin, end, top_domains, hashes, places)
        sums = np.zeros(width, dtype=np.int64)
        for feature in range(count):
            bucket = hashes[feature] & mask
            for kind in range(width):
                sums[kind] += kinds[bucket, kind]
        for kind in range(width):
            scores[number, kind] = scale * sums[kind] / np.sqrt(count + DAMPING)
    return scores


@nb.njit("int64[:,::1](uint32[::1], int64[::1], int64[::1], uint64[::1], int8[::1])", cache=True, nogil=True)
def _passages(
    points: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    rows: NDArray[np.int64],
    top_domains: NDArray[np.uint64],
    alarm: NDArray[np.int8],
) -> NDArray[np.int64]:
    """The passage of each chosen row whose features weigh most, trimmed to where its weight lies."""
    spans = np.zeros((len(rows), 2), dtype=np.int64)
    mask = np.uint64(len(alarm) - 1)
    for number in range(len(rows)):
        begin = offsets[rows[number]]
        end = min(offsets[rows[number] + 1], begin + LONGEST)
        hashes = np.empty(room_for(end - begin), dtype=np.uint64)
        places = np.empty(room_for(end - begin), dtype=np.int64)
        count = emit(points, begin, end, top_domains, hashes, places)
        weights = np.zeros(end - begin, dtype=np.int64)
        for feature in range(count):
            weights[places[feature] - begin] += alarm[hashes[feature] & mask]
        first, best, running = 0, np.int64(-(2**62)), np.int64(0)
        for place in range(end - begin):
            running += weights[place]
            if place >= PASSAGE:
                running -= weights[place - PASSAGE]
            if running > best:
                best, first = running, max(0, place - PASSAGE + 1)
        last = min(first + PASSAGE, end - begin)
        while last - first > 1 and weights[last - 1] <= 0:
            last -= 1
        while last - first > 1 and kind_of(points[begin + first]) == NONE:
            first += 1
        spans[number, 0], spans[number, 1] = begin + first, begin + last
    return spans
