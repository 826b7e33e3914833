"""From evidence in columns to the table of assessments (`schema.SCHEMA`): spans, reasons, nested lists.

Everything stays in columns. Python looks at single matches only to find where one that is shown begins.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.engine.classify import PASSAGE
from tocsin.engine.combine import HARMS
from tocsin.engine.detectors import Indicators
from tocsin.engine.edges import readable_spans
from tocsin.engine.harms import HARM_NAMES
from tocsin.engine.links import STRENGTHS, LinkFindings, reason_of
from tocsin.engine.patterns import Hits, Pattern, Strength
from tocsin.engine.schema import INDICATOR_TYPE, SIGNAL_TYPE
from tocsin.engine.text import FoldedBatch, TextBatch
from tocsin.engine.utf8 import strings_of

MODEL_CODE = "model"
MODEL_REASON_ZH = "这段话与已知的“{harm}”话术相似"
MODEL_REASON_EN = "This passage is worded like known messages of this kind: {harm}"

_REACH = 160
"""Folded points before the end of a match in which its start is looked for."""

MOST_SIGNALS = 12
"""Signals of patterns shown for one message; those of the named harm come first."""

_CODES = pa.array([str(harm) for harm in HARMS], pa.string())


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Rows that were flagged, ascending, and the harm of each as an index into `combine.HARMS`."""

    rows: NDArray[np.int64]
    kinds: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Statements:
    """All that a signal may say: one entry for each pattern, then one for each harm, which are the model's.

    codes, reasons_zh, reasons_en: Arrow strings.  order: int64, place of each code among all, sorted.  harms: int16
    index into `combine.HARMS` of each pattern, -1 where it is calm.  strong: bool of each pattern.  patterns: as given.
    """

    codes: pa.StringArray
    reasons_zh: pa.StringArray
    reasons_en: pa.StringArray
    order: NDArray[np.int64]
    harms: NDArray[np.int16]
    strong: NDArray[np.bool_]
    patterns: Sequence[Pattern]

    @classmethod
    def of(cls, patterns: Sequence[Pattern]) -> Self:
        """Gather what patterns and the model say."""
        names = [HARM_NAMES[harm] for harm in HARMS]
        codes = [pattern.id for pattern in patterns] + [MODEL_CODE] * len(HARMS)
        model_zh = [MODEL_REASON_ZH.format(harm=name.zh) for name in names]
        model_en = [MODEL_REASON_EN.format(harm=name.en) for name in names]
        return cls(
            pa.array(codes, pa.string()),
            pa.array([pattern.reason_zh for pattern in patterns] + model_zh, pa.string()),
            pa.array([pattern.reason_en for pattern in patterns] + model_en, pa.string()),
            np.argsort(np.argsort(np.array(codes), kind="stable")),
            np.array([HARMS.index(pattern.harm) if pattern.harm else -1 for pattern in patterns], dtype=np.int16),
            np.array([pattern.strength is Strength.STRONG for pattern in patterns], dtype=np.bool_),
            patterns,
        )


@dataclass(frozen=True, slots=True)
class Spans:
    """Signals as columns, int64 each.

    row: message.  says: index into `Statements`.  start, end: code points of the original message, end exclusive.
    """

    row: NDArray[np.int64]
    says: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


def harm_column(count: int, verdicts: Verdicts) -> pa.StringArray:
    """Code of the harm of each message, null where nothing was found."""
    codes = np.full(count, -1, dtype=np.int32)
    codes[verdicts.rows] = verdicts.kinds
    places: pa.Int32Array = pa.array(codes, pa.int32(), mask=codes < 0)
    return _CODES.take(places)


def indicator_column(count: int, found: Indicators) -> "pa.ListArray[Any]":
    """The indicators of each message as a list column."""
    fields: list[pa.Array[Any]] = [
        found.kind,
        found.value,
        pa.array(found.start, pa.int32()),
        pa.array(found.end, pa.int32()),
    ]
    values = pa.StructArray.from_arrays(fields, fields=list(INDICATOR_TYPE))
    return _list_column(count, np.asarray(found.row, dtype=np.int64), values, INDICATOR_TYPE)


def signal_column(batch: TextBatch, spans: Spans, statements: Statements) -> "pa.ListArray[Any]":
    """Signals as a list column: of each message in the order of spans."""
    says: pa.Int64Array = pa.array(spans.says, pa.int64())
    begins = batch.offsets[spans.row]
    fields: list[pa.Array[Any]] = [
        pa.array(spans.start, pa.int32()),
        pa.array(spans.end, pa.int32()),
        strings_of(batch.points, begins + spans.start, begins + spans.end),
        statements.codes.take(says),
        statements.reasons_zh.take(says),
        statements.reasons_en.take(says),
    ]
    values = pa.StructArray.from_arrays(fields, fields=list(SIGNAL_TYPE))
    return _list_column(len(batch), spans.row, values, SIGNAL_TYPE)


