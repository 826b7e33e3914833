"""How a model does on rows that nothing was learned from: by group, by harm, and how honest its confidence is."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.combine import HARMS, choose_kinds
from tocsin.engine.detector import Gatherer
from tocsin.engine.model import Model
from tocsin.lab.corpora import Row, hold_out_rows
from tocsin.lab.families import strangers
from tocsin.lab.learning import Learned, Material, Words, certainty, findings
from tocsin.lab.robustness import Assess, Robustness, measure

_EXAMPLES = 12


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    name: str
    part: int
    total: int

    @property
    def percent(self) -> float:
        """The share in percent, 0 of nothing is 0."""
        return 100.0 * self.part / self.total if self.total else 0.0


def whole(name: str, shares: Sequence[Share]) -> Share:
    """Several shares of different rows as one."""
    return Share(name, sum(share.part for share in shares), sum(share.total for share in shares))


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the card tells of a model.

    caught, alarmed: flagged rows of each group of harms, and of quiet rows.  sums: the same over several groups.
    named: rows whose harm was named rightly, of those with a known one, whether flagged or not.  calibration: (from,
    to, rows, mean confidence, share of harms).  missed, mistaken: texts with the least and the greatest confidence on
    the wrong side, of the written rows only, since those of the other corpora may not be passed on.
    """

    caught: Sequence[Share]
    alarmed: Sequence[Share]
    sums: Sequence[Share]
    named: Sequence[Share]
    calibration: Sequence[tuple[float, float, int, float, float]]
    missed: Sequence[str]
    mistaken: Sequence[str]
    independent: "Independent"
    robustness: Robustness


@dataclass(frozen=True, slots=True)
class Independent:
    """How a model does on the messages of another hand, in which nothing was chosen by the result.

    sums: scams flagged by language and by whether they are calls and chats; quiet rows flagged.  harms: flagged rows of
    each harm.  quiet: flagged rows of each kind.  named: of the flagged rows of each harm, those whose harm was named
    rightly.  left_out: near-copies of rows that were trained on, which were not judged.
    """

    sums: Sequence[Share]
    harms: Sequence[Share]
    quiet: Sequence[Share]
    named: Sequence[Share]
    left_out: int


def _is_plain_fbs(row: Row) -> bool:
    return row.group.startswith("FBS") and "masked" not in row.group


def _is_notice(row: Row) -> bool:
    return row.group.startswith("written quiet") and not row.group.endswith("advertisement")


_SUMS: tuple[tuple[str, Callable[[Row], bool]], ...] = (
    ("FBS fraud and illegal offers", lambda row: row.alarm and _is_plain_fbs(row)),
    ("written scams, Chinese", lambda row: row.group.startswith("written scam zh")),
    ("written scams, English", lambda row: row.group.startswith("written scam en")),
    ("of these calls and chats, Chinese", lambda row: row.group in {"written scam zh call", "written scam zh chat"}),
    ("of these calls and chats, English", lambda row: row.group in {"written scam en call", "written scam en chat"}),
    ("smishing, English", lambda row: row.group == "smishing"),
    ("web offers, Chinese", lambda row: row.group == "web illicit zh"),
    ("web offers, other languages", lambda row: row.group == "web illicit other"),
    ("quiet: written notices, mail and talk", _is_notice),
    ("quiet: written advertisements", lambda row: row.group == "written quiet advertisement"),
    ("quiet: FBS advertisements", lambda row: not row.alarm and _is_plain_fbs(row)),
    ("quiet: private chat", lambda row: row.group.startswith("chat")),
    ("quiet: microblog, news, forum, reviews, statements", lambda row: row.group.startswith("talk")),
    ("quiet: benign texts of the web set", lambda row: row.group.startswith("web benign")),
)


def _is_spoken(row: Row) -> bool:
    return row.group.endswith((" call", " chat"))


_INDEPENDENT_SUMS: tuple[tuple[str, Callable[[Row], bool]], ...] = (
    ("scams, Chinese, calls and chats", lambda row: row.group.startswith("independent scam zh") and _is_spoken(row)),
    ("scams, Chinese, other", lambda row: row.group.startswith("independent scam zh") and not _is_spoken(row)),
    ("scams, English, calls and chats", lambda row: row.group.startswith("independent scam en") and _is_spoken(row)),
    ("scams, English, other", lambda row: row.group.startswith("independent scam en") and not _is_spoken(row)),
    ("quiet", lambda row: not row.alarm),
)


