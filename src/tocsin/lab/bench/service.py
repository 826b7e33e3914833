"""What a desk notices that starts the engine: the time until it can answer, of one answer, and the memory it holds.

Run as a program (``python -m tocsin.lab.bench.service FILE [KNOWN]``) it does so once, in a process where nothing has
happened before, and prints its figures as JSON; `measure_service` runs that program and takes the middle.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tocsin.engine.detector import SLICE_ROWS, Detector
from tocsin.engine.known import KnownIndicators
from tocsin.lab.bench.clock import Cost, cost_of

SINGLES: Final = 3_000
"""Messages that are assessed one at a time."""

_STATUS = Path("/proc/self/status")
_LOOK_UPS = 1_000_000
_KIND = "domain"


@dataclass(frozen=True, slots=True)
class Service:
    """Medians over fresh processes.

    load, load_cpu: seconds of ``Detector.load()``, on the wall and of processor time.  half, slowest: milliseconds on
    the wall of one ``assess`` than which half, and 99 of 100, are faster.  slowest_cpu: the latter in processor time.
    memory, memory_with_known: the most that the process ever held, in MB (10^6 bytes), before and after the known
    indicators were loaded and all asked for; 0 where the system does not tell.
    """

    load: float
    load_cpu: float
    half: float
    slowest: float
    slowest_cpu: float
    memory: float
    memory_with_known: float


@dataclass(frozen=True, slots=True)
class LookUps:
    """Look-ups a second of processor time, in a table of so many: of what is in it and of what is not."""

    known: int
    hits_per_second: float
    misses_per_second: float


def measure_service(messages: Sequence[str], known: int, folder: Path, rounds: int) -> Service:
    """Start the engine in fresh processes: once for the caches, then `rounds` times.

    known: how many indicators the table holds that is loaded as well.  folder: for files; they stay.
    Raises subprocess.CalledProcessError where the engine does not start.
    """
    texts, table = folder / "messages.json", folder / "known.bin"
    texts.write_text(json.dumps(list(messages[:SINGLES])), encoding="utf-8")
    table_of(known).save(table)
    runs = [_run(texts, table) for _ in range(rounds + 1)][1:]
    return Service(**{name: median(run[name] for run in runs) for name in runs[0]})


def measure_look_ups(known: int, rounds: int) -> LookUps:
    """Ask a table of so many indicators a million times, in no order, for what is in it and for what is not."""
    table = table_of(known)
    asked = min(_LOOK_UPS, known)
    order = np.random.default_rng(1).integers(0, known, asked)
    kinds: Any = pa.repeat(pa.scalar(_KIND), asked)
    hits, misses = values_of(order), values_of(order + known)
    rates = []
    for values in (hits, misses):
        table.look_up(kinds, values)
        rates.append(asked / median(cost_of(partial(table.look_up, kinds, values)).cpu for _ in range(rounds)))
    return LookUps(known, *rates)


def table_of(count: int) -> KnownIndicators:
    """A table of so many invented domains."""
    return KnownIndicators.build(pa.repeat(pa.scalar(_KIND), count), values_of(np.arange(count)), secret=bytes(16))


def values_of(numbers: NDArray[np.int64]) -> "pa.Array[Any]":
    """An invented domain for each number."""
    mixed, plain = pa.array(numbers * 2_654_435_761 % 2**32), pa.array(numbers)
    columns: list[Any] = ["a", mixed.cast(pa.string()), "-", plain.cast(pa.string()), ".example", ""]
    values: pa.Array[Any] = pc.binary_join_element_wise(*columns)
    return values


def _run(texts: Path, known: Path) -> dict[str, float]:
    program = [sys.executable, "-m", __name__, str(texts), str(known)]
    done = subprocess.run(program, capture_output=True, check=True)  # noqa: S603  # this interpreter, this module
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _main(texts: Path, known: Path) -> Service:
    """The life of the fresh process."""
    before_load = Cost.now()
    detector = Detector.load()
    load = Cost.now() - before_load
    messages: list[str] = json.loads(texts.read_text(encoding="utf-8"))
    detector.assess(messages[0])
    costs = [cost_of(partial(detector.assess, message)) for message in messages]
    half, slowest = np.percentile([cost.wall for cost in costs], [50, 99]) * 1e3
    slowest_cpu = np.percentile([cost.cpu for cost in costs], 99) * 1e3
    detector.assess_batch(pa.array(messages, pa.string()))
    before = _memory()
    _ask_all(KnownIndicators.load(known))
    return Service(load.wall, load.cpu, float(half), float(slowest), float(slowest_cpu), before, _memory())


def _ask_all(known: KnownIndicators) -> None:
    """Ask for every indicator of a table of ours, some thousands at a time, so that all of it is in memory."""
    for first in range(0, len(known), SLICE_ROWS):
        numbers = np.arange(first, min(first + SLICE_ROWS, len(known)))
        found = known.look_up(pa.repeat(pa.scalar(_KIND), len(numbers)), values_of(numbers))
        if not np.array_equal(found, numbers):
            raise RuntimeError("the table does not know what it was made of")


def _memory() -> float:
    """The most this process ever held, in MB."""
    if not _STATUS.exists():
        return 0.0
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    json.dump(asdict(_main(Path(sys.argv[1]), Path(sys.argv[2]))), sys.stdout)
