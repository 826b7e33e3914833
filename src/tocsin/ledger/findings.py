"""What verification can find, by name, and what it says in the end. The names are part of the public format
(``docs/LEDGER.md``); the checks themselves are in ``verify``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tocsin.ledger.checkpoints import NoteError, VerifierKey
from tocsin.ledger.entries import is_hash
from tocsin.ledger.merkle import Frontier


class FindingName(StrEnum):
    """A kind of damage or deceit."""

    MALFORMED = "MALFORMED"  # a line that is not of the format
    EDITED = "EDITED"  # an entry that is not what was hashed, or not what the next one is chained to
    MISSING = "MISSING"  # a position without an entry
    REORDERED = "REORDERED"  # a line that is not at its place
    REPEATED = "REPEATED"  # a position with a second entry
    TRUNCATED = "TRUNCATED"  # fewer entries or checkpoints than were signed or declared
    REWRITTEN = "REWRITTEN"  # entries that do not add up to a root that was signed over them
    OUTSIDE_VOCABULARY = "OUTSIDE_VOCABULARY"  # an act, a field or a value that the ledger does not have
    CHECKPOINT_REPLACED = "CHECKPOINT_REPLACED"  # a signed checkpoint that contradicts another one
    CHECKPOINT_MISSING = "CHECKPOINT_MISSING"  # a checkpoint that was signed and is not there
    BAD_SIGNATURE = "BAD_SIGNATURE"  # a signature that is not over this text
    KEY_SWAPPED = "KEY_SWAPPED"  # another key than the expected one
    ORIGIN_CHANGED = "ORIGIN_CHANGED"  # the name of another ledger
    HEAD_DIFFERS = "HEAD_DIFFERS"  # in a database: bookkeeping that does not match the entries


class Unit(StrEnum):
    """What a finding's numbers count."""

    LINE = "line"  # of the file, from 1
    ENTRY = "entry"  # position in the ledger, from 0
    CHECKPOINT = "checkpoint"  # number, from 0
    WHOLE = "ledger"  # nothing: the ledger or file as a whole


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: its name, the run of lines, entries or checkpoints it concerns, and a sentence for a person."""

    name: FindingName
    text: str
    unit: Unit = Unit.WHOLE
    first: int = 0
    last: int = 0

    def __str__(self) -> str:
        """Write the finding as one line."""
        if self.unit is Unit.WHOLE:
            return f"{self.name}: {self.text}"
        where = f"{self.unit} {self.first}" if self.first == self.last else f"{self.unit} {self.first} to {self.last}"
        return f"{self.name} {where}: {self.text}"

    def as_json(self) -> dict[str, str | int]:
        """Return the finding as a JSON object."""
        numbers = {} if self.unit is Unit.WHOLE else {"first": self.first, "last": self.last}
        return {"name": self.name.value, "unit": self.unit.value, "text": self.text, **numbers}


@dataclass(frozen=True, slots=True)
class Pin:
    """The key that a verifier expects, from elsewhere than the export: whole, or only its fingerprint."""

    fingerprint: str
    key: VerifierKey | None = None

    @classmethod
    def parse(cls, text: str) -> "Pin":
        """Read a verifier key (the content of a ``.pub`` file) or a fingerprint of 64 hexadecimal digits.

        Raises NoteError for anything else.
        """
        text = text.strip()
        if is_hash(text.lower()):
            return cls(text.lower())
        if "+" not in text:
            raise NoteError("a key is given as the content of a .pub file or as a fingerprint of 64 hexadecimal digits")
        key = VerifierKey.parse(text)
        return cls(key.fingerprint, key)


@dataclass(frozen=True, slots=True)
class Verification:
    """What was verified and what was found.

    ``covered`` is the number of entries under the newest checkpoint that holds; ``frontier`` and ``last`` (the last
    leaf hash, hexadecimal) belong to the entries up to the first missing one.
    """

    origin: str
    entries: int
    checkpoints: int
    covered: int
    frontier: Frontier
    last: str
    key: VerifierKey | None = None
    pinned: bool = False
    held: bool = False
    newest_note: str | None = None
    findings: tuple[Finding, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def root(self) -> bytes:
        """The Merkle root over the entries up to the first missing one."""
        return self.frontier.root()

    def with_findings(self, more: Iterable[Finding]) -> "Verification":
        """Return the verification with further findings."""
        return replace(self, findings=(*self.findings, *more))

    def remarks(self) -> list[str]:
        """Say what a clean result still leaves open."""
        remarks = []
        if not self.checkpoints:
            remarks.append("There is no checkpoint: nothing here is signed.")
        elif self.covered < self.entries:
            remarks.append(
                f"{self.entries - self.covered} of {self.entries} entries came after the last checkpoint"
                " and are not yet covered."
            )
        if self.key is not None and not self.pinned:
            remarks.append("The key is only what the ledger itself declares; compare it with --key.")
        if not self.held:
            remarks.append("Whether entries were cut off at the end shows only against a checkpoint kept elsewhere.")
        return remarks

    def as_json(self) -> dict[str, object]:
        """Return the whole result as a JSON object."""
        return {
            "ok": self.ok,
            "origin": self.origin,
            "entries": self.entries,
            "checkpoints": self.checkpoints,
            "covered": self.covered,
            "root": self.root.hex(),
            "key": None if self.key is None else self.key.text(),
            "fingerprint": None if self.key is None else self.key.fingerprint,
            "key_pinned": self.pinned,
            "checkpoint_held": self.held,
            "findings": [finding.as_json() for finding in self.findings],
            "remarks": self.remarks(),
        }


class Findings:
    """The findings so far; neighbours of one kind become one, so that a ruined file does not fill the memory."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def add(
        self, name: FindingName, text: str, unit: Unit = Unit.WHOLE, first: int = 0, last: int | None = None
    ) -> None:
        """Note a finding about one line, entry or checkpoint, or about a run of them."""
        new = Finding(name, text, unit, first, first if last is None else last)
        if self._found and unit is not Unit.WHOLE:
            before = self._found[-1]
            if (before.name, before.text, before.unit) == (name, text, unit) and before.last + 1 == first:
                self._found[-1] = replace(before, last=new.last)
                return
        self._found.append(new)

    def all(self) -> tuple[Finding, ...]:
        """Return them in the order in which they were noted."""
        return tuple(self._found)
