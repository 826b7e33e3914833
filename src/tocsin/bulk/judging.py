"""Asks an assessor about a batch and lays the answer out as output rows: a table with ``OUTPUT_SCHEMA``."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tocsin.bulk.batches import Batch
from tocsin.bulk.request import KEEP_FLAGGED
from tocsin.engine import fingerprint
from tocsin.engine.schema import INDICATOR_TYPE, SCHEMA

_SIGNAL_OUT = pa.struct(
    [
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
_COLUMNS: "list[pa.Field[Any]]" = [
    pa.field("id", pa.string(), nullable=False),
    pa.field("harm", pa.string()),
    pa.field("confidence", pa.float32()),
    pa.field("signals", pa.list_(_SIGNAL_OUT), nullable=False),
    pa.field("indicators", pa.list_(INDICATOR_TYPE), nullable=False),
    pa.field("fingerprint", pa.string()),
    pa.field("language", pa.string()),
    pa.field("rules", pa.string(), nullable=False),
    pa.field("error", pa.string()),
]
OUTPUT_SCHEMA = pa.schema(_COLUMNS)
"""One output row. ``error`` is null in a good row; in a bad row harm, confidence, fingerprint and language are null."""

CONFIDENCE_DIGITS = 4


class Assessor(Protocol):
    """What judges messages; ``tocsin.engine.detector.Detector`` is one."""

    @property
    def rules(self) -> str:
        """Hash of the tables and the model that judge."""

    def assess_batch(self, texts: "pa.Array[Any]", *, threshold: float | None = None) -> pa.Table:
        """One row of ``tocsin.engine.schema.SCHEMA`` per text, in order."""


@dataclass(frozen=True, slots=True)
class Judging:
    """How to judge: see ``ScanRequest`` for the fields."""

    threshold: float | None
    language: str
    keep: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Output rows. ids: as they came in, for a format that tells whole numbers from strings.  flagged: rows with a
    harm."""

    ids: list[str | int]
    table: pa.Table
    flagged: int


def judge(batch: Batch, assessor: Assessor, judging: Judging) -> Judged:
    """Judge the good rows of a batch. Raises ValueError where the assessor does not give one row per text."""
    good = np.array([error is None for error in batch.errors], dtype=bool)
    texts = [text for text, error in zip(batch.texts, batch.errors, strict=True) if error is None]
    answer = SCHEMA.empty_table()
    if texts:
        answer = assessor.assess_batch(pa.array(texts, pa.string()), threshold=judging.threshold)
    if answer.num_rows != len(texts):
        raise ValueError(f"the assessor gave {answer.num_rows} rows for {len(texts)} texts")
    table = _lay_out(batch, answer, good, assessor.rules, judging.language)
    flagged = len(table) - table.column("harm").null_count
    ids = batch.ids
    if judging.keep == KEEP_FLAGGED:
        mask = pc.is_valid(table.column("harm"))
        ids = [identifier for identifier, kept in zip(ids, mask.to_pylist(), strict=True) if kept]
        table = table.filter(mask)
    return Judged(ids, table, flagged)


def _lay_out(batch: Batch, answer: pa.Table, good: NDArray[np.bool_], rules: str, language: str) -> pa.Table:
    answer = answer.combine_chunks()
    spread = pa.array(np.cumsum(good) - 1, mask=~good)
    prints = [
        None if value is None else fingerprint.encode(value) for value in answer.column("fingerprint").to_pylist()
    ]
    confidence = pc.round(answer.column("confidence"), ndigits=CONFIDENCE_DIGITS)
    columns: list[pa.Array[Any] | pa.ChunkedArray[Any]] = [
        pa.array([str(identifier) for identifier in batch.ids], pa.string()),
        answer.column("harm").take(spread),
        confidence.take(spread),
        _signals(whole_lists(answer, "signals"), good, language),
        _spread_lists(whole_lists(answer, "indicators"), good),
        pa.array(prints, pa.string()).take(spread),
        answer.column("language").take(spread),
        pa.array([rules] * len(batch), pa.string()),
        pa.array(batch.errors, pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=OUTPUT_SCHEMA)


def whole_lists(table: pa.Table, name: str) -> "pa.ListArray[Any]":
    """A column of lists as one array. Raises TypeError for a column of another type."""
    column = table.column(name)
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if not isinstance(whole, pa.ListArray):
        raise TypeError(f"column {name} must hold lists, not {column.type}")
    return whole


def structs(values: "pa.Array[Any]") -> pa.StructArray:
    """The same array, known to hold structs. Raises TypeError for another type."""
    if not isinstance(values, pa.StructArray):
        raise TypeError(f"lists must be of structs, not of {values.type}")
    return values


def _signals(column: "pa.ListArray[Any]", good: NDArray[np.bool_], language: str) -> "pa.ListArray[Any]":
    """Signals with the reason in one language, spread over all rows."""
    values = structs(column.flatten())
    fields = [values.field(name) for name in ("start", "end", "text", f"reason_{language}")]
    reduced = pa.StructArray.from_arrays(fields, fields=list(_SIGNAL_OUT))
    return _build_lists(column, reduced, good)


def _spread_lists(column: "pa.ListArray[Any]", good: NDArray[np.bool_]) -> "pa.ListArray[Any]":
    return _build_lists(column, column.flatten(), good)


def _build_lists(column: "pa.ListArray[Any]", values: "pa.Array[Any]", good: NDArray[np.bool_]) -> "pa.ListArray[Any]":
    """A list per row out of the lists of the good rows, filled with ``values``; a bad row gets an empty one."""
    lengths = np.zeros(len(good), dtype=np.int32)
    lengths[good] = np.asarray(pc.list_value_length(column))
    offsets = np.zeros(len(good) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=pa.list_(values.type))
