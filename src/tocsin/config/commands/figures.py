"""``tocsin figures``: the transparency report, and its verification, which never loads Django or a database."""

import argparse
import json
from pathlib import Path

from tocsin.config.command import EXIT_BAD_ROWS, EXIT_DONE, CommandError
from tocsin.config.commands.ledger import add_trust_arguments, open_file, open_store, print_verification, read_pin
from tocsin.figures.report import Report, ReportError, read_report, recompute

HELP = "The transparency report, and its verification"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    commands = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    report = commands.add_parser("report", help="The figures under the newest checkpoint, as JSON")
    report.add_argument("-o", "--output", metavar="FILE", type=Path, help="where to write (standard output)")
    verify = commands.add_parser("verify", help="Recompute a report from an export of the ledger")
    verify.add_argument("report", metavar="REPORT", help="a report")
    verify.add_argument("export", metavar="EXPORT", help="an export of the ledger, - for standard input")
    verify.add_argument("--json", action="store_true", help="the result as JSON")
    add_trust_arguments(verify)


def run(args: argparse.Namespace) -> int:
    """Run one sub-command; exit status 1 where the report or the export does not verify."""
    if args.act == "report":
        store = open_store("tocsin.config.figures_store")
        with store.explained():
            return int(store.run_report(args))
    pin = read_pin(args)
    report = _read(args.report)
    with open_file(args.export) as lines:
        result = recompute(report, lines, pin=pin)
    if args.json:
        print(json.dumps(result.as_json(), indent=2))
        return EXIT_DONE if result.ok else EXIT_BAD_ROWS
    for difference in result.differences:
        print(difference)
    print_verification(result.ledger)
    print("report: every figure recomputed" if result.ok else f"report: NOT verified, {len(result.differences)} differ")
    return EXIT_DONE if result.ok else EXIT_BAD_ROWS


def _read(name: str) -> Report:
    try:
        with open_file(name) as file:
            return read_report(file.read().decode("utf-8"))
    except (UnicodeDecodeError, ReportError) as error:
        raise CommandError(f"{name}: {error}") from error
