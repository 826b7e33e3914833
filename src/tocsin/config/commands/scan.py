"""``tocsin scan``: the arguments of a scan. What a scan does stands in ``tocsin.bulk``."""

import argparse
import math
import os
from pathlib import Path

from tocsin.bulk.request import EXIT_INTERRUPTED, KEEP_ALL, KEEP_FLAGGED, ScanError, ScanRequest
from tocsin.bulk.scanning import run_scan
from tocsin.config.command import CommandError
from tocsin.engine.detector import Detector

HELP = """\
Reads messages from CSV (header line, commas), JSON Lines, either of them gzipped, or Parquet, and writes one assessment
per input row, in order. The output is JSON Lines or Parquet, by its suffix: .jsonl, .jsonl.gz, .parquet.

A row that cannot be read (broken JSON, wrong encoding, no text, a text over 1 MiB, a line over 16 MiB) is reported on
stderr with file and line and stands in the output with harm null and the reason in "error"; other rows have no "error"
(null in Parquet). With --keep flagged, only rows with a harm are written. Blank lines are no rows. Identifiers are
strings in Parquet; in JSON Lines whole numbers stay numbers. A row without one gets its number, counted over all
inputs.

Encodings: UTF-8, UTF-16 with a byte-order mark, GB18030 or Big5, judged by the first mebibyte of each file.

The work is kept in OUT.part, with a journal in OUT.resume. After an interruption of any kind, the same command
continues, and the result is the same, byte for byte. It refuses to continue if the inputs, the options or the rules
have changed. An OUT that is there already is left alone. --restart drops all of them and starts over; OUT is replaced
when the new one is whole.

Exit status: 0 done, 1 done with bad rows or a damaged input, 2 usage, 3 stopped before the end (disk full), 130 Ctrl-C.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = HELP
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="INPUT", help=".csv, .jsonl, .csv.gz, .jsonl.gz or .parquet"
    )
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help=".jsonl, .jsonl.gz or .parquet")
    parser.add_argument("--engine", choices=("local", "spark"), default="local", help="where to run (default: local)")
    parser.add_argument(
        "--workers", type=_count, default=_cores(), metavar="N", help="processes (default: one per core)"
    )
    parser.add_argument("--text-column", default="text", metavar="NAME", help="column of the message (default: text)")
    parser.add_argument(
        "--id-column", metavar="NAME", help="column of the identifier (default: id, where there is one)"
    )
    parser.add_argument(
        "--keep", choices=(KEEP_ALL, KEEP_FLAGGED), default=KEEP_ALL, help="which rows to write (default: all)"
    )
    parser.add_argument("--threshold", type=_share, metavar="X", help="confidence from which a harm is named, 0 to 1")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="of the reasons (default: zh)")
    parser.add_argument("--restart", action="store_true", help="start over, and overwrite OUT")


def run(args: argparse.Namespace) -> int:
    """Run the scan; see HELP for the exit status."""
    if args.engine == "spark":
        raise CommandError("--engine spark is not part of this release; use --engine local")
    request = ScanRequest(
        inputs=tuple(args.inputs),
        output=args.output,
        text_column=args.text_column,
        id_column=args.id_column or "id",
        id_required=args.id_column is not None,
        keep=args.keep,
        threshold=args.threshold,
        language=args.language,
        workers=args.workers,
        restart=args.restart,
    )
    try:
        return run_scan(request, Detector.load)
    except ScanError as error:
        raise CommandError(str(error), error.status) from error
    except KeyboardInterrupt as interrupt:
        raise CommandError("stopped; the same command continues", EXIT_INTERRUPTED) from interrupt


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _count(text: str) -> int:
    """A number of processes."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= 1024):
        raise argparse.ArgumentTypeError("must be 1 to 1024")
    return int(text)


def _share(text: str) -> float:
    """A confidence."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError("must be a number from 0 to 1")
    return number
