"""The trainer: logistic and softmax regression over hashed features by AdaGrad, in one fixed order.

Single-threaded and seeded, so that the same rows give the same weights to the last bit. Knows nothing of messages: it
takes features as `engine.features.features_of` returns them.
"""

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from tocsin.engine.classify import DAMPING

EPOCHS = 12


@dataclass(frozen=True, slots=True)
class Settings:
    """How a table is learned.

    rate: step of AdaGrad.  penalty: L2, applied where a weight is touched.  dropout: share of features that an update
    does not see, so that no few words alone carry a verdict.  seed: of the draws that say which, 1 to 2^32 - 1.
    """

    rate: float = 0.5
    penalty: float = 1e-3
    dropout: float = 0.5
    seed: int = 2463534242

    def packed(self) -> NDArray[np.float64]:
        """In the shape that the kernels read."""
        return np.array([self.rate, self.penalty, self.dropout, self.seed])


@nb.njit("uint32(uint32)", cache=True, nogil=True)
def _next_random(state: np.uint32) -> np.uint32:
    """One step of xorshift32."""
    state ^= (state << np.uint32(13)) & np.uint32(0xFFFFFFFF)
    state ^= state >> np.uint32(17)
    state ^= (state << np.uint32(5)) & np.uint32(0xFFFFFFFF)
    return np.uint32(state)


