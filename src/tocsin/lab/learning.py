"""From labelled rows to a model: features, split, what is learned of words, and what is found of rows.

The layers that combine, and the threshold, are fitted (``fitting.py``) on what is said of rows by tables that were not
learned from them: there is one set for each fold, learned from the other folds. The model that is judged then learns
its tables from all folds, the one that is shipped from every row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.engine.classify import Classifier
from tocsin.engine.closer import Closer, grams_of
from tocsin.engine.combine import HARMS, PatternCounts, confidence
from tocsin.engine.detector import SLICE_ROWS, Gatherer
from tocsin.engine.features import TOP_DOMAINS, features_of
from tocsin.engine.fold import fold_batch
from tocsin.engine.model import Model
from tocsin.engine.structure import SecondLook, structure_of
from tocsin.engine.text import FoldedBatch, TextBatch
from tocsin.lab import learner
from tocsin.lab.corpora import PATTERN_EXAMPLES, Row, all_rows
from tocsin.lab.disguise import augment
from tocsin.lab.families import FOLDS, HOLD_OUT, split
from tocsin.lab.fitting import NOT_JUDGED, Findings, Fitted, Labels, evened, fit

ALARM_BITS, KIND_BITS, CLOSER_BITS = 20, 18, 20
LEAST_ROWS = 2
"""A feature that fewer rows hold is left out: it could only be learned by heart."""

TABLES = 3
"""Tables that are learned in different orders and averaged: what only one of them believes is mostly chance."""

CLIP = 8.0

_SEED = 20240601
_CLOSER = learner.Settings(dropout=0.5, penalty=1e-4)
_FINE_BITS = 24


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
        """Numbers of the rows of one fold to fit the layers on: all but the examples of patterns, which all hit."""
        real = np.array([row.group != PATTERN_EXAMPLES for row in self.rows])
        return np.flatnonzero((self.part == number) & real)

    def to_learn(self, but: int | None = None) -> NDArray[np.int64]:
        """Numbers of the rows to train on, without one fold if told so."""
        return np.flatnonzero((self.part != HOLD_OUT) & (self.part != (HOLD_OUT if but is None else but)))

    def chosen(self, numbers: NDArray[np.int64]) -> list[Row]:
        """The rows of these numbers."""
        return [self.rows[number] for number in numbers]

    def _judged(self) -> NDArray[np.bool_]:
        return np.array([row.judged for row in self.rows])


@dataclass(frozen=True, slots=True)
class Words:
    """What is learned of words alone: the tables of both looks."""

    classifier: Classifier
    closer: Closer


def prepare(data: Path | None, gatherer: Gatherer) -> Material:
    """Read, fold and split every labelled row there is."""
    rows = all_rows(data, gatherer.patterns)
    rows += augment(rows, _SEED)
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


@dataclass(frozen=True, slots=True)
class Learned:
    """Two models that differ in what their tables of words were learned from, and in nothing else.

    judged: from the folds alone, so that the held-out part says how good it is.  shipped: from every row.
    """

    judged: Model
    shipped: Model


def learn(material: Material, gatherer: Gatherer) -> Learned:
    """Train, combine and choose a threshold. The same rows give the same models to the last bit."""
    parts = []
    for number in range(FOLDS):
        words = train_words(material, material.to_learn(but=number))
        parts.append(findings(material.chosen(material.fold(number)), gatherer, words))
    numbers = [material.fold(number) for number in range(FOLDS)]
    rows, fold = np.concatenate(numbers), np.repeat(np.arange(FOLDS), [len(part) for part in numbers])
    groups = [material.rows[row].group if material.rows[row].judged else NOT_JUDGED for row in rows]
    labels = Labels(material.alarm[rows], material.kind[rows], material.weight[rows], fold, groups)
    fitted = fit(joined(parts), labels)
    every = np.arange(len(material.rows), dtype=np.int64)
    return Learned(
        _assembled(train_words(material, material.to_learn()), fitted),
        _assembled(train_words(material, every), fitted),
    )


def _assembled(words: Words, fitted: Fitted) -> Model:
    second = SecondLook(words.closer, fitted.trees, fitted.slope, fitted.offset, fitted.gate)
    return Model(words.classifier, fitted.weights, second)


def joined(parts: Sequence[Findings]) -> Findings:
    """The findings of several parts as one."""
    counts = PatternCounts(
        np.concatenate([part.counts.strong for part in parts]),
        np.concatenate([part.counts.hint for part in parts]),
        np.concatenate([part.counts.calm for part in parts]),
    )
    return Findings(
        np.concatenate([part.table for part in parts]),
        counts,
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.structure for part in parts]),
    )


def findings(rows: Sequence[Row], gatherer: Gatherer, words: Words) -> Findings:
    """Run the engine over rows, up to but without a verdict."""
    parts = []
    for begin in range(0, len(rows), SLICE_ROWS):
        texts = [row.text for row in rows[begin : begin + SLICE_ROWS]]
        batch, everything = TextBatch.from_arrow(pa.array(texts, pa.string())), np.arange(len(texts), dtype=np.int64)
        found = gatherer.gather(batch, words.classifier)
        scores = words.classifier.kind_scores(found.folded, everything)
        structure = structure_of(batch, found.folded, found.table, found.counts, everything, words.closer)
        parts.append(Findings(found.table, found.counts, scores, structure))
    return joined(parts)


def certainty(found: Findings, model: Model) -> NDArray[np.float32]:
    """The confidence of a model in each row, as the detector gives it."""
    first = confidence(found.table, model.weights)
    return model.second.merge(first, found.counts, lambda rows: found.structure[rows])


def train_words(material: Material, rows: NDArray[np.int64]) -> Words:
    """The tables of both looks, learned from chosen rows."""
    return Words(_train_classifier(material, rows), _train_closer(material, rows))


def _train_closer(material: Material, rows: NDArray[np.int64]) -> Closer:
    hashes, bounds = grams_of(material.folded.points, material.folded.offsets, rows)
    buckets = _buckets(hashes, bounds, CLOSER_BITS)
    table, scale = learner.quantise(_fit_alarm(material, rows, buckets, bounds, CLOSER_BITS, _CLOSER), CLIP)
    return Closer(table, scale)


def _fit_alarm(
    material: Material,
    rows: NDArray[np.int64],
    buckets: NDArray[np.uint32],
    bounds: NDArray[np.int64],
    bits: int,
    settings: learner.Settings,
) -> NDArray[np.float32]:
    """The mean of several tables of one weight for "a harm at all"."""
    tables = [
        learner.fit_alarm(
            buckets, bounds, material.alarm[rows], material.weight[rows],
            learner.orders(len(rows), learner.EPOCHS, _SEED + number), 1 << bits,
            replace(settings, seed=_SEED + number).packed(),
        )
        for number in range(TABLES)
    ]  # fmt: skip
    mean: NDArray[np.float32] = np.stack(tables).mean(axis=0, dtype=np.float64).astype(np.float32)[:-1]
    return mean


def _train_classifier(material: Material, rows: NDArray[np.int64]) -> Classifier:
    hashes, bounds = _features(material.folded, rows)
    known = (material.kind[rows] >= 0).nonzero()[0]
    alarm = _fit_alarm(material, rows, _buckets(hashes, bounds, ALARM_BITS), bounds, ALARM_BITS, learner.Settings())
    kinds = learner.fit_kinds(
        _buckets(hashes, bounds, KIND_BITS), bounds, material.kind[rows],
        evened(material.kind[rows], material.weight[rows]),
        known[learner.orders(len(known), learner.EPOCHS, _SEED)], 1 << KIND_BITS, len(HARMS),
        learner.Settings().packed(),
    )  # fmt: skip
    alarm_table, alarm_scale = learner.quantise(alarm, CLIP)
    kinds_table, kinds_scale = learner.quantise(kinds, CLIP)
    return Classifier(alarm_table, kinds_table, alarm_scale, kinds_scale)


def _features(folded: FoldedBatch, rows: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    lengths = np.diff(folded.offsets)[rows]
    points = np.concatenate([folded.points[folded.offsets[row] : folded.offsets[row + 1]] for row in rows])
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    hashes, bounds = features_of(points, offsets, TOP_DOMAINS)
    return hashes, bounds


def _buckets(hashes: NDArray[np.uint64], bounds: NDArray[np.int64], bits: int) -> NDArray[np.uint32]:
    """Table entry of each feature; one past the end for a feature of fewer than `LEAST_ROWS` rows."""
    size = 1 << bits
    buckets = (hashes & np.uint64(size - 1)).astype(np.uint32)
    buckets[learner.rows_holding(hashes, bounds, _FINE_BITS) < LEAST_ROWS] = size
    return buckets
