"""Judging the entries: one rule for every threshold, shares by kind of text, and cost beside them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from tocsin.lab.contest.arena import Arena, Part
from tocsin.lab.contest.entry import Assess, Entry
from tocsin.lab.corpora import Row
from tocsin.lab.evaluate import Share
from tocsin.lab.fitting import FALSE_ALARMS

Kinds = Sequence[tuple[str, Callable[[Row], bool]]]


def _plain_fbs(row: Row) -> bool:
    return row.group.startswith("FBS") and "masked" not in row.group


def _written(row: Row, language: str) -> bool:
    return row.group.startswith(f"written scam {language}")


def _notice(row: Row) -> bool:
    return row.group.startswith("written quiet") and not row.group.endswith("advertisement")


def _independent(row: Row, language: str, *, spoken: bool) -> bool:
    return row.group.startswith(f"independent scam {language}") and spoken == row.group.endswith((" call", " chat"))


HARMS: Kinds = (
    ("FBS fraud and illegal offers", lambda row: row.alarm and _plain_fbs(row)),
    ("web offers, Chinese", lambda row: row.group == "web illicit zh"),
    ("web offers, other languages", lambda row: row.group == "web illicit other"),
    ("smishing, English", lambda row: row.group == "smishing"),
    ("written scams, Chinese", lambda row: _written(row, "zh")),
    ("written scams, English", lambda row: _written(row, "en")),
    (
        "written scams, other languages",
        lambda row: _written(row, "") and not (_written(row, "zh") or _written(row, "en")),
    ),
)
QUIET: Kinds = (
    ("private chat", lambda row: row.group.startswith("chat")),
    ("microblog, news, forum, reviews, statements", lambda row: row.group.startswith("talk")),
    ("FBS advertisements", lambda row: not row.alarm and _plain_fbs(row)),
    ("written advertisements", lambda row: row.group == "written quiet advertisement"),
    ("written notices, mail and talk", _notice),
    ("benign texts of the web set", lambda row: row.group.startswith("web benign")),
)
INDEPENDENT_HARMS: Kinds = (
    ("independent: Chinese, calls and chats", lambda row: _independent(row, "zh", spoken=True)),
    ("independent: Chinese, other", lambda row: _independent(row, "zh", spoken=False)),
    ("independent: English, calls and chats", lambda row: _independent(row, "en", spoken=True)),
    ("independent: English, other", lambda row: _independent(row, "en", spoken=False)),
    (
        "independent: other languages",
        lambda row: row.alarm and not row.group.startswith(("independent scam zh", "independent scam en")),
    ),
)
INDEPENDENT_QUIET: Kinds = (("independent: quiet", lambda row: not row.alarm),)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an entry did.

    caught: flagged harms by kind, to be high.  alarmed: flagged quiet rows by kind, to be low.  level: harms by kind
    again, were the threshold set by the same limits on the held-out part itself: nobody can know that one beforehand,
    but it brings all entries to the same false alarms.  bound: which limit set the threshold.  seconds: process time of
    one message, as given to scored.  size: bytes.
    """

    name: str
    caught: Sequence[Share]
    alarmed: Sequence[Share]
    level: Sequence[Share]
    bound: str
    seconds: float
    size: int


def mean_percent(shares: Sequence[Share]) -> float:
    """The mean share, every kind that has rows counting the same; 0 where none has."""
    known = [share.percent for share in shares if share.total]
    return sum(known) / len(known) if known else 0.0


def judge(arena: Arena, entries: Sequence[Entry], sample: Sequence[str], repeats: int = 5) -> list[Verdict]:
    """Choose each threshold on the folds, then count on what no family has seen. sample: messages to time with."""
    seconds = cost([entry.assess for entry in entries], sample, repeats)
    labels = np.concatenate([fold.labels for fold in arena.folds])
    groups = [group for fold in arena.folds for group in fold.groups]
    verdicts = []
    for entry, spent in zip(entries, seconds, strict=True):
        limit, bound = threshold(entry.unseen, labels, groups)
        level, _ = threshold(entry.held, arena.held.labels, arena.held.groups)
        held, independent = entry.held >= limit, entry.independent >= limit
        verdicts.append(
            Verdict(
                entry.name,
                _caught(arena, entry, limit),
                [*shares(arena.held, held, QUIET), *shares(arena.independent, independent, INDEPENDENT_QUIET)],
                _caught(arena, entry, level),
                bound,
                spent,
                entry.size,
            )
        )
    return verdicts


