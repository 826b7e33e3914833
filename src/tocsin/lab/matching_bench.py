"""How fast matching is, on ten thousand and on a million made-up corrections. Belongs here: making them, and timing.

Each made-up correction is cut together from three real ones, with a word of its own, so that the lengths, the common
words and the many rare words are like those of a real collection.
"""

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin.engine.matching.matcher import Correction, Matcher
from tocsin.lab.matching_data import chinese_corrections, chinese_queries, english_corrections, english_queries

SIZES = (10_000, 1_000_000)
_QUERIES = 500
_SEED = 11


@dataclass(frozen=True, slots=True)
class MatchingSpeed:
    """One size. build_seconds, query_median, query_p99: of processor time, the latter two in milliseconds.  memory:
    the largest the process has been, in MiB."""

    corrections: int
    build_seconds: float
    query_median: float
    query_p99: float
    memory: float

    def __str__(self) -> str:
        return (
            f"{self.corrections:>9,} corrections: built at {self.corrections / self.build_seconds:,.0f} a second, "
            f"a query {self.query_median:.2f} ms, p99 {self.query_p99:.2f} ms, {self.memory:,.0f} MiB"
        )


def bench_matching(
    data: Path, sizes: tuple[int, ...] = SIZES, say: Callable[[str], None] = print
) -> list[MatchingSpeed]:
    """Measure each size, with real queries. say: called with one line for each. Raises OSError where data are missing.

    data: the folder that holds claims/.
    """
    claims = data / "claims"
    english = english_corrections(claims)
    queries = english_queries(claims, english, ("train",)).texts[:_QUERIES]
    queries += chinese_queries(claims, chinese_corrections(claims)).texts
    speeds = []
    for size in sizes:
        begin = time.process_time()
        matcher = Matcher.build(made_up(english, size))
        built = time.process_time() - begin
        times = np.array([_time(matcher, query) for query in queries]) * 1000
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        speeds.append(MatchingSpeed(size, built, float(np.median(times)), float(np.quantile(times, 0.99)), memory))
        say(str(speeds[-1]))
    return speeds


def made_up(real: list[Correction], count: int) -> Iterator[Correction]:
    """Corrections that nobody wrote."""
    chance = np.random.default_rng(_SEED)
    for number in range(count):
        one, two, three = (real[int(place)] for place in chance.integers(len(real), size=3))
        yield Correction(
            number,
            title=_splice(one.title, two.title),
            subtitle=_splice(two.subtitle, three.subtitle),
            claim=f"{_splice(three.claim, one.claim)} word{int(chance.integers(count))}",
            date=one.date,
        )


def _splice(one: str, other: str) -> str:
    first, second = one.split(), other.split()
    return " ".join(first[: len(first) // 2] + second[len(second) // 2 :])


def _time(matcher: Matcher, query: str) -> float:
    begin = time.process_time()
    matcher.match(query)
    return time.process_time() - begin
