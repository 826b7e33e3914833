"""Secrets that live in files beside the database, made on first use and readable by their owner alone."""

import os
import secrets
from pathlib import Path


def read_or_make_secret(path: Path) -> str:
    """Read the secret at ``path``; where there is none, make one of 384 bits. Safe when two processes start at once.

    Raises OSError where the folder cannot be written.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link fails where the name exists: whoever comes second uses the first one's secret.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
