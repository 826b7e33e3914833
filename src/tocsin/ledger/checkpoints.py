"""Signed checkpoints: the C2SP tlog-checkpoint text inside a C2SP signed note, Ed25519, and the key file.

Formats: https://c2sp.org/tlog-checkpoint and https://c2sp.org/signed-note (key type 0x01); keys are written as Go's
golang.org/x/mod/sumdb/note writes them, so its tools read them. Two extension lines, ``number N`` and ``at INSTANT``,
let a reader see that a checkpoint in the middle was left out; both are checked by ``verify``. No Django here, and no
choice of when to sign: that is ``actions``.
"""

import base64
import binascii
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from tocsin.ledger.verbs import EntryRefusedError, instant_text, parse_instant

_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"
_NAME = re.compile(r"[A-Za-z0-9._/:-]{1,200}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_SIGNATURE_MARK = "\N{EM DASH} "
_MOST_SIGNATURES = 64


class KeyFileError(Exception):
    """A key file that is absent, unreadable, open to others or not a key; the message says what to do."""


class NoteError(ValueError):
    """A text that is not a checkpoint note."""


class UnknownSignerError(NoteError):
    """A note that the expected key did not sign at all: others may have."""


class BadNoteSignatureError(NoteError):
    """A note that names the expected key, with a signature that is not over this text."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under its name; the name is the ledger's origin."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell signatures apart: SHA-256(name, newline, type, key), cut (C2SP signed-note)."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the 32 public bytes in hexadecimal: what to print, compare and pin."""
        return hashlib.sha256(self.public).hexdigest()

    def text(self) -> str:
        """Write ``NAME+KEYID+BASE64``, as in the ``.pub`` file and the header of an export."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read what ``text`` wrote; raises NoteError for anything else, a wrong key id included."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        data = _unbase64(encoded)
        if not _NAME.fullmatch(name) or len(data) != 33 or data[:1] != _ED25519:
            raise NoteError("a verifier key is written NAME+KEYID+BASE64, with an Ed25519 key")
        key = cls(name, data[1:])
        if key.key_id.hex() != key_id:
            raise NoteError("the key id does not belong to this name and key")
        return key


@dataclass(frozen=True, slots=True)
class SigningPair:
    """A private key under its name, and the public key that goes with it."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, bytes(SigningKey(self.seed).verify_key))

    def text(self) -> str:
        """Write ``PRIVATE+KEY+NAME+KEYID+BASE64``, the content of the key file."""
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{_base64(_ED25519 + self.seed)}"

    def __repr__(self) -> str:
        """Name the pair without its secret."""
        return f"SigningPair({self.name!r})"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a checkpoint says: of ledger ``origin``, the first ``size`` entries have Merkle root ``root`` (32 bytes)."""

    origin: str
    size: int
    root: bytes
    number: int
    at: datetime

    def text(self) -> str:
        """Write the lines that are signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\nnumber {self.number}\nat {instant_text(self.at)}\n"


def sign(statement: Statement, pair: SigningPair) -> str:
    """Return the signed note of a statement.

    Raises NoteError where the key's name is not the statement's origin.
    """
    if pair.name != statement.origin:
        raise NoteError(f"the key is named {pair.name}, the ledger {statement.origin}")
    text = statement.text()
    signature = SigningKey(pair.seed).sign(text.encode()).signature
    return f"{text}\n{_SIGNATURE_MARK}{pair.name} {_base64(pair.verifier.key_id + signature)}\n"


def open_note(note: str, key: VerifierKey) -> Statement:
    """Check a note's signature by ``key`` and return what it states.

    Raises NoteError where it is no checkpoint, UnknownSignerError where the key did not sign it,
    BadNoteSignatureError where the text or the signature was changed.
    """
    statement = read_note(note)
    text, _, signatures = note.rpartition("\n\n")
    found = [data for name, data in _signatures(signatures) if name == key.name and data[:4] == key.key_id]
    if not found:
        raise UnknownSignerError(f"the checkpoint over {statement.size} entries is not signed by {key.name}")
    for data in found:
        try:
            VerifyKey(key.public).verify(f"{text}\n".encode(), data[4:])
        except (BadSignatureError, ValueError):
            raise BadNoteSignatureError(
                f"the signature on the checkpoint over {statement.size} entries is not over this text"
            ) from None
    return statement


def read_note(note: str) -> Statement:
    """Return what a note states, its signatures unchecked. Raises NoteError where it is no checkpoint."""
    text, separator, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    if not separator or len(lines) != 5 or not signatures.endswith("\n"):
        raise NoteError("a checkpoint has origin, size, root, number, at, an empty line and signatures")
    origin, size, root, number, at = lines
    list(_signatures(signatures))
    if not _NAME.fullmatch(origin) or not _NUMBER.fullmatch(size):
        raise NoteError("a checkpoint begins with its origin and size")
    if not number.startswith("number ") or not _NUMBER.fullmatch(number[7:]) or not at.startswith("at "):
        raise NoteError("a checkpoint of this ledger carries its number and time")
    root_bytes = _unbase64(root)
    if len(root_bytes) != 32:
        raise NoteError("a root hash has 32 bytes")
    try:
        return Statement(origin, int(size), root_bytes, int(number[7:]), parse_instant(at[3:]))
    except EntryRefusedError as error:
        raise NoteError(str(error)) from None


def ensure_signing_key(path: str | Path, origin: str) -> SigningPair:
    """Return the key at ``path``, made first (mode 0600) where there is none; ``path``.pub holds the public key.

    Raises KeyFileError as ``read_signing_key``, and where the origin cannot name a key.
    """
    path = Path(path)
    if not _NAME.fullmatch(origin):
        raise KeyFileError(f"{origin!r} cannot name a ledger: use letters, digits and . _ / : -")
    if not path.exists():
        pair = SigningPair(origin, bytes(SigningKey.generate()))
        _write_new(path, pair.text() + "\n")
    pair = read_signing_key(path)
    if pair.name != origin:
        raise KeyFileError(f"{path} holds the key of {pair.name}, not of {origin}")
    public = public_key_path(path)
    if not public.exists():
        public.write_text(pair.verifier.text() + "\n", encoding="ascii")
    return pair


def read_signing_key(path: str | Path) -> SigningPair:
    """Read the key file. Raises KeyFileError unless it is a plain file of ours that nobody else may read."""
    path = Path(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise KeyFileError(f"{path} cannot be opened ({error.strerror}); make one with: tocsin ledger key") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise KeyFileError(f"{path} must be a plain file that belongs to the account running this program")
        if status.st_mode & 0o077:
            raise KeyFileError(f"{path} is open to other accounts; run: chmod 600 {path}")
        content = file.read(1000)
    try:
        return _parse_private(content.decode("ascii").strip())
    except ValueError:
        raise KeyFileError(f"{path} does not hold a signing key") from None


def public_key_path(path: str | Path) -> Path:
    """Return where the public key of the key file at ``path`` lies."""
    path = Path(path)
    return path.with_name(path.name + ".pub")


def read_public_key(path: str | Path) -> VerifierKey | None:
    """Return the public key that lies beside the key file at ``path``, or ``None`` where no key was made yet.

    Raises KeyFileError where the file holds something else.
    """
    public = public_key_path(path)
    try:
        return VerifierKey.parse(public.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{public} does not hold a public key: {error}") from None


def _parse_private(text: str) -> SigningPair:
    if not text.startswith(_PRIVATE):
        raise NoteError("a signing key begins with PRIVATE+KEY+")
    name, _, rest = text.removeprefix(_PRIVATE).partition("+")
    key_id, _, encoded = rest.partition("+")
    data = _unbase64(encoded)
    if not _NAME.fullmatch(name) or len(data) != 33 or data[:1] != _ED25519:
        raise NoteError("not an Ed25519 signing key")
    pair = SigningPair(name, data[1:])
    if pair.verifier.key_id.hex() != key_id:
        raise NoteError("the key id does not belong to this name and key")
    return pair


def _write_new(path: Path, text: str) -> None:
    """Write a secret file whole or not at all, never over another: mkstemp makes it 0600, link refuses to replace."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        os.link(temporary, path)
    except FileExistsError:
        return  # another process made it first, and its key is the key
    finally:
        Path(temporary).unlink()


def _signatures(block: str) -> Iterable[tuple[str, bytes]]:
    lines = block.split("\n")[:-1]
    if not 1 <= len(lines) <= _MOST_SIGNATURES:
        raise NoteError("a note has at least one signature line")
    for line in lines:
        name, _, encoded = line.removeprefix(_SIGNATURE_MARK).partition(" ")
        data = _unbase64(encoded)
        if not line.startswith(_SIGNATURE_MARK) or not name or len(data) < 5:
            raise NoteError("a signature line is an em dash, a name and base64")
        yield name, data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str) -> bytes:
    """Decode standard base64 in its one canonical spelling; raises NoteError for any other."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("not base64") from None
    if _base64(data) != text:
        raise NoteError("not the canonical spelling of base64")
    return data