def evaluate(material: Material, gatherer: Gatherer, learned: Learned) -> Report:
    """Judge the held-out rows, and the independent ones, at the shipped threshold."""
    model = learned.judged
    numbers = material.held_out()
    rows = material.chosen(numbers)
    found = findings(rows, gatherer, Words(model.classifier, model.second.closer))
    sure = certainty(found, model)
    flagged = sure >= model.weights.threshold
    kinds = choose_kinds(found.scores, found.counts, np.arange(len(numbers)), model.weights)
    labels = material.alarm[numbers] > 0
    groups = _by_group(rows, flagged)
    return Report(
        caught=[share for share, alarm in groups if alarm],
        alarmed=[share for share, alarm in groups if not alarm],
        sums=[_sum(name, rows, flagged, chosen) for name, chosen in _SUMS],
        named=_by_harm(material.kind[numbers], kinds),
        calibration=_calibration(sure, labels),
        missed=_texts(rows, sure, labels & ~flagged),
        mistaken=_texts(rows, -sure, ~labels & flagged),
        independent=judge_independent(material.rows, gatherer, learned.shipped),
        robustness=measure(_not_trained_on(material.rows), _flags(gatherer, learned.shipped)),
    )


def judge_independent(trained: Sequence[Row], gatherer: Gatherer, model: Model) -> Independent:
    """Judge the rows of `corpora.hold_out_rows`, but for near-copies of the rows that a model was trained on."""
    everything = list(hold_out_rows())
    rows = _not_trained_on(trained)
    found = findings(rows, gatherer, Words(model.classifier, model.second.closer))
    flagged = certainty(found, model) >= model.weights.threshold
    kinds = choose_kinds(found.scores, found.counts, np.arange(len(rows)), model.weights)
    wanted = np.array([HARMS.index(row.harm) if row.harm else -1 for row in rows], dtype=np.int64)
    return Independent(
        sums=[_sum(name, rows, flagged, chosen) for name, chosen in _INDEPENDENT_SUMS],
        harms=_by_harm(wanted, np.where(flagged, wanted, -1)),
        quiet=[share for share, alarm in _by_group(rows, flagged) if not alarm],
        named=_by_harm(np.where(flagged, wanted, -1), kinds),
        left_out=len(everything) - len(rows),
    )


def _not_trained_on(trained: Sequence[Row]) -> list[Row]:
    """The independent rows but for near-copies of rows that were trained on."""
    return strangers(list(hold_out_rows()), trained)


def _flags(gatherer: Gatherer, model: Model) -> Assess:
    def assess(texts: Sequence[str]) -> list[bool]:
        rows = [Row(str(number), text, "disguised", alarm=False) for number, text in enumerate(texts)]
        found = findings(rows, gatherer, Words(model.classifier, model.second.closer))
        flags: list[bool] = (certainty(found, model) >= model.weights.threshold).tolist()
        return flags

    return assess


def _by_group(rows: Sequence[Row], flagged: NDArray[np.bool_]) -> list[tuple[Share, bool]]:
    places = defaultdict(list)
    for place, row in enumerate(rows):
        places[row.group, row.alarm].append(place)
    return [
        (Share(group, int(flagged[members].sum()), len(members)), alarm)
        for (group, alarm), members in sorted(places.items())
    ]


def _sum(name: str, rows: Sequence[Row], flagged: NDArray[np.bool_], chosen: Callable[[Row], bool]) -> Share:
    members = np.array([chosen(row) for row in rows], dtype=bool)
    return Share(name, int(flagged[members].sum()), int(members.sum()))


def _by_harm(wanted: NDArray[np.int64], named: NDArray[np.int64]) -> list[Share]:
    return [
        Share(str(harm), int((named[wanted == number] == number).sum()), int((wanted == number).sum()))
        for number, harm in enumerate(HARMS)
    ]


def _calibration(
    certainty: NDArray[np.float32], labels: NDArray[np.bool_]
) -> list[tuple[float, float, int, float, float]]:
    bounds = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97, 1.0001)
    table = []
    for low, high in pairwise(bounds):
        inside = (certainty >= low) & (certainty < high)
        if inside.any():
            mean, share = float(certainty[inside].mean()), float(labels[inside].mean())
            table.append((low, min(high, 1.0), int(inside.sum()), mean, share))
    return table


def _texts(rows: Sequence[Row], order: NDArray[np.float32], chosen: NDArray[np.bool_]) -> list[str]:
    worst = [place for place in np.argsort(order, kind="stable") if chosen[place]]
    return [rows[place].text for place in worst if rows[place].group.startswith("written")][:_EXAMPLES]
