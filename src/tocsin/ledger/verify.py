"""Verification of a ledger from its exported lines alone: no database, no Django, nothing trusted but a key and a
checkpoint that the verifier brings. What it can find is named in ``findings``; the format is ``docs/LEDGER.md``.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tocsin.ledger.checkpoints import (
    BadNoteSignatureError,
    NoteError,
    Statement,
    UnknownSignerError,
    VerifierKey,
    open_note,
)
from tocsin.ledger.entries import GENESIS, Entry, canonical_json, is_hash, leaf_of, parse_entry
from tocsin.ledger.export import FORMAT, VERSION
from tocsin.ledger.findings import FindingName, Findings, Pin, Unit, Verification
from tocsin.ledger.merkle import HASH_BYTES, Frontier
from tocsin.ledger.verbs import EntryRefusedError

_ENTRY_START = len('{"entry":')
_ENTRY_END = len(',"leaf":""}\n') + 64
_HEADER = {"checkpoints": int, "entries": int, "format": str, "key": str, "origin": str, "version": int}
_ROOT_CHUNK = 4096


def verify_lines(
    lines: Iterable[bytes],
    *,
    pin: Pin | None = None,
    held: str | None = None,
    on_entry: Callable[[Entry], None] | None = None,
) -> Verification:
    """Verify an export, given as its lines with their newlines.

    ``pin`` is the key that must have signed; without it the export's own word is taken for the key, and the result says
    so. ``held`` is the note of a checkpoint kept from an earlier day: it shows what was rewritten or cut off since.
    ``on_entry`` is called with each well-formed entry, in the order of the file.
    """
    verifier = _Verifier(pin, on_entry)
    for number, line in enumerate(lines, start=1):
        verifier.read(number, line)
    return verifier.finish(held)


@dataclass(frozen=True, slots=True)
class _Header:
    origin: str = ""
    entries: int = 0
    checkpoints: int = 0
    key: VerifierKey | None = None


@dataclass(frozen=True, slots=True)
class _Link:
    """What the chain needs of an entry."""

    position: int
    previous: str
    leaf: str


class _Chain:
    """Puts entries in the order of their positions, checks gaps and links, and keeps the leaves for the roots."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._waiting: dict[int, _Link] = {}
        self._last = GENESIS
        self.leaves = bytearray()  # up to the first missing entry, 32 bytes each
        self.size = 0  # highest position + 1
        self.frontier = Frontier()  # over those leaves, once ``roots`` has run
        self.last = GENESIS  # leaf of the last entry before the first missing one

    @property
    def unbroken(self) -> int:
        """How many entries there are before the first missing one."""
        return len(self.leaves) // HASH_BYTES

    def take(self, link: _Link) -> None:
        """Take the next entry of the file."""
        position = link.position
        if position < self.unbroken or position in self._waiting:
            self._findings.add(FindingName.REPEATED, "there is a second entry here", Unit.ENTRY, position)
            return
        self.size = max(self.size, position + 1)
        if position > self.unbroken:
            self._waiting[position] = link
            return
        if self._waiting:
            self._findings.add(FindingName.REORDERED, "it stands after a later entry", Unit.ENTRY, position)
        self._accept(link)
        while self.unbroken in self._waiting:
            self._accept(self._waiting.pop(self.unbroken))

    def finish(self) -> None:
        """Name what is missing, and check the links of what follows the gaps."""
        expected = self.unbroken
        for position in sorted(self._waiting):
            link = self._waiting[position]
            if position > expected:
                self._findings.add(
                    FindingName.MISSING, "no entry has this position", Unit.ENTRY, expected, position - 1
                )
            else:
                self._check(link)
            self._last, expected = link.leaf, position + 1

    def roots(self, sizes: Iterable[int]) -> dict[int, bytes]:
        """Return the Merkle root over the first ``size`` entries for each size that the unbroken entries reach."""
        roots: dict[int, bytes] = {}
        for size in sorted({*sizes, self.unbroken}):
            if size > self.unbroken:
                break
            while self.frontier.size < size:
                stop = min(size, self.frontier.size + _ROOT_CHUNK)
                self.frontier = self.frontier.extend([self._leaf(index) for index in range(self.frontier.size, stop)])
            roots[size] = self.frontier.root()
        return roots

    def _leaf(self, index: int) -> bytes:
        return bytes(self.leaves[index * HASH_BYTES : (index + 1) * HASH_BYTES])

    def _accept(self, link: _Link) -> None:
        self._check(link)
        self._last = self.last = link.leaf
        self.leaves += bytes.fromhex(link.leaf)

    def _check(self, link: _Link) -> None:
        if link.previous == self._last:
            return
        if link.position == 0:
            self._findings.add(FindingName.EDITED, "the first entry is chained to another one", Unit.ENTRY, 0)
            return
        self._findings.add(
            FindingName.EDITED,
            "the entry after it is chained to another one: either of the two was changed",
            Unit.ENTRY,
            link.position - 1,
        )


