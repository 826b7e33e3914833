"""Claims, queries and everyday messages as they lie beside the project, for matching to be learned and judged by.

English: the development queries of CLEF CheckThat! 2022 task 2A, tweets and the fact-checks that answer them. Chinese:
chat messages and the answers of volunteers, of the Cofacts working group. Belongs here: the shapes of these files.
"""

import csv
import gzip
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tocsin.engine.matching.matcher import Correction
from tocsin.engine.matching.terms import terms_of


@dataclass(frozen=True, slots=True)
class Queries:
    """Queries and what answers them. right[i]: numbers of the corrections that answer query i; where near copies are
    merged, all copies."""

    texts: list[str]
    right: list[set[int]]
    part: list[str]


def english_corrections(claims: Path) -> list[Correction]:
    """The corrections of CLEF CheckThat! 2022 task 2A."""
    with gzip.open(claims / "en_corrections.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Correction(row["id"], row["title"], row["subtitle"], row["claim"], date=row["date"]) for row in rows]


def chinese_corrections(claims: Path) -> list[Correction]:
    """The answers of Cofacts volunteers."""
    with (claims / "zh_corrections.jsonl").open(encoding="utf-8") as lines:
        return [Correction(row["id"], text=row["text"]) for row in map(json.loads, lines)]


def english_queries(claims: Path, corrections: list[Correction], parts: Iterable[str]) -> Queries:
    """Tweets of these parts: train, dev, dev-test."""
    numbers = {correction.id: number for number, correction in enumerate(corrections)}
    texts = {
        row[0]: row[1]
        for name in ("train-dev", "dev-test")
        for row in csv.reader(_lines(claims / f"en_{name}_queries.tsv"), delimiter="\t")
    }
    found = Queries([], [], [])
    for part in parts:
        for query, right in _relevant(claims / f"en_{part}_qrels.tsv").items():
            found.texts.append(texts[query])
            found.right.append({numbers[answer] for answer in right})
            found.part.append(part)
    return found


def chinese_queries(claims: Path, corrections: list[Correction]) -> Queries:
    """Chat messages; copies of a right answer are right as well."""
    numbers = {correction.id: number for number, correction in enumerate(corrections)}
    texts = {row["id"]: row["text"] for row in map(json.loads, _lines(claims / "zh_queries.jsonl"))}
    groups = copies([correction.text for correction in corrections])
    relevant = _relevant(claims / "zh_qrels.tsv")
    right = []
    for answers in relevant.values():
        wanted = {groups[numbers[answer]] for answer in answers}
        right.append({number for number, group in enumerate(groups) if group in wanted})
    return Queries([texts[query] for query in relevant], right, ["zh"] * len(right))


def copies(texts: list[str]) -> list[int]:
    """For each text the number of the first one that shares four fifths of its terms."""
    terms = terms_of(texts)
    bounds = terms.bounds.tolist()
    sets = [frozenset(terms.keys[first:last].tolist()) for first, last in itertools.pairwise(bounds)]
    groups: list[int] = []
    for number, one in enumerate(sets):
        same = (other for other in range(number) if len(one & sets[other]) >= 0.8 * max(1, len(one | sets[other])))
        groups.append(groups[first] if (first := next(same, None)) is not None else number)
    return groups


def everyday_messages(messages: Path) -> dict[str, list[str]]:
    """Chat, short messages and talk, by language."""
    names = {
        "en": ("en_sms_ordinary.jsonl", "en_sms_spam.jsonl"),
        "zh": ("zh_sms_ordinary.jsonl", "zh_sms_scam_and_ads.jsonl", "zh_ordinary_talk.jsonl"),
    }
    return {
        language: [json.loads(line)["text"] for file in files for line in _lines(messages / file)]
        for language, files in names.items()
    }


def _relevant(path: Path) -> dict[str, list[str]]:
    """TREC relevance file: query, 0, answer, 1."""
    found: dict[str, list[str]] = {}
    for line in _lines(path):
        query, _, answer, _ = line.split()
        found.setdefault(query, []).append(answer)
    return found


def _lines(path: Path) -> list[str]:
    """All lines; a line feed inside a quoted field stays where it is, for the csv module."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.readlines()
