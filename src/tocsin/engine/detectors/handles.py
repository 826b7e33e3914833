"""Chat handles: WeChat, QQ, Telegram, WhatsApp and LINE, in the many spellings in which they are passed on.

A handle is announced by the name of its service (after folding: 微信, V❤信, 徽.信, wx, 扣扣, 飞机 …) in front of it or
behind it, or by a link to it (t.me/name), or it is a name after an @ where the message asks to be answered. What stands
between the name and the handle may be marks and a few filler words, nothing else. Values are the handles as a person
would type them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tocsin.engine.detectors import _handle_words as words
from tocsin.engine.detectors._cues import Cue
from tocsin.engine.detectors._haystack import Found, Haystack

KINDS = ("wechat", "qq", "telegram", "whatsapp", "line")
RANK = 20

_Match = re.Match[str]


@dataclass(frozen=True, slots=True)
class _Service:
    """How one service is named and what its handles look like.

    label: its name, matched where the cue stands, in a group that says how sure it is, and what may stand between it
    and a handle.  handle: matched right behind.  before: matched against the end of what stands before the name, or
    None where no handle ever does.  accepts: whether a label and the handle behind it belong together.  another:
    matched behind a handle, where several may be given.
    """

    kind: str
    cue: Cue
    label: re.Pattern[str]
    handle: re.Pattern[str]
    before: re.Pattern[str] | None
    accepts: Callable[[Haystack, _Match, str], bool]
    another: re.Pattern[str] | None = None


# After WeChat, whom to add may be said in between (微信联系许女士abc_66); a handle may have a space in it (yue 0933).
_NAMED = re.compile(
    rf"(?!{words.WECHAT_OFFERS})[\u4e00-\u9fff]{{1,6}}[ :,]{{0,2}}"
    r"(?P<handle>(?=[a-z0-9-]*[\d_])[a-z][a-z0-9_-]{5,19})(?![a-z0-9_-])(?!\.[a-z])"
)
_SPACED = re.compile(r"(?P<handle>[a-z]{2,12} _?\d{3,6})(?![a-z0-9元块快万%年月日岁人])")
_PHONE_TOO = re.compile(r"(?:电话|手机|tel|phone|mobile)[^\d\n]{0,8}$")
_POINTED = re.compile(r"[:=@∶→>\"“「『【《(\[]|(?:号|id|是|为|加|搜|我|is|username|handle)[^a-z]*$")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_DIGITS = re.compile(r"\d[\dol]{4,10}")
_ALNUM = re.compile(r"[a-z0-9]")
_MIXED = re.compile(r"[a-z_-]*[a-z](?=[a-z_-]*[\d_])|[\d_-]+[a-z]")
_UNITS = frozenset("元块万年月日岁人个%次张")
_ADDS = re.compile(r"[加添搜+的我新看换][ :]{0,2}$")
_ADDS_LINE = re.compile(words.ADDS_LINE)
_OTHER_LETTER = re.compile(r"[a-km-np-z]")
_LETTER_DIGITS = str.maketrans("ol", "01")


def find(text: Haystack) -> Iterator[Found]:
    """Links to accounts, announced handles, other names after @; handles before the name of their service last."""
    yield from _linked(text)
    names: set[int] = set()
    alone = []
    for service in _SERVICES:
        for place in text.places(service.cue):
            label = service.label.match(text.lower, place)
            if not label:
                continue
            found = _behind(text, service, label)
            if found:
                names.update(each.start for each in found if each.kind == "telegram")
                yield from found
            elif service.before and _ALNUM.search(text.lower, max(0, place - 7), place):
                alone.append((service, service.before, label))
    yield from _at_names(text, names)
    for service, expression, label in alone:
        yield from _in_front(text, service, expression, label)


def _behind(text: Haystack, service: _Service, label: _Match) -> list[Found]:
    """The handle behind the name of a service, and another one behind that."""
    match = service.handle.match(text.lower, label.end())
    if not match and service.kind == "wechat":
        match = _wechat_further(text, label)
    if not match:
        return []
    handle = match["handle"].replace(" ", "") if service.kind == "wechat" else match["handle"]
    if handle.strip("_-") in words.NOT_HANDLES or not service.accepts(text, label, handle):
        return []
    found = [_found(text, service.kind, *match.span("handle"))]
    if service.another and (match := service.another.match(text.lower, match.end())):
        found.append(_found(text, service.kind, *match.span("handle")))
    return found


def _wechat_further(text: Haystack, label: _Match) -> _Match | None:
    """A handle of WeChat behind the name of whom to add, or with a space in it."""
    if not (label["sure"] or _ADDS.search(text.before(label.start(), 3))):
        return None
    named = _is_han(text.lower[label.end()])
    return (_NAMED if named else _SPACED).match(text.lower, label.end())


def _in_front(text: Haystack, service: _Service, expression: re.Pattern[str], label: _Match) -> Iterator[Found]:
    """The handle before the name of a service, where the sentence does not go on with that name."""
    end = label.start("between")
    follows = text.after(end + (text.lower[end] == "号"), 2)
    if follows and (follows[0].isalnum() or follows[0] == "_") and follows not in words.GOES_ON:
        return
    window = text.before(label.start(), 36)
    match = expression.search(window)
    if not match or _MOBILE.fullmatch(match["handle"]):  # a telephone number, at which someone is on WeChat too
        return
    if _is_mixed(match["handle"]) or (service.kind != "telegram" and _is_digits(match["handle"], 6)):
        shift = label.start() - len(window)
        yield _found(text, service.kind, match.start("handle") + shift, match.end("handle") + shift)


def _is_mixed(handle: str) -> bool:
    """Whether letters and something else are in a handle: no ordinary word, and no number either."""
    return not handle.isalpha() and bool(_MIXED.match(handle)) and not _is_digits(handle, 1)


def _is_digits(handle: str, least: int) -> bool:
    """Whether a handle is a number of 5 to 11 digits, an o or l among them."""
    return (
        len(handle) >= least
        and bool(_DIGITS.fullmatch(handle))
        and sum(map(str.isdigit, handle)) * 4 >= len(handle) * 3
    )


def _is_pointed(text: Haystack, label: _Match, handle: str) -> bool:
    """Whether something points at a handle of letters only, and it is not the next word of a sentence."""
    spoken = text.after(label.end() + len(handle), 2)
    return bool(_POINTED.search(label[0][1:])) and not (
        spoken[:1] == " " and spoken[1:].isascii() and spoken[1:].isalpha()
    )


def _is_wechat(text: Haystack, label: _Match, handle: str) -> bool:
    """WeChat by name; by a character that looks or sounds like its first; by the letter V."""
    if not label["sure"] and text.before(label.start(), 1) in words.NOT_WECHAT_BEFORE:
        return False
    if label["letter"] and not _is_meant(text, label, handle):
        return False
    if handle.isdigit() or _is_digits(handle.replace("-", ""), 6):
        return _is_digit_handle(text, label, handle, least=6 if label["sure"] else 7)
    return _is_mixed(handle) or (_is_pointed(text, label, handle) and handle.isalpha())


def _is_meant(text: Haystack, label: _Match, handle: str) -> bool:
    """Whether a letter is the name of a service: a colon, a heart or the like behind it, or a verb before it."""
    between = label["between"]
    if ":" in between or "=" in between or "号" in label[0] or label[0][0] in "加添+伽佳架搜我":
        return True
    if any(text.typed(place) not in " ,.;" for place in range(label.start("between"), label.end())):
        return True
    before = text.before(label.start(), 4)
    if _ADDS.search(before):
        return True
    last = before.rstrip(" ")[-1:]
    return bool(between) and _is_mixed(handle) and (_is_han(last) or last in frozenset(",;/|。、"))


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _is_digit_handle(text: Haystack, label: _Match, handle: str, *, least: int) -> bool:
    """Digits only: WeChat accounts are found by a mobile or QQ number too; LINE by a number of the right length."""
    if _MOBILE.fullmatch(handle):
        return not _PHONE_TOO.search(text.before(label.start(), 12)) and not re.search(r"电话|手机", label[0])
    after = text.after(label.end() + len(handle), 1)
    return least <= len(handle) <= 11 and after not in _UNITS


def _is_qq(text: Haystack, label: _Match, handle: str) -> bool:
    """QQ by name; by its letter or the word for a group where something points at the number."""
    if label["sure"]:
        return True
    if len(handle) < 6:
        return False
    before = text.before(label.start(), 3)
    if label["group"]:
        return any(mark in label[0] for mark in ":=号") or before[-1:] in ("加", "进", "入") or label[0] == "裙"
    if _MOBILE.fullmatch(handle):
        return False
    last = before.rstrip(" ")[-1:]
    return (
        not label["between"]
        or (len(handle) > 7 and not (last.isascii() and last.isalnum()))
        or _is_meant(text, label, "")
    )


def _is_telegram(text: Haystack, label: _Match, handle: str) -> bool:
    """A name; one of letters only must be pointed at."""
    signed = text.lower[label.end()] == "@"
    if not any(map(str.isalpha, handle)) or (label["weak"] and not signed):
        return False
    return _is_mixed(handle) or signed or _is_pointed(text, label, handle)


def _is_whatsapp(_text: Haystack, _label: _Match, handle: str) -> bool:
    """Any number, if it has the length of one."""
    return sum(map(str.isdigit, handle)) >= 7


def _is_line(text: Haystack, label: _Match, handle: str) -> bool:
    """LINE by its full name; by the word where a mark or a verb makes clear that it is no other line; by 赖."""
    before = text.before(label.start(), 6)
    if label["han"] and before[-1:] in words.NOT_LINE_BEFORE:
        return False
    marked = re.search(r"[:=@∶\"“「『【《(\[]", label["between"] + handle)
    if label["word"] and not (marked or _ADDS_LINE.search(before)):
        return False
    if handle.isdigit():
        return _is_digit_handle(text, label, handle, least=6) or (len(handle) == 10 and handle[0] == "0")
    return _is_mixed(handle) or handle[0] == "@" or _is_pointed(text, label, handle)


_WECHAT_HANDLE = r"(?P<handle>\d{6,11}(?![a-z0-9_-])|[a-z0-9][a-z0-9_-]{4,23}(?![a-z0-9_-])(?!\.[a-z]))"
_TELEGRAM_HANDLE = r"(?P<handle>[a-z][a-z0-9_-]{3,31})(?![a-z0-9_])(?!\.[a-z])"
_ANY_CLOSE = r"[ ()\[\]【】「」《》:,/·。→-]{0,3}"
_SERVICES = (
    _Service(
        "wechat",
        Cue(words.WECHAT, named=True),
        re.compile(rf"(?:{words.WECHAT_LABEL})(?P<between>{words.BETWEEN})"),
        re.compile(_WECHAT_HANDLE),
        re.compile(rf"(?<![a-z0-9@./_-])(?P<handle>[a-z0-9][a-z0-9_-]{{5,19}}){_ANY_CLOSE}(?:[加搜]我?|\+)?$"),
        _is_wechat,
    ),
    _Service(
        "qq",
        Cue(words.QQ, named=True),
        re.compile(rf"(?:{words.QQ_LABEL})(?P<between>{words.BETWEEN})"),
        re.compile(r"(?P<handle>\d(?:[ -]?[\dol]){4,10})(?![\d.]*\d)(?![a-z0-9元块万%年月日岁人])"),
        re.compile(rf"(?<![a-z0-9@./_-])(?P<handle>\d{{6,10}}){_ANY_CLOSE}$"),
        _is_qq,
        re.compile(r" ?[、,/;和或] ?(?P<handle>\d{6,11})(?![\d.]*\d)(?![a-z0-9元块万%年月日岁人])"),
    ),
    _Service(
        "telegram",
        Cue(words.TELEGRAM, named=True),
        re.compile(rf"(?:{words.TELEGRAM_LABEL})(?P<between>{words.BETWEEN})"),
        re.compile("@? ?" + _TELEGRAM_HANDLE),
        re.compile(r"(?<![a-z0-9@./_-])(?P<handle>[a-z][a-z0-9_]{4,31})[ ([]{1,2}(?:(?:on|in|via|at|в|на) )?$"),
        _is_telegram,
    ),
    _Service(
        "whatsapp",
        Cue(words.WHATSAPP, named=True),
        re.compile(rf"(?:{words.WHATSAPP_LABEL})(?P<between>{words.BETWEEN_NUMBERS})"),
        re.compile(r"(?P<handle>\+? ?\(?\d[\dol \-().]{5,18}[\dol])(?![a-z0-9])"),
        None,
        _is_whatsapp,
        re.compile(r"(?: ?[、,/;&] ?| (?:or|and|agent \d ?:) )(?P<handle>\+ ?\(?\d[\d \-().]{5,18}\d)(?![a-z0-9])"),
    ),
    _Service(
        "line",
        Cue(words.LINE, named=True),
        re.compile(rf"(?:{words.LINE_LABEL})(?P<between>{words.BETWEEN}(?:@ (?=[a-z]))?)"),
        re.compile(r"(?P<handle>@?[a-z0-9][a-z0-9._-]{3,19})(?![a-z0-9_-])"),
        None,
        _is_line,
    ),
)

_SIGNS = Cue(("@",), named=True)
_CALLS = re.compile(words.CALLS)
_LURES = re.compile(f"{words.CALLS}|{words.TRADES}")
_FOREIGN = re.compile(words.FOREIGN)
_NAME = re.compile(r" ?" + _TELEGRAM_HANDLE)
_LIST_GAP = 30

_DOTS = (".", "。", "点", "·", "[.]", "(.)", " dot ")
_LINKS = Cue(
    (
        *(f"{name}{dot}me" for name in ("t", "telegram", "wa") for dot in _DOTS if name != "t" or dot[0] != " "),
        *("telegram.dog", "tg://", "whatsapp.com/", "line.me", "lin.ee"),
    ),
    named=True,
)
_DOT = rf"(?:{'|'.join(map(re.escape, _DOTS))})"
_LINK = re.compile(
    rf"(?:t|telegram){_DOT}(?:me|dog) ?/ ?(?:s/|joinchat/|addlist/)?(?P<telegram>\+?[a-z0-9_-]{{4,40}})"
    r"|tg://(?:resolve\?domain=|join\?invite=)(?P<telegram_app>[a-z0-9_-]{4,40})"
    rf"|(?:wa{_DOT}me|whatsapp\.com/send/?\?phone=) ?/? ?(?P<whatsapp>\+?\d{{7,15}})"
    r"|(?<=chat\.)whatsapp\.com/(?P<whatsapp_group>[a-z0-9]{10,30})"
    r"|line\.me/(?:r?/?ti/)?(?:p/)?(?P<line>[~@][a-z0-9._@-]{3,30})"
    r"|lin\.ee/(?P<line_short>[a-z0-9]{4,12})"
)
CUES = (*(service.cue for service in _SERVICES), _SIGNS, _LINKS)


def _linked(text: Haystack) -> Iterator[Found]:
    """Handles in links to accounts and groups."""
    for place in text.places(_LINKS):
        match = _LINK.match(text.lower, place)
        if match and match.lastgroup:
            yield _found(text, match.lastgroup.partition("_")[0], *match.span(match.lastgroup))


def _at_names(text: Haystack, names: set[int]) -> Iterator[Found]:
    """Names after @ that a message asks to write to, one after the other where it lists several.

    names: where those begin that the name of the service announces; these are not looked at again.
    """
    lower, last, begin, end = text.lower, -_LIST_GAP, 0, -1
    lures: dict[str, bool] = {}
    for place in text.places(_SIGNS):
        if place + 1 in names:
            last = place
            continue
        match = _NAME.match(lower, place + 1)
        before = lower[place - 1 : place]
        if not match or (before.isascii() and before.isalnum()) or match["handle"] in words.NOT_HANDLES:
            continue
        if place > end:
            begin, end, lures = lower.rfind("\n", 0, place) + 1, lower.find("\n", place), {}
        if (begin <= last and place - last < _LIST_GAP) or _is_reached(text, match, (begin, end), lures):
            last = place
            yield _found(text, "telegram", *match.span("handle"))


def _is_reached(text: Haystack, match: _Match, message: tuple[int, int], lures: dict[str, bool]) -> bool:
    """Whether a name after @ is to be written to: that is said right before it, or somewhere in its message.

    message: where it begins and ends.  lures: what was found out of the message before.
    """
    lower, sign = text.lower, match.start() - 1
    before = text.before(sign, 36).rstrip(words.NAME_MARKS)
    if before.endswith(words.REACH):
        return True
    if lower[sign + 1] == " " or before.endswith(words.SPOKEN_OF):
        return False
    if _is_han(lower[match.end()]):
        return bool(_CALLS.match(lower, match.end()))
    handle = match["handle"]
    if not _is_mixed(handle):
        return bool(_CALLS.search(before) or _CALLS.search(text.after(match.end(), 12)))
    for name, expression in (("foreign", _FOREIGN), ("lures", _LURES)):
        if name == "lures" or any(map(str.isdigit, handle)):
            if name not in lures:
                lures[name] = bool(expression.search(lower, *message))
            if lures[name]:
                return True
    return False


def _found(text: Haystack, kind: str, start: int, end: int) -> Found:
    """The handle between two positions, normalised."""
    trimmed = "-. " if kind == "wechat" else "-_. "
    while text.lower[end - 1] in trimmed and end - start > 4:
        end -= 1
    if kind in {"telegram", "line"}:
        return Found(kind, text.cased[start:end], start, end)
    return Found(kind, _value(text, kind, start, end), start, end)


def _value(text: Haystack, kind: str, start: int, end: int) -> str:
    """A handle that may be a number as a person would type it."""
    written = text.lower[start:end]
    digits = re.sub(r"\D", "", written.translate(_LETTER_DIGITS))
    if kind == "qq" or (kind == "wechat" and _is_digits(written.replace("-", ""), 6)):
        return digits
    if kind == "whatsapp" and not _OTHER_LETTER.search(written):
        linked = text.before(start, 8).endswith(("/", "="))  # wa.me/ leaves out the plus
        return ("+" if linked or written.startswith("+") else "") + digits
    return text.cased[start:end].replace(" ", "")
