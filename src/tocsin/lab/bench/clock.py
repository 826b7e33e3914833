"""What something costs: processor time and time on the wall, on one core, as the median of several rounds."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Self


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds. cpu: of all threads of this process.  wall: until it was done."""

    cpu: float
    wall: float

    @classmethod
    def now(cls) -> Self:
        """The clocks as they stand; only the difference of two means something."""
        return cls(time.process_time(), time.perf_counter())

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.cpu - other.cpu, self.wall - other.wall)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.cpu + other.cpu, self.wall + other.wall)


NOTHING = Cost(0.0, 0.0)


def cost_of(act: Callable[[], object]) -> Cost:
    """What one call costs."""
    before = Cost.now()
    act()
    return Cost.now() - before


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each clock. Raises statistics.StatisticsError where there is none."""
    return Cost(median(cost.cpu for cost in costs), median(cost.wall for cost in costs))


@contextmanager
def one_core() -> Iterator[int | None]:
    """Keep this process on one core, where the system can; gives the number of the core, None where it cannot."""
    if not hasattr(os, "sched_setaffinity"):
        yield None
        return
    allowed = os.sched_getaffinity(0)
    core = max(allowed)
    os.sched_setaffinity(0, {core})
    try:
        yield core
    finally:
        os.sched_setaffinity(0, allowed)
