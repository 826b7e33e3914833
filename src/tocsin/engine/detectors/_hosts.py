"""Host names in plain and disguised spelling: what counts as a dot, and how a name is read to both sides of one."""

import re
from functools import cache, lru_cache

import tldextract

from tocsin.engine.detectors._haystack import Haystack

# Spellings of a dot. Bracketed and spelled-out ones are deliberate; the others need a known ending beside them.
DOT = (
    r"(?:\.|。|·|•|・|‧|∙|⋅|[\[({【<] ?(?:\.|dot|点|。) ?[\])}】>]| \. ?|"
    r"\. (?=(?:com|cn|net|top|vip|cc|xyz)\b)| dot |点|丶)"
)
_TOD = r"(?:\.|。|·|•|・|‧|∙|⋅|[\])}】>] ?(?:\.|tod|点|。) ?[\[({【<]| ?\. | tod |点|丶)"
LABEL = r"[a-z0-9_à-ɏ](?:[a-z0-9_à-ɏ-]{0,61}[a-z0-9_à-ɏ])?"
_ANY_DOT = re.compile(DOT)
_PLAIN_HOST = re.compile(r"[a-z0-9.-]+")
_LEFT = re.compile(rf"[a-z0-9_à-ɏ-]{{1,63}}(?:{_TOD}[a-z0-9_à-ɏ-]{{1,63}}){{0,8}}")
_HAN_LEFT = re.compile(r"[a-z0-9-]{0,20}[\u4e00-\u9fff]{1,12}[a-z0-9-]{0,20}")
_RIGHT = re.compile(rf"(?:{DOT}{LABEL}){{0,8}}")
_RIGHT_TIGHT = re.compile(rf"(?:(?! )(?:{DOT})(?<! ){LABEL}){{0,8}}")
_STOPS_HAN = re.compile(r".*(?:访问|登录|登陆|点击|网址|网站|官网|打开|进入|域名|搜索|地址|到|请|或|及|和|是|为)")
RESERVED = frozenset({"example", "test", "onion", "invalid"})
# Endings that are hardly ever the next sentence's first word: enough for a bare domain.
_PLAIN = (
    "com net org cn top xyz vip cc icu io tv hk tw jp kr uk de fr ru br edu gov mobi asia biz ltd wang cyou sbs cfd co "
    "eu ph vn th sg au nz ca bet casino finance exchange agency"
)
PLAIN_ENDINGS = RESERVED | frozenset(_PLAIN.split())
# The rest must be helped by a path, www, a digit or hyphen, Chinese around it, or a word such as "visit".
_HELP_BEFORE = re.compile(
    r"(?:网址|网站|官网|域名|登录|登陆|访问|链接|点击|打开|下载|地址|"
    r"visit|website|site|link|url|click|go to|log ?on|at)\W{0,4}$"
)
_NO_WORD = re.compile(r"[\d-]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_EXTRACT = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)


@cache
def _suffixes() -> frozenset[str]:
    """The rules of the bundled public suffix list, in Unicode, those with ``*.`` and ``!`` included."""
    return frozenset(_EXTRACT.tlds)


@cache
def endings() -> frozenset[str]:
    """Every top-level domain of the bundled public suffix list, in Unicode and in ASCII, and the reserved ones."""
    tops = {suffix.rpartition(".")[2] for suffix in _suffixes()}
    return frozenset(tops | RESERVED)


def plain_host(text: str) -> str:
    """A host as it is typed: every kind of dot made a full stop."""
    return text.strip(".") if _PLAIN_HOST.fullmatch(text) else _ANY_DOT.sub(".", text).strip(". ")


@lru_cache(maxsize=4096)
def is_registrable(host: str) -> bool:
    """Whether a host ends in a public suffix (or a reserved name) and has a name of its own before that."""
    labels = host.split(".")
    if len(labels) < 2 or not all(labels) or any(len(label) > 63 for label in labels):
        return False
    if labels[-1] in RESERVED:
        return True
    return 0 < _suffix_length([_decoded(label) for label in labels]) < len(labels)


def _suffix_length(labels: list[str]) -> int:
    """How many labels of a host are its public suffix: the longest rule counts (publicsuffix.org/list), 0 for none."""
    rules = _suffixes()
    for count in range(min(len(labels), 5), 0, -1):
        suffix = ".".join(labels[-count:])
        if f"!{suffix}" in rules:
            return count - 1
        if suffix in rules or (count > 1 and "*." + suffix.partition(".")[2] in rules):
            return count
    return 0


def _decoded(label: str) -> str:
    """A label in Unicode, as the rules are written."""
    if not label.startswith("xn--"):
        return label
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


def may_shorten(host: str) -> bool:
    """Whether a bare host with a path is a link; ``b.tech/mca`` is not one, ``t.cn/a`` is."""
    return len(host) > 6 or host.rpartition(".")[2] in PLAIN_ENDINGS | {"me", "ly", "gd", "gl", "ee", "im"}


def host_start(text: Haystack, dot: int) -> int:
    """Where the name begins that ends just before the dot at a position; the position itself if there is none."""
    window = text.before(dot, 120)
    if match := _LEFT.match(window[::-1]):
        start = dot - match.end()
        while start < dot and text.lower[start] in "-_":
            start += 1
        return start
    if not (window and _HAN.match(window[-1])) or text.lower[dot] != ".":
        return dot
    match = _HAN_LEFT.match(window[::-1])
    start = dot - (match.end() if match else 0)
    for place in range(start + 1, dot):
        if text.is_after_gap(place):
            start = place
    if stop := _STOPS_HAN.match(text.lower[start:dot]):
        start += stop.end()
    return start


def host_end(text: Haystack, position: int) -> int:
    """Where a host ends that goes on with a dot at a position; only if that dot has spaces around it may others."""
    match = (_RIGHT if text.lower[position] == " " else _RIGHT_TIGHT).match(text.lower, position)
    return match.end() if match else position


def is_plausible(text: Haystack, host: str, start: int, end: int) -> bool:
    """Whether a bare host, without a scheme, is meant as one rather than being two sentences without a space."""
    ending = host.rpartition(".")[2]
    body = host[: -len(ending) - 1]
    if len(body) < 3 and not any(map(str.isalpha, body)):
        return False
    if ending in PLAIN_ENDINGS or host.startswith("www."):
        return True
    if _NO_WORD.search(body) and not body.replace(".", "").isdigit():
        return True
    before, after = text.before(start, 20), text.after(end, 6)
    if not (before.isascii() and after.isascii()) and _HAN.search(before[-12:] + after):
        return True
    return is_announced(before)


def is_announced(before: str) -> bool:
    """Whether the words before something say that it is to be visited."""
    return bool(_HELP_BEFORE.search(before[-20:]))
