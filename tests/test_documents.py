"""The documents name everything that there is, and nothing that is not: commands, settings, verbs, harms, routes."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tocsin.config.command import COMMANDS
from tocsin.engine.harms import HARM_NAMES, Harm
from tocsin.ledger.verbs import Verb

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
SETTINGS = ROOT / "src" / "tocsin" / "config" / "settings.py"
READERS = {"_flag", "_words", "get"}
LINK = re.compile(r"\]\(([^)\s]+)\)")
ADR = re.compile(r"\d{3}-[a-z0-9-]+\.md")
# Put together here, so that this file does not hold what it looks for.
TRACES = re.compile("|".join(f"/{name}/" for name in ("work", "root", "Users")))
TEXT = {".py", ".md", ".html", ".css", ".sh", ".toml", ".txt", ".po", ".yaml", ".yml", ".svg", ".js", ".jsonl", ""}


def text_of(name: str) -> str:
    """A document."""
    return (DOCS / name).read_text(encoding="utf-8")


def documents() -> list[Path]:
    """Every document that people read."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def variables_read() -> set[str]:
    """The environment variables that the settings read, found in their syntax."""
    found = set()
    for node in ast.walk(ast.parse(SETTINGS.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if name in READERS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def routes(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Every route as an address with its parameters in angle brackets, converters left out."""
    for each in patterns:
        address = before + re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", str(each.pattern))
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, address)
        else:
            yield address


def requirements() -> set[str]:
    """The names of all direct dependencies, those of the tests and tools included."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    groups = [
        project["build-system"]["requires"],
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    return {
        re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        for group in groups
        for requirement in group
        if isinstance(requirement, str)
    }


def test_every_command_is_in_the_architecture() -> None:
    text = text_of("ARCHITECTURE.md")
    assert not [name for name in COMMANDS if f"`tocsin {name}" not in text]
    assert set(re.findall(r"`tocsin ([a-z]+)", text)) <= set(COMMANDS)


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    read = variables_read()
    assert len(read) > 15
    rows = re.findall(r"^\| `([A-Z_]+)` \| [^|]+ \| [^|]+ \|$", text_of("SETTINGS.md"), re.MULTILINE)
    assert sorted(rows) == sorted(read)


def test_every_verb_of_the_ledger_is_documented() -> None:
    text = text_of("LEDGER.md")
    assert not [verb for verb in Verb if f"| `{verb}` |" not in text]


def test_every_harm_is_documented_with_both_names() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \| ([^|]+) \|$", text_of("ARCHITECTURE.md"), re.MULTILINE)
    assert {(code, zh, en) for code, zh, en in rows if code in set(Harm)} == {
        (harm.value, name.zh, name.en) for harm, name in HARM_NAMES.items()
    }


def test_every_route_is_documented_and_every_documented_one_exists() -> None:
    there = set(routes(get_resolver().url_patterns))
    assert len(there) > 20
    rows = re.findall(r"^\| `(/[^`]*)` \|", text_of("ARCHITECTURE.md"), re.MULTILINE)
    assert sorted(rows) == sorted(there)


def test_every_dependency_is_accounted_for() -> None:
    rows = re.findall(
        r"^\| ([A-Za-z0-9._-]+) \| [^|]+ \| [^|]+ \| [^|]+ \| [^|]+ \|$", text_of("dependencies.md"), re.M
    )
    named = [name for name in rows if name not in {"package", "---"}]
    assert sorted(named) == sorted(requirements())


def test_every_make_target_is_documented() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"demo", "test"} <= targets
    text = text_of("CONTRIBUTING.md")
    assert not [target for target in targets if f"`make {target}`" not in text]
    assert set(re.findall(r"`make ([a-z-]+)`", text)) <= targets


def test_every_debian_package_of_the_tests_is_accounted_for() -> None:
    line = re.search(r"scripts/debian\.sh (.+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert line is not None
    text = text_of("dependencies.md")
    assert not [package for package in line[1].split() if f"| {package} |" not in text]


def test_decisions_are_numbered_without_gaps_and_say_why() -> None:
    decisions = sorted((DOCS / "adr").iterdir())
    assert [int(path.name[:3]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        assert ADR.fullmatch(path.name)
        text = path.read_text(encoding="utf-8")
        positions = [text.index(f"\n## {part}\n") for part in ("Context", "Decision", "Consequences")]
        assert positions == sorted(positions)


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(path: Path) -> None:
    targets = [target for target in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in target]
    broken = [target for target in targets if not (path.parent / target.split("#")[0]).exists()]
    assert not broken


def test_files_that_documents_name_exist() -> None:
    named = {
        (path.name, name)
        for path in documents()
        for name in re.findall(r"`((?:src|scripts|tests|docs)/[\w./-]+)`", path.read_text(encoding="utf-8"))
    }
    assert not [(document, name) for document, name in named if not (ROOT / name).exists()]


def test_no_file_holds_a_trace_of_a_machine() -> None:
    folders = [ROOT / name for name in ("src", "docs", "tests", "scripts", ".ci")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and path.suffix in TEXT]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT and path.name != ".coverage"]
    assert len(files) > 200
    traces = [
        str(path.relative_to(ROOT))
        for path in files
        if "__pycache__" not in path.parts and TRACES.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert not traces
