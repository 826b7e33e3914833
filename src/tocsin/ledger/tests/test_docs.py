"""``docs/LEDGER.md`` is the format that third parties rely on: what it lists and shows is what the code does."""

import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.ledger.findings import FindingName
from tocsin.ledger.tests.building import PAIR, Ledger
from tocsin.ledger.verbs import ACTS, Field

DOCUMENT = Path(__file__).parents[4] / "docs" / "LEDGER.md"


@pytest.fixture(scope="module")
def text() -> str:
    """The document."""
    return DOCUMENT.read_text(encoding="utf-8")


def block(text: str, language: str) -> str:
    """The one block of code in a language."""
    (found,) = [part.partition("```")[0] for part in text.split(f"```{language}\n")[1:]]
    return found


def row(name: str, field: Field) -> str:
    """How the document writes a payload field."""
    return f"**`{name}`** {field.kind}" if field.required else f"`{name}` {field.kind}"


def test_it_lists_every_verb_with_its_fields(text: str) -> None:
    documented = [line for line in text.splitlines() if line.startswith("| `") and "." in line.split("`")[1]]
    for line, (verb, act) in zip(documented, ACTS.items(), strict=True):
        fields = ", ".join(row(name, field) for name, field in act.fields.items())
        assert line.startswith(f"| `{verb}` | {', '.join(sorted(act.subjects))} | {fields} | ")


def test_it_lists_every_finding(text: str) -> None:
    documented = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `") and line[3].isupper()]
    assert documented == list(FindingName)


def test_its_example_is_a_ledger_and_its_verifier_verifies_it(text: str, tmp_path: Path) -> None:
    example = block(text, "json")
    assert example.encode() == b"".join(Ledger.make(3, 3).lines())
    (tmp_path / "ledger.jsonl").write_text(example, encoding="ascii")
    command = [sys.executable, "-c", block(text, "python")]
    printed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert printed == block(text, "text")
    assert PAIR.verifier.fingerprint in printed
    leaf = subprocess.run(["sh", "-c", block(text, "sh")], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert leaf.stdout.split()[0] == Ledger.make(3, 3).entries[0].leaf
    (tmp_path / "ledger.jsonl").write_text(example.replace("reporter", "system", 1), encoding="ascii")
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode == 1
