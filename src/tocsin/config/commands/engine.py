"""``tocsin engine``: trains the bundled model, prints its card, measures the engine. How that is done stands in
``tocsin.lab``."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from tocsin.config.command import EXIT_DONE, CommandError
from tocsin.engine.classify import MODEL_PATH
from tocsin.engine.patterns import PatternError
from tocsin.lab.bench.fuzz import FuzzError
from tocsin.lab.bench.growth import LONGEST, Growth
from tocsin.lab.bench.peers import PeersError
from tocsin.lab.bench.plot import draw
from tocsin.lab.bench.report import Bench, Plan, fuzz_text, run_fuzz
from tocsin.lab.card import CARD_PATH
from tocsin.lab.corpora import CorpusError
from tocsin.lab.train import train

HELP = "Train the bundled model, print its card, measure the engine"
SHARED_DATA = Path("../shared/data")
PEER_SAMPLE = 10_000
HOSTILE_BYTES = 1_000_000
SCAN = (sys.executable, "-m", "tocsin.config.command", "scan")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    training = acts.add_parser("train", help="Train the model from labelled messages and write it with its card")
    training.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of public corpora (holds messages/); without, the bundled ones only",
    )
    training.add_argument(
        "-o",
        "--output",
        type=Path,
        default=MODEL_PATH.parent,
        metavar="DIR",
        help="where to write (default: the bundle)",
    )
    acts.add_parser("card", help="Print from what the bundled model was made, how it scores and on what it fails")
    _add_bench(acts.add_parser("bench", help="Measure every stage, the whole chain, start, memory and hostile text"))


def _add_bench(bench: argparse.ArgumentParser) -> None:
    bench.add_argument("--rows", type=_count, default=1_000_000, metavar="N", help="messages (default: %(default)s)")
    bench.add_argument("--rounds", type=_count, default=3, metavar="N", help="rounds, for medians (default: 3)")
    bench.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help=f"folder of public corpora (default: {SHARED_DATA} where it is, else the bundled corpus)",
    )
    bench.add_argument("--peers", action="store_true", help="measure the chain people build today as well")
    bench.add_argument("--workers", action="store_true", help="measure two processes beside one, and the scan")
    bench.add_argument("--spark", action="store_true", help="measure the scan with Spark beside the local one")
    bench.add_argument("--hostile", action="store_true", help="measure text made to be slow")
    bench.add_argument("--long", action="store_true", help=f"cost up to {LONGEST:,} messages; takes 4 GB of memory")
    bench.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    bench.add_argument("--plot", type=Path, metavar="FILE", help="draw cost by number of messages there (SVG)")
    bench.add_argument(
        "--fuzz", type=_count, metavar="N", help="measure nothing: try N invented messages and stop where one breaks"
    )


def run(args: argparse.Namespace) -> int:
    """Train, print the card or measure. Raises CommandError where there is nothing to read."""
    try:
        if args.act == "card":
            print(CARD_PATH.read_text(encoding="utf-8"), end="")
        elif args.act == "bench":
            _measure(args)
        else:
            train(args.data, args.output, print)
    except (CorpusError, PatternError, PeersError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror or error}") from error
    return EXIT_DONE


def _measure(args: argparse.Namespace) -> None:
    data = args.data or (SHARED_DATA if SHARED_DATA.is_dir() else None)
    if args.fuzz:
        _fuzz(args.fuzz, data)
        return
    plan = Plan(
        rows=args.rows,
        data=data,
        rounds=args.rounds,
        longest=LONGEST if args.long else args.rows,
        sample=PEER_SAMPLE if args.peers else 0,
        hostile=HOSTILE_BYTES if args.hostile else 0,
        workers=args.workers,
        spark=args.spark,
        scan=SCAN,
    )
    bench = Bench(plan, _tell)
    try:
        bench.run(print)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines() or [str(error)]
        raise CommandError(f"{' '.join(map(str, error.cmd[:4]))}: {said[-1]}", 1) from error
    if args.json:
        args.json.write_text(json.dumps(bench.data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if args.plot:
        args.plot.write_text(draw([Growth(**point) for point in bench.data["growth"]]), encoding="utf-8")


def _fuzz(count: int, data: Path | None) -> None:
    try:
        print(fuzz_text(run_fuzz(count, data, _tell)))
    except FuzzError as error:
        raise CommandError(f"{' '.join(error.__notes__)}: {error}", 1) from error


def _tell(line: str) -> None:
    print(f"tocsin engine bench: {line}", file=sys.stderr, flush=True)


def _count(text: str) -> int:
    """A whole number from 1."""
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text)):
        raise argparse.ArgumentTypeError("must be a whole number from 1")
    return int(text)
