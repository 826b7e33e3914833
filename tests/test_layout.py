"""The shape of the code: short functions, short files, rooms with known files, no catch-all, no silent exemption."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "tocsin"
LONGEST_FUNCTION, LONGEST_FILE = 50, 500
ROOM_FILES = {
    "__init__.py",
    "access.py",
    "actions.py",
    "apps.py",
    "forms.py",
    "management",
    "migrations",
    "models.py",
    "states.py",
    "tasks.py",
    "templates",
    "tests",
    "urls.py",
    "views.py",
}
# Rooms with tables of their own. What they hold beyond the usual files is named here and told in docs/ARCHITECTURE.md.
MORE_FILES = {
    "base": {"acts.py", "addresses.py", "clock.py", "ids.py", "locks.py", "rates.py", "secret_files.py"},
    "ledger": {
        "checkpoints.py",
        "entries.py",
        "export.py",
        "findings.py",
        "guards.py",
        "merkle.py",
        "verbs.py",
        "verify.py",
    },
    "people": {"adapters.py", "middleware.py", "permissions.py", "roles.py"},
    "campaigns": {
        "advice.py",
        "assessing.py",
        "counting.py",
        "marking.py",
        "matching.py",
        "naming.py",
        "rulings.py",
        "splitting.py",
        "wording.py",
    },
    "intake": {"receipts.py"},
}
REASONLESS = re.compile(r"#\s*type:\s*ignore(?!\[[\w, -]+\]\s+# \w)")


def written(*suffixes: str) -> Iterator[Path]:
    """Every file that people write, by suffix; migrations are written by Django."""
    for folder in (SOURCE, ROOT / "tests", ROOT / "scripts", ROOT / "conftest.py"):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            if path.suffix in suffixes and "migrations" not in path.parts:
                yield path


def trees() -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file, parsed."""
    for path in written(".py"):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path, line: int) -> str:
    """How a finding is named."""
    return f"{path.relative_to(ROOT)}:{line}"


def test_functions_are_short() -> None:
    long = [
        f"{place(path, node.lineno)} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long


def test_files_are_short() -> None:
    lengths = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines())
        for path in written(".py", ".html", ".css", ".sh", ".js")
    }
    assert len(lengths) > 100
    assert not {str(path): length for path, length in lengths.items() if length > LONGEST_FILE}


@pytest.mark.parametrize("room", sorted(MORE_FILES))
def test_a_domain_room_holds_files_of_known_names(room: str) -> None:
    held = {path.name for path in (SOURCE / room).iterdir() if path.name != "__pycache__"}
    assert held - ROOM_FILES == MORE_FILES[room]
    told = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert not {name for name in MORE_FILES[room] if f"`{room}/{name}`" not in told}


def test_every_room_with_tables_is_a_domain_room() -> None:
    rooms = {path.parent.name for path in SOURCE.glob("*/models.py")}
    assert rooms == set(MORE_FILES)


def test_nothing_catches_everything() -> None:
    catch_all = [
        place(path, node.lineno)
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node.type) and not _passes_on(node)
    ]
    assert not catch_all


def _catches_all(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_catches_all(each) for each in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def _passes_on(handler: ast.ExceptHandler) -> bool:
    """Clearing up and raising again hides nothing."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_every_exemption_from_types_says_what_and_why() -> None:
    silent = []
    for path in written(".py"):
        with tokenize.open(path) as file:
            comments = [token for token in tokenize.generate_tokens(file.readline) if token.type == tokenize.COMMENT]
        silent += [place(path, token.start[0]) for token in comments if REASONLESS.search(token.string)]
    assert not silent
