"""From evidence in columns to the table of assessments (`schema.SCHEMA`): spans, reasons, nested lists.

Python objects are made for the signals of flagged messages only; everything else stays in columns.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.engine.classify import PASSAGE
from tocsin.engine.combine import HARMS
from tocsin.engine.detectors import Indicators
from tocsin.engine.patterns import Hits, Pattern, Strength
from tocsin.engine.schema import INDICATOR_TYPE, SIGNAL_TYPE, Signal
from tocsin.engine.text import FoldedBatch, TextBatch

MODEL_CODE = "model"
MODEL_REASON_ZH = "这段话与已知的“{harm}”话术相似"
MODEL_REASON_EN = "This passage is worded like known messages of this kind: {harm}"

_CLAUSE_REACH = 8
"""Code points by which a passage of the model may grow to the edge of the clause that it cuts."""

_WORD_REACH = 32
"""Code points by which it may grow to the edge of a word; a longer word is rather an address."""

_CLAUSE_MARKS = frozenset("，。！？；：、!?;\n")
_LOOSE_MARKS = frozenset("，。！？；：、,.!?;:|/\\~-–—…·•'\"’")
_NO_SPACES_BETWEEN_WORDS = 0x2E80
"""From this code point on scripts are written without spaces: no word edge can be seen."""

_REACH = 160
"""Folded points before the end of a match in which its start is looked for."""

MOST_SIGNALS = 12
"""Signals shown for one message; those of the named harm come first."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Rows that were flagged, ascending, and the harm of each as an index into `combine.HARMS`."""

    rows: NDArray[np.int64]
    kinds: NDArray[np.int64]


def harm_column(count: int, verdicts: Verdicts) -> pa.StringArray:
    """Code of the harm of each message, null where nothing was found."""
    codes = np.full(count, -1, dtype=np.int32)
    codes[verdicts.rows] = verdicts.kinds
    names = pa.array([str(harm) for harm in HARMS], pa.string())
    places: pa.Int32Array = pa.array(codes, pa.int32(), mask=codes < 0)
    return names.take(places)


def indicator_column(count: int, found: Indicators) -> "pa.ListArray[Any]":
    """The indicators of each message as a list column."""
    fields: list[pa.Array[Any]] = [
        found.kind,
        found.value,
        pa.array(found.start, pa.int32()),
        pa.array(found.end, pa.int32()),
    ]
    values = pa.StructArray.from_arrays(fields, fields=list(INDICATOR_TYPE))
    counts = np.bincount(np.asarray(found.row, dtype=np.int64), minlength=count)
    return _list_column(counts, values, INDICATOR_TYPE)


def signal_column(count: int, rows: NDArray[np.int64], signals: Sequence[Sequence[Signal]]) -> "pa.ListArray[Any]":
    """The signals of the flagged rows as a list column, empty for all others."""
    flat = [signal for several in signals for signal in several]
    fields: list[pa.Array[Any]] = [
        pa.array([getattr(signal, field.name) for signal in flat], field.type) for field in SIGNAL_TYPE
    ]
    values = pa.StructArray.from_arrays(fields, fields=list(SIGNAL_TYPE))
    counts = np.zeros(count, dtype=np.int64)
    counts[rows] = [len(several) for several in signals]
    return _list_column(counts, values, SIGNAL_TYPE)


def signals_from_hits(
    batch: TextBatch, folded: FoldedBatch, hits: Hits, patterns: Sequence[Pattern], verdicts: Verdicts
) -> list[list[Signal]]:
    """For each flagged row, what patterns found that speaks for a harm, in the order of the text."""
    bounds = np.searchsorted(hits.row, np.stack([verdicts.rows, verdicts.rows + 1]))
    result = []
    for row, kind, low, high in zip(verdicts.rows.tolist(), verdicts.kinds.tolist(), *bounds.tolist(), strict=True):
        harm = HARMS[kind]
        of_row = [(patterns[hits.pattern[place]], int(hits.last[place])) for place in range(low, high)]
        speaking = [hit for hit in of_row if hit[0].strength is not Strength.CALM]
        speaking.sort(key=lambda hit: (hit[0].harm is not harm, hit[0].strength is not Strength.STRONG, hit[1]))
        signals = [_signal_of_hit(batch, folded, row, hit) for hit in speaking[:MOST_SIGNALS]]
        result.append(sorted(signals, key=lambda signal: (signal.start, signal.end, signal.code)))
    return result


