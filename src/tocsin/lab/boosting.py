"""Growing boosted trees for `engine.trees`: histograms of gradients, one depth, logistic loss, signs that can be held.

Single-threaded and seeded, so that the same rows give the same trees to the last bit. The method is that of Friedman
(2001), "Greedy function approximation: a gradient boosting machine", with second-order leaves and monotone columns as
in Chen and Guestrin (2016), "XGBoost", sections 2.1 and 2.2; a column that may only rise has its leaves kept within
the bounds of the splits above them.
"""

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from tocsin.engine.trees import Trees

_BINS = 64


@dataclass(frozen=True, slots=True)
class Growth:
    """How trees are grown.

    depth: of each.  rate: share of each leaf that is added.  penalty: L2 of a leaf.  least: sum of second derivatives
    that a leaf must hold.  rows, columns: shares of both that a tree sees.
    """

    trees: int = 240
    depth: int = 4
    rate: float = 0.06
    penalty: float = 4.0
    least: float = 2.0
    rows: float = 0.7
    columns: float = 0.5
    seed: int = 20240601


def grow(
    table: NDArray[np.float32],
    labels: NDArray[np.float32],
    weights: NDArray[np.float32],
    signs: NDArray[np.int8],
    growth: Growth = Growth(),
) -> Trees:
    """Trees that tell the rows of one label from the other.

    table: float32 (rows, columns).  labels: 0 or 1.  signs: of each column, 1 where the sum may only rise with it, -1
    where it may only fall, 0 where it is free.
    """
    edges = [_edges(table[:, column]) for column in range(table.shape[1])]
    binned: NDArray[np.uint8] = np.stack(
        [np.searchsorted(edge, table[:, number]) for number, edge in enumerate(edges)], dtype=np.uint8, casting="unsafe"
    )
    limits = np.full((table.shape[1], _BINS + 1), np.inf, dtype=np.float32)
    for number, edge in enumerate(edges):
        limits[number, : len(edge)] = edge
    share = float((labels * weights).sum() / weights.sum())
    base = float(np.log(share / (1.0 - share)))
    random = np.random.default_rng(growth.seed)
    chosen_rows = (random.random((growth.trees, len(table))) < growth.rows).astype(np.uint8)
    kept = max(1, round(table.shape[1] * growth.columns))
    chosen_columns = np.stack([random.permutation(table.shape[1])[:kept] for _ in range(growth.trees)])
    grown, logit = [], np.full(len(table), base)
    for tree in range(growth.trees):
        certainty = 1.0 / (1.0 + np.exp(-logit))
        slopes = np.stack([(certainty - labels) * weights, np.maximum(certainty * (1 - certainty), 1e-6) * weights])
        column, bins, leaf, node = _grow_one(
            binned, slopes, chosen_rows[tree], np.sort(chosen_columns[tree]), signs, growth.depth,
            np.array([growth.penalty, growth.least]),
        )  # fmt: skip
        leaf *= growth.rate
        logit += leaf[node]
        grown.append((column, limits[column, bins], leaf))
    columns, splits, leaves = (np.stack(part) for part in zip(*grown, strict=True))
    return Trees(columns.astype(np.int16), splits, leaves.astype(np.float32), base)


