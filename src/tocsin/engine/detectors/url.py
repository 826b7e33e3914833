"""Links, bare domains and IP addresses, plain, defanged (hxxp, [.], (dot)) or split (点com, 。com, spaces)."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

from tocsin.engine.detectors import _hosts
from tocsin.engine.detectors._cues import DOTS, Cue, Shape
from tocsin.engine.detectors._haystack import Found, Haystack

KINDS = ("url", "domain", "ip")
RANK = 10

_HAN_ENDINGS = ("中国", "公司", "网络", "网址", "在线", "商城", "集团", "网店", "我爱你")
_SLASHES = Cue(("//", "/ /", "\\\\"))
_ENDINGS = Cue(
    (
        *(dot + ending for dot in ".点" for ending in _HAN_ENDINGS),
        *(f"{dot}xn--" for dot in DOTS),
        *(f". {ending}" for ending in ("com", "cn", "net", "top", "vip", "cc", "xyz")),
    ),
    shape=Shape.ENDING,
)
_FOURS = Cue(("[.]", "(.)", "[dot]", "(dot)"), shape=Shape.ADDRESS)
CUES = (_SLASHES, _ENDINGS, _FOURS)

_SCHEME = re.compile(r"h(?:tt|xx|\*\*|t\*)ps?(?: ?\[:\] ?| ?: ?)(?:/ ?/|\\\\) ?")
# The usual spelling, for speed: nothing that the other expressions would not find as well. It ends where no other
# spelling of a dot may follow.
_PLAIN = (
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z]{2,24}"
    r"(?=[/ \n,;:?!)\]】』」》\"*+\u4e00-\u9fff]|\.(?: (?!com|cn|net|top|vip|cc|xyz)|[\n\"'),;*]))(?! ?[点丶]| \.| dot)"
)
_BOTH_SIDES = frozenset(
    ".[({【< d"
)  # dots that may stand behind Chinese characters, and what a spelled one begins with
_PLAIN_LINK = re.compile(rf"https?://({_PLAIN})")
_PLAIN_NAME = re.compile(_PLAIN)
_PLAIN_LEFT = re.compile(  # over reversed text
    r"[a-z0-9.-]*[a-z0-9](?=[ \n,:;!?'\"“”*@(\[【『「《\u4e00-\u9fff])(?!点|丶| \.| tod)"
)
_HAN_LABEL = r"[\u4e00-\u9fff]{1,6}(?![\u4e00-\u9fff])"
_HOST = re.compile(
    rf"(?:[a-z0-9_.~%-]{{1,64}}@)?"
    rf"((?:[\u4e00-\u9fff]{{1,20}}|{_hosts.LABEL})(?:{_hosts.DOT}(?:{_hosts.LABEL}|{_HAN_LABEL})){{0,8}})"
)
_PATH = re.compile(r"(?::\d{2,5}(?!\d))?(?:[/?#][a-z0-9\-._~:/?#\[\]@!$&'()*+,;=%|]*)?")
_TAIL = re.compile(rf"{_hosts.DOT}([a-z]{{2,24}}|xn--[a-z0-9-]{{4,40}}|{'|'.join(_HAN_ENDINGS)})(?![a-z0-9_-])")
_ADDRESS = re.compile(r"\d{1,3}(?:(?:\.|\[\.\]|\(\.\)|\[dot\]|\(dot\))\d{1,3}){3}")
_VERSION_BEFORE = re.compile(r"(?:版本|固件|version|ver|v|build|系统|升级到|更新到|release|firmware)[ .:号]{0,3}$")
# Full-width marks end a link although their folded form could belong to it.
_TRAILING = ".,;:!?'*|&$+="  # the sentence's rather than the link's, as is a bracket that none opens
_MAY_TRAIL = frozenset(_TRAILING + ")]")
_ENDS_LINK = frozenset("，！；（）。、？：“”‘’【】《》「」")


def find(text: Haystack) -> Iterator[Found]:
    """Links first; a domain or address inside one is left to it."""
    links = list(_links(text))
    yield from links
    yield from _domains(text, _outside(text.places(_ENDINGS), links))
    yield from _addresses(text, _outside(text.places(_FOURS), links))


def _outside(places: Sequence[int], links: Sequence[Found]) -> Iterator[int]:
    """The places that lie in no link; both are in order."""
    ends = iter(links)
    link = next(ends, None)
    for place in places:
        while link and link.end <= place:
            link = next(ends, None)
        if not link or place < link.start:
            yield place


def _links(text: Haystack) -> Iterator[Found]:
    lower, done = text.lower, 0
    for slashes in text.places(_SLASHES):
        if slashes < done:  # inside a link that was read, of which it is a part
            continue
        secure = lower[slashes - 2 : slashes] == "s:"
        match = _PLAIN_LINK.match(lower, slashes - 5 - secure)
        if match:
            start, host, stop = match.start(), match[1], match.end(1)
        elif found := _odd_link(lower, slashes):
            start, host, stop, secure = found
        else:
            continue
        if _hosts.is_registrable(host) or _is_address(host):
            done, path = _read_path(text, stop)
            yield Found("url", f"https://{host}{path}" if secure else f"http://{host}{path}", start, done)


def _odd_link(lower: str, slashes: int) -> tuple[int, str, int, bool] | None:
    """A link in another spelling: where it starts, its host and where that ends, whether it is a secure one."""
    start = lower.rfind("h", max(0, slashes - 10), slashes)
    scheme = _SCHEME.match(lower, start) if start >= 0 else None
    match = _HOST.match(lower, scheme.end()) if scheme and scheme.end() > slashes else None
    if not scheme or not match:
        return None
    return start, _hosts.plain_host(match[1]), match.end(), "s" in scheme[0].partition(":")[0]


def _read_path(text: Haystack, start: int) -> tuple[int, str]:
    """Port, path and query from a position: where they end, and their text with its capitals."""
    if text.lower[start] not in "/?#:":
        return start, ""
    match = _PATH.match(text.lower, start)
    end = match.end() if match else start
    place = text.dressed.find(1, start, end)
    while place >= 0:
        if text.typed(place) in _ENDS_LINK:
            end = place
        place = text.dressed.find(1, place + 1, end)
    if text.lower[end - 1] in _MAY_TRAIL:
        path = text.lower[start:end]
        marks = _TRAILING + (")" if "(" not in path else "") + ("]" if "[" not in path else "")
        end = start + len(path.rstrip(marks))
    return end, text.cased[start:end]


def _domains(text: Haystack, places: Iterable[int]) -> Iterator[Found]:
    """Bare hosts around some dots, with a path (then it is a link) or without."""
    done = 0
    for place in places:
        if place < done:
            continue
        span = _plain_name(text, place)
        if not span:
            found = _odd_name(text, place, done)
        elif span[0] >= done and _may_be_name(text, *span):
            found = _bare(text, *span, span[1])
        else:
            continue
        if found:
            done = found.end
            yield found


def _plain_name(text: Haystack, dot: int) -> tuple[int, int] | None:
    """Start and end of the host around a dot if it is spelled as usual and may be registered."""
    left = _PLAIN_LEFT.match(text.lower[max(0, dot - 80) : dot][::-1])
    match = _PLAIN_NAME.match(text.lower, dot - left.end()) if left else None
    return match.span() if match and _hosts.is_registrable(match[0]) else None


def _may_be_name(text: Haystack, start: int, end: int) -> bool:
    """What `_bare` asks as well, for less."""
    if text.lower[start - 1 : start] == "@":
        return False
    return text.lower[end] in "/?:#" or _hosts.is_plausible(text, text.lower[start:end], start, end)


def _odd_name(text: Haystack, dot: int, done: int) -> Found | None:
    """The host around a dot in any spelling."""
    if text.lower[dot] not in _BOTH_SIDES and not text.lower[dot - 1].isascii() and text.lower[dot - 1] > "ɏ":
        return None
    tail = _tail(text, dot)
    if not tail or tail.start() < done or tail[1] not in _hosts.endings() or _is_next_sentence(text, tail):
        return None
    start = _hosts.host_start(text, tail.start())
    end = max(_hosts.host_end(text, tail.start()), tail.end())
    return _bare(text, start, end, tail.end()) if done <= start < tail.start() else None


def _is_next_sentence(text: Haystack, tail: re.Match[str]) -> bool:
    """Whether a dot only lacks the space after it: what `_hosts.is_plausible` says of most, for less."""
    if tail[1] in _hosts.PLAIN_ENDINGS or text.lower[tail.end()] not in " \n,!;)":
        return False
    before, after = text.before(tail.start(), 40), text.after(tail.end(), 6)
    word = before[before.rfind(" ") + 1 :]
    if not (word.isalpha() and before.isascii() and after.isascii()) or word == "www":
        return False
    return not _hosts.is_announced(before[: len(before) - len(word)])


def _tail(text: Haystack, dot: int) -> re.Match[str] | None:
    """The dot and ending at a position, with the space and bracket that may stand before the dot."""
    for start in range(dot - 2, dot):
        if start >= 0 and text.lower[start] in " [({【<" and (tail := _TAIL.match(text.lower, start)):
            return tail
    return _TAIL.match(text.lower, dot)


def _bare(text: Haystack, start: int, end: int, least: int) -> Found | None:
    """The host between two positions, shortened from the right until it is one; None if it never is."""
    if text.lower[start - 1 : start] == "@":
        return None
    for stop in (end,) if end == least else (end, least):
        host = _hosts.plain_host(text.lower[start:stop])
        if not _hosts.is_registrable(host):
            continue
        last, path = _read_path(text, stop)
        if len(path) > 1 and path[0] in "/?:#" and _hosts.may_shorten(host):
            return Found("url", host + path, start, last)
        return Found("domain", host, start, stop) if _hosts.is_plausible(text, host, start, stop) else None
    return None


def _addresses(text: Haystack, places: Iterable[int]) -> Iterator[Found]:
    done = 0
    for place in places:
        match = _ADDRESS.search(text.lower, max(done, place - 3), place + 40)
        if not match:
            continue
        done = match.end()
        before, after = text.before(match.start(), 12), text.after(match.end(), 2)
        value = re.sub(r"[^\d]+", ".", match[0])
        if before[-1:].isdigit() or before[-1:] == "." or after[:1].isdigit() or re.match(r"\.\d", after):
            continue
        if not _is_address(value) or _VERSION_BEFORE.search(before):
            continue
        end, path = _read_path(text, match.end())
        if path:
            yield Found("url", value + path, match.start(), end)
        else:
            yield Found("ip", value, match.start(), match.end())


def _is_address(host: str) -> bool:
    """Whether this is an IPv4 address in dotted form."""
    if not host[:1].isdigit():
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
