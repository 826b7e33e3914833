"""What disguises cost: the same rows judged plain and disguised, by strength and by kind of disguise.

The measure is of two sides: harms that are no longer caught, and quiet rows that are flagged only once they are
disguised. What is not here: the disguises themselves (``lab/disguise.py``), and any choice of rows. The card is of the
written rows of the held-out part and of `corpora.hold_out_rows`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from tocsin.engine.detector import Detector
from tocsin.lab.corpora import Row
from tocsin.lab.disguise import Kind, Strength, disguise, disguise_as

SEEDS = (1, 2, 3)
"""Every row is disguised once with each: a single draw of a few hundred rows would be off by a point."""

Assess = Callable[[Sequence[str]], Sequence[bool]]
"""Which of the texts are flagged, in order."""

HEAD = ("disguise", "harms", "caught plain", "caught disguised", "points lost", "quiet", "flagged plain", "disguised")
"""What the `Line.cells` are."""


@dataclass(frozen=True, slots=True)
class Line:
    """Rows that a disguise changes, before and after.

    harms, quiet: how many, each row once for every seed.  caught, alarmed: how many of them are flagged plain.
    caught_disguised, alarmed_disguised: how many are flagged once they are disguised.
    """

    name: str
    harms: int
    caught: int
    caught_disguised: int
    quiet: int
    alarmed: int
    alarmed_disguised: int

    @property
    def points_lost(self) -> float:
        """Recall plain less recall disguised, in percentage points."""
        return 100.0 * (self.caught - self.caught_disguised) / self.harms if self.harms else 0.0

    def cells(self) -> tuple[str, ...]:
        """The line as the cells of a table under `HEAD`."""
        return (
            self.name,
            str(self.harms),
            _percent(self.caught, self.harms),
            _percent(self.caught_disguised, self.harms),
            f"{self.points_lost:.2f}",
            str(self.quiet),
            _percent(self.alarmed, self.quiet),
            _percent(self.alarmed_disguised, self.quiet),
        )


@dataclass(frozen=True, slots=True)
class Robustness:
    """What disguises cost.

    strengths: one line for each, kinds mixed as a sender mixes them.  kinds: each alone at the strongest, worst first.
    """

    strengths: Sequence[Line]
    kinds: Sequence[Line]

    @property
    def strongest(self) -> Line:
        """The line that the product promises something about."""
        return self.strengths[-1]


def measure(rows: Sequence[Row], assess: Assess, seeds: Sequence[int] = SEEDS) -> Robustness:
    """Judge rows plain, at each strength, and by each kind alone at the strongest."""
    flagged = dict(zip((row.text for row in rows), assess([row.text for row in rows]), strict=True))

    def line(name: str, dress: Callable[..., str]) -> Line:
        return _line(name, [(row, dress(row.text, seed=seed)) for seed in seeds for row in rows], flagged, assess)

    strengths = [line(each.name.lower(), partial(disguise, strength=each)) for each in Strength]
    kinds = [line(str(kind), partial(disguise_as, kind=kind, strength=Strength.STRONG)) for kind in Kind]
    return Robustness(strengths, sorted(kinds, key=lambda each: (each.caught_disguised - each.caught, each.name)))


def flags_of(detector: Detector) -> Assess:
    """A detector at its shipped threshold, as `measure` wants it."""

    def assess(texts: Sequence[str]) -> list[bool]:
        harms = detector.assess_batch(pa.array(texts, pa.string())).column("harm").to_pylist()
        return [harm is not None for harm in harms]

    return assess


def _line(name: str, pairs: Sequence[tuple[Row, str]], flagged: dict[str, bool], assess: Assess) -> Line:
    changed = [(row, text) for row, text in pairs if text != row.text]
    after = assess([text for _, text in changed])
    harms = [(flagged[row.text], now) for (row, _), now in zip(changed, after, strict=True) if row.alarm]
    quiet = [(flagged[row.text], now) for (row, _), now in zip(changed, after, strict=True) if not row.alarm]
    return Line(
        name,
        len(harms),
        sum(before for before, _ in harms),
        sum(now for _, now in harms),
        len(quiet),
        sum(before for before, _ in quiet),
        sum(now for _, now in quiet),
    )


def _percent(part: int, total: int) -> str:
    return f"{100.0 * part / total:.2f} %" if total else "–"
