"""E-mail addresses, plain or with the @ and the dots spelled out."""

import re
from collections.abc import Iterator

from tocsin.engine.detectors import _hosts
from tocsin.engine.detectors._haystack import Found, Haystack

KINDS = ("email",)
RANK = 5

# Spaces around the sign are taken in afterwards: an expression that begins with one is slow to search for.
_AT = re.compile(
    r"[\[({【] ?(?:@|at|艾特) ?[\])}】]|@|#(?=(?:qq|163|126|gmail|outlook|hotmail|foxmail|sina|yeah|yahoo)\.)"
)
_WORD_AT = re.compile(r" at (?=[a-z0-9-]+(?: dot |[\[(]))")  # "look at example.com" is none
_LOCAL = re.compile(r"[a-z0-9](?:[a-z0-9._%+-]{0,62}[a-z0-9_])?")  # over reversed text
_HOST = re.compile(rf"{_hosts.LABEL}(?:{_hosts.DOT}{_hosts.LABEL}){{1,6}}")


def find(text: Haystack) -> Iterator[Found]:
    """Looks to both sides of everything that may stand for @."""
    for at in (*_AT.finditer(text.lower), *_WORD_AT.finditer(text.lower)):
        start, end = at.span()
        if text.before(start, 1) == text.after(end, 1) == " " or (at[0] != "@" and " " in text.after(end, 1)):
            end += 1
        if text.before(start, 1) == " " and (end > at.end() or at[0] != "@"):
            start -= 1
        host = _HOST.match(text.lower, end)
        local = _LOCAL.match(text.before(start, 64)[::-1])
        if not host or not local:
            continue
        name = _hosts.plain_host(host[0])
        start -= local.end()
        if _hosts.is_registrable(name) and text.before(start, 1) != "/":
            yield Found("email", f"{local[0][::-1]}@{name}", start, host.end())
