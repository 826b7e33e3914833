"""The ``tocsin`` command: finds the module of a sub-command and runs it. Each command lives in ``config/commands``."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from tocsin import __version__

EXIT_DONE, EXIT_BAD_ROWS, EXIT_USAGE = 0, 1, 2

# Name of each command and the module that holds it; a module is imported only when its command is asked for, so that
# `tocsin check` starts without Django.
COMMANDS = {
    "demo": "A sample town on the embedded database, to look at",
    "serve": "The web server",
    "work": "The job worker and scheduler",
    "manage": "Django's own commands",
    "check": "One assessment, for a person or as JSON",
    "scan": "Assess files of messages: CSV, JSONL or Parquet",
    "match": "Find the published corrections that answer queries",
    "engine": "Train the bundled model, print its card",
    "ledger": "Export or verify the ledger",
    "figures": "The transparency report, and its verification",
}


class CommandError(Exception):
    """A failure that one line on stderr explains: what went wrong, and where."""

    def __init__(self, message: str, status: int = EXIT_USAGE) -> None:
        super().__init__(message)
        self.status = status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 finished with bad rows, 2 usage."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="tocsin", description="Tocsin (守望), an online-safety desk.")
    parser.add_argument("--version", action="version", version=f"tocsin {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        if name == chosen:
            module = importlib.import_module(f"tocsin.config.commands.{name}")
            module.add_arguments(sub)
    args = parser.parse_args(words)
    try:
        return int(module.run(args))
    except CommandError as error:
        print(f"tocsin {chosen}: {error}", file=sys.stderr)
        return error.status


if __name__ == "__main__":
    sys.exit(main())
