"""Drives one scan from its request to its finished output, and tells a person what happens. Formats live elsewhere."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self, TextIO

from tqdm import tqdm

from tocsin import __version__
from tocsin.bulk.batches import Batches, Position
from tocsin.bulk.judging import Assessor, Judging
from tocsin.bulk.output import Output
from tocsin.bulk.readers import open_reader
from tocsin.bulk.request import INPUT_SUFFIXES, OUTPUT_SUFFIXES, ScanError, ScanRequest, printable, suffix_of
from tocsin.bulk.rows import Damage, Item, Reader
from tocsin.bulk.sources import Identity, identify
from tocsin.bulk.workers import Result, Work, run_batches

EXIT_DONE, EXIT_BAD_ROWS = 0, 1
MOST_REPORTS = 1000
"""Bad rows of one file that get a line on stderr; the rest are counted, and marked in the output like all of them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scan came to, over all its runs. changed: inputs that were written to while they were read."""

    position: Position
    flagged: int
    written: int
    changed: int

    @property
    def status(self) -> int:
        """Exit status: 1 where anything could not be read as it should."""
        return EXIT_BAD_ROWS if self.position.bad or self.position.damaged or self.changed else EXIT_DONE


def run_scan(request: ScanRequest, load: Callable[[], Assessor], stderr: TextIO | None = None) -> int:
    """Scan, and return the exit status. Raises ScanError, with its status, where the scan cannot start or go on.

    load: makes the assessor; called once here and once in each worker, so it must be picklable.
    """
    suffix = suffix_of(request.output, OUTPUT_SUFFIXES)
    identities = check_inputs(request)
    with _Teller(request, identities, stderr or sys.stderr) as teller:
        _preflight(request, identities)
        assessor = load()
        output = Output(request.output, suffix, describe(request, identities, assessor.rules), restart=request.restart)
        try:
            _continue(request, identities, output, Work(load, _judging(request), suffix), assessor, teller)
        finally:
            output.close()
        done = output.progress
        outcome = Outcome(done.position, done.flagged, done.written, teller.tell_changes(identities))
        teller.sum_up(outcome)
    return outcome.status


def _continue(
    request: ScanRequest,
    identities: list[Identity],
    output: Output,
    work: Work,
    assessor: Assessor,
    teller: "_Teller",
) -> None:
    """Do what is left to do, and finish the output."""
    start = output.progress.position
    if output.resumed:
        teller.say(f"continues after {start.rows} rows")
        _refuse_streams(start, identities)
    if output.progress.final_size is None:
        batches = Batches(
            request.inputs,
            request.limits,
            open_reader=lambda path: teller.introduce(open_reader(path, request)),
            report=teller.report,
            moved=teller.moved,
        )
        _write_all(output, run_batches(batches.read(start), assessor, work, request.workers), request, teller)
    output.finish()


def _write_all(
    output: Output, results: Iterator[tuple[Position, Result]], request: ScanRequest, teller: "_Teller"
) -> None:
    committed = time.monotonic()
    try:
        for position, result in results:
            output.append(position, result)
            now = time.monotonic()
            if now - committed >= request.limits.commit_seconds:
                output.commit()
                committed = now
        output.commit()
    except KeyboardInterrupt:
        output.commit()
        raise
    teller.finish_bar()


def check_inputs(request: ScanRequest) -> list[Identity]:
    """The identities of the inputs. Raises ScanError for one that is missing, unreadable, a folder, of no known format,
    named twice, or the output itself."""
    seen: dict[tuple[int, int], Path] = {}
    identities = []
    for path in request.inputs:
        suffix_of(path, INPUT_SUFFIXES)
        identities.append(identify(path))
        status = path.stat()
        key = status.st_dev, status.st_ino
        if key in seen:
            raise ScanError(f"{path}: the same file is named twice" + (f" ({seen[key]})" if seen[key] != path else ""))
        seen[key] = path
    if request.output.exists():
        status = request.output.stat()
        if (status.st_dev, status.st_ino) in seen:
            raise ScanError(f"{request.output}: is an input as well as the output")
    elif not request.output.absolute().parent.is_dir():
        raise ScanError(f"{request.output}: there is no such folder")
    return identities


def _preflight(request: ScanRequest, identities: list[Identity]) -> None:
    """Open every input once, so that a missing column in the last one is not found out after hours."""
    for path, identity in zip(request.inputs, identities, strict=True):
        if not identity.is_stream:
            open_reader(path, request).close()


def _refuse_streams(start: Position, identities: list[Identity]) -> None:
    for identity in identities[: start.file + 1]:
        if identity.is_stream and start.rows:
            raise ScanError(f"{identity.path}: a pipe cannot be read again from its start; --restart starts over")


def _judging(request: ScanRequest) -> Judging:
    return Judging(request.threshold, request.language, request.keep)


def describe(request: ScanRequest, identities: list[Identity], rules: str) -> dict[str, object]:
    """All that the output depends on, as a JSON object: what the journal remembers and compares."""
    options = ("text_column", "id_column", "keep", "threshold", "language")
    limits = asdict(request.limits)
    limits.pop("commit_seconds")
    return {
        "inputs": [asdict(identity) for identity in identities],
        **{name: getattr(request, name) for name in options},
        "rules": rules,
        "limits": limits,
        "program": __version__,
    }


class _Teller:
    """Says on stderr what happens, a line each, and shows a bar when stderr is a terminal."""

    def __init__(self, request: ScanRequest, identities: list[Identity], stderr: TextIO) -> None:
        self._stderr = stderr
        self._output = request.output
        self._reports: Counter[Path] = Counter()
        sizes = [max(0, identity.size) for identity in identities]
        self._before = [sum(sizes[:index]) for index in range(len(sizes))]
        self._bar: tqdm[None] | None = None
        if stderr.isatty():
            self._bar = tqdm(total=sum(sizes), unit="B", unit_scale=True, file=stderr, leave=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish_bar()

    def finish_bar(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def say(self, message: str) -> None:
        """One line on stderr."""
        line = f"tocsin scan: {printable(message)}"
        if self._bar is not None:
            self._bar.write(line, file=self._stderr)
        else:
            print(line, file=self._stderr, flush=True)

    def introduce(self, reader: Reader) -> Reader:
        """Say what should be known of an input before it is read."""
        for note in reader.notes:
            self.say(f"{reader.path}: {note}")
        return reader

    def report(self, path: Path, item: Item) -> None:
        """A bad row, with file and line, or damage to a file."""
        if isinstance(item, Damage):
            self.say(f"{path}: {item.message}")
            return
        self._reports[path] += 1
        if self._reports[path] <= MOST_REPORTS:
            self.say(f"{path}:{item.place}: {item.error}")
        elif self._reports[path] == MOST_REPORTS + 1:
            self.say(f"{path}: more bad rows; from here they are only counted, and marked in the output")

    def moved(self, index: int, position: int) -> None:
        """Bytes read of an input."""
        if self._bar is not None:
            self._bar.update(max(0, self._before[index] + position - self._bar.n))

    def tell_changes(self, identities: list[Identity]) -> int:
        """How many inputs are no longer what they were at the start; each is named."""
        changed = [identity for identity in identities if not identity.is_stream and not _is_unchanged(identity)]
        for identity in changed:
            self.say(f"{identity.path}: was changed while it was read; the output may be a mixture")
        return len(changed)

    def sum_up(self, outcome: Outcome) -> None:
        """The last line."""
        done = outcome.position
        bad = f", {done.bad} bad" if done.bad else ""
        damaged = f", {done.damaged} damaged inputs" if done.damaged else ""
        self.say(f"{done.rows} rows, {outcome.flagged} flagged{bad}{damaged}; {outcome.written} rows in {self._output}")


def _is_unchanged(identity: Identity) -> bool:
    try:
        return identify(Path(identity.path)) == identity
    except ScanError:
        return False
