"""Receipts: the secret code with which an anonymous reporter comes back.

A receipt is 100 random bits, written as 20 characters of Crockford's base 32 in groups of five. Only its Argon2id
digest is stored, with one salt for the installation (a file outside the database), so that a code can be looked up and
a stolen database cannot be searched for codes. Every look-up costs the same, whether the code is well formed, known or
neither.

The code is derived from a random token that came with the form, the text in it, and a key of the installation: sending
the same form twice, as happens when a connection breaks, gives the same receipt and one report.
"""

import hashlib
import hmac
import re
import secrets
from functools import cache

from argon2.low_level import Type, hash_secret_raw
from django.conf import settings

from tocsin.base.secret_files import read_or_make_secret

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 20, 5
# Argon2id parameters of the OWASP password storage cheat sheet: 19 MiB, two passes, one lane.
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_NOISE = re.compile(r"[\s\-–—·]+")


def new_token() -> str:
    """A random token for one form, 192 bits."""
    return secrets.token_urlsafe(24)


def receipt_for(token: str, text: str) -> str:
    """The receipt that the form with this token and this text leads to, in groups."""
    digest = hmac.new(_key(), f"{token}\0{text}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:13], "big")
    code = "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(LENGTH))
    return in_groups(code)


def in_groups(receipt: str) -> str:
    """A receipt as typed, in the form in which it was given."""
    code = _plain(receipt)
    return "-".join(code[place : place + GROUP] for place in range(0, len(code), GROUP))


def _plain(receipt: str) -> str:
    return _NOISE.sub("", receipt[:200]).upper().translate(_READ_AS)


def digest_of(receipt: str) -> str:
    """The stored form of a receipt as typed: case, spaces and dashes do not matter, O reads as 0, I and L as 1."""
    return hash_secret_raw(_plain(receipt).encode(), _key()[:16], PASSES, MEMORY_KIB, LANES, 32, Type.ID).hex()


@cache
def _key() -> bytes:
    return hashlib.sha256(read_or_make_secret(settings.RECEIPT_SALT_FILE).encode()).digest()
