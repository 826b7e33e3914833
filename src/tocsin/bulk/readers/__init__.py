"""One module per input format; ``open_reader`` finds it by the name of the file. What a row is stands in
``bulk.rows``."""

from pathlib import Path

from tocsin.bulk.readers.from_csv import CsvReader
from tocsin.bulk.readers.from_jsonl import JsonlReader
from tocsin.bulk.readers.from_parquet import ParquetReader
from tocsin.bulk.request import INPUT_SUFFIXES, ScanRequest, suffix_of
from tocsin.bulk.rows import Reader


def open_reader(path: Path, request: ScanRequest) -> Reader:
    """Open one input. Raises ScanError where it cannot be opened or has no text column."""
    suffix = suffix_of(path, INPUT_SUFFIXES)
    if suffix == ".parquet":
        return ParquetReader(path, request)
    if suffix.startswith(".csv"):
        return CsvReader(path, request)
    return JsonlReader(path, request)
