"""``tocsin match``: reads corrections and queries, writes which corrections answer each query. How they are ranked
stands in ``tocsin.engine.matching``; how files are read, in ``tocsin.bulk``."""

import argparse
import contextlib
import gzip
import io
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tocsin.bulk.lines import LineFault
from tocsin.bulk.readers import open_reader
from tocsin.bulk.readers.from_jsonl import JsonlReader
from tocsin.bulk.request import EXIT_INTERRUPTED, EXIT_STOPPED, ScanError, ScanRequest, printable
from tocsin.bulk.rows import Damage, Row, clean_identifier, describe_fault, make_row
from tocsin.bulk.scanning import MOST_REPORTS
from tocsin.bulk.sources import identify
from tocsin.config.command import EXIT_BAD_ROWS, EXIT_DONE, CommandError
from tocsin.engine.matching.matcher import CANDIDATES, Correction, Match, Matcher

HELP = """\
Ranks published corrections for each query: which of them answer it, best first.

Corrections are JSON Lines (.gz too) with an id and either a text or any of title, subtitle and claim; a date, where
there is one, helps with queries that carry one. Queries are JSON Lines, CSV (both .gz too) or Parquet with a text, and
an id or none; a query without one gets its number. The output has one line for each query, in order:

  {"id": …, "matches": [{"id": …, "score": …}, …]}

The score is from 0 to 1: how sure it is that the correction answers the query. Where even the best score is too low,
matches is empty: nothing that is published answers the query.

A row that cannot be read (broken JSON, wrong encoding, no text, a text over 1 MiB), and a correction whose id was there
before, is reported on stderr with file and line. A bad correction is left out; a bad query stands in the output with
no matches and the reason in "error". OUT is replaced when the new one is whole.

Exit status: 0 done, 1 done with bad rows or a damaged input, 2 usage, 3 stopped (disk full), 130 Ctrl-C.
"""

_FIELDS = ("title", "subtitle", "claim", "text", "date")
_DIGITS = 4
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = HELP
    parser.add_argument("--corrections", required=True, type=Path, metavar="FILE", help="what is published")
    parser.add_argument("--queries", required=True, type=Path, metavar="FILE", help="what is asked")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help=".jsonl or .jsonl.gz")
    parser.add_argument("--top", type=_count, default=5, metavar="N", help="matches for a query at most (default: 5)")
    parser.add_argument(
        "--threshold", type=_share, metavar="X", help="score that the best match has to reach (default: as shipped)"
    )
    parser.add_argument(
        "--merge-copies", action="store_true", help="leave out near copies of a correction that is listed higher"
    )


def run(args: argparse.Namespace) -> int:
    """Match; see HELP for the exit status."""
    teller = _Teller()
    try:
        _check_files(args)
        matcher = Matcher.build(_corrections(args.corrections, teller))
        if not len(matcher):
            raise CommandError(f"{args.corrections}: holds no correction that can be read")
        answered = _write(args, matcher, teller)
    except ScanError as error:
        raise CommandError(str(error), error.status) from error
    except OSError as error:
        raise CommandError(f"{args.output}: cannot be written ({error.strerror})", EXIT_STOPPED) from error
    except KeyboardInterrupt as interrupt:
        raise CommandError("stopped; nothing was written", EXIT_INTERRUPTED) from interrupt
    teller.sum_up(len(matcher), answered, args.output)
    return EXIT_BAD_ROWS if teller.bad or teller.damaged else EXIT_DONE


def _check_files(args: argparse.Namespace) -> None:
    """Raises ScanError for an input that cannot be read, and for an output that may not be written."""
    inputs = {(path.stat().st_dev, path.stat().st_ino) for path in (args.corrections, args.queries) if identify(path)}
    if not args.output.absolute().parent.is_dir():
        raise ScanError(f"{args.output}: there is no such folder")
    if args.output.is_dir():
        raise ScanError(f"{args.output}: is a directory")
    if args.output.exists() and (args.output.stat().st_dev, args.output.stat().st_ino) in inputs:
        raise ScanError(f"{args.output}: is an input as well as the output")


class _Teller:
    """Says on stderr what is wrong with the inputs, a line each, and counts it."""

    def __init__(self) -> None:
        self.queries, self.bad, self.damaged = 0, 0, 0
        self._reports: Counter[Path] = Counter()

    def say(self, message: str) -> None:
        """One line on stderr."""
        print(f"tocsin match: {printable(message)}", file=sys.stderr, flush=True)

    def report(self, path: Path, place: int, error: str) -> None:
        """A bad row."""
        self.bad += 1
        self._reports[path] += 1
        if self._reports[path] <= MOST_REPORTS:
            self.say(f"{path}:{place}: {error}")
        elif self._reports[path] == MOST_REPORTS + 1:
            self.say(f"{path}: more bad rows; from here they are only counted")

    def damage(self, path: Path, message: str) -> None:
        """Something wrong with a file that is not one row's."""
        self.damaged += 1
        self.say(f"{path}: {message}")

    def sum_up(self, corrections: int, answered: int, output: Path) -> None:
        """The last line."""
        bad = f", {self.bad} bad rows" if self.bad else ""
        damaged = f", {self.damaged} damaged inputs" if self.damaged else ""
        self.say(f"{corrections} corrections, {self.queries} queries, {answered} answered{bad}{damaged}; in {output}")