def signal_of_passage(
    batch: TextBatch, folded: FoldedBatch, row: int, passage: tuple[int, int], reasons: tuple[str, str]
) -> Signal:
    """A signal of the model for a passage of folded points; reasons in Chinese and English."""
    begin, end = int(batch.offsets[row]), int(batch.offsets[row + 1])
    text = batch.points[begin:end].tobytes().decode("utf-32-le")
    start, end = readable_span(text, *_original_span(folded, *passage))
    return Signal(start, end, _slice(batch, row, start, end), MODEL_CODE, *reasons)


def readable_span(text: str, start: int, end: int) -> tuple[int, int]:
    """A span of text moved to edges that a reader sees: no cut word, no cut short clause, no loose marks around it.

    A span of marks alone stays as it is.
    """
    low, high = _clause_edge(text, start, -1), _clause_edge(text, end, 1)
    low, high = _word_edge(text, low, -1), _word_edge(text, high, 1)
    while low < high and _is_loose(text[low]):
        low += 1
    while low < high and _is_loose(text[high - 1]):
        high -= 1
    return (low, high) if low < high else (start, end)


def _clause_edge(text: str, place: int, step: int) -> int:
    """The edge of the clause in one direction, where it is near; else the place itself."""
    moved = place
    for _ in range(_CLAUSE_REACH):
        ahead = moved if step > 0 else moved - 1
        if not 0 <= ahead < len(text) or (text[ahead] in _CLAUSE_MARKS and not _in_word(text, ahead)):
            return moved
        moved += step
    return place


def _word_edge(text: str, place: int, step: int) -> int:
    """The edge of the word that the place cuts, in one direction; the place itself where it cuts none."""
    moved = place
    for _ in range(_WORD_REACH):
        if not (0 < moved < len(text) and _in_word(text, moved - 1) and _in_word(text, moved)):
            return moved
        moved += step
    return place


def _in_word(text: str, place: int) -> bool:
    """Whether a word goes on at a place; marks between letters or digits (1,000, pay-now.example) are inside one."""
    if text[place] in ".,-@":
        return 0 < place < len(text) - 1 and _is_letter(text[place - 1]) and _is_letter(text[place + 1])
    return _is_letter(text[place])


def _is_letter(letter: str) -> bool:
    return (letter.isalnum() or letter in "'’_") and ord(letter) < _NO_SPACES_BETWEEN_WORDS


def _is_loose(letter: str) -> bool:
    return letter.isspace() or letter in _LOOSE_MARKS


def _signal_of_hit(batch: TextBatch, folded: FoldedBatch, row: int, hit: tuple[Pattern, int]) -> Signal:
    pattern, last = hit
    first, last = _matched(folded, row, pattern, last)
    start, end = _original_span(folded, first, last)
    return Signal(start, end, _slice(batch, row, start, end), pattern.id, pattern.reason_zh, pattern.reason_en)


def _matched(folded: FoldedBatch, row: int, pattern: Pattern, last: int) -> tuple[int, int]:
    """The folded points of a match, of which the automaton told only the end: ``re`` looks its start up."""
    begin = max(int(folded.offsets[row]), last - _REACH)
    text = folded.points[begin:last].tobytes().decode("utf-32-le")
    matches = list(_compiled(pattern.expression).finditer(text))
    if not matches:
        # a word edge that needs the letter after the match: then only the end is known
        return max(begin, last - PASSAGE), last
    return begin + matches[-1].start(), begin + matches[-1].end()


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> re.Pattern[str]:
    # word edges and digits as hyperscan has them: of ASCII only
    return re.compile(expression, re.ASCII)


def _original_span(folded: FoldedBatch, first: int, last: int) -> tuple[int, int]:
    return int(folded.starts[first]), int(folded.ends[last - 1])


def _slice(batch: TextBatch, row: int, start: int, end: int) -> str:
    begin = int(batch.offsets[row])
    return batch.points[begin + start : begin + end].tobytes().decode("utf-32-le")


def _list_column(counts: NDArray[np.int64], values: pa.StructArray, item: pa.StructType) -> "pa.ListArray[Any]":
    bounds = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=bounds[1:])
    column: pa.ListArray[Any] = pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), values, type=pa.list_(item))
    return column
