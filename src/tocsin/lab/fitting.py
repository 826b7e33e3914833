"""What is fitted on findings of rows that nothing was learned from: the first look, the second, and the threshold.

Works on numbers only: no text comes here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.combine import (
    COLUMNS,
    HARMS,
    NEVER_ABOVE_ZERO,
    NEVER_BELOW_ZERO,
    PatternCounts,
    Weights,
    confidence,
    kind_evidence,
)
from tocsin.engine.structure import SIGNS
from tocsin.engine.trees import Trees
from tocsin.lab.boosting import Growth, grow

FALSE_ALARMS = (
    ("chat", 0.0007),
    ("talk", 0.0011),
    ("FBS AD", 0.008),
    ("written quiet advertisement", 0.03),
    ("written quiet", 0.03),
)
"""What share of the quiet rows of a group the shipped threshold may flag; a group is known by how its name begins.

Measured on families that the classifier has not seen, which is harder than ordinary use: the shipped one has seen
four folds.
"""

NOT_JUDGED = "not judged"
"""Group of rows that help to fit, but say nothing about the threshold."""

_SWEEPS, _RIDGE = 60, 2.0
_MISSED_AT_THE_GATE = 0.008
_LEAST_GATE, _MOST_GATE = 0.002, 0.05
_GROWTH = Growth(trees=160, rate=0.08)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the engine says of rows, before a threshold.

    table: float64 (rows, `COLUMNS`).  scores: float32 (rows, harms).  structure: float32 (rows, `STRUCTURE`).
    """

    table: NDArray[np.float64]
    counts: PatternCounts
    scores: NDArray[np.float32]
    structure: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of the same rows.

    alarm: float32, 0 or 1.  kind: int64 index into `HARMS` or -1.  fold: the fold that each row was kept out of.
    groups: as in `Row`.
    """

    alarm: NDArray[np.float32]
    kind: NDArray[np.int64]
    weight: NDArray[np.float32]
    fold: NDArray[np.int64]
    groups: Sequence[str]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The combining layers, as `engine.combine.Weights` and `engine.structure.SecondLook` hold them."""

    weights: Weights
    trees: Trees
    slope: float
    offset: float
    gate: float


def fit(found: Findings, labels: Labels) -> Fitted:
    """Both looks, their calibration and the threshold."""
    start = Weights(_fit_columns(found.table, labels.alarm, labels.weight), 1.0, 1.0, 0.3, 0.5)
    weights = _fit_kinds(found, labels.kind, start)
    first = confidence(found.table, weights)
    gate = float(np.clip(np.quantile(first[labels.alarm > 0], _MISSED_AT_THE_GATE), _LEAST_GATE, _MOST_GATE))
    suspects = np.flatnonzero((first >= gate) | found.counts.strong.any(axis=1))
    unseen = np.zeros(len(suspects), dtype=np.float32)
    for fold in np.unique(labels.fold):
        held = labels.fold[suspects] == fold
        unseen[held] = _trees(found, labels, suspects[~held]).log_odds(found.structure[suspects[held]])
    slope, offset = _calibrate(unseen, labels.alarm[suspects], labels.weight[suspects])
    certainty = np.minimum(first, np.float32(gate))
    certainty[suspects] = 1.0 / (1.0 + np.exp(-(slope * unseen + offset)))
    weights = replace(weights, threshold=_threshold(certainty, labels.alarm, labels.groups))
    return Fitted(weights, _trees(found, labels, suspects), slope, offset, gate)


def _trees(found: Findings, labels: Labels, rows: NDArray[np.int64]) -> Trees:
    return grow(found.structure[rows], labels.alarm[rows], labels.weight[rows], SIGNS, _GROWTH)


