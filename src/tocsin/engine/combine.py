"""From evidence to a verdict: a small calibrated layer over margins, pattern hits and indicator kinds.

What goes in is counted here, one column each; what the columns weigh was learned by ``lab`` on rows that the
classifier had not seen. The weight of a pattern for a harm is never below zero and that of a calm pattern never
above, so that another piece of evidence cannot turn a verdict round.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tocsin.engine.classify import Margins
from tocsin.engine.harms import Harm
from tocsin.engine.links import LinkCounts
from tocsin.engine.patterns import Hits, Strength

HARMS = tuple(Harm)
COLUMNS = (
    "constant",
    "whole",
    "window",
    "window_excess",
    "strong",
    "strong_more",
    "hint",
    "hint_more",
    "strong_calm",
    "calm",
    "calm_more",
    "contact",
    "link",
    "phone",
    "account",
    "link_strong",
    "link_hint",
    "link_calm",
    "short",
    "long",
)
"""Names of the columns of `evidence`, in order."""

NEVER_BELOW_ZERO = frozenset(
    {"whole", "window", "window_excess", "strong", "strong_more", "hint", "hint_more", "link_strong", "link_hint"}
)
NEVER_ABOVE_ZERO = frozenset({"calm", "calm_more", "strong_calm", "link_calm"})

_GROUPS = {
    "contact": ("wechat", "qq", "telegram", "whatsapp", "line"),
    "link": ("url", "domain", "ip"),
    "phone": ("phone",),
    "account": ("card", "bank_account", "wallet"),
}
_SHORT, _LONG = 40, 400


@dataclass(frozen=True, slots=True)
class PatternCounts:
    """Distinct patterns that hit each message.

    strong, hint: int16 of shape (rows, harms).  calm: int16 of shape (rows,).
    """

    strong: NDArray[np.int16]
    hint: NDArray[np.int16]
    calm: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Weights:
    """What `lab` learned.

    columns: float64, one weight for each of `COLUMNS`.  kind_temperature, kind_strong, kind_hint: how the score of a
    harm adds up from the classifier and from patterns.  threshold: the confidence from which a message is flagged.
    """

    columns: NDArray[np.float64]
    kind_temperature: float
    kind_strong: float
    kind_hint: float
    threshold: float


def count_patterns(hits: Hits, rows: int, strengths: NDArray[np.int8], harms: NDArray[np.int16]) -> PatternCounts:
    """Count the hits of a batch.

    strengths: index into `Strength` of each pattern.  harms: index into `HARMS` of each, -1 where it is calm.
    """
    order = list(Strength)
    strength, harm = strengths[hits.pattern], harms[hits.pattern]
    counts = PatternCounts(
        np.zeros((rows, len(HARMS)), np.int16), np.zeros((rows, len(HARMS)), np.int16), np.zeros(rows, np.int16)
    )
    for wanted, table in ((Strength.STRONG, counts.strong), (Strength.HINT, counts.hint)):
        chosen = strength == order.index(wanted)
        np.add.at(table, (hits.row[chosen], harm[chosen]), 1)
    np.add.at(counts.calm, hits.row[strength == order.index(Strength.CALM)], 1)
    return counts


def indicator_columns(rows: int, row: NDArray[np.int32], kinds: pa.StringArray) -> dict[str, NDArray[np.float64]]:
    """For each group of indicator kinds, 1 where a message carries one of the group.

    row, kinds: of each indicator its message and its kind.
    """
    columns = {}
    for group, members in _GROUPS.items():
        belongs = pc.is_in(kinds, value_set=pa.array(members, pa.string())).to_numpy(zero_copy_only=False)
        present = np.zeros(rows)
        present[row[belongs]] = 1.0
        columns[group] = present
    return columns


def link_columns(links: LinkCounts) -> dict[str, NDArray[np.float64]]:
    """What was found of the links and numbers of each message, 1 where there is any of a strength."""
    return {
        "link_strong": np.minimum(links.strong, 1).astype(np.float64),
        "link_hint": np.minimum(links.hint, 1).astype(np.float64),
        "link_calm": np.minimum(links.calm, 1).astype(np.float64),
    }


def evidence(
    margins: Margins, counts: PatternCounts, indicators: dict[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Everything known of each message as numbers: float64 of shape (rows, `COLUMNS`)."""
    strong, hint = np.einsum("ij->i", counts.strong), np.einsum("ij->i", counts.hint)
    columns: dict[str, NDArray[Any]] = {
        "constant": np.ones(len(strong)),
        "whole": margins.whole,
        "window": margins.window,
        "window_excess": np.maximum(margins.window, 0.0) - np.maximum(margins.whole, 0.0).astype(np.float64),
        "strong": np.minimum(strong, 1),
        "strong_more": np.clip(strong - 1, 0, 3),
        "hint": np.minimum(hint, 1),
        "hint_more": np.clip(hint - 1, 0, 4),
        "strong_calm": np.minimum(strong, 1) * np.minimum(counts.calm, 1),
        "calm": np.minimum(counts.calm, 1),
        "calm_more": np.clip(counts.calm - 1, 0, 3),
        **indicators,
        "short": margins.count < _SHORT,
        "long": margins.count > _LONG,
    }
    table = np.empty((len(COLUMNS), len(strong)))
    for number, name in enumerate(COLUMNS):
        table[number] = columns[name]
    return table.T


def confidence(table: NDArray[np.float64], weights: Weights) -> NDArray[np.float32]:
    """Calibrated probability of each message to be a harm: float32, 0 to 1.

    Added up column by column, so that a message gets the same bits alone and in any batch.
    """
    logit = np.zeros(len(table))
    for column, weight in zip(table.T, weights.columns.tolist(), strict=True):
        logit += weight * column
    return (1.0 / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0)))).astype(np.float32)


def choose_kinds(
    scores: NDArray[np.float32], counts: PatternCounts, rows: NDArray[np.int64], weights: Weights
) -> NDArray[np.int64]:
    """Which harm the chosen rows are: index into `HARMS`. scores: of the classifier, for these rows."""
    chosen: NDArray[np.int64] = np.argmax(kind_evidence(scores, counts, rows, weights), axis=1)
    return chosen


def kind_evidence(
    scores: NDArray[np.float32], counts: PatternCounts, rows: NDArray[np.int64], weights: Weights
) -> NDArray[np.float64]:
    """What speaks for each harm, of the chosen rows: (rows, harms)."""
    return (
        weights.kind_temperature * scores.astype(np.float64)
        + weights.kind_strong * np.minimum(counts.strong[rows], 3)
        + weights.kind_hint * np.minimum(counts.hint[rows], 3)
    )
