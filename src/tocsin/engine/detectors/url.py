"""Links, bare domains and IP addresses, plain, defanged (hxxp, [.], (dot)) or split (点com, 。com, spaces)."""

import ipaddress
import re
from collections.abc import Iterator

from tocsin.engine.detectors import _hosts
from tocsin.engine.detectors._haystack import Found, Haystack

KINDS = ("url", "domain", "ip")
RANK = 10

_SCHEME = re.compile(r"h(?:tt|xx|\*\*|t\*)ps?(?: ?\[:\] ?| ?: ?)(?:/ ?/|\\\\) ?")
_HOST = re.compile(
    rf"(?:[a-z0-9_.~%-]{{1,64}}@)?((?:[\u4e00-\u9fff]{{1,20}}|{_hosts.LABEL})(?:{_hosts.DOT}(?:{_hosts.LABEL}|[\u4e00-\u9fff]{{1,6}}(?![\u4e00-\u9fff]))){{0,8}})"
)
_PATH = re.compile(r"(?::\d{2,5}(?!\d))?(?:[/?#][a-z0-9\-._~:/?#\[\]@!$&'()*+,;=%|]*)?")
_TAIL = re.compile(
    rf"{_hosts.DOT}([a-z]{{2,24}}|xn--[a-z0-9-]{{4,40}}|中国|公司|网络|网址|在线|商城|集团|网店|我爱你)(?![a-z0-9_-])"
)
_ADDRESS = re.compile(r"\d{1,3}(?:(?:\.|\[\.\]|\(\.\)|\[dot\]|\(dot\))\d{1,3}){3}")
_VERSION_BEFORE = re.compile(r"(?:版本|固件|version|ver|v|build|系统|升级到|更新到|release|firmware)[ .:号]{0,3}$")
# Full-width marks end a link although their folded form could belong to it.
_ENDS_LINK = frozenset(map(ord, "，！；（）。、？：“”‘’【】《》「」"))


def find(text: Haystack) -> Iterator[Found]:
    """Links first; a domain or address inside one is left to it."""
    links = list(_links(text))
    yield from links
    covered = {place for link in links for place in range(link.start, link.end)}
    for found in (*_domains(text), *_addresses(text)):
        if found.start not in covered:
            yield found


def _links(text: Haystack) -> Iterator[Found]:
    for scheme in _SCHEME.finditer(text.lower):
        match = _HOST.match(text.lower, scheme.end())
        if not match:
            continue
        host = _hosts.plain_host(match[1])
        if not (_hosts.is_registrable(host) or _is_address(host)):
            continue
        end, path = _read_path(text, match.end())
        secure = "s" in scheme[0].partition(":")[0]
        yield Found("url", f"http{'s' if secure else ''}://{host}{path}", scheme.start(), end)


def _read_path(text: Haystack, start: int) -> tuple[int, str]:
    """Port, path and query from a position: where they end, and their text with its capitals."""
    match = _PATH.match(text.lower, start)
    end = match.end() if match else start
    for place in range(start, end):
        if int(text.origin[place]) in _ENDS_LINK:
            end = place
            break
    while end > start and _is_trailing(text.lower, start, end):
        end -= 1
    return end, text.cased[start:end]


def _is_trailing(text: str, start: int, end: int) -> bool:
    """Whether the last character is the sentence's rather than the link's."""
    last = text[end - 1]
    if last in ")]":
        return {")": "(", "]": "["}[last] not in text[start:end]
    return last in ".,;:!?'*|&$+="


def _domains(text: Haystack) -> Iterator[Found]:
    """Bare hosts, with a path (then it is a link) or without."""
    known = _hosts.endings()
    done = 0
    for tail in _TAIL.finditer(text.lower):
        if tail.start() < done or tail[1] not in known:
            continue
        start = _hosts.host_start(text, tail.start())
        end = max(_hosts.host_end(text, tail.start()), tail.end())
        found = _bare(text, start, end, tail.end()) if done <= start < tail.start() else None
        if found:
            done = found.end
            yield found


def _bare(text: Haystack, start: int, end: int, least: int) -> Found | None:
    """The host between two positions, shortened from the right until it is one; None if it never is."""
    for stop in (end, least):
        host = _hosts.plain_host(text.lower[start:stop])
        if not _hosts.is_registrable(host) or text.lower[start - 1 : start] == "@":
            continue
        last, path = _read_path(text, stop)
        if len(path) > 1 and path[0] in "/?:#" and _hosts.may_shorten(host):
            return Found("url", host + path, start, last)
        return Found("domain", host, start, stop) if _hosts.is_plausible(text, host, start, stop) else None
    return None


def _addresses(text: Haystack) -> Iterator[Found]:
    for match in _ADDRESS.finditer(text.lower):
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
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True
