"""E-mail addresses, plain or with the @ and the dots spelled out."""

import re
from collections.abc import Iterator

from tocsin.engine.detectors import _hosts
from tocsin.engine.detectors._cues import Cue
from tocsin.engine.detectors._haystack import Found, Haystack

KINDS = ("email",)
RANK = 5

_MAILERS = ("qq", "163", "126", "gmail", "outlook", "hotmail", "foxmail", "sina", "yeah", "yahoo")
_SIGNS = Cue(("@", *(f"#{mailer}." for mailer in _MAILERS)), named=True)
_SPELLED = Cue(tuple(bracket + space + sign for bracket in "[({【" for space in ("", " ") for sign in ("at", "艾特")))
_DOTS = Cue(("dot ", *(bracket + dot for bracket in "[({【<" for dot in (".", "dot", "点", "。"))))
CUES = (_SIGNS, _SPELLED, _DOTS)

# Spaces around the sign are taken in afterwards: an expression that begins with one is slow to search for.
_AT = re.compile(rf"[\[({{【] ?(?:@|at|艾特) ?[\])}}】]|@|#(?=(?:{'|'.join(_MAILERS)})\.)")
_WORD_AT = re.compile(r".*( at )(?=[a-z0-9-]+ ?$)")  # "look at example.com" is none
_CLOSE_SIGN = frozenset(" ])}】")
_ENDS_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_LOCAL = re.compile(r"[a-z0-9](?:[a-z0-9._%+-]{0,62}[a-z0-9_])?")  # over reversed text
_HOST = re.compile(rf"{_hosts.LABEL}(?:{_hosts.DOT}{_hosts.LABEL}){{1,6}}")


def find(text: Haystack) -> Iterator[Found]:
    """Looks to both sides of everything that may stand for @."""
    for start, end in (*_signs(text), *_words(text)):
        if found := _address(text, start, end):
            yield found


def _signs(text: Haystack) -> Iterator[tuple[int, int]]:
    """Where a sign stands, with its brackets; most signs are seen at once to begin the name of an account instead."""
    for place in text.places(_SPELLED):
        if match := _AT.match(text.lower, place):
            yield match.span()
    for place in text.places(_SIGNS):
        sign, before, after = text.lower[place], text.lower[place - 1 : place], text.lower[place + 1]
        if sign == "@" and after not in _CLOSE_SIGN:
            if before and before in _ENDS_LOCAL:
                yield place, place + 1
        else:
            for start in (place - 2, place - 1, place):
                match = _AT.match(text.lower, start) if start >= 0 else None
                if match and match.end() > place:
                    yield match.span()
                    break


def _words(text: Haystack) -> Iterator[tuple[int, int]]:
    """Where the word "at" stands before a name with a dot that is spelled out or in brackets."""
    for place in text.places(_DOTS):
        window = text.before(place, 80)
        if match := _WORD_AT.match(window):
            yield place - len(window) + match.start(1), place - len(window) + match.end(1)


def _address(text: Haystack, start: int, end: int) -> Found | None:
    """The address around a sign."""
    spelled = text.lower[start:end] != "@"
    spaced = text.before(start, 1) == " "
    if text.after(end, 1) == " " and (spaced or spelled):
        end += 1
        start -= spaced
    elif spaced and spelled:
        start -= 1
    local = _LOCAL.match(text.before(start, 64)[::-1])
    host = _HOST.match(text.lower, end) if local else None
    if not local or not host:
        return None
    name = _hosts.plain_host(host[0])
    start -= local.end()
    if not _hosts.is_registrable(name) or text.before(start, 1) == "/":
        return None
    return Found("email", f"{local[0][::-1]}@{name}", start, host.end())