def _caught(arena: Arena, entry: Entry, limit: float) -> list[Share]:
    return [
        *shares(arena.held, entry.held >= limit, HARMS),
        *shares(arena.independent, entry.independent >= limit, INDEPENDENT_HARMS),
    ]


def threshold(
    scores: NDArray[np.float32],
    labels: NDArray[np.float32],
    groups: Sequence[str],
    limits: Sequence[tuple[str, float]] = FALSE_ALARMS,
) -> tuple[float, str]:
    """The lowest score that flags no more quiet rows of any group than its limit allows, and the group that set it.

    limits: how the name of a group begins, and the share of its quiet rows. Without a quiet row of any limit there is
    nothing to choose by: raises ValueError.
    """
    found: list[tuple[float, str]] = []
    for beginning, share in limits:
        quiet = scores[np.array([group.startswith(beginning) for group in groups]) & (labels == 0)]
        allowed = int(share * len(quiet) + 1e-9)
        if len(quiet) and allowed < len(quiet):
            highest = np.sort(quiet)[::-1][allowed]
            found.append((float(np.nextafter(highest, np.float32(np.inf))), beginning))
    if not found:
        raise ValueError("no quiet row of any group that has a limit")
    return max(found)


def shares(part: Part, flagged: NDArray[np.bool_], kinds: Kinds) -> list[Share]:
    """How many rows of each kind were flagged."""
    counted = []
    for name, belongs in kinds:
        members = np.array([belongs(row) for row in part.rows], dtype=bool)
        counted.append(Share(name, int(flagged[members].sum()), int(members.sum())))
    return counted


def cost(
    assessors: Sequence[Assess],
    sample: Sequence[str],
    repeats: int,
    clock: Callable[[], float] = time.process_time,
) -> list[float]:
    """Seconds of the clock for one message, the median of several rounds in which everybody has a turn.

    Turns are taken because a busy machine is slow for all at once. Everybody has one round before that does not count.
    """
    spent: list[list[float]] = [[] for _ in assessors]
    for number in range(repeats + 1):
        for place, assess in enumerate(assessors):
            begin = clock()
            assess(sample)
            taken = (clock() - begin) / len(sample)
            if number:
                spent[place].append(taken)
    return [median(rounds) for rounds in spent]


def table(verdicts: Sequence[Verdict]) -> str:
    """All of it as one Markdown table, an entry a column."""
    names = [verdict.name for verdict in verdicts]
    lines = [
        ["", *names],
        ["---"] * (len(names) + 1),
        ["**caught**, %", *("" for _ in names)],
        *_share_lines([verdict.caught for verdict in verdicts]),
        ["mean of these kinds", *(f"{mean_percent(verdict.caught):.1f}" for verdict in verdicts)],
        ["the same mean at equal false alarms", *(f"{mean_percent(verdict.level):.1f}" for verdict in verdicts)],
        ["**flagged though quiet**, %", *("" for _ in names)],
        *_share_lines([verdict.alarmed for verdict in verdicts]),
        ["**limit that set the threshold**", *(verdict.bound for verdict in verdicts)],
        ["**cost of a message**, µs", *(f"{1e6 * verdict.seconds:.1f}" for verdict in verdicts)],
        ["**size**, KiB", *(f"{verdict.size / 1024:.0f}" for verdict in verdicts)],
    ]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def _share_lines(counted: Sequence[Sequence[Share]]) -> list[list[str]]:
    """A line for each kind. counted: of each entry, the same kinds in the same order."""
    return [
        [f"{row[0].name} ({row[0].total})", *(_percent(share) for share in row)] for row in zip(*counted, strict=True)
    ]


def _percent(share: Share) -> str:
    return f"{share.percent:.2f}" if share.total else "no rows"