class _CorrectionReader(JsonlReader):
    """Corrections of a JSON Lines file, as (line, correction or what is wrong with it), then Damage."""

    def _check_column(self) -> None:
        """Corrections have more than one shape, so that no one column is required."""

    def corrections(self) -> Iterator[tuple[int, Correction | str] | Damage]:
        """Every line that is not blank."""
        for number, line in self._lines:
            if isinstance(line, LineFault):
                yield number, describe_fault(line, self._request.limits)
                continue
            found = self._load(line)
            if found is not None:
                yield number, found if isinstance(found, str) else self._make(number, found)
        if self._lines.damage:
            yield Damage(self._lines.damage)

    def _make(self, number: int, found: dict[str, object]) -> Correction | str:
        """A correction, or why it is none."""
        name = clean_identifier(found.get("id"))
        if name is None:
            return "no id"
        fields: dict[str, str] = {}
        for field in _FIELDS:
            if found.get(field) is None:
                continue
            row = make_row(number, name, found[field], self._request.limits)
            if row.error is not None:
                return row.error.replace("the text", f"the {field}", 1)
            fields[field] = row.text.decode()
        if not any(fields.get(field, "").strip() for field in ("title", "subtitle", "claim", "text")):
            return "neither a text nor a title, subtitle or claim"
        return Correction(name, **fields)


def _corrections(path: Path, teller: _Teller) -> Iterator[Correction]:
    """The corrections of a file that can be used; the others are reported."""
    seen: dict[str | int, int] = {}
    reader = _CorrectionReader(path, ScanRequest(inputs=(path,), output=path))
    with contextlib.closing(reader):
        for note in reader.notes:
            teller.say(f"{path}: {note}")
        for item in reader.corrections():
            if isinstance(item, Damage):
                teller.damage(path, item.message)
                continue
            number, found = item
            if isinstance(found, str):
                teller.report(path, number, found)
            elif found.id in seen:
                teller.report(path, number, f"the id {found.id!r} is that of line {seen[found.id]} as well")
            else:
                seen[found.id] = number
                yield found


def _queries(args: argparse.Namespace, teller: _Teller) -> Iterator[Row]:
    """The queries of a file, good and bad, each with an id."""
    reader = open_reader(args.queries, ScanRequest(inputs=(args.queries,), output=args.output))
    with contextlib.closing(reader):
        for note in reader.notes:
            teller.say(f"{args.queries}: {note}")
        for item in reader:
            if isinstance(item, Damage):
                teller.damage(args.queries, item.message)
                continue
            teller.queries += 1
            if item.error is not None:
                teller.report(args.queries, item.place, item.error)
            yield item if item.id is not None else item._replace(id=teller.queries)


def _write(args: argparse.Namespace, matcher: Matcher, teller: _Teller) -> int:
    """Write the output aside, and put it in its place when it is whole. Returns how many queries have an answer."""
    part = args.output.with_name(f"{args.output.name}.{os.getpid()}.part")
    answered = 0
    try:
        with part.open("wb") as file, _packed(file, args.output) as stream:
            for query in _queries(args, teller):
                matches: list[Match] = []
                if query.error is None:
                    matches = matcher.match(
                        query.text.decode(), top=args.top, threshold=args.threshold, merge_copies=args.merge_copies
                    )
                answered += bool(matches)
                stream.write(_line(query, matches))
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(args.output)
    finally:
        part.unlink(missing_ok=True)
    return answered


@contextlib.contextmanager
def _packed(file: BinaryIO, path: Path) -> Iterator[io.BufferedIOBase | BinaryIO]:
    """The file itself, or gzipped where the path says so."""
    if not path.name.lower().endswith(".gz"):
        yield file
        return
    with gzip.GzipFile("", "wb", 6, file, mtime=0) as stream:
        yield stream


def _line(query: Row, matches: list[Match]) -> bytes:
    row: dict[str, object] = {
        "id": query.id,
        "matches": [{"id": match.id, "score": round(match.score, _DIGITS)} for match in matches],
    }
    if query.error is not None:
        row["error"] = query.error
    return (_encode(row) + "\n").encode()


def _count(text: str) -> int:
    """A number of matches."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= CANDIDATES):
        raise argparse.ArgumentTypeError(f"must be 1 to {CANDIDATES}")
    return int(text)


def _share(text: str) -> float:
    """A score."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError("must be a number from 0 to 1")
    return number