@nb.njit(
    "float32[::1](uint32[::1], int64[::1], float32[::1], float32[::1], int64[:,::1], int64, float64[::1])",
    cache=True,
    nogil=True,
)
def fit_alarm(
    buckets: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    labels: NDArray[np.float32],
    weights: NDArray[np.float32],
    orders: NDArray[np.int64],
    size: int,
    settings: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Weights of a logistic regression, and its constant.

    buckets: features of all rows, already reduced to the table; ``size`` and above are counted but have no weight.
    labels: 0 or 1.  orders: one permutation of the rows an epoch.  settings: as `Settings.packed` gives them.
    Entry ``size`` of the result is the constant.
    """
    table = np.zeros(size + 1, dtype=np.float32)
    squares = np.full(size + 1, 1e-3, dtype=np.float32)
    state = np.uint32(settings[3])
    rate, penalty, dropout = settings[0], settings[1], settings[2]
    threshold = np.uint32(dropout * 4294967295.0)
    longest = np.max(bounds[1:] - bounds[:-1])
    seen = np.empty(longest, dtype=np.uint32)
    for epoch in range(orders.shape[0]):
        for step in range(orders.shape[1]):
            row = orders[epoch, step]
            count, drawn, total = 0, 0, 0.0
            for place in range(bounds[row], bounds[row + 1]):
                state = _next_random(state)
                if state >= threshold:
                    drawn += 1
                    if buckets[place] < size:
                        seen[count] = buckets[place]
                        total += table[buckets[place]]
                        count += 1
            norm = 1.0 / np.sqrt(drawn + DAMPING)
            logit = total * norm + table[size]
            error = (1.0 / (1.0 + np.exp(-logit)) - labels[row]) * weights[row]
            if abs(error) < 1e-4:
                continue
            gradient = error * norm
            for place in range(count):
                bucket = seen[place]
                step_gradient = gradient + penalty * table[bucket]
                squares[bucket] += step_gradient * step_gradient
                table[bucket] -= rate * step_gradient / np.sqrt(squares[bucket])
            squares[size] += error * error
            table[size] -= rate * error / np.sqrt(squares[size])
    return table


@nb.njit("void(float64[::1], float64)", cache=True, nogil=True)
def _softmax(scores: NDArray[np.float64], norm: float) -> None:
    """Turn scores, each times ``norm``, into shares that add up to one, in place."""
    top = np.max(scores) * norm
    total = 0.0
    for kind in range(len(scores)):
        scores[kind] = np.exp(scores[kind] * norm - top)
        total += scores[kind]
    for kind in range(len(scores)):
        scores[kind] /= total


@nb.njit(
    "float32[:,::1](uint32[::1], int64[::1], int64[::1], float32[::1], int64[:,::1], int64, int64, float64[::1])",
    cache=True,
    nogil=True,
)
def fit_kinds(
    buckets: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    labels: NDArray[np.int64],
    weights: NDArray[np.float32],
    orders: NDArray[np.int64],
    size: int,
    kinds: int,
    settings: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Weights of a softmax regression without constants: shape (size, kinds).

    labels: 0 to kinds - 1; the rest as in `fit_alarm`.
    """
    table = np.zeros((size, kinds), dtype=np.float32)
    squares = np.full((size, kinds), 1e-3, dtype=np.float32)
    state = np.uint32(settings[3])
    rate, penalty, dropout = settings[0], settings[1], settings[2]
    threshold = np.uint32(dropout * 4294967295.0)
    longest = np.max(bounds[1:] - bounds[:-1])
    seen = np.empty(longest, dtype=np.uint32)
    scores = np.empty(kinds, dtype=np.float64)
    for epoch in range(orders.shape[0]):
        for step in range(orders.shape[1]):
            row = orders[epoch, step]
            count, drawn = 0, 0
            scores[:] = 0.0
            for place in range(bounds[row], bounds[row + 1]):
                state = _next_random(state)
                if state < threshold:
                    continue
                drawn += 1
                if buckets[place] < size:
                    seen[count] = buckets[place]
                    for kind in range(kinds):
                        scores[kind] += table[buckets[place], kind]
                    count += 1
            norm = 1.0 / np.sqrt(drawn + DAMPING)
            _softmax(scores, norm)
            for kind in range(kinds):
                error = (scores[kind] - (1.0 if labels[row] == kind else 0.0)) * weights[row]
                if abs(error) < 1e-3:
                    continue
                for place in range(count):
                    bucket = seen[place]
                    gradient = error * norm + penalty * table[bucket, kind]
                    squares[bucket, kind] += gradient * gradient
                    table[bucket, kind] -= rate * gradient / np.sqrt(squares[bucket, kind])
    return table


@nb.njit("uint8[::1](uint64[::1], int64[::1], int64)", cache=True, nogil=True)
def rows_holding(hashes: NDArray[np.uint64], bounds: NDArray[np.int64], bits: int) -> NDArray[np.uint8]:
    """For each feature how many rows hold it, 255 for more; features are told apart by so many bits of their hash."""
    mask, high = np.uint64((1 << bits) - 1), np.uint64(64 - bits)
    last = np.full(1 << bits, -1, dtype=np.int32)
    count = np.zeros(1 << bits, dtype=np.uint8)
    for row in range(len(bounds) - 1):
        for place in range(bounds[row], bounds[row + 1]):
            bucket = (hashes[place] ^ (hashes[place] >> high)) & mask
            if last[bucket] != row and count[bucket] < 255:
                last[bucket] = row
                count[bucket] += 1
    result = np.empty(len(hashes), dtype=np.uint8)
    for place in range(len(hashes)):
        result[place] = count[(hashes[place] ^ (hashes[place] >> high)) & mask]
    return result


def orders(rows: int, epochs: int, seed: int) -> NDArray[np.int64]:
    """One permutation of the rows for each epoch, always the same for the same seed: shape (epochs, rows)."""
    generator = np.random.default_rng(seed)
    return np.stack([generator.permutation(rows) for _ in range(epochs)]).astype(np.int64)


def quantise(table: NDArray[np.float32], clip: float) -> tuple[NDArray[np.int8], float]:
    """Weights as int8 and the scale that turns them back. Beyond ``clip`` standard deviations they are cut off."""
    touched = table[table != 0]
    bound = min(float(np.abs(touched).max()), clip * float(touched.std())) if len(touched) else 1.0
    scale = bound / 127.0
    return np.clip(np.rint(table / scale), -127, 127).astype(np.int8), scale
