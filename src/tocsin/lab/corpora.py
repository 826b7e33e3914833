"""Labelled messages to train and judge the model by: the corpora that lie beside the project, and those bundled with
it.

Each file of the data folder has its own labels; the tables here say which harm a label means. A label that says
neither "a harm" nor "ordinary" (an advertisement that breaks other rules, say) is left out. Splitting is done in
``families``. A bundled row keeps its id when its label is corrected, since the split is drawn by ids.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tocsin.engine.harms import Harm
from tocsin.engine.patterns import Pattern
from tocsin.lab.masks import join_words, unmask

BUNDLED = Path(__file__).parent / "corpus"
HOLD_OUT_FOLDER = Path(__file__).parent / "holdout"
"""Messages by another hand than the corpus: never learned from, and nothing is chosen by them."""

WRITTEN_WEIGHT = 6.0
"""Rows written for this project count so many times as much: they cover what no public corpus holds."""

PATTERN_EXAMPLES = "pattern examples"
EXAMPLE_WEIGHT = 2.5

OFFER_WEIGHT = 2.0
ADVERT_WEIGHT = 3.0
"""Ordinary advertisements are the nearest innocent neighbours of most lures."""

SMISHING_WEIGHT = 3.0

LICENCES = {
    "written": "written for this project, Apache-2.0",
    PATTERN_EXAMPLES: "hits and misses of the pattern files, Apache-2.0; they only help to train",
    "FBS": "Cypher-Z/FBS_SMS_Dataset (CCS 2020), research use with citation; masks filled with invented values",
    "web": "Reflected search poisoning (arXiv 2404.05320), no licence stated",
    "smishing": "Mishra and Soni 2020",
    "chat": "NUS SMS Corpus (cite); UCI SMS Spam Collection, ham only",
    "talk": "thunlp/Chinese_Rumor_Dataset, LTCR, a public ham set, StoneSkipping (research, cite), CFEVER (Apache-2.0)",
}
"""Where the rows of each group come from, by how the group's name begins."""


class CorpusError(Exception):
    """A corpus that cannot be used: which file, which line, why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled message.

    id: of its source; variants of one message share it, so that they never fall on two sides of a split.  group: what
    the card reports it under.  alarm: whether it is a harm.  harm: which, or None where the label does not say.
    weight: how many times it counts in training.  judged: False for what only helps to train.
    """

    id: str
    text: str
    group: str
    alarm: bool
    harm: Harm | None = None
    weight: float = 1.0
    judged: bool = True


_FBS = {
    "FR:Phishing(Bank)": Harm.IMPERSONATION_BANK,
    "FR:Phishing(Other)": Harm.PHISHING,
    "FR:Financial": Harm.INVESTMENT_SCAM,
    "FR:Other": None,
    "IL:Gambling": Harm.GAMBLING_LURE,
    "IL:Fake_ID_and_invoice": Harm.FORGED_PAPERS,
    "IL:Escort_service": Harm.SEX_LURE,
}
_WEB = {
    "Black Hat SEO & Advertisement": None,
    "Fake Account": Harm.ACCOUNT_TRADE,
    "Money Laundering": Harm.ACCOUNT_TRADE,
    "Fake Certificate": Harm.FORGED_PAPERS,
    "Data Theft": Harm.DATA_TRADE,
    "Financial Fraud": Harm.INVESTMENT_SCAM,
    "Illegal Drug Sales": Harm.ILLICIT_TRADE,
    "Illegal Weapon Sales": Harm.ILLICIT_TRADE,
    "Illegal Surrogacy": Harm.ILLICIT_TRADE,
    "Counterfeit Goods": Harm.ILLICIT_TRADE,
    "Hacking Service": Harm.HACKING_SERVICE,
    "Illegal Sex": Harm.SEX_LURE,
    "Gambling": Harm.GAMBLING_LURE,
}
_BENIGN = "Benign"


def all_rows(data: Path | None, patterns: tuple[Pattern, ...]) -> list[Row]:
    """Every labelled row: bundled, of the data folder where one is given, and the examples of the patterns.

    Raises CorpusError, or OSError where a file is missing.
    """
    rows = list(written_rows())
    if data is not None:
        messages = data / "messages"
        if not messages.is_dir():
            raise CorpusError(f"{data}: has no folder messages/")
        rows += [*_fbs(messages), *_web(messages), *_english(messages), *_ordinary(messages)]
    rows += _examples(patterns)
    return rows


