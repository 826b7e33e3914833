"""Whether a message costs the same among ten thousand as among ten million."""

from dataclasses import dataclass
from functools import partial

from tocsin.engine.detector import Detector
from tocsin.lab.bench.clock import cost_of, middle
from tocsin.lab.bench.reference import Reference

SMALLEST, LONGEST = 10_000, 10_000_000
"""Messages in the smallest and in the largest column."""

_WORK = 1_000_000  # messages assessed for one figure: the smaller the column, the more rounds


@dataclass(frozen=True, slots=True)
class Growth:
    """Processor time of a message, in µs, in a column of so many."""

    messages: int
    micros: float


def sizes_up_to(rows: int) -> list[int]:
    """Powers of ten from `SMALLEST` to rows; rows alone where it is smaller."""
    sizes = []
    size = SMALLEST
    while size <= min(rows, LONGEST):
        sizes.append(size)
        size *= 10
    return sizes or [rows]


def measure_growth(detector: Detector, reference: Reference, rows: int, rounds: int) -> list[Growth]:
    """Assess columns of growing length, each in one call: at most `rounds` times, the long ones once."""
    found = []
    for size in sizes_up_to(rows):
        column = reference.messages(size)
        detector.assess_batch(column.slice(0, SMALLEST // 10))
        times = max(1, min(rounds, _WORK // size))
        cost = middle([cost_of(partial(detector.assess_batch, column)) for _ in range(times)])
        found.append(Growth(size, cost.cpu / size * 1e6))
    return found


def flatness(points: list[Growth]) -> float:
    """The dearest over the cheapest: 1 where nothing grows."""
    return max(point.micros for point in points) / min(point.micros for point in points)
