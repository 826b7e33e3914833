"""Makes input files, runs a scan on them with the fake assessor, and reads back what it wrote."""

import csv
import gzip
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.bulk.request import Limits, ScanRequest
from tocsin.bulk.scanning import run_scan
from tocsin.bulk.tests.fake import Load, load

SMALL = Limits(batch_rows=3, batch_bytes=4000, commit_seconds=0.0)
"""Batches so small that a handful of rows makes several, and a commit after each."""

MESSAGES = [
    {"id": "a1", "text": "急招刷单，日结三百，电话13800000000"},
    {"id": "a2", "text": "Dinner at seven?"},
    {"id": "a3", "text": '他说："今天\n开会", 明天再说'},
    {"id": "a4", "text": ""},
    {"id": "a5", "text": "刷单"},
    {"id": "a6", "text": "emoji 🙂 and 刷单 behind it"},
    {"id": "a7", "text": "明天下午三点在图书馆见"},
]


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan did. told: its lines on stderr."""

    status: int
    told: list[str]
    output: Path

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The output rows."""
        return read_rows(self.output)


def scan(*inputs: Path, output: Path, assessor: Load = load, **options: Any) -> Scanned:
    """Run a scan here, with small batches unless told otherwise."""
    stderr = io.StringIO()
    options.setdefault("limits", SMALL)
    status = run_scan(ScanRequest(inputs=inputs, output=output, **options), assessor, stderr)
    return Scanned(status, stderr.getvalue().splitlines(), output)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of an output file of any format."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [json.loads(line) for line in text.split("\n")[:-1]]


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]] = MESSAGES, encoding: str = "utf-8") -> Path:
    """A JSON Lines file, gzipped if its name says so."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return write_bytes(path, text.encode(encoding))


def write_csv(path: Path, rows: Iterable[dict[str, Any]] = MESSAGES, encoding: str = "utf-8") -> Path:
    """A CSV file with a header, gzipped if its name says so."""
    rows = list(rows)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return write_bytes(path, buffer.getvalue().encode(encoding))


def write_parquet(path: Path, rows: Iterable[dict[str, Any]] = MESSAGES, group: int = 4) -> Path:
    """A Parquet file with row groups of ``group`` rows."""
    pq.write_table(pa.Table.from_pylist(list(rows)), path, row_group_size=group)
    return path


def write_bytes(path: Path, data: bytes) -> Path:
    """A file of these bytes, gzipped if its name says so."""
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path
