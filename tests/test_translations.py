"""Chinese comes first: every string that a person sees has it, complete, with the same placeholders, and compiled."""

import ast
import gettext
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

SOURCE = Path(__file__).parent.parent / "src" / "tocsin"
CATALOGUE = Path("config") / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
PO = SOURCE / CATALOGUE
PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sdf]|\{\w*\}")
Key = tuple[str, str, str]

needs_gettext = pytest.mark.skipif(
    shutil.which("xgettext") is None, reason="xgettext is not installed (Debian package gettext)"
)


@dataclass
class Message:
    """One entry of a catalogue: fields by keyword (msgid, msgstr, msgstr[0] …), and its flags."""

    fields: dict[str, str] = field(default_factory=dict)
    flags: str = ""

    @property
    def key(self) -> Key:
        """What names it: context, singular, plural."""
        return self.fields.get("msgctxt", ""), self.fields["msgid"], self.fields.get("msgid_plural", "")

    @property
    def translations(self) -> list[str]:
        """Its translations, one or one for each plural."""
        return [text for keyword, text in self.fields.items() if keyword.startswith("msgstr")]


def messages(path: Path) -> Iterator[Message]:
    """The entries of a .po file without its header; obsolete ones are left out."""
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        message, keyword = Message(), ""
        for line in block.splitlines():
            if line.startswith("#,"):
                message.flags += line
            elif line.startswith("#") or not line.strip():
                continue
            elif line.startswith('"'):
                message.fields[keyword] += ast.literal_eval(line)
            else:
                keyword, text = line.split(" ", 1)
                message.fields[keyword] = ast.literal_eval(text)
        if message.fields.get("msgid"):
            yield message


@needs_gettext
def test_every_string_has_an_entry_and_every_entry_a_string(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    copy = tmp_path / "tocsin"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("tests", "__pycache__", "*.npz", "*.gz"))
    # Without this, Django would write into the catalogue of the source tree.
    settings.LOCALE_PATHS = [copy / "config" / "locale"]
    monkeypatch.chdir(copy)
    call_command("makemessages", locale=["zh_Hans"], no_location=True, verbosity=0)
    used, known = ({message.key for message in messages(path)} for path in (copy / CATALOGUE, PO))
    assert len(used) > 100
    assert sorted(used - known) == []
    assert sorted(known - used) == []


def test_every_entry_is_translated_and_none_is_a_guess() -> None:
    found = list(messages(PO))
    assert [message.key for message in found if not message.translations or not all(message.translations)] == []
    assert [message.key for message in found if "fuzzy" in message.flags] == []
    assert len({message.key for message in found}) == len(found)


def test_placeholders_are_the_same_on_both_sides() -> None:
    different = []
    for message in messages(PO):
        _, singular, plural = message.key
        wanted = set(PLACEHOLDER.findall(plural or singular))
        different += [message.key for text in message.translations if set(PLACEHOLDER.findall(text)) != wanted]
    assert different == []


def test_a_placeholder_has_a_name() -> None:
    # The sentence on short passwords is a library's.
    positional = [
        message.key
        for message in messages(PO)
        if re.search(r"%[sdf]|\{\}", message.key[1]) and not message.key[1].startswith("This password is too short")
    ]
    assert positional == []


@needs_gettext
def test_the_compiled_catalogue_is_that_of_the_source(tmp_path: Path) -> None:
    compiled = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "--check-format", "-o", str(compiled), str(PO)], check=True, capture_output=True)
    assert catalogue(PO.with_suffix(".mo")) == catalogue(compiled)


def catalogue(path: Path) -> dict[str, str]:
    """The strings of a compiled catalogue."""
    with path.open("rb") as file:
        found = vars(gettext.GNUTranslations(file))["_catalog"]
    # The header holds dates of tools and nothing that a person sees.
    return {str(key): text for key, text in found.items() if key}
