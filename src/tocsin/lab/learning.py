"""From labelled rows to a model: features, split, classifier, combining layer, threshold.

The layer that combines, and the threshold, are fitted on what classifiers say of rows that they were not trained on:
there is one classifier for each fold, trained on the other folds. The shipped one is then trained on all folds.
Nothing is fitted on the rows that the card reports.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.engine.classify import Classifier
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
from tocsin.engine.detector import SLICE_ROWS, Gatherer
from tocsin.engine.features import TOP_DOMAINS, features_of
from tocsin.engine.fold import fold_batch
from tocsin.engine.model import Model
from tocsin.engine.text import FoldedBatch, TextBatch
from tocsin.lab import learner
from tocsin.lab.corpora import Row, all_rows
from tocsin.lab.families import FOLDS, HOLD_OUT, split

ALARM_BITS, KIND_BITS = 20, 18
LEAST_ROWS = 2
"""A feature that fewer rows hold is left out: it could only be learned by heart."""

TABLES = 4
"""Tables that are learned in different orders and averaged: what only one of them believes is mostly chance."""

CLIP = 8.0
FALSE_ALARMS = (
    ("chat", 0.0013),
    ("talk", 0.001),
    ("FBS AD", 0.012),
    ("written quiet advertisement", 0.05),
    ("written quiet", 0.025),
)
"""What share of the quiet rows of a group the shipped threshold may flag; a group is known by how its name begins.

