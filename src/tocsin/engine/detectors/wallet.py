"""Cryptocurrency addresses, each with its checksum: Bitcoin and Litecoin, Ethereum, TRON.

Base58Check as in Bitcoin; bech32 and bech32m as in BIP-173 and BIP-350; mixed-case Ethereum addresses as in EIP-55.
"""

import hashlib
import re
from collections.abc import Iterator

from tocsin.engine.detectors._cues import Cue, Shape
from tocsin.engine.detectors._haystack import Found, Haystack
from tocsin.engine.detectors._keccak import keccak256

KINDS = ("wallet",)
RANK = 30

_CODES = Cue(shape=Shape.CODE)
CUES = (_CODES,)

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_VERSIONS = {0x00, 0x05, 0x30, 0x32, 0x41}  # Bitcoin, Litecoin, TRON
_CANDIDATE = re.compile(
    r"[13TLM][1-9A-HJ-NP-Za-km-z]{25,34}|0[xX][0-9a-fA-F]{40}|(?:bc|BC|ltc|LTC)1[02-9a-zA-Z]{11,71}"
)


def find(text: Haystack) -> Iterator[Found]:
    """Every word that is long enough, with its capitals."""
    for place in text.places(_CODES):
        match = _CANDIDATE.match(text.cased, place)
        if match and not _is_alphanumeric(text.after(match.end(), 1)) and (value := _checked(match[0])):
            yield Found("wallet", value, match.start(), match.end())


def _is_alphanumeric(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _checked(address: str) -> str:
    """The address in its usual case, or empty where the checksum is wrong."""
    if address[:2] in {"0x", "0X"}:
        return _ethereum(address[2:])
    if address[:3].lower() in {"bc1", "ltc"}:
        return address.lower() if _is_bech32(address) else ""
    return address if _is_base58check(address) else ""


def _is_base58check(address: str) -> bool:
    number = 0
    for char in address:
        number = number * 58 + _BASE58.index(char)
    if number >> 200:
        return False
    raw = number.to_bytes(25, "big")
    return raw[0] in _VERSIONS and hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def _is_bech32(address: str) -> bool:
    if address not in {address.lower(), address.upper()}:
        return False
    human, _, data = address.lower().rpartition("1")
    if any(char not in _BECH32 for char in data):
        return False
    values = [ord(char) >> 5 for char in human] + [0] + [ord(char) & 31 for char in human]
    check = 1
    for value in values + [_BECH32.index(char) for char in data]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATORS):
            check ^= generator if top >> place & 1 else 0
    return check == (1 if data[0] == "q" else 0x2BC830A3)


def _ethereum(digits: str) -> str:
    """0x and 40 hexadecimal digits; mixed case must be the checksum of EIP-55."""
    lower = digits.lower()
    if digits not in {lower, digits.upper()}:
        digest = keccak256(lower.encode("ascii")).hex()
        expected = "".join(c.upper() if int(d, 16) > 7 else c for c, d in zip(lower, digest, strict=False))
        return "0x" + digits if digits == expected else ""
    return "0x" + lower if len(set(lower)) > 4 else ""
