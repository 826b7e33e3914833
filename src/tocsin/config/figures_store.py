"""The part of ``tocsin figures`` that needs the database; loaded once Django is set up, by ``commands.figures``."""

import argparse

from tocsin.config.command import EXIT_DONE, CommandError
from tocsin.config.ledger_store import explained, write_lines
from tocsin.figures.queries import NoCheckpointError, current_report

__all__ = ["explained", "run_report"]


def run_report(args: argparse.Namespace) -> int:
    """Write the report. Raises CommandError where there is no checkpoint for it to rest on."""
    try:
        report = current_report()
    except NoCheckpointError as error:
        raise CommandError(str(error)) from error
    write_lines([report.encode()], args.output)
    return EXIT_DONE
