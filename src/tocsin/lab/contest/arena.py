"""What every family of the contest is given: the same rows, the same split, the same structure of each row."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.detector import Gatherer
from tocsin.lab.corpora import Row, hold_out_rows
from tocsin.lab.families import FOLDS, HOLD_OUT, strangers
from tocsin.lab.learning import Material, Words, findings, train_words

_THINNED = ("chat", "talk")
_KEPT_OF_THINNED = 0.25
"""Share of ordinary chat and talk that is learned from: most of it is alike, and a network is slow to train."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows to be scored, by tables of words that were not learned from them.

    table: float32 (rows, `engine.structure.STRUCTURE`).
    """

    rows: Sequence[Row]
    table: NDArray[np.float32]

    @property
    def texts(self) -> list[str]:
        """The messages."""
        return [row.text for row in self.rows]

    @property
    def labels(self) -> NDArray[np.float32]:
        """1 for a harm, 0 for a quiet row."""
        return np.array([row.alarm for row in self.rows], dtype=np.float32)

    @property
    def weights(self) -> NDArray[np.float32]:
        """How many times each row counts in training."""
        return np.array([row.weight for row in self.rows], dtype=np.float32)

    @property
    def groups(self) -> list[str]:
        """What each row is reported under."""
        return [row.group for row in self.rows]


@dataclass(frozen=True, slots=True)
class Arena:
    """Everything that the families are compared on.

    learned: rows to learn from, by the fold they are in; rows that only help to train are among them.  folds: the
    judged ones of each fold.  held: the held-out part.  independent: the messages of another hand.  words: tables
    learned from all folds.
    """

    gatherer: Gatherer
    words: Words
    learned: Sequence[Sequence[Row]]
    folds: Sequence[Part]
    held: Part
    independent: Part

    def to_learn(self, but: int | None = None) -> list[Row]:
        """The rows to learn from, without one fold if told so."""
        return [row for number, fold in enumerate(self.learned) if number != but for row in fold]


def set_up(material: Material, gatherer: Gatherer, most: int | None, say: Callable[[str], None]) -> Arena:
    """Thin the rows, learn the tables of words for each fold and for all, and find the structure of every row.

    most: how many rows to learn from at most, all if None. The held-out part stays whole. say: gets one line a step.
    """
    chosen = chosen_rows(material, most)
    say(f"{len(chosen)} rows to learn from, {len(material.held_out())} held out")
    learned, folds = [], []
    for number in range(FOLDS):
        inside = material.part[chosen] == number
        words = train_words(material, chosen[~inside])
        learned.append(material.chosen(chosen[inside]))
        folds.append(_part([row for row in learned[-1] if row.judged], gatherer, words))
        say(f"fold {number}: tables of words learned")
    words = train_words(material, chosen)
    rows = [row for fold in learned for row in fold]
    return Arena(
        gatherer,
        words,
        learned,
        folds,
        _part(material.chosen(material.held_out()), gatherer, words),
        _part(strangers(list(hold_out_rows()), rows), gatherer, words),
    )


def chosen_rows(material: Material, most: int | None) -> NDArray[np.int64]:
    """Numbers of the rows to learn from: never of the held-out part, variants of one message all or none.

    Which ones depends on their identifiers alone, so that every machine takes the same.
    """
    draws = np.array([_draw(row.id) for row in material.rows])
    thinned = np.array([row.group.startswith(_THINNED) for row in material.rows])
    numbers: NDArray[np.int64] = np.flatnonzero(
        (material.part != HOLD_OUT) & (~thinned | (draws < _KEPT_OF_THINNED))
    ).astype(np.int64)
    # among the thinned, draws are spread over 0 to 1 again: else the cut below would spare them
    spread = np.where(thinned, draws / _KEPT_OF_THINNED, draws)[numbers]
    if most is not None and most < len(numbers):
        numbers = numbers[spread < np.sort(spread)[most]]
    return numbers


def _draw(identifier: str) -> float:
    """A number from 0 to 1 that an identifier always has; unlike the one that draws the split."""
    return int(hashlib.sha256(f"contest {identifier}".encode()).hexdigest()[:12], 16) / 16**12


def _part(rows: Sequence[Row], gatherer: Gatherer, words: Words) -> Part:
    return Part(rows, findings(rows, gatherer, words).structure)
