"""Looks for text that the engine breaks on: random Unicode and mutated messages, judged by what must always hold.

Arrow holds no lone surrogates, so there are none; private use, noncharacters and what is not assigned are there. Batch
n of a seed is always the same, so that a failure can be looked at again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tocsin.engine.detector import Detector
from tocsin.engine.schema import SCHEMA
from tocsin.lab.bench.clock import cost_of
from tocsin.lab.bench.hostile import MOST_SHARES, UNITS, Share
from tocsin.lab.bench.stages import text_bytes

BATCH: Final = 4_096
_LONGEST: Final = 25_000  # longer than what patterns and classifier look at
_ALONE: Final = 2  # messages of each batch that are assessed alone as well
_RANGES: Final = (
    (0x20, 0x7E), (0x0, 0x1F), (0x80, 0x24F), (0x300, 0x36F), (0x370, 0x5FF), (0x600, 0x6FF), (0x900, 0x109F),
    (0x1100, 0x11FF), (0x2000, 0x206F), (0x20A0, 0x27BF), (0x2E80, 0x33FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7FF),
    (0xE000, 0xF8FF), (0xF900, 0xFFFF), (0x10000, 0x1FFFF), (0x20000, 0x3FFFF), (0xE0000, 0x10FFFF),
)  # fmt: skip
_SPECIAL: Final = (
    "\u200b\u200d\ufe0f\u20e3\u202e\u2066\u0301\u00ad\ufeff\ufffe\u3000.。·-_/:@+[](){}|0１①一wxqv微信号点"
)


class FuzzError(Exception):
    """A message that the engine broke on: what happened, and the text; a note says in which batch."""


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """What was tried without a failure. seconds: processor time of the engine.  worst: most shares of a batch."""

    messages: int
    size: int
    flagged: int
    seconds: float
    worst: float
    seed: int


class Fuzzer:
    """Makes batches of messages to try; corpus: ordinary ones, to be mutated."""

    def __init__(self, corpus: Sequence[str], seed: int) -> None:
        self.seed = seed
        self._corpus = [np.frombuffer(text.encode("utf-32-le"), np.uint32) for text in corpus if text]
        units = [unit.encode("utf-32-le") for unit in UNITS.values()]
        self._units = [np.frombuffer(unit, np.uint32) for unit in units]
        self._special = np.frombuffer(_SPECIAL.encode("utf-32-le"), np.uint32)
        self._ways: tuple[Callable[[np.random.Generator], NDArray[np.uint32]], ...] = (
            self._noise,
            self._noise,
            self._replaced,
            self._replaced,
            self._sprinkled,
            self._sprinkled,
            self._spliced,
            self._spliced,
            self._repeated,
        )

    def batch(self, number: int, count: int) -> "pa.Array[Any]":
        """The first so many messages of batch number."""
        random = np.random.default_rng((self.seed, number))
        ways = random.integers(0, len(self._ways), count).tolist()
        return pa.array([self._ways[way](random).tobytes().decode("utf-32-le") for way in ways], pa.string())

    def _pick(self, random: np.random.Generator) -> NDArray[np.uint32]:
        return self._corpus[int(random.integers(len(self._corpus)))]

    def _noise(self, random: np.random.Generator) -> NDArray[np.uint32]:
        """Characters of a few ranges, or of all of Unicode."""
        length = int(random.integers(0, 120))
        if random.random() < 0.2:
            points = random.integers(0, 0x110000, length, dtype=np.uint32)
            points[(points >= 0xD800) & (points <= 0xDFFF)] = 0xFFFD
            return points
        some = np.array([_RANGES[place] for place in random.integers(0, len(_RANGES), 3)], np.uint32)
        chosen = some[random.integers(0, len(some), length)]
        return random.integers(chosen[:, 0], chosen[:, 1] + 1, dtype=np.uint32)

    def _replaced(self, random: np.random.Generator) -> NDArray[np.uint32]:
        """A message with some characters exchanged for others."""
        points = self._pick(random).copy()
        at = random.integers(0, len(points), max(1, len(points) // 8))
        points[at] = self._some(random, len(at))
        return points

    def _sprinkled(self, random: np.random.Generator) -> NDArray[np.uint32]:
        """A message with special characters between its own."""
        points = self._pick(random)
        at = random.integers(0, len(points) + 1, int(random.integers(1, len(points) + 2)))
        return np.insert(points, at, self._special[random.integers(0, len(self._special), len(at))])

    def _spliced(self, random: np.random.Generator) -> NDArray[np.uint32]:
        """The beginning of one message, noise, and the end of another."""
        first, last = self._pick(random), self._pick(random)
        before, after = first[: random.integers(len(first) + 1)], last[random.integers(len(last) + 1) :]
        return np.concatenate([before, self._some(random, int(random.integers(0, 4))), after])

    def _repeated(self, random: np.random.Generator) -> NDArray[np.uint32]:
        """Hostile units and pieces of messages, repeated; few of them very long."""
        unit = self._units[int(random.integers(len(self._units)))]
        piece = self._pick(random)[: int(random.integers(0, 12))]
        most = _LONGEST if random.random() < 0.002 else 200
        length = int(random.integers(1, most))
        return np.resize(np.concatenate([unit, piece, unit]), length)

    def _some(self, random: np.random.Generator, count: int) -> NDArray[np.uint32]:
        """So many characters: special ones, or noise over and over."""
        if random.random() < 0.5:
            return self._special[random.integers(0, len(self._special), count)]
        return np.resize(np.append(self._noise(random), self._special[:1]), count)


def fuzz(
    detector: Detector, fuzzer: Fuzzer, count: int, share: Share, say: Callable[[str], None] = lambda _line: None
) -> Fuzzed:
    """Try so many messages. Raises FuzzError at the first that breaks a rule or for a batch that takes too long;
    what the engine itself raises goes through, with a note where it was.

    say: told how far it has come, some hundred times.
    """
    done = Fuzzed(0, 0, 0, 0.0, 0.0, fuzzer.seed)
    batches = -(-count // BATCH)
    for number in range(batches):
        texts = fuzzer.batch(number, min(BATCH, count - number * BATCH))
        try:
            done = _try(detector, texts, share, done)
        except BaseException as error:
            error.add_note(f"batch {number} of seed {fuzzer.seed}")
            raise
        if number % max(1, batches // 100) == 0:
            say(f"{done.messages:,} of {count:,} messages, {done.flagged:,} flagged")
    return done


def _try(detector: Detector, texts: "pa.Array[Any]", share: Share, done: Fuzzed) -> Fuzzed:
    """Assess one batch, some of it alone as well, and add it to what was tried before."""
    size = text_bytes(texts)
    table = detector.assess_batch(texts)
    seconds = cost_of(partial(detector.assess_batch, texts)).cpu
    shares = share.shares(seconds, size)
    if shares > MOST_SHARES:
        raise FuzzError(f"{len(texts)} messages took {seconds:.1f} s, {shares:.0f} times their share")
    flagged = check(texts, table)
    for row in range(0, len(texts), len(texts) // _ALONE + 1):
        if not detector.assess_batch(texts.slice(row, 1)).equals(table.slice(row, 1)):
            raise FuzzError(f"is assessed otherwise alone than among others: {texts[row].as_py()!r}")
    return Fuzzed(
        done.messages + len(texts), done.size + size, done.flagged + flagged, done.seconds + seconds,
        max(done.worst, shares), done.seed,
    )  # fmt: skip


def check(texts: "pa.Array[Any]", table: pa.Table) -> int:
    """How many messages are flagged, of a column and its assessments. Raises FuzzError where these break a rule."""
    if table.schema != SCHEMA or table.num_rows != len(texts):
        raise FuzzError(f"{len(texts)} messages gave {table.num_rows} rows of {table.schema}")
    flagged = table["harm"].is_valid().to_numpy()
    reasons = pc.list_value_length(table["signals"]).to_numpy()
    confidence = table["confidence"].to_numpy()
    nameless = np.zeros(len(texts), np.bool_)
    for name in ("language", "rules"):
        nameless |= table[name].is_null().to_numpy()
    _refuse(texts, (reasons > 0) != flagged, "is flagged without a reason, or has one and is not flagged")
    _refuse(texts, ~((confidence >= 0) & (confidence <= 1)), "has a confidence that is none")
    _refuse(texts, nameless, "has no language or no rules")
    for name in ("signals", "indicators"):
        _refuse(texts, _astray(texts, table[name].combine_chunks()), f"has {name} outside of itself")
    for row in np.flatnonzero(flagged).tolist():
        text = texts[row].as_py()
        for signal in table["signals"][row].as_py():
            if text[signal["start"] : signal["end"]] != signal["text"]:
                raise FuzzError(f"has a reason that does not say what stands there, {signal}: {text!r}")
    return int(flagged.sum())


def _astray(texts: "pa.Array[Any]", spans: Any) -> NDArray[np.bool_]:
    """Which messages have a span that is empty or reaches out of the message."""
    column: Any = texts
    lengths = pc.utf8_length(column).to_numpy()
    rows = pc.list_parent_indices(spans).to_numpy(zero_copy_only=False)
    inner = spans.flatten()
    starts, ends = inner.field("start").to_numpy(), inner.field("end").to_numpy()
    wrong: NDArray[np.bool_] = np.zeros(len(texts), np.bool_)
    wrong[rows[(starts < 0) | (starts >= ends) | (ends > lengths[rows])]] = True
    return wrong


def _refuse(texts: "pa.Array[Any]", wrong: NDArray[np.bool_], fault: str) -> None:
    if wrong.any():
        raise FuzzError(f"{fault}: {texts[int(np.argmax(wrong))].as_py()!r}")
