"""Hosts that are nobody's brand, words in hosts, and how a host is taken apart.

What is here: reading ``tables/hosts.txt`` and the derived lists beside it; the registered part of a host; spelling a
label plainly. What is not: brands (``brands.py``) and any judgement (``resemblance.py``, ``judge.py``).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import tldextract

from tocsin.engine.fold_tables import load_tables

SECTIONS = (
    "shared", "shortener", "hosting", "restricted", "neutral", "cheap", "strict", "word", "retail", "common", "short",
    "ordinary",
)  # fmt: skip

RESERVED = frozenset({"example", "test", "invalid", "onion", "local"})
_LOOKS = str.maketrans("013458i", "oleasbl")
"""Digits and the letter i as the letters for which they pass; both sides of a comparison are spelled so."""

_DIGIT_LOOKS = str.maketrans("013458", "oleasb")
_PAIRS = (("rn", "m"), ("vv", "w"))
_PARTS = re.compile(r"(?:https?://)?(?:[^/?#@]*@)?([^:/?#]+)(.*)", re.DOTALL)
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


class HostError(Exception):
    """A host table that cannot be used. ``problems``: one line each, file and line, entry, what is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class HostTable:
    """The sections of ``hosts.txt``, each a set of entries."""

    sections: dict[str, frozenset[str]]

    def __getitem__(self, section: str) -> frozenset[str]:
        return self.sections[section]

    def entries(self) -> frozenset[str]:
        """Every host that some section names."""
        return frozenset(entry for section in SECTIONS[:5] for entry in self.sections[section])


class Anatomy(NamedTuple):
    """A host in parts: labels before the registered one, the registered label, the suffix under which it is registered.

    free: whether the suffix belongs to somebody who gives names away (the private part of the public suffix list).
    """

    before: tuple[str, ...]
    label: str
    suffix: str
    free: bool


@cache
def read_hosts() -> HostTable:
    """Read the bundled table. Raises HostError with every fault that it has."""
    path = files("tocsin.engine.links") / "tables" / "hosts.txt"
    return parse_hosts("hosts.txt", path.read_text(encoding="utf-8"))


def parse_hosts(name: str, text: str) -> HostTable:
    """Parse a table. Raises HostError for unknown and missing sections and for entries that no host can hold."""
    found: dict[str, set[str]] = {section: set() for section in SECTIONS}
    faults, section = [], ""
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if content.startswith("["):
            section = content.strip("[]")
            if section not in found:
                faults.append(f"{name} line {number}: {content}: is no section, known are {', '.join(SECTIONS)}")
                found[section] = set()
            continue
        for entry in (part.strip() for part in content.split(",") if part.strip()):
            if not section:
                faults.append(f"{name} line {number}: {entry}: stands before the first section")
            elif not re.fullmatch(r"[a-z0-9]+(?:[.-]+[a-z0-9]+)*", entry):
                faults.append(f"{name} line {number}: {entry}: only small letters, digits, dots and hyphens")
            else:
                found[section].add(entry)
    faults += [f"{name}: [{section}]: has no entry" for section in SECTIONS if not found[section]]
    if faults:
        raise HostError(faults)
    return HostTable({section: frozenset(entries) for section, entries in found.items()})


def read_list(name: str) -> list[str]:
    """The lines of a derived list, without its header."""
    text = (files("tocsin.engine.links") / "tables" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def host_of(value: str) -> tuple[str, str]:
    """Host and what follows it of a link as the detectors give it: ``http://host:port/path`` or ``host/path``."""
    match = _PARTS.match(value)
    return (match[1].rstrip(".").lower(), match[2]) if match else ("", "")


def is_address(host: str) -> bool:
    """Whether a host is an IPv4 address instead of a name."""
    return bool(_ADDRESS.fullmatch(host))


def anatomy(host: str) -> Anatomy:
    """Take a host apart; an ending that the public suffix list does not know is a suffix of one label."""
    head, _, last = host.rpartition(".")
    if last in RESERVED:
        suffix, free = last, False
    else:
        parts = _extract().extract_str(host)
        suffix, free = (parts.suffix, parts.is_private) if parts.domain and parts.suffix else (last, False)
        head = host[: -len(suffix) - 1]
    labels = head.split(".")
    return Anatomy(tuple(labels[:-1]), labels[-1], suffix, free)


def looks(label: str, *, digits_only: bool = False) -> str:
    """A label as it looks at a glance, one letter for one: 0 is o, 1 and i are l.

    digits_only: the letter i stays one, for words in which only a digit is surprising.
    """
    return label.translate(_DIGIT_LOOKS if digits_only else _LOOKS)


def looks_joined(label: str) -> str:
    """The same with pairs that look like one letter put together: rn is m, vv is w."""
    for pair, letter in _PAIRS:
        label = label.replace(pair, letter)
    return looks(label)


def plain_label(label: str) -> str:
    """A label with punycode decoded and every letter that looks like a Latin one made Latin; accents are dropped."""
    if label.startswith("xn--"):
        try:
            label = label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            return label
    if label.isascii():
        return label
    alike = load_tables().alike
    letters = [unicodedata.normalize("NFKD", letter.lower())[0] for letter in label]
    return "".join(letter if letter.isascii() else _as_latin(int(alike[ord(letter)]), letter) for letter in letters)


def foreign_letters(text: str) -> bool:
    """Whether a spelling has letters that only look Latin: they lead somewhere else than the Latin ones would."""
    if text.isascii():
        return False
    alike = load_tables().alike
    for letter in text:
        if letter.isascii() or unicodedata.normalize("NFKC", letter).isascii():
            continue
        if letter.isalpha() and 0 < int(alike[ord(letter)]) < 0x80:
            return True
    return False


def _as_latin(point: int, letter: str) -> str:
    return chr(point) if 0 < point < 0x80 else letter


@cache
def _extract() -> tldextract.TLDExtract:
    """The public suffix list with its private part, as tldextract ships it: 20 ms for the first unknown host."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
