"""The part of ``tocsin ledger`` that needs the database; loaded once Django is set up, by ``commands.ledger``."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, transaction

from tocsin.config.command import EXIT_DONE, CommandError
from tocsin.ledger import access, actions
from tocsin.ledger.checkpoints import KeyFileError, ensure_signing_key
from tocsin.ledger.findings import Pin, Verification


@contextmanager
def explained() -> Iterator[None]:
    """Turn a database or key that cannot be used into a CommandError, one line that says what is wrong."""
    try:
        yield
    except KeyFileError as error:
        raise CommandError(str(error)) from error
    except DatabaseError as error:
        line = str(error).strip().splitlines()[0]
        if "no such table" in line or (line.startswith("relation") and "does not exist" in line):
            raise CommandError("this database has no tables: run tocsin manage migrate, or set TOCSIN_HOME") from error
        raise CommandError(f"database: {line}") from error


def run_export(args: argparse.Namespace) -> int:
    """Write the export."""
    write_lines(access.export_lines(), args.output)
    return EXIT_DONE


def run_checkpoint(args: argparse.Namespace) -> int:
    """Sign the ledger and write the note."""
    with transaction.atomic():
        checkpoint = actions.make_checkpoint()
    write_lines([checkpoint.note.encode()], args.output)
    return EXIT_DONE


def run_proof(args: argparse.Namespace) -> int:
    """Print an inclusion proof. Raises CommandError where there is none to give."""
    try:
        proof = access.inclusion_proof(args.position)
    except access.NoSuchEntryError as error:
        raise CommandError(str(error)) from error
    write_lines([json.dumps(proof.as_json(), indent=2, ensure_ascii=False).encode(), b"\n"], None)
    return EXIT_DONE


def run_key(args: argparse.Namespace) -> int:
    """Print the public key, made first where there is none, and its fingerprint."""
    del args
    verifier = ensure_signing_key(settings.LEDGER_KEY_FILE, settings.LEDGER_ORIGIN).verifier
    write_lines([f"{verifier.text()}\nfingerprint {verifier.fingerprint}\n".encode()], None)
    return EXIT_DONE


def verify(pin: Pin | None, held: str | None) -> Verification:
    """Verify the ledger in the database."""
    return access.verify_database(pin=pin, held=held)


def write_lines(lines: Iterable[bytes], output: Path | None) -> None:
    """Write lines to a file, whole or not at all, or to standard output. Raises CommandError where it cannot."""
    if output is None:
        try:
            sys.stdout.buffer.writelines(lines)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # Whoever read has seen enough; without this Python would complain once more while it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    try:
        descriptor, temporary = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}-")
    except OSError as error:
        raise CommandError(f"{output}: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(descriptor)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(output)
    finally:
        Path(temporary).unlink(missing_ok=True)
