"""The card of the bundled model: from what it was made, how it scores, on what it fails. Written by every training."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tocsin.engine.classify import MODEL_PATH
from tocsin.engine.combine import COLUMNS
from tocsin.engine.model import Model
from tocsin.lab.corpora import LICENCES
from tocsin.lab.evaluate import Report, Share
from tocsin.lab.families import FOLDS, HOLD_OUT
from tocsin.lab.learning import Material

CARD_PATH = MODEL_PATH.parent / "CARD.md"

_WHAT = """\
What it is: a linear classifier over hashed n-grams of folded text, and a logistic layer over its margins, pattern
hits and indicator kinds (`engine/classify.py`, `engine/combine.py`). Made by `tocsin engine train`; the same rows
give the same bytes.
"""
_SPLIT = f"""\
Split: near-copies are one family; families are drawn into {FOLDS} folds to learn from and a held-out part of 15 %. The
combining layer is fitted on rows that the classifier of their fold has not seen. All figures below are of the
held-out part.
"""
_KNOWN = """\
- The corpora of short messages are from 2004 to 2020: today's pretexts are known from patterns and written messages
alone. - The held-out rows of a corpus are families that no row of the training part resembles. Copies of a known
scam, which are
  most of what a desk sees, are caught more often than these figures say.
- Written rows were made for this project and are alike in voice; a reader's own words may differ more.
- Other languages than Chinese and English are learned from a few hundred web texts: expect misses.
- Label noise: some "ordinary" advertisements of FBS (paid clicks, cheating devices, cash-out of cards) are offers
that this
  desk calls harms, and some benign web texts advertise services for them. Flags there count as false alarms all the
  same.
- A text that quotes a scam in order to warn of it is calmed by patterns; without their words it may be flagged.
- Very short texts ("add me", a bare link) carry too little to judge.
"""


def write_card(material: Material, model: Model, report: Report, rules: str) -> str:
    """The card as Markdown."""
    parts = [
        f"# Model card\n\nRules: `{rules}`. Shipped threshold: {model.weights.threshold:.2f}.\n",
        _WHAT,
        "## Data\n",
        _data_table(material),
        _SPLIT,
        "## Flagged, in sum\n",
        _share_table(report.sums, "rows"),
        "## Harms flagged, by group\n",
        _share_table(report.caught, "group"),
        "## Quiet texts flagged, by group\n",
        _share_table(report.alarmed, "group"),
        "## Harm named rightly, of rows with a known harm\n",
        _share_table(report.named, "harm"),
        "## Calibration\n",
        _calibration_table(report),
        "## Weights of the combining layer\n",
        _table(
            ("column", "weight"),
            [(name, f"{weight:.3f}") for name, weight in zip(COLUMNS, model.weights.columns, strict=True)],
        ),
        "## Known failures\n",
        _KNOWN,
        "Written scams that were missed:\n",
        _quotes(report.missed),
        "Written quiet texts that were flagged:\n",
        _quotes(report.mistaken),
    ]
    return "\n".join(parts)


def _data_table(material: Material) -> str:
    counts: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for row, part in zip(material.rows, material.part.tolist(), strict=True):
        start = next(name for name in LICENCES if row.group.startswith(name))
        counts[start] += 1
        held[start] += part == HOLD_OUT and row.judged
    lines = [(name, LICENCES[name], str(counts[name]), str(held[name])) for name in LICENCES if counts[name]]
    return _table(("rows", "from, licence", "all", "held out"), lines)


def _share_table(shares: Sequence[Share], what: str) -> str:
    return _table(
        (what, "of", "share"),
        [(share.name, f"{share.part} / {share.total}", f"{share.percent:.2f} %") for share in shares],
    )


def _calibration_table(report: Report) -> str:
    lines = [
        (f"{low:.2f}–{high:.2f}", str(rows), f"{mean:.3f}", f"{share:.3f}")
        for low, high, rows, mean, share in report.calibration
    ]
    return _table(("confidence", "rows", "mean confidence", "share of harms"), lines)


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _quotes(texts: Sequence[str]) -> str:
    return "\n".join("- " + " ⏎ ".join(text.splitlines()) for text in texts) + "\n"
