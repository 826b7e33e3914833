"""What a second process brings, and what the whole way from file to file costs.

`measure_workers` lets processes assess at the same time, each its share, and takes the time from the word to begin
until the last is done: what loading costs is not in it. `measure_scan` runs a command as a person would, loading and
files included; which command that is, the caller says.
"""

import itertools
import multiprocessing
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.engine.detector import SLICE_ROWS, Detector

_READY = "ready"


@dataclass(frozen=True, slots=True)
class Together:
    """How many processes, and how many messages they assess in a second on the wall, all together."""

    workers: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Scan:
    """One run of the command: its own arguments, how many messages, seconds on the wall."""

    arguments: str
    messages: int
    seconds: float


def write_messages(column: "pa.ChunkedArray[Any]", path: Path) -> None:
    """Messages as a Parquet file with columns id and text."""
    numbers = pa.array(range(len(column)), pa.int64())
    pq.write_table(pa.table({"id": numbers, "text": column}), path)


def measure_workers(path: Path, counts: Sequence[int], rounds: int) -> list[Together]:
    """Let each number of processes assess all messages of a file that `write_messages` wrote; the best of all rounds
    counts, because what else runs on the machine can only slow them down."""
    total = pq.ParquetFile(path).metadata.num_rows
    found = []
    for count in counts:
        seconds = min(_seconds_of(path, total, count) for _ in range(rounds))
        found.append(Together(count, total / seconds))
    return found


def measure_scan(command: Sequence[str], source: Path, output: Path, arguments: Sequence[str]) -> Scan:
    """Run ``command SOURCE -o OUTPUT --restart ARGUMENTS``. Raises subprocess.CalledProcessError where it fails."""
    began = time.perf_counter()
    words = [*command, str(source), "-o", str(output), "--restart", *arguments]
    subprocess.run(words, check=True, capture_output=True)  # noqa: S603  # a command of this program
    seconds = time.perf_counter() - began
    return Scan(" ".join(arguments), pq.ParquetFile(source).metadata.num_rows, seconds)


def _seconds_of(path: Path, total: int, count: int) -> float:
    """Start so many processes, wait until all can begin, and give the time until all are done."""
    context = multiprocessing.get_context("spawn")
    bounds = [total * number // count for number in range(count + 1)]
    pipes, processes = [], []
    for first, last in itertools.pairwise(bounds):
        ours, theirs = context.Pipe()
        process = context.Process(target=_assess_share, args=(theirs, path, first, last), daemon=True)
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    for pipe in pipes:
        pipe.recv()
    began = time.perf_counter()
    for pipe in pipes:
        pipe.send(_READY)
    for pipe in pipes:
        pipe.recv()
    seconds = time.perf_counter() - began
    for process in processes:
        process.join()
    return seconds


def _assess_share(pipe: Connection, path: Path, first: int, last: int) -> None:
    """The life of one process."""
    detector = Detector.load()
    share = pq.read_table(path, columns=["text"])["text"].slice(first, last - first)
    detector.assess_batch(share.slice(0, SLICE_ROWS))
    pipe.send(_READY)
    pipe.recv()
    detector.assess_batch(share)
    pipe.send(_READY)
