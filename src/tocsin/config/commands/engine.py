"""``tocsin engine``: trains the bundled model, prints its card. How that is done stands in ``tocsin.lab``."""

import argparse
from pathlib import Path

from tocsin.config.command import EXIT_DONE, CommandError
from tocsin.engine.classify import MODEL_PATH
from tocsin.engine.patterns import PatternError
from tocsin.lab.card import CARD_PATH
from tocsin.lab.corpora import CorpusError
from tocsin.lab.train import train

HELP = "Train the bundled model, print its card"


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


def run(args: argparse.Namespace) -> int:
    """Train, or print the card. Raises CommandError where there is nothing to read."""
    try:
        if args.act == "card":
            print(CARD_PATH.read_text(encoding="utf-8"), end="")
            return EXIT_DONE
        train(args.data, args.output, print)
    except (CorpusError, PatternError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror or error}") from error
    return EXIT_DONE
