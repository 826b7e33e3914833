"""The folder of a demo: built aside, renamed into place when whole, and never somebody's real installation.

Beside ``HOME`` stand, while it is built, ``.HOME.draft`` and the lock ``.HOME.lock``. A start that is cut off at any
moment leaves only these; the next one takes the lock, drops the draft and begins again. What belongs into a home is
not known here.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent.parent
MARKER = "demo.json"
# Of every member; the command prints it.
PASSWORD = "yunzhou-demo-town"  # noqa: S105 - for a demo on this machine alone
# What a demo takes over from the environment; the database, keys and doors of a real installation are none of it.
KEPT_VARIABLES = frozenset({"TOCSIN_TIME_ZONE", "TOCSIN_SITE_NAME", "TOCSIN_LOG_LEVEL"})


class NotADemoHomeError(Exception):
    """The folder holds something that no demo has put there; the message says what to do."""


class BusyError(Exception):
    """Another start is building this home at the moment."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What a finished home says of itself. A home has one exactly when it is whole.

    report: lines on what the scan found, as they were printed.  receipt: of the report that the command shows.
    schema: digest of the migrations that its database has had.
    """

    report: tuple[str, ...]
    receipt: str
    schema: str


def read_marker(home: Path) -> Marker | None:
    """The marker of a finished home; None where there is nothing yet. Raises NotADemoHomeError for any other folder."""
    try:
        found = json.loads((home / MARKER).read_text(encoding="utf-8"))
        return Marker(tuple(found["report"]), found["receipt"], found["schema"])
    except FileNotFoundError:
        if home.is_dir() and any(home.iterdir()):
            raise NotADemoHomeError(f"{home}: is not empty and no demo made it; choose another --home") from None
        return None
    except (NotADirectoryError, ValueError, KeyError, TypeError) as error:
        raise NotADemoHomeError(f"{home / MARKER}: cannot be read as a demo's; choose another --home") from error


def write_marker(folder: Path, marker: Marker) -> None:
    """Write the marker whole or not at all."""
    aside = folder / f".{MARKER}.new"
    with aside.open("w", encoding="utf-8") as file:
        json.dump(asdict(marker), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(folder / MARKER)


def schema_digest() -> str:
    """SHA-256 of the names of this program's migrations, hexadecimal: whether a home's database lags behind."""
    names = sorted(f"{path.parts[-3]}/{path.stem}" for path in PACKAGE.glob("*/migrations/[0-9]*.py"))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


@contextmanager
def drafting(home: Path) -> Iterator[Path]:
    """An empty folder beside ``home`` to build in, under a lock. Raises BusyError where another start holds it.

    The folder stays when the block fails, so that a look at it is possible; the next draft replaces it.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    lock, draft = (home.with_name(f".{home.name}.{suffix}") for suffix in ("lock", "draft"))
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f"{home}: another start is building it; wait for that one") from error
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        yield draft


def publish(draft: Path, home: Path, marker: Marker) -> None:
    """Turn a draft into the home in one step. Raises OSError where something came to stand there in between."""
    write_marker(draft, marker)
    # Replaces an empty folder, refuses one that is not.
    draft.rename(home)


def enter(environment: MutableMapping[str, str], home: Path) -> None:
    """Point an environment at a demo's home and take out of it whatever belongs to a real installation."""
    for name in [*environment]:
        if name == "DATABASE_URL" or (name.startswith("TOCSIN_") and name not in KEPT_VARIABLES):
            del environment[name]
    environment["TOCSIN_HOME"] = str(home)
    environment["TOCSIN_DEMO"] = "1"
    environment.setdefault("TOCSIN_LOG_LEVEL", "WARNING")
    environment["DJANGO_SETTINGS_MODULE"] = "tocsin.config.settings"