def shown_hits(hits: Hits, verdicts: Verdicts, statements: Statements) -> Hits:
    """Of each flagged row the hits that speak for a harm, not more than `MOST_SIGNALS`.

    Those of the named harm come first, then the strong ones, then those that end first.
    """
    kinds = np.full(int(verdicts.rows[-1]) + 1 if len(verdicts.rows) else 0, -1, dtype=np.int64)
    kinds[verdicts.rows] = verdicts.kinds
    inside = np.flatnonzero(hits.row < len(kinds))
    chosen = inside[(kinds[hits.row[inside]] >= 0) & (statements.harms[hits.pattern[inside]] >= 0)]
    row, pattern, last = hits.row[chosen], hits.pattern[chosen], hits.last[chosen]
    order = np.lexsort((last, ~statements.strong[pattern], statements.harms[pattern] != kinds[row], row))
    row, pattern, last = row[order], pattern[order], last[order]
    kept = np.arange(len(row)) - np.searchsorted(row, row) < MOST_SIGNALS
    return Hits(row[kept], pattern[kept], last[kept])


def hit_spans(folded: FoldedBatch, shown: Hits, statements: Statements) -> Spans:
    """Where the shown hits stand in the original, of each row in the order of the text."""
    matched = [
        _matched(folded, row, statements.patterns[pattern].expression, last)
        for row, pattern, last in zip(shown.row.tolist(), shown.pattern.tolist(), shown.last.tolist(), strict=True)
    ]
    first, last = np.array(matched, dtype=np.int64).reshape(-1, 2).T
    start, end = folded.starts[first].astype(np.int64), folded.ends[last - 1].astype(np.int64)
    order = np.lexsort((statements.order[shown.pattern], end, start, shown.row))
    row, says = shown.row.astype(np.int64), shown.pattern.astype(np.int64)
    return Spans(row[order], says[order], start[order], end[order])


def unspoken(shown: Hits, verdicts: Verdicts, statements: Statements) -> Verdicts:
    """The verdicts for whose harm no shown hit speaks."""
    place = np.searchsorted(verdicts.rows, shown.row)
    speaks = statements.harms[shown.pattern] == verdicts.kinds[place] if len(place) else np.zeros(0, dtype=np.bool_)
    silent = np.ones(len(verdicts.rows), dtype=np.bool_)
    silent[place[speaks]] = False
    return Verdicts(verdicts.rows[silent], verdicts.kinds[silent])


def passage_spans(
    batch: TextBatch, folded: FoldedBatch, verdicts: Verdicts, passages: NDArray[np.int64], statements: Statements
) -> Spans:
    """Signals of the model: for each verdict a passage of folded points, (n, 2), at the edges that a reader sees."""
    starts, ends = folded.starts[passages[:, 0]], folded.ends[passages[:, 1] - 1]
    start, end = readable_spans(batch, verdicts.rows, starts.astype(np.int64), ends.astype(np.int64))
    return Spans(verdicts.rows, verdicts.kinds + len(statements.patterns), start, end)


def link_spans(links: LinkFindings, verdicts: Verdicts, statements: Statements) -> tuple[Spans, Statements]:
    """Signals of what was found of the links of flagged rows, and the statements with what these say added."""
    speaking = np.isin(links.row, verdicts.rows) & (links.strength != STRENGTHS.index(Strength.CALM))
    chosen = np.flatnonzero(speaking)
    findings = [links.item(number) for number in chosen.tolist()]
    reasons = [reason_of(finding) for finding in findings]
    says = len(statements.codes) + np.arange(len(chosen))
    spans = Spans(
        links.row[chosen].astype(np.int64),
        says,
        links.start[chosen].astype(np.int64),
        links.end[chosen].astype(np.int64),
    )
    if not findings:
        return spans, statements
    more = [[str(finding.code) for finding in findings], [zh for zh, _ in reasons], [en for _, en in reasons]]
    before = (statements.codes, statements.reasons_zh, statements.reasons_en)
    codes, zh, en = (
        pa.concat_arrays([column, pa.array(added, pa.string())]) for column, added in zip(before, more, strict=True)
    )
    return spans, replace(statements, codes=codes, reasons_zh=zh, reasons_en=en)


def together(*several: Spans) -> Spans:
    """The signals of all by row; of a row in the order in which they are given."""
    order = np.argsort(np.concatenate([spans.row for spans in several]), kind="stable")
    columns = [[getattr(spans, field.name) for spans in several] for field in fields(Spans)]
    return Spans(*(np.concatenate(column)[order] for column in columns))


def _matched(folded: FoldedBatch, row: int, expression: str, last: int) -> tuple[int, int]:
    """The folded points of a match, of which the automaton told only the end: ``re`` looks its start up."""
    begin = max(int(folded.offsets[row]), last - _REACH)
    text = folded.points[begin:last].tobytes().decode("utf-32-le")
    start, end = -1, -1
    for match in _compiled(expression).finditer(text):
        start, end = match.span()
    if end < 0:
        # a word edge that needs the letter after the match: then only the end is known
        return max(begin, last - PASSAGE), last
    return begin + start, begin + end


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> re.Pattern[str]:
    # word edges and digits as hyperscan has them: of ASCII only
    return re.compile(expression, re.ASCII)


def _list_column(
    count: int, rows: NDArray[np.int64], values: pa.StructArray, item: pa.StructType
) -> "pa.ListArray[Any]":
    """Values as lists, one for each of count rows; rows: ascending, the row of each value."""
    bounds = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(rows, minlength=count), out=bounds[1:])
    column: pa.ListArray[Any] = pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), values, type=pa.list_(item))
    return column
