"""Two digests of a text: of what it says under its disguises, and of how it is worded.

Both are SHA-256, hexadecimal; neither gives the text back.
"""

import hashlib
import re
import unicodedata

from tocsin.engine.fold import fold_text

_NUMBER = re.compile(r"\d+(?:[-.,:/]\d+)*")
# An amount, a date, a time, the tail of a card: what differs between two copies of one genuine notice. Anything else
# made of digits may be a phone, an account or an address, and a text with another one is another text.
_VARIES = re.compile(
    r"\d{1,4}(?:\.\d{1,2})?"
    r"|\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?"
    r"|\d{1,2}:\d{2}(?::\d{2})?"
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}"
    r"|\d{1,2}[-/]\d{1,2}"
)
_SPACE = re.compile(r"\s+")


def folded_digest(text: str) -> str:
    """Equal for copies that differ only in disguise, case and spacing. A text of nothing but emoji counts as it is."""
    folded = fold_text(text)
    return _digest(folded or f"\0{text}")


def wording_digest(text: str) -> str:
    """Equal for copies that differ only in case, width, spacing, amounts, dates, times and numbers up to 9999.

    Nothing is unfolded here: a look-alike letter in an address makes another wording.
    """
    plain = _SPACE.sub("", unicodedata.normalize("NFKC", text).casefold())
    return _digest(_NUMBER.sub(lambda number: "#" if _VARIES.fullmatch(number[0]) else number[0], plain))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