def _calibrate(
    log_odds: NDArray[np.float32], labels: NDArray[np.float32], weights: NDArray[np.float32]
) -> tuple[float, float]:
    """Slope and offset that make log-odds honest: Platt (1999), by Newton's method."""
    table = np.stack([log_odds.astype(np.float64), np.ones(len(log_odds))], axis=1)
    beta = np.array([1.0, 0.0])
    for _ in range(_SWEEPS):
        certainty = 1.0 / (1.0 + np.exp(-np.clip(table @ beta, -30, 30)))
        gradient = table.T @ ((certainty - labels) * weights)
        curve = (table * (np.maximum(certainty * (1 - certainty), 1e-6) * weights)[:, None]).T @ table
        beta -= np.linalg.solve(curve + 1e-6 * np.eye(2), gradient)
    return float(beta[0]), float(beta[1])


def evened(kinds: NDArray[np.int64], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights for telling harms apart: every harm weighs the same in sum, and all of them what they weighed before.

    kinds: of each row, -1 for a row of no known harm, which keeps its weight.
    """
    known = kinds >= 0
    sums = np.bincount(kinds[known], weights=weights[known], minlength=len(HARMS))
    present = np.count_nonzero(sums)
    factors = np.divide(sums.sum() / max(present, 1), sums, out=np.zeros(len(HARMS)), where=sums > 0)
    return np.where(known, weights * factors[kinds], weights).astype(np.float32)


def _fit_columns(
    table: NDArray[np.float64], labels: NDArray[np.float32], weights: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Logistic regression by Newton steps on one column after another, so that the signs in ``combine`` can be held."""
    low = np.array([0.0 if name in NEVER_BELOW_ZERO else -np.inf for name in COLUMNS])
    high = np.array([0.0 if name in NEVER_ABOVE_ZERO else np.inf for name in COLUMNS])
    columns, logit = np.zeros(table.shape[1]), np.zeros(len(table))
    for _ in range(_SWEEPS):
        for number in range(len(columns)):
            certainty = 1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30)))
            column = table[:, number]
            gradient = float(column @ ((certainty - labels) * weights)) + _RIDGE * columns[number]
            curve = float((column**2) @ (np.maximum(certainty * (1 - certainty), 1e-4) * weights)) + _RIDGE
            moved = float(np.clip(columns[number] - gradient / curve, low[number], high[number]))
            logit += (moved - columns[number]) * column
            columns[number] = moved
    return columns


def _fit_kinds(found: Findings, kinds: NDArray[np.int64], start: Weights) -> Weights:
    """How much patterns say against the classifier about which harm it is: the best of a small grid, all harms alike.

    Without evening the harms out, the thousands of forged bank messages of one corpus would decide alone.
    """
    known = np.flatnonzero(kinds >= 0)
    share = evened(kinds[known], np.ones(len(known), np.float32))
    best, chosen = -np.inf, start
    for strong in (0.5, 1.0, 2.0, 3.0, 4.0):
        for hint in (0.2, 0.5, 1.0, 1.5, 2.0):
            weights = replace(start, kind_temperature=1.0, kind_strong=strong, kind_hint=hint)
            total = kind_evidence(found.scores[known], found.counts, known, weights)
            total -= total.max(axis=1, keepdims=True)
            own = total[np.arange(len(known)), kinds[known]]
            likelihood = float(share @ (own - np.log(np.exp(total).sum(axis=1))))
            if likelihood > best:
                best, chosen = likelihood, weights
    return chosen


def _threshold(certainty: NDArray[np.float32], labels: NDArray[np.float32], groups: Sequence[str]) -> float:
    """The lowest confidence, in steps of a hundredth, that keeps every limit of `FALSE_ALARMS`."""
    limited = []
    for start, share in FALSE_ALARMS:
        chosen = np.array([group.startswith(start) for group in groups]) & (labels == 0)
        if chosen.any():
            limited.append((certainty[chosen], share))
    for hundredth in range(30, 99):
        if all((quiet >= hundredth / 100).mean() <= share for quiet, share in limited):
            return hundredth / 100
    return 0.99
