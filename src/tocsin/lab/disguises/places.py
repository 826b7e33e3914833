"""What every kind of disguise answers with, and the few shapes of text that several kinds look for."""

import re
from collections.abc import Callable
from functools import cache
from random import Random

Places = dict[int, tuple[int, str]]
"""Where a text can be disguised: begin → (end, what to write instead of ``text[begin:end]``); places may overlap."""

Dress = Callable[[str, Random], Places]
"""One kind of disguise. Everything that it leaves to chance is drawn from the generator, and nothing else is."""

LINK = re.compile(
    r"(?:https?://)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?![a-z0-9])(?:[/?#][!-~]*)?",
    re.IGNORECASE | re.ASCII,
)
"""A link or a domain in plain ASCII, as far as a disguiser cares."""


def pairs(table: str) -> dict[str, str]:
    """A table written as words that follow each other in pairs, ``加 ➕  微信 💚``, as a dictionary."""
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def is_ideograph(char: str) -> bool:
    """Whether a character is an ideograph of the basic planes."""
    return "\u3400" <= char <= "\u9fff"


def is_ascii_letter(char: str) -> bool:
    """Whether a character is a plain Latin letter, or a word of such letters."""
    return char.isascii() and char.isalpha()


def of_words(text: str, words: dict[str, str]) -> Places:
    """A place wherever one of the words stands, a Latin word only as a whole; of two that begin together the longer."""
    pattern = _any_of(tuple(words))
    return {match.start(): (match.end(), words[match[0]]) for match in pattern.finditer(text)}


def of_characters(text: str, forms: Callable[[str], str | None]) -> Places:
    """A place at every character for which there is another form."""
    return {at: (at + 1, form) for at, char in enumerate(text) if (form := forms(char)) is not None}


@cache
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    ways = [rf"\b{word}\b" if is_ascii_letter(word) else word for word in sorted(words, key=len, reverse=True)]
    return re.compile("|".join(ways))