def _edges(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """At most `_BINS` - 1 limits between the values of a column; as many rows lie between two as can be had."""
    known = np.unique(values)
    if len(known) > _BINS:
        known = np.unique(np.quantile(values, np.linspace(0, 1, _BINS), method="nearest").astype(np.float32))
    return known[:-1].astype(np.float32)


@nb.njit("float64(float64, float64, float64, float64, float64)", cache=True, nogil=True)
def _leaf(gradient: float, curve: float, penalty: float, low: float, high: float) -> float:
    """The best value of a leaf within its bounds."""
    return min(max(-gradient / (curve + penalty), low), high)


@nb.njit("float64(float64, float64, float64, float64)", cache=True, nogil=True)
def _gain(gradient: float, curve: float, penalty: float, value: float) -> float:
    """What a leaf of this value takes off the loss."""
    return -(gradient * value + 0.5 * (curve + penalty) * value * value)


@nb.njit(
    "Tuple((int64, int64, float64, float64))"
    "(float64[:,:,::1], int64[::1], int8[::1], float64, float64, float64, float64)",
    cache=True,
    nogil=True,
)
def _best_split(
    sums: NDArray[np.float64],
    columns: NDArray[np.int64],
    signs: NDArray[np.int8],
    penalty: float,
    least: float,
    low: float,
    high: float,
) -> tuple[int, int, float, float]:
    """Column and bin of the best split of a node, and the values left and right of it; column -1 where none helps.

    sums: of shape (columns, bins, 2), gradients and second derivatives.
    """
    best, column, place, left_value, right_value = 1e-6, -1, 0, 0.0, 0.0
    gradient, curve = sums[0, :, 0].sum(), sums[0, :, 1].sum()
    whole = _gain(gradient, curve, penalty, _leaf(gradient, curve, penalty, low, high))
    for number in range(len(columns)):
        left_gradient, left_curve = 0.0, 0.0
        for bin_ in range(_BINS - 1):
            left_gradient += sums[number, bin_, 0]
            left_curve += sums[number, bin_, 1]
            if left_curve < least or curve - left_curve < least:
                continue
            left = _leaf(left_gradient, left_curve, penalty, low, high)
            right = _leaf(gradient - left_gradient, curve - left_curve, penalty, low, high)
            if signs[columns[number]] * (right - left) < 0:
                continue
            gain = (
                _gain(left_gradient, left_curve, penalty, left)
                + _gain(gradient - left_gradient, curve - left_curve, penalty, right)
                - whole
            )
            if gain > best:
                best, column, place, left_value, right_value = gain, columns[number], bin_, left, right
    return column, place, left_value, right_value


@nb.njit(
    "void(uint8[:,::1], float64[:,::1], int64[::1], uint8[::1], int64[::1], int64, float64[:,:,:,::1])",
    cache=True,
    nogil=True,
)
def _histograms(
    binned: NDArray[np.uint8],
    slopes: NDArray[np.float64],
    node: NDArray[np.int64],
    seen: NDArray[np.uint8],
    columns: NDArray[np.int64],
    first: int,
    sums: NDArray[np.float64],
) -> None:
    """Sums of gradients and second derivatives by node of one level, column and bin."""
    sums[:] = 0.0
    for number in range(len(columns)):
        column = columns[number]
        for row in range(len(node)):
            if seen[row]:
                cell = sums[node[row] - first, number, binned[column, row]]
                cell[0] += slopes[0, row]
                cell[1] += slopes[1, row]


@nb.njit("void(int64, int64, float64, float64, float64[::1], float64[::1])", cache=True, nogil=True)
def _hold(at: int, sign: int, left: float, right: float, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
    """Bounds of the children of a node that was split by a column of one sign: neither may pass the middle."""
    for child in (2 * at + 1, 2 * at + 2):
        low[child], high[child] = low[at], high[at]
    if sign:
        upper = 2 * at + (2 if sign > 0 else 1)
        low[upper] = (left + right) / 2.0
        high[4 * at + 3 - upper] = (left + right) / 2.0


@nb.njit(
    "Tuple((int64[::1], int64[::1], float64[::1], int64[::1]))"
    "(uint8[:,::1], float64[:,::1], uint8[::1], int64[::1], int8[::1], int64, float64[::1])",
    cache=True,
    nogil=True,
)
def _grow_one(
    binned: NDArray[np.uint8],
    slopes: NDArray[np.float64],
    seen: NDArray[np.uint8],
    columns: NDArray[np.int64],
    signs: NDArray[np.int8],
    depth: int,
    settings: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """One tree, level by level: column and bin of each node, values of the leaves, and the leaf of each row.

    slopes: gradients and second derivatives of all rows.  settings: penalty and least.
    """
    inner = 2**depth - 1
    column, bins = np.zeros(inner, dtype=np.int64), np.full(inner, _BINS, dtype=np.int64)
    values, low, high = np.zeros(2 * inner + 1), np.full(2 * inner + 1, -np.inf), np.full(2 * inner + 1, np.inf)
    sums = np.empty((inner + 1, len(columns), _BINS, 2))
    node = np.zeros(binned.shape[1], dtype=np.int64)
    for level in range(depth):
        first = 2**level - 1
        _histograms(binned, slopes, node, seen, columns, first, sums[: first + 1])
        for at in range(first, 2 * first + 1):
            found, place, left, right = _best_split(
                sums[at - first], columns, signs, settings[0], settings[1], low[at], high[at]
            )
            values[2 * at + 1], values[2 * at + 2] = values[at], values[at]
            if found >= 0:
                column[at], bins[at] = found, place
                values[2 * at + 1], values[2 * at + 2] = left, right
            _hold(at, signs[found] if found >= 0 else 0, left, right, low, high)
        for row in range(len(node)):
            at = node[row]
            node[row] = 2 * at + 1 + (binned[column[at], row] > bins[at])
    return column, bins, values[inner:].copy(), node - inner
