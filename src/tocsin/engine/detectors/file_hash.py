"""Hashes of files: MD5, SHA-1, SHA-256 as hexadecimal digits."""

import re
from collections.abc import Iterator

from tocsin.engine.detectors._cues import Cue, Shape
from tocsin.engine.detectors._haystack import Found, Haystack

KINDS = ("file_hash",)
RANK = 40

_CODES = Cue(shape=Shape.CODE)
CUES = (_CODES,)

_HASH = re.compile(r"[0-9a-f]{32,65}")


def find(text: Haystack) -> Iterator[Found]:
    """Runs of exactly 32, 40 or 64 hexadecimal digits that mix letters and digits as a hash does."""
    for place in text.places(_CODES):
        match = _HASH.match(text.lower, place)
        if not match or len(match[0]) not in {32, 40, 64}:
            continue
        around = text.before(match.start(), 1) + text.after(match.end(), 1)
        if any(char.isascii() and (char.isalnum() or char in "_/=") for char in around):
            continue
        letters = sum(char > "9" for char in match[0])
        if 4 <= letters <= len(match[0]) - 8 and len(set(match[0])) > 6:
            yield Found("file_hash", match[0], match.start(), match.end())
