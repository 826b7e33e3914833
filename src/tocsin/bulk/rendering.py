"""Output rows as bytes. What a batch becomes depends on the batch alone, so that parts can be written, cut and written
again.

JSON Lines are bytes of the final file, and so are gzip members, one per batch. Parquet has its index at the end and
cannot be cut: until the scan is complete, each batch is a frame (eight bytes of length, then an Arrow stream), and
``frames_to_parquet`` makes the file of them.
"""

import gzip
import io
import itertools
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.bulk.judging import CONFIDENCE_DIGITS, OUTPUT_SCHEMA, Judged, structs, whole_lists
from tocsin.bulk.request import MEBIBYTE

JSONL, JSONL_GZ, PARQUET = ".jsonl", ".jsonl.gz", ".parquet"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_LENGTH = struct.Struct("<Q")
_GROUP_ROWS = 1 << 16
_GROUP_BYTES = 64 * MEBIBYTE


def render(judged: Judged, suffix: str) -> bytes:
    """The bytes of these rows in one of the output formats; no rows are no bytes."""
    if not judged.ids:
        return b""
    if suffix == PARQUET:
        return _frame(judged.table)
    lines = "".join(_json_lines(judged)).encode()
    return gzip.compress(lines, compresslevel=6, mtime=0) if suffix == JSONL_GZ else lines


def _json_lines(judged: Judged) -> Iterator[str]:
    table = judged.table
    names = ("harm", "confidence", "fingerprint", "language", "rules", "error")
    scalars = zip(judged.ids, *(table.column(name).to_pylist() for name in names), strict=True)
    lists = zip(_list_values(table, "signals"), _list_values(table, "indicators"), strict=True)
    for (name, harm, confidence, fingerprint, language, rules, error), (signals, indicators) in zip(
        scalars, lists, strict=True
    ):
        row = {
            "id": name,
            "harm": harm,
            "confidence": None if confidence is None else round(confidence, CONFIDENCE_DIGITS),
            "signals": signals,
            "indicators": indicators,
            "fingerprint": fingerprint,
            "language": language,
            "rules": rules,
        }
        if error is not None:
            row["error"] = error
        yield _encode(row) + "\n"


def _list_values(table: pa.Table, name: str) -> Iterator[list[dict[str, object]]]:
    """The list of each row. Column by column: ``to_pylist`` on lists of structs is many times slower."""
    column = whole_lists(table, name)
    offsets = column.offsets.to_pylist()
    values = structs(column.values)
    names = [field.name for field in values.type]
    rows = [
        dict(zip(names, row, strict=True)) for row in zip(*(values.field(n).to_pylist() for n in names), strict=True)
    ]
    return (rows[start:end] for start, end in itertools.pairwise(offsets))


def _frame(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, OUTPUT_SCHEMA, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    payload = sink.getvalue()
    return _LENGTH.pack(len(payload)) + payload


def frames_to_parquet(frames: Path, target: Path) -> None:
    """Write the Parquet file of a part file of frames, a row group per 65,536 rows or 64 MiB. Raises OSError."""
    with (
        frames.open("rb") as file,
        target.open("wb") as sink,
        pq.ParquetWriter(sink, OUTPUT_SCHEMA, compression="zstd") as out,
    ):
        waiting: list[pa.Table] = []
        for table in _read_frames(file):
            waiting.append(table)
            if sum(map(len, waiting)) >= _GROUP_ROWS or sum(each.nbytes for each in waiting) >= _GROUP_BYTES:
                _write_group(out, waiting)
                waiting = []
        if waiting:
            _write_group(out, waiting)


def _write_group(writer: pq.ParquetWriter, tables: list[pa.Table]) -> None:
    group = pa.concat_tables(tables).combine_chunks()
    writer.write_table(group, row_group_size=len(group))


def _read_frames(file: BinaryIO) -> Iterator[pa.Table]:
    while header := file.read(_LENGTH.size):
        (length,) = _LENGTH.unpack(header)
        with pa.ipc.open_stream(file.read(length)) as reader:
            yield reader.read_all()
