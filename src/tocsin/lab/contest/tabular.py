"""The families that use what the engine finds: n-grams alone, a logistic layer over structure, boosted trees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.engine.fold import fold_batch
from tocsin.engine.structure import SIGNS, STRUCTURE, structure_of
from tocsin.engine.text import TextBatch
from tocsin.lab.boosting import Growth, grow
from tocsin.lab.contest.arena import Arena, Part
from tocsin.lab.contest.entry import Entry

Score = Callable[[NDArray[np.float32]], NDArray[np.float32]]
_RIDGE, _STEPS = 2.0, 25
_GROWTH = Growth(trees=160, rate=0.08)


@dataclass(frozen=True, slots=True)
class Layer:
    """What scores rows of the structure table, and its bytes."""

    score: Score
    size: int


Fit = Callable[[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]], Layer]


def enter_linear(arena: Arena, *, column: str = "closer") -> Entry:
    """Hashed n-grams of one to four folded points alone: one sum, nothing else is known of a message."""
    place = STRUCTURE.index(column)
    closer = arena.words.closer

    def assess(texts: Sequence[str]) -> NDArray[np.float32]:
        folded = fold_batch(_batch(texts))
        return closer.margins(folded, np.arange(len(texts), dtype=np.int64))[:, place]

    return Entry(
        "1 linear, hashed n-grams alone",
        np.concatenate([fold.table[:, place] for fold in arena.folds]),
        arena.held.table[:, place],
        arena.independent.table[:, place],
        assess,
        closer.table.nbytes,
    )


def enter_logistic(arena: Arena) -> Entry:
    """The same n-grams and all of the structure in a logistic layer."""
    return _enter(arena, "2 logistic layer over n-grams and structure", fit_logistic)


def enter_trees(arena: Arena) -> Entry:
    """The same table in boosted trees, grown as for the shipped model."""
    return _enter(arena, "3 boosted trees over the same", fit_trees)


def fit_logistic(table: NDArray[np.float32], labels: NDArray[np.float32], weights: NDArray[np.float32]) -> Layer:
    """Logistic regression on standardised columns, with an L2 penalty, by Newton's method."""
    centre, spread = table.mean(axis=0), table.std(axis=0)
    spread[spread == 0] = 1.0

    def prepared(rows: NDArray[np.float32]) -> NDArray[np.float64]:
        scaled = np.clip((rows - centre) / spread, -10.0, 10.0)
        return np.concatenate([scaled, np.ones((len(rows), 1))], axis=1).astype(np.float64)

    columns = prepared(table)
    beta = np.zeros(columns.shape[1])
    ridge = np.full(len(beta), _RIDGE)
    ridge[-1] = 1e-6
    for _ in range(_STEPS):
        certainty = 1.0 / (1.0 + np.exp(-np.clip(columns @ beta, -30.0, 30.0)))
        gradient = columns.T @ ((certainty - labels) * weights) + ridge * beta
        bend = np.maximum(certainty * (1.0 - certainty), 1e-4) * weights
        beta -= np.linalg.solve((columns * bend[:, None]).T @ columns + np.diag(ridge), gradient)
    return Layer(lambda rows: (prepared(rows) @ beta).astype(np.float32), beta.nbytes + centre.nbytes + spread.nbytes)


def fit_trees(table: NDArray[np.float32], labels: NDArray[np.float32], weights: NDArray[np.float32]) -> Layer:
    """Boosted trees whose verdict may only rise with what speaks for a harm."""
    trees = grow(table, labels, weights, SIGNS, _GROWTH)
    return Layer(trees.log_odds, trees.column.nbytes + trees.limit.nbytes + trees.leaf.nbytes)


def _enter(arena: Arena, name: str, fit: Fit) -> Entry:
    unseen = [
        _fitted(fit, [other for other in arena.folds if other is not fold]).score(fold.table) for fold in arena.folds
    ]
    layer, words = _fitted(fit, arena.folds), arena.words

    def assess(texts: Sequence[str]) -> NDArray[np.float32]:
        batch = _batch(texts)
        found = arena.gatherer.gather(batch, words.classifier)
        rows = np.arange(len(texts), dtype=np.int64)
        return layer.score(structure_of(batch, found.folded, found.table, found.counts, rows, words.closer))

    return Entry(
        name,
        np.concatenate(unseen),
        layer.score(arena.held.table),
        layer.score(arena.independent.table),
        assess,
        words.closer.table.nbytes + words.classifier.alarm.nbytes + layer.size,
    )


def _fitted(fit: Fit, parts: Sequence[Part]) -> Layer:
    return fit(
        np.concatenate([part.table for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )


def _batch(texts: Sequence[str]) -> TextBatch:
    return TextBatch.from_arrow(pa.array(texts, pa.string()))