class _Verifier:
    """Goes through the lines once; the roots are compared when all is read."""

    def __init__(self, pin: Pin | None, on_entry: Callable[[Entry], None] | None) -> None:
        self._pin = pin
        self._on_entry = on_entry
        self._findings = Findings()
        self._chain = _Chain(self._findings)
        self._header: _Header | None = None
        self._statements: list[Statement] = []
        self._checkpoint_lines = 0
        self._next_number = 0
        self._newest_note: str | None = None

    def read(self, number: int, line: bytes) -> None:
        """Read one line."""
        try:
            value = _parse_line(line)
            if number == 1:
                self._header = _read_header(value)
                self._check_key(self._header)
            elif set(value) == {"entry", "leaf"}:
                self._read_entry(number, line, value)
            elif set(value) == {"checkpoint"} and isinstance(value["checkpoint"], str):
                self._read_checkpoint(number, value["checkpoint"])
            else:
                raise ValueError("neither an entry nor a checkpoint")
        except ValueError as error:
            self._findings.add(FindingName.MALFORMED, str(error), Unit.LINE, number)

    def finish(self, held: str | None) -> Verification:
        """Compare what needs the whole, and return the result."""
        if self._header is None:
            self._findings.add(FindingName.MALFORMED, "there is no header", Unit.LINE, 1)
        header = self._header or _Header()
        self._chain.finish()
        self._check_counts(header)
        held_statement = None if held is None else self._open_held(held, header)
        wanted = [statement.size for statement in self._statements]
        if held_statement is not None:
            wanted.append(held_statement.size)
        roots = self._chain.roots(wanted)
        covered = self._check_roots(roots)
        if held_statement is not None:
            self._check_held(held_statement, roots, covered)
        return Verification(
            origin=header.origin,
            entries=self._chain.size,
            checkpoints=self._checkpoint_lines,
            covered=covered,
            frontier=self._chain.frontier,
            last=self._chain.last,
            key=header.key,
            pinned=self._pin is not None,
            held=held is not None,
            newest_note=self._newest_note,
            findings=self._findings.all(),
        )

    def _check_key(self, header: _Header) -> None:
        if header.key is not None and header.key.name != header.origin:
            self._findings.add(FindingName.ORIGIN_CHANGED, "the header's key is the key of another ledger")
        if self._pin is None:
            return
        if header.key is None or header.key.fingerprint != self._pin.fingerprint:
            declared = "no key" if header.key is None else f"the key {header.key.fingerprint}"
            self._findings.add(
                FindingName.KEY_SWAPPED, f"the header declares {declared}, expected was {self._pin.fingerprint}"
            )
        elif self._pin.key is not None and self._pin.key.name != header.key.name:
            self._findings.add(FindingName.ORIGIN_CHANGED, "the expected key is the key of another ledger")

    def _read_entry(self, number: int, line: bytes, value: dict[str, Any]) -> None:
        entry, leaf = value["entry"], value["leaf"]
        if not isinstance(entry, dict) or not isinstance(leaf, str) or not is_hash(leaf):
            raise ValueError("an entry line holds an entry and its leaf hash")
        parsed: Entry | None = None
        try:
            parsed = parse_entry(entry, leaf)
        except EntryRefusedError as error:
            self._findings.add(FindingName.OUTSIDE_VOCABULARY, str(error), Unit.ENTRY, entry["position"])
        if self._checkpoint_lines:
            self._findings.add(FindingName.REORDERED, "an entry after a checkpoint", Unit.LINE, number)
        if leaf_of(line[_ENTRY_START:-_ENTRY_END]) != leaf:
            self._findings.add(
                FindingName.EDITED, "the entry does not have its leaf hash", Unit.ENTRY, entry["position"]
            )
        self._chain.take(_Link(entry["position"], entry["previous"], leaf))
        if parsed is not None and self._on_entry is not None:
            self._on_entry(parsed)

    def _read_checkpoint(self, number: int, note: str) -> None:
        self._checkpoint_lines += 1
        due, self._next_number = self._next_number, self._next_number + 1
        key = None if self._header is None else self._header.key
        try:
            if key is None:
                raise UnknownSignerError("the header declares no key that could have signed a checkpoint")
            statement = open_note(note, key)
        except UnknownSignerError as error:
            self._findings.add(FindingName.KEY_SWAPPED, str(error), Unit.LINE, number)
            return
        except BadNoteSignatureError as error:
            self._findings.add(FindingName.BAD_SIGNATURE, str(error), Unit.LINE, number)
            return
        self._next_number = statement.number + 1
        self._check_order(statement, due)
        self._statements.append(statement)
        self._newest_note = note

    def _check_order(self, statement: Statement, due: int) -> None:
        if self._header is not None and statement.origin != self._header.origin:
            self._findings.add(FindingName.ORIGIN_CHANGED, "it is of another ledger", Unit.CHECKPOINT, statement.number)
        if statement.number > due:
            self._findings.add(
                FindingName.CHECKPOINT_MISSING,
                "it was signed, as the next one shows, and is not here",
                Unit.CHECKPOINT,
                due,
                statement.number - 1,
            )
        elif statement.number < due:
            self._findings.add(
                FindingName.CHECKPOINT_REPLACED,
                f"it stands where checkpoint {due} was due",
                Unit.CHECKPOINT,
                statement.number,
            )
        elif self._statements and statement.size <= self._statements[-1].size:
            self._findings.add(
                FindingName.CHECKPOINT_REPLACED,
                f"it covers {statement.size} entries, the one before it {self._statements[-1].size}",
                Unit.CHECKPOINT,
                statement.number,
            )

    def _check_counts(self, header: _Header) -> None:
        for what, declared, found in (
            ("entries", header.entries, self._chain.size),
            ("checkpoints", header.checkpoints, self._checkpoint_lines),
        ):
            if found < declared:
                self._findings.add(FindingName.TRUNCATED, f"the header declares {declared} {what}, here are {found}")
            elif found > declared and self._header is not None:
                self._findings.add(FindingName.MALFORMED, f"the header declares {declared} {what}, here are {found}")

    def _check_roots(self, roots: dict[int, bytes]) -> int:
        """Compare each signed root with the entries; returns how many entries the newest one that holds covers."""
        covered = 0
        for statement in self._statements:
            if statement.size > self._chain.size:
                self._findings.add(
                    FindingName.TRUNCATED,
                    f"it covers {statement.size} entries, here are {self._chain.size}",
                    Unit.CHECKPOINT,
                    statement.number,
                )
            elif statement.size not in roots:
                continue  # an entry is missing below, which is named already
            elif roots[statement.size] == statement.root:
                covered = max(covered, statement.size)
            else:
                self._findings.add(
                    FindingName.REWRITTEN,
                    f"they do not add up to the root signed in checkpoint {statement.number}",
                    Unit.ENTRY,
                    min(covered, max(statement.size - 1, 0)),
                    max(statement.size - 1, 0),
                )
        return covered

    def _open_held(self, held: str, header: _Header) -> Statement | None:
        key = self._pin.key if self._pin is not None and self._pin.key is not None else header.key
        try:
            if key is None:
                raise UnknownSignerError("the export declares no key for the checkpoint you hold")
            statement = open_note(held, key)
        except UnknownSignerError:
            self._findings.add(FindingName.KEY_SWAPPED, "another key than this signed the checkpoint you hold")
        except BadNoteSignatureError:
            self._findings.add(
                FindingName.BAD_SIGNATURE, "the signature on the checkpoint you hold is not over its text"
            )
        except NoteError as error:
            self._findings.add(FindingName.MALFORMED, f"the checkpoint you hold: {error}")
        else:
            if statement.origin != header.origin:
                self._findings.add(FindingName.ORIGIN_CHANGED, "the checkpoint you hold is of another ledger")
            return statement
        return None

    def _check_held(self, held: Statement, roots: dict[int, bytes], covered: int) -> None:
        if held.size > self._chain.size:
            self._findings.add(
                FindingName.TRUNCATED,
                f"the checkpoint you hold covers {held.size} entries, here are {self._chain.size}",
            )
        elif held.size not in roots:
            return  # an entry is missing below, which is named already
        elif roots[held.size] != held.root:
            # Where the export's own checkpoint holds, its key has signed two histories.
            name = FindingName.CHECKPOINT_REPLACED if covered >= held.size else FindingName.REWRITTEN
            self._findings.add(
                name, f"the first {held.size} entries do not add up to the root in the checkpoint you hold"
            )
        elif held not in self._statements:
            self._findings.add(
                FindingName.CHECKPOINT_MISSING,
                "the checkpoint you hold is not among those exported",
                Unit.CHECKPOINT,
                held.number,
            )


def _parse_line(line: bytes) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        raise ValueError("the line breaks off")
    try:
        value = json.loads(line.decode("ascii"))
        canonical = canonical_json(value).encode("ascii")
    except (ValueError, RecursionError):
        raise ValueError("not JSON in ASCII") from None
    if not isinstance(value, dict) or canonical + b"\n" != line:
        raise ValueError("not a JSON object in canonical form")
    return value


def _read_header(value: dict[str, Any]) -> _Header:
    if set(value) != set(_HEADER) or any(type(value[name]) is not type_ for name, type_ in _HEADER.items()):
        raise ValueError("the first line is not the header of a ledger")
    if value["format"] != FORMAT or value["version"] != VERSION:
        raise ValueError(f"this program reads {FORMAT} version {VERSION}")
    key = VerifierKey.parse(value["key"]) if value["key"] else None
    return _Header(value["origin"], value["entries"], value["checkpoints"], key)