def written_rows(folder: Path = BUNDLED) -> Iterator[Row]:
    """The messages written for this project, grouped by harm and form, or by kind of quiet text."""
    for path in sorted(folder.glob("*/*.jsonl")):
        for entry in _read(path):
            harm = Harm(entry["harm"]) if entry.get("harm") else None
            kind = f"scam {entry['language']} {entry['form']}" if harm else f"quiet {entry.get('kind', path.stem)}"
            yield Row(entry["id"], entry["text"], f"written {kind}", harm is not None, harm, WRITTEN_WEIGHT)


def hold_out_rows(folder: Path = HOLD_OUT_FOLDER) -> Iterator[Row]:
    """The independent messages to judge by, grouped like `written_rows`. They are no part of `all_rows`."""
    for path in sorted(folder.glob("*.jsonl")):
        for entry in _read(path):
            harm = Harm(entry["harm"]) if entry["harm"] else None
            kind = f"scam {entry['language']} {entry['form']}" if harm else f"quiet {entry['kind']}"
            yield Row(entry["id"], entry["text"], f"independent {kind}", harm is not None, harm)


def _read(path: Path) -> list[dict[str, Any]]:
    entries = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                entries.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise CorpusError(f"{path}:{number}: not JSON: {error}") from error
    return entries


def _fbs(messages: Path) -> Iterator[Row]:
    for entry in _read(messages / "zh_sms_scam_and_ads.jsonl"):
        label = entry["label"]
        alarm, harm = label in _FBS, _FBS.get(label)
        group, weight = f"FBS {label}", OFFER_WEIGHT if alarm else ADVERT_WEIGHT
        yield Row(entry["id"], unmask(entry["text"], entry["id"]), group, alarm, harm, weight)
        yield Row(entry["id"], join_words(entry["text"]), f"{group} (masked)", alarm, harm, weight / 2)


def _web(messages: Path) -> Iterator[Row]:
    for entry in _read(messages / "web_illicit_offers.jsonl"):
        labels = entry["labels"]
        script = "zh" if any("\u4e00" <= letter <= "\u9fff" for letter in entry["text"]) else "other"
        named = [label for label in labels if label in _WEB]
        if named:
            harm = next((_WEB[label] for label in named if _WEB[label]), None)
            yield Row(entry["id"], entry["text"], f"web illicit {script}", alarm=True, harm=harm, weight=OFFER_WEIGHT)
        elif labels == [_BENIGN]:
            yield Row(entry["id"], entry["text"], f"web benign {script}", alarm=False)


def _english(messages: Path) -> Iterator[Row]:
    smishing = {entry["text"].strip() for entry in _read(messages / "en_sms_smishing.jsonl")}
    for entry in _read(messages / "en_sms_smishing.jsonl"):
        yield Row(entry["id"], entry["text"], "smishing", alarm=True, weight=SMISHING_WEIGHT)
    for entry in _read(messages / "en_sms_spam.jsonl"):
        if entry["label"] == "ham" and entry["text"].strip() not in smishing:
            yield Row(entry["id"], entry["text"], "chat en (UCI)", alarm=False)


def _ordinary(messages: Path) -> Iterator[Row]:
    for language in ("zh", "en"):
        for entry in _read(messages / f"{language}_sms_ordinary.jsonl"):
            yield Row(entry["id"], entry["text"], f"chat {language} (NUS)", alarm=False)
    for entry in _read(messages / "zh_ordinary_talk.jsonl"):
        yield Row(entry["id"], entry["text"], f"talk {entry['kind']}", alarm=False)


def _examples(patterns: tuple[Pattern, ...]) -> Iterator[Row]:
    for pattern in patterns:
        for number, text in enumerate(pattern.hits):
            identifier = f"{pattern.id}+{number}"
            harm = pattern.harm
            yield Row(identifier, text, PATTERN_EXAMPLES, harm is not None, harm, EXAMPLE_WEIGHT, judged=False)
        for number, text in enumerate(pattern.misses if pattern.harm else ()):
            identifier = f"{pattern.id}-{number}"
            yield Row(identifier, text, PATTERN_EXAMPLES, alarm=False, weight=EXAMPLE_WEIGHT, judged=False)