Measured on families that the classifier has not seen, which is harder than ordinary use: the shipped one has seen
four folds.
"""

_SEED = 20240601
_SWEEPS, _RIDGE = 60, 2.0


@dataclass(frozen=True, slots=True)
class Material:
    """Labelled rows with all that is computed of them once.

    part: int8, as `families.split` gives it.  alarm: float32, 0 or 1.  kind: int64 index into `HARMS`, -1 where the
    label does not say.
    """

    rows: Sequence[Row]
    batch: TextBatch
    folded: FoldedBatch
    part: NDArray[np.int8]
    alarm: NDArray[np.float32]
    kind: NDArray[np.int64]
    weight: NDArray[np.float32]

    def held_out(self) -> NDArray[np.int64]:
        """Numbers of the rows to judge by."""
        return np.flatnonzero((self.part == HOLD_OUT) & self._judged())

    def fold(self, number: int) -> NDArray[np.int64]:
        """Numbers of the rows of one fold that may be judged."""
        return np.flatnonzero((self.part == number) & self._judged())

    def to_learn(self, but: int | None = None) -> NDArray[np.int64]:
        """Numbers of the rows to train on, without one fold if told so."""
        return np.flatnonzero((self.part != HOLD_OUT) & (self.part != (HOLD_OUT if but is None else but)))

    def chosen(self, numbers: NDArray[np.int64]) -> list[Row]:
        """The rows of these numbers."""
        return [self.rows[number] for number in numbers]

    def _judged(self) -> NDArray[np.bool_]:
        return np.array([row.judged for row in self.rows])


@dataclass(frozen=True, slots=True)
class Findings:
    """What the engine says of rows, before a threshold.

    table: float64 (rows, `COLUMNS`).  scores: float32 (rows, harms).
    """

    table: NDArray[np.float64]
    counts: PatternCounts
    scores: NDArray[np.float32]


def prepare(data: Path | None, gatherer: Gatherer) -> Material:
    """Read, fold and split every labelled row there is."""
    rows = all_rows(data, gatherer.patterns)
    batch = TextBatch.from_arrow(pa.array([row.text for row in rows], pa.string()))
    folded = fold_batch(batch)
    return Material(
        rows,
        batch,
        folded,
        split(rows, folded),
        np.array([row.alarm for row in rows], dtype=np.float32),
        np.array([HARMS.index(row.harm) if row.harm else -1 for row in rows], dtype=np.int64),
        np.array([row.weight for row in rows], dtype=np.float32),
    )


def learn(material: Material, gatherer: Gatherer) -> Model:
    """Train, combine and choose a threshold. The same rows give the same model to the last bit."""
    start = Weights(np.zeros(len(COLUMNS)), 1.0, 1.0, 0.3, 0.5)
    parts = []
    for number in range(FOLDS):
        unseen = Model(train_classifier(material, material.to_learn(but=number)), start)
        parts.append(findings(material.chosen(material.fold(number)), gatherer, unseen))
    weights = fit_weights(material, np.concatenate([material.fold(number) for number in range(FOLDS)]), _joined(parts))
    return Model(train_classifier(material, material.to_learn()), weights)


def fit_weights(material: Material, rows: NDArray[np.int64], found: Findings) -> Weights:
    """The combining layer and the threshold, from what was found of rows."""
    start = Weights(np.zeros(len(COLUMNS)), 1.0, 1.0, 0.3, 0.5)
    columns = _fit_columns(found.table, material.alarm[rows], material.weight[rows])
    weights = replace(_fit_kinds(found, material.kind[rows], start), columns=columns)
    groups = [material.rows[row].group for row in rows]
    return replace(weights, threshold=_threshold(confidence(found.table, weights), material.alarm[rows], groups))


def _joined(parts: Sequence[Findings]) -> Findings:
    counts = PatternCounts(
        np.concatenate([part.counts.strong for part in parts]),
        np.concatenate([part.counts.hint for part in parts]),
        np.concatenate([part.counts.calm for part in parts]),
    )
    tables, scores = [part.table for part in parts], [part.scores for part in parts]
    return Findings(np.concatenate(tables), counts, np.concatenate(scores))


def findings(rows: Sequence[Row], gatherer: Gatherer, model: Model) -> Findings:
    """Run the engine over rows, up to but without a verdict."""
    parts = []
    for begin in range(0, len(rows), SLICE_ROWS):
        texts = [row.text for row in rows[begin : begin + SLICE_ROWS]]
        found = gatherer.gather(TextBatch.from_arrow(pa.array(texts, pa.string())), model)
        scores = model.classifier.kind_scores(found.folded, np.arange(len(texts), dtype=np.int64))
        parts.append(Findings(found.table, found.counts, scores))
    return _joined(parts)


def train_classifier(material: Material, rows: NDArray[np.int64]) -> Classifier:
    """The two tables of the classifier, learned from chosen rows."""
    hashes, bounds = _features(material.folded, rows)
    known = (material.kind[rows] >= 0).nonzero()[0]
    buckets = _buckets(hashes, bounds, ALARM_BITS)
    tables = [
        learner.fit_alarm(
            buckets, bounds, material.alarm[rows], material.weight[rows],
            learner.orders(len(rows), learner.EPOCHS, _SEED + number), 1 << ALARM_BITS,
            learner.Settings(seed=_SEED + number).packed(),
        )
        for number in range(TABLES)
    ]  # fmt: skip
    table = np.stack(tables).mean(axis=0, dtype=np.float64).astype(np.float32)
    kinds = learner.fit_kinds(
        _buckets(hashes, bounds, KIND_BITS), bounds, material.kind[rows],
        evened(material.kind[rows], material.weight[rows]),
        known[learner.orders(len(known), learner.EPOCHS, _SEED)], 1 << KIND_BITS, len(HARMS),
        learner.Settings().packed(),
    )  # fmt: skip
    alarm_table, alarm_scale = learner.quantise(table[:-1], CLIP)
    kinds_table, kinds_scale = learner.quantise(kinds, CLIP)
    return Classifier(alarm_table, kinds_table, alarm_scale, kinds_scale)


def evened(kinds: NDArray[np.int64], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights for telling harms apart: every harm weighs the same in sum, and all of them what they weighed before.

    kinds: of each row, -1 for a row of no known harm, which keeps its weight.
    """
    known = kinds >= 0
    sums = np.bincount(kinds[known], weights=weights[known], minlength=len(HARMS))
    present = np.count_nonzero(sums)
    factors = np.divide(sums.sum() / max(present, 1), sums, out=np.zeros(len(HARMS)), where=sums > 0)
    return np.where(known, weights * factors[kinds], weights).astype(np.float32)


def _features(folded: FoldedBatch, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    lengths = np.diff(folded.offsets)[rows]
    points = np.concatenate([folded.points[folded.offsets[row] : folded.offsets[row + 1]] for row in rows])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    hashes, bounds = features_of(points, offsets, TOP_DOMAINS)
    return hashes, bounds


def _buckets(hashes: NDArray[np.uint64], bounds: NDArray[np.int64], bits: int) -> NDArray[np.uint32]:
    """Table entry of each feature; one past the end for a feature of fewer than `LEAST_ROWS` rows."""
    size = 1 << bits
    row = np.repeat(np.arange(len(bounds) - 1, dtype=np.uint64), np.diff(bounds))
    _, first = np.unique((hashes << np.uint64(20)) ^ row, return_index=True)
    names, count = np.unique(hashes[first], return_counts=True)
    rare = names[count < LEAST_ROWS]
    buckets = (hashes & np.uint64(size - 1)).astype(np.uint32)
    buckets[np.isin(hashes, rare)] = size
    return buckets


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
