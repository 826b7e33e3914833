"""Disguises by what stands between and around characters: separators, invisible points, marks, taken-apart links."""

import re
from random import Random

from tocsin.lab.disguises.places import LINK, Places, is_ideograph

_SEPARATORS = (
    " ",
    " ",
    ".",
    "·",
    "*",
    "|",
    "_",
    "-",
    "/",
    "~",
    "、",
    "+",
    "❤",
    "🌹",
    "🔥",
    "✨",
    "  ",
    "…",
    "^",
    "\\",
    "•",
)
_INVISIBLE = (
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200f", "\u202d", "\u2066", "\u2069",
    "\u180e", "\u034f", "\ufe0f",
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z]{3,}|\d{5,}")
_MARK = re.compile(r"[,.!?;:，。！？；：、~～]")
_TAKEN_APART = (
    ("[.]", "hxxp"), ("(.)", "hxxp"), ("(dot)", "http"), (" dot ", "http"), ("[dot]", "hxxps"), ("。", "http"),
    ("点", "http"), (" . ", "http"), ("{.}", "hxxp"), (".\u200b", "http"), ("點", "http"), ("．", "ｈｔｔｐ"),
)  # fmt: skip


def with_separators(text: str, random: Random) -> Places:
    """One separator, by taste, between ideographs, or between all letters of a word: 加·微·信, w-e-i-x-i-n."""
    separator = random.choice(_SEPARATORS)
    found: Places = {
        at: (at + 1, char + separator)
        for at, char in enumerate(text[:-1])
        if is_ideograph(char) and is_ideograph(text[at + 1])
    }
    return found | {word.start(): (word.end(), separator.join(word[0])) for word in _WORD.finditer(text)}


def with_invisible_points(text: str, random: Random) -> Places:
    """Zero-width spaces and joiners, soft hyphens, marks of writing direction inside words."""
    kept = random.sample(_INVISIBLE, 2)
    return {
        at: (at + 1, char + random.choice(kept))
        for at, char in enumerate(text[:-1])
        if char.isalnum() and text[at + 1].isalnum()
    }


def with_more_marks(text: str, random: Random) -> Places:
    """Punctuation repeated or piled up: ！！！, 。。。, ~~~."""
    more = random.choice(("", "!", "！", "~", "?!"))
    return {mark.start(): (mark.end(), mark[0] * random.randint(2, 4) + more) for mark in _MARK.finditer(text)}


def links_taken_apart(text: str, random: Random) -> Places:
    """Links that no program opens and every reader does: hxxp, [.], (dot), 点com."""
    dot, scheme = random.choice(_TAKEN_APART)

    def dressed(link: str) -> str:
        start, mark, rest = link.rpartition("://")
        host, slash, path = rest.partition("/")
        return (start and scheme + start[4:] + mark) + host.replace(".", dot) + slash + path

    return {link.start(): (link.end(), dressed(link[0])) for link in LINK.finditer(text)}
