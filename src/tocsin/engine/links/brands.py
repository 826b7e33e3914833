"""The table of protected brands: who they are, how messages name them, which hosts and numbers are theirs.

What is here: reading ``tables/brands_*.txt`` and checking them. What is not: any judgement of a link.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

_COLUMNS = 5
_ID = re.compile(r"[a-z][a-z0-9_]*")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,24}")
_NUMBER = re.compile(r"\+?\d{5,15}")
_OTHER = "other"
FILES = ("brands_zh.txt", "brands_world.txt")


class Kind(StrEnum):
    """What a brand is; the sections of the files."""

    BANK = "bank"
    PAYMENT = "payment"
    GOVERNMENT = "government"
    TAX = "tax"
    SOCIAL_SECURITY = "social_security"
    TOLL = "toll"
    UTILITY = "utility"
    TELECOM = "telecom"
    COURIER = "courier"
    MARKETPLACE = "marketplace"
    DELIVERY = "delivery"
    TRAVEL = "travel"
    PLATFORM = "platform"
    GAME = "game"
    INSURANCE = "insurance"
    SECURITIES = "securities"
    CRYPTO = "crypto"


GUARDED = frozenset(
    {Kind.BANK, Kind.PAYMENT, Kind.GOVERNMENT, Kind.TAX, Kind.SOCIAL_SECURITY, Kind.TOLL, Kind.COURIER, Kind.CRYPTO}
)
"""Kinds that never send their customers to a stranger's domain; shops, platforms and carriers advertise there."""


class BrandError(Exception):
    """A brand table that cannot be used. ``problems``: one line each, file and line, entry, what is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Name:
    """One spelling by which messages name a brand. ordinary: also an everyday word, so that it alone says nothing."""

    text: str
    ordinary: bool


@dataclass(frozen=True, slots=True)
class Domain:
    """A registered domain of a brand. open: it carries what users write, or forwards to elsewhere."""

    host: str
    open: bool


@dataclass(frozen=True, slots=True)
class Brand:
    """One protected organisation. zh, en: its names as shown in reasons, the other language's where it has none."""

    id: str
    kind: Kind
    zh: str
    en: str
    names: tuple[Name, ...]
    domains: tuple[Domain, ...]
    numbers: tuple[str, ...]

    @property
    def guarded(self) -> bool:
        """Whether a link to a stranger's domain under its name is always wrong."""
        return self.kind in GUARDED


@dataclass(frozen=True, slots=True)
class BrandTable:
    """All brands, in the order of the files, and the longer words that hold a brand's name by chance."""

    brands: tuple[Brand, ...]
    chance_words: tuple[str, ...]


def load_brands() -> BrandTable:
    """Read the bundled files. Raises BrandError with every fault that they have."""
    folder = files("tocsin.engine.links") / "tables"
    return read_brands((name, (folder / name).read_text(encoding="utf-8")) for name in FILES)


def read_brands(texts: Iterable[tuple[str, str]]) -> BrandTable:
    """Parse files given as (name, content). Raises BrandError that names file, line, entry and what is wrong."""
    reader = _Reader()
    for name, text in texts:
        reader.section = ""
        for number, line in enumerate(text.splitlines(), start=1):
            reader.place = f"{name} line {number}"
            reader.read(line.strip())
    if reader.faults:
        raise BrandError(reader.faults)
    return BrandTable(tuple(reader.brands), tuple(reader.chance_words))


class _Reader:
    """Goes through the lines and notes every fault instead of stopping at the first."""

    def __init__(self) -> None:
        self.brands: list[Brand] = []
        self.chance_words: list[str] = []
        self.faults: list[str] = []
        self.place = ""
        self.section = ""
        self._taken: dict[str, str] = {}

    def read(self, line: str) -> None:
        """One line: nothing, a comment, a section or a brand."""
        if not line or line.startswith("#"):
            return
        if line.startswith("["):
            self._open(line)
            return
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != _COLUMNS:
            self._fault(cells[0], f"{_COLUMNS} columns wanted, {len(cells)} found")
        elif not self.section:
            self._fault(cells[0], "stands before the first section")
        elif self.section == _OTHER:
            self.chance_words.append(cells[1])
        else:
            self._brand(*cells)

    def _open(self, line: str) -> None:
        self.section = line.strip("[]")
        if self.section != _OTHER and self.section not in {str(kind) for kind in Kind}:
            self._fault(line, "is no kind of brand")
            self.section = ""

    def _brand(self, key: str, zh: str, en: str, domains: str, numbers: str) -> None:
        if not _ID.fullmatch(key):
            self._fault(key, "an id is small letters, digits and _")
        if any(brand.id == key for brand in self.brands):
            self._fault(key, "the id is already taken")
        chinese = [_name(cell) for cell in _cells(zh)]
        english = [_name(cell) for cell in _cells(en)]
        names = chinese + english
        hosts = [Domain(cell.removeprefix("~"), cell.startswith("~")) for cell in _cells(domains)]
        self._check(key, names, hosts, _cells(numbers))
        if not names:
            return
        shown_zh, shown_en = (chinese or english)[0].text, (english or chinese)[0].text
        self.brands.append(
            Brand(key, Kind(self.section), shown_zh, shown_en, tuple(names), tuple(hosts), tuple(_cells(numbers)))
        )

    def _check(self, key: str, names: list[Name], hosts: list[Domain], numbers: list[str]) -> None:
        if not names:
            self._fault(key, "has no name")
        for name in names:
            if len(name.text) < 2:
                self._fault(key, f"the name {name.text!r} is too short")
        for name_text in dict.fromkeys(name.text.lower() for name in names):
            self._take(key, "name", name_text)
        for domain in hosts:
            if not _DOMAIN.fullmatch(domain.host):
                self._fault(key, f"{domain.host!r} is no domain in small letters")
            self._take(key, "domain", domain.host)
        for number in numbers:
            if not _NUMBER.fullmatch(number):
                self._fault(key, f"{number!r} is no number: 5 to 15 digits, a plus before international ones")
            self._take(key, "number", number)

    def _take(self, key: str, what: str, value: str) -> None:
        holder = self._taken.setdefault(f"{what} {value}", key)
        if holder != key:
            self._fault(key, f"the {what} {value!r} already belongs to {holder}")

    def _fault(self, entry: str, what: str) -> None:
        self.faults.append(f"{self.place}: {entry}: {what}")


def _cells(column: str) -> list[str]:
    return [cell.strip() for cell in column.split(",") if cell.strip()]


def _name(cell: str) -> Name:
    return Name(cell.removeprefix("?").strip(), cell.startswith("?"))
