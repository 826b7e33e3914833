"""The second look at suspicious messages: all evidence in one row of numbers, and the trees that weigh it.

The first look (``combine.confidence``) is a sum and sees every message; what it is nearly sure is ordinary stays so.
The rest is weighed here together: how it is worded, what the patterns found for which harm, what it carries, how it is
shaped. More evidence for a harm never makes a message less suspicious, and more of what is calm never more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.closer import SHAPE, Closer, shapes
from tocsin.engine.combine import COLUMNS, HARMS, NEVER_ABOVE_ZERO, NEVER_BELOW_ZERO, PatternCounts
from tocsin.engine.text import FoldedBatch, TextBatch
from tocsin.engine.trees import Trees

STRUCTURE = (
    "closer",
    "closer_passage",
    *COLUMNS[1:],
    *(f"strong {harm}" for harm in HARMS),
    *(f"hint {harm}" for harm in HARMS),
    "calm_count",
    *SHAPE,
)
"""Names of the columns that the trees look at, in order."""


def _sign(name: str) -> int:
    if name.startswith(("closer", "strong ", "hint ")) or name in NEVER_BELOW_ZERO:
        return 1
    return -1 if name in NEVER_ABOVE_ZERO or name == "calm_count" else 0


SIGNS: NDArray[np.int8] = np.array([_sign(name) for name in STRUCTURE], dtype=np.int8)
"""Of each column, whether the verdict may only rise (1) or only fall (-1) with it."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What `lab` learned for it.

    gate: confidence of the first look from which a message is looked at again; a strong pattern opens it as well.
    slope, offset: turn the log-odds of the trees into calibrated ones.
    """

    closer: Closer
    trees: Trees
    slope: float
    offset: float
    gate: float

    def suspects(self, first: NDArray[np.float32], counts: PatternCounts) -> NDArray[np.int64]:
        """Rows to look at again, by the confidence of the first look and the strong patterns that hit."""
        chosen: NDArray[np.int64] = np.flatnonzero((first >= self.gate) | counts.strong.any(axis=1))
        return chosen

    def confidence(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """Calibrated probability of a harm for rows of `structure_of`: float32, 0 to 1."""
        log_odds = self.slope * self.trees.log_odds(table).astype(np.float64) + self.offset
        return (1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0)))).astype(np.float32)

    def look(
        self,
        batch: TextBatch,
        folded: FoldedBatch,
        evidence: NDArray[np.float64],
        counts: PatternCounts,
        first: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Confidence for every row: of the first look, never above the gate, and of this one for suspects."""
        return self.merge(first, counts, lambda rows: structure_of(batch, folded, evidence, counts, rows, self.closer))

    def merge(
        self,
        first: NDArray[np.float32],
        counts: PatternCounts,
        structure: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    ) -> NDArray[np.float32]:
        """The confidence of both looks; structure gives the columns of the rows that it is asked for."""
        rows = self.suspects(first, counts)
        certainty = np.minimum(first, np.float32(self.gate))
        if len(rows):
            certainty[rows] = self.confidence(structure(rows))
        return certainty


def structure_of(
    batch: TextBatch,
    folded: FoldedBatch,
    evidence: NDArray[np.float64],
    counts: PatternCounts,
    rows: NDArray[np.int64],
    closer: Closer,
) -> NDArray[np.float32]:
    """All that is known of the chosen rows: float32 of shape (rows, `STRUCTURE`)."""
    parts: list[NDArray[Any]] = [
        closer.margins(folded, rows),
        evidence[rows, 1:],
        counts.strong[rows],
        counts.hint[rows],
        counts.calm[rows, None],
        shapes(batch, folded, rows),
    ]
    return np.concatenate([part.astype(np.float32) for part in parts], axis=1)
