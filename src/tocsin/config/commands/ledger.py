"""``tocsin ledger``: export, verify, checkpoint, proof, key. Verifying a file never loads Django or a database."""

import argparse
import importlib
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from tocsin.config.command import EXIT_BAD_ROWS, EXIT_DONE, CommandError
from tocsin.ledger.checkpoints import NoteError
from tocsin.ledger.findings import Pin, Verification
from tocsin.ledger.verify import verify_lines

HELP = "Export or verify the ledger"
_LARGEST_SMALL_FILE = 64 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    commands = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    export = commands.add_parser("export", help="The whole ledger as lines of JSON")
    export.add_argument("-o", "--output", metavar="FILE", type=Path, help="where to write (standard output)")
    verify = commands.add_parser("verify", help="Verify an export, or the database where no file is given")
    verify.add_argument("file", nargs="?", metavar="FILE", help="an export, - for standard input")
    verify.add_argument("--json", action="store_true", help="the result as JSON")
    add_trust_arguments(verify)
    verify.add_argument("--checkpoint", metavar="FILE", type=Path, help="a checkpoint kept from an earlier day")
    checkpoint = commands.add_parser("checkpoint", help="Sign the ledger as it stands and print the signed note")
    checkpoint.add_argument("-o", "--output", metavar="FILE", type=Path, help="where to write (standard output)")
    proof = commands.add_parser("proof", help="Prove as JSON that an entry is under the newest checkpoint")
    proof.add_argument("position", metavar="POSITION", type=int, help="which entry, counted from 0")
    commands.add_parser("key", help="Print the public key; make the key pair first where there is none")


def run(args: argparse.Namespace) -> int:
    """Run one sub-command; exit status 1 where verification found something."""
    if args.act == "verify":
        return _verify(args)
    store = open_store("tocsin.config.ledger_store")
    with store.explained():
        return int(getattr(store, f"run_{args.act}")(args))


def add_trust_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what a verifier brings along: the key that must have signed."""
    parser.add_argument("--key", metavar="KEY", help="the expected key: a .pub file, its content, or its fingerprint")


def read_pin(args: argparse.Namespace) -> Pin | None:
    """Return the key given by ``--key``. Raises CommandError where it is none."""
    if args.key is None:
        return None
    path = Path(args.key)
    try:
        return Pin.parse(read_small(path) if path.is_file() else args.key)
    except NoteError as error:
        raise CommandError(f"--key {args.key}: {error}") from error


def read_held(args: argparse.Namespace) -> str | None:
    """Return the note given by ``--checkpoint``. Raises CommandError where it cannot be read."""
    return None if args.checkpoint is None else read_small(args.checkpoint)


def read_small(path: Path) -> str:
    """Return the text of a small file. Raises CommandError where it cannot be read or is not text."""
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_SMALL_FILE).decode("utf-8")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path}: not text") from error


def open_file(name: str) -> BinaryIO:
    """Open a file for reading, standard input for ``-``. Raises CommandError where it cannot be opened."""
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error


def open_store(module: str) -> ModuleType:
    """Load Django, then the module that reads the database; returns the module."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.config.settings")
    importlib.import_module("django").setup()
    return importlib.import_module(module)


def print_verification(verification: Verification) -> None:
    """Print what was found and what a clean result leaves open, for a person."""
    for finding in verification.findings:
        print(finding)
    for remark in verification.remarks():
        print(f"note: {remark}")
    key = "none" if verification.key is None else verification.key.fingerprint
    print(f"{verification.origin}: {verification.entries} entries, {verification.checkpoints} checkpoints, key {key}")
    print("verified: nothing found" if verification.ok else f"NOT verified: {len(verification.findings)} found")


def _verify(args: argparse.Namespace) -> int:
    pin, held = read_pin(args), read_held(args)
    if args.file is None:
        store = open_store("tocsin.config.ledger_store")
        with store.explained():
            verification: Verification = store.verify(pin, held)
    else:
        with open_file(args.file) as lines:
            verification = verify_lines(lines, pin=pin, held=held)
    if args.json:
        print(json.dumps(verification.as_json(), indent=2))
    else:
        print_verification(verification)
    return EXIT_DONE if verification.ok else EXIT_BAD_ROWS
