"""Judges planned batches, here or in worker processes, and gives the results in the order of the batches.

A worker holds one batch at a time and is asked again as soon as its answer is in, so memory is bounded by the number of
workers, and neither side can wait for the other in a circle. A worker whose parent is gone sees the end of its pipe and
ends.
"""

import itertools
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tocsin.bulk.batches import Batch, PlannedBatch, Position
from tocsin.bulk.judging import Assessor, Judging, judge
from tocsin.bulk.rendering import render
from tocsin.bulk.request import EXIT_STOPPED, ScanError


@dataclass(frozen=True, slots=True)
class Work:
    """What to make of a batch. load: makes the assessor, once in each process; must be picklable, so a plain
    function."""

    load: Callable[[], Assessor]
    judging: Judging
    suffix: str


@dataclass(frozen=True, slots=True)
class Result:
    """The bytes of a batch, and how many of its rows are flagged and are in them."""

    payload: bytes
    flagged: int
    written: int


def work_on(batch: Batch, assessor: Assessor, work: Work) -> Result:
    """Judge and render one batch."""
    if not len(batch):
        return Result(b"", 0, 0)
    judged = judge(batch, assessor, work.judging)
    return Result(render(judged, work.suffix), judged.flagged, len(judged.ids))


def run_batches(
    planned: Iterator[PlannedBatch], assessor: Assessor, work: Work, workers: int
) -> Iterator[tuple[Position, Result]]:
    """Results in order, each with the position after its batch. One worker, or one batch, is judged in this process."""
    first = list(itertools.islice(planned, 2))
    everything = itertools.chain(first, planned)
    if workers == 1 or len(first) < 2:
        return ((each.after, work_on(each.batch, assessor, work)) for each in everything)
    return _run_in_processes(everything, work, workers)


def _run_in_processes(planned: Iterator[PlannedBatch], work: Work, workers: int) -> Iterator[tuple[Position, Result]]:
    busy: deque[tuple[_Worker, Position]] = deque()
    started: list[_Worker] = []
    try:
        for each in planned:
            done = None
            if len(started) < workers:
                worker = _Worker(work)
                started.append(worker)
            else:
                worker, after = busy.popleft()
                done = after, worker.receive()
            worker.send(each.batch)
            busy.append((worker, each.after))
            if done is not None:
                yield done
        while busy:
            worker, after = busy.popleft()
            yield after, worker.receive()
    finally:
        for worker in started:
            worker.close()


class _Worker:
    """A process that judges one batch at a time."""

    def __init__(self, work: Work) -> None:
        # Never forked: the parent may have threads of Arrow's, and a fork would copy their locks in any state.
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, work), daemon=True)
        self._process.start()
        other.close()

    def send(self, batch: Batch) -> None:
        """Hand over a batch; the answer to the one before must have been received."""
        try:
            self._pipe.send(batch)
        except OSError as error:
            raise self._lost() from error

    def receive(self) -> Result:
        """Wait for the answer. Raises ScanError if the process has ended instead."""
        try:
            result = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise self._lost() from error
        if not isinstance(result, Result):
            raise TypeError(f"a worker answered with {type(result).__name__}")
        return result

    def _lost(self) -> ScanError:
        self._process.join(timeout=5)
        return ScanError(
            f"a worker process ended (status {self._process.exitcode}); the same command continues", EXIT_STOPPED
        )

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.terminate()
        self._process.join()


def _serve(pipe: Connection, work: Work) -> None:
    """The life of a worker process."""
    # Ctrl-C goes to the whole process group; the parent decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assessor = work.load()
    try:
        while True:
            pipe.send(work_on(pipe.recv(), assessor, work))
    except (EOFError, BrokenPipeError):
        return
