"""Chat handles: WeChat, QQ, Telegram, WhatsApp and LINE, in the many spellings in which they are passed on.

A handle is announced by the name of its service (after folding: 薇信, V❤信, 徽.信, wx, 扣扣, 飞机 …) or by a link to it
(t.me/name). What stands between the two may be marks and a few filler words, nothing else. Values are the handles as a
person would type them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tocsin.engine.detectors._haystack import Found, Haystack

KINDS = ("wechat", "qq", "telegram", "whatsapp", "line")
RANK = 20

# Marks and words that may stand between the name of a service and the handle.
_MARKS = r"[ :=~>\-_,;.。、|/(\[{【「『<\"'“‘”’*#!?^`→]*"
_FILLERS = (
    r"(?:同号|号码|号是|账号|帐号|客服|咨询|联系|老师|助理|经理|小姐姐|学姐|群主|管理|官方|名片|搜索|搜|复制|添加|加我|请加|加|"
    r"是|为|号|我的|我|群号|群|频道|(?:at|id|no|number|me on|me at|me|us|is|now|add|contact|here|here's)(?![a-z0-9_]))"
)
_BETWEEN = rf"(?:{_MARKS}{_FILLERS}){{0,3}}{_MARKS}"
_NOT_HANDLES = frozenset(
    [
        "wechat",
        "weixin",
        "telegram",
        "whatsapp",
        "iphone",
        "android",
        "please",
        "official",
        "online",
        "account",
        "number",
        "public",
        "group",
        "contact",
        "message",
        "service",
        "customer",
        "support",
        "download",
        "register",
        "website",
        "channel",
        "version",
        "windows",
        "https",
        "http",
        "www",
        "com",
        "pay",
        "work",
        "works",
        "login",
        "video",
        "photo",
        "image",
        "share",
        "chat",
        "chats",
        "call",
        "calls",
        "me",
        "us",
        "you",
        "your",
        "and",
        "the",
        "for",
        "with",
        "will",
        "can",
        "app",
        "apps",
        "id",
        "ids",
        "username",
        "user",
        "name",
        "link",
        "links",
        "below",
        "above",
        "here",
        "now",
        "today",
        "tomorrow",
        "only",
        "also",
        "just",
        "thanks",
        "thank",
        "hello",
        "line",
        "lines",
        "or",
        "on",
        "in",
        "at",
        "to",
        "of",
        "is",
        "are",
        "was",
        "has",
        "have",
        "not",
        "but",
        "from",
        "when",
        "what",
        "who",
        "how",
        "text",
        "texts",
        "phone",
        "email",
        "mobile",
        "mini",
        "program",
    ]
)
# After WeChat, whom to add may be said in between (微信联系许女士abc_66); a handle may have a space in it (yue 0933).
_NAMED = re.compile(
    r"(?!支付|转账|红包|群|验证|小程序|订单|单号|余额|零钱|登录|认证)[\u4e00-\u9fff]{1,6}[ :,]{0,2}"
    r"(?P<handle>(?=[a-z0-9-]*[\d_])[a-z][a-z0-9_-]{5,19})(?![a-z0-9_-])(?!\.[a-z])"
)
_SPACED = re.compile(r"(?P<handle>[a-z]{2,12} _?\d{3,6})(?![a-z0-9元块快万%年月日岁人])")
_PHONE_TOO = re.compile(r"(?:电话|手机|tel|phone|mobile)[^\d\n]{0,8}$")


@dataclass(frozen=True, slots=True)
class _Service:
    """How one service is named and what its handles look like.

    sure: after this name, marks and fillers may precede the handle.  weak: this name needs a colon, a verb or the like,
    all of it in the expression.  handle: matched right after.
    """

    kind: str
    label: re.Pattern[str]
    handle: re.Pattern[str]


_WECHAT_HANDLE = r"(?P<handle>[a-z0-9][a-z0-9_-]{4,23})(?![a-z0-9_-])(?!\.[a-z])"
_TELEGRAM_HANDLE = r"(?P<handle>[a-z][a-z0-9_-]{3,31})(?![a-z0-9_])(?!\.[a-z])"
_NUMBER_HANDLE = r"\+?\d[\dol \-()]{5,18}[\dol](?![a-z0-9])"
_SERVICES = (
    _Service(
        "wechat",
        re.compile(
            rf"(?:微信|企微|(?:we ?chat|weixin|wxid|vx|wx|v信|w信)(?![a-z]{{8}})){_BETWEEN}"
            rf"|(?:加|添|加我|添加|联系|咨询|\+|请)[ :]{{0,2}}(?:[微薇徽葳威](?!信)|v(?![a-z信])){_BETWEEN}"
            rf"|[薇徽葳](?:号|心|芯)?{_MARKS}|[微威v](?:号|x)? ?[:=]{_MARKS}|v(?:号|x号){_MARKS}"
        ),
        re.compile(_WECHAT_HANDLE),
    ),
    _Service(
        "qq",
        re.compile(
            rf"(?:qq|扣扣|企鹅|叩叩|q群|扣群|q q|球球){_BETWEEN}|"
            rf"(?:加|添|加我|添加|联系|咨询|\+|请)[ :]{{0,2}}(?:q|扣|抠){_BETWEEN}"
            rf"|(?:q|扣|抠|群)(?:号)? ?[:=]{_MARKS}|群号{_MARKS}|q ?(?=\d{{6}})"
        ),
        re.compile(r"(?P<handle>\d(?:[ -]?[\dol]){4,10})(?![\d.]*\d)(?![a-z0-9元块万%年月日岁人])"),
    ),
    _Service(
        "telegram",
        re.compile(rf"(?:telegram|电报|纸飞机|飞机(?! ?[a-z]{{2}} ?\d{{3,4}}(?!\d))|telegra|tg(?![a-z])){_BETWEEN}@?"),
        re.compile(_TELEGRAM_HANDLE),
    ),
    _Service(
        "whatsapp",
        re.compile(rf"(?:whats ?app|what's ?app|(?:wa|ws)(?=[ :+])){_BETWEEN}"),
        re.compile(rf"(?P<handle>{_NUMBER_HANDLE})"),
    ),
    _Service(
        "line",
        re.compile(
            rf"(?:line ?(?:id|账号|帐号|号)|line ?[:=@]|(?:加|添加|加入|我的|add|my) ?line|"
            rf"(?:加|加我|的)赖|赖(?:id|号| ?[:=])){_BETWEEN}"
        ),
        re.compile(r"(?P<handle>@?[a-z0-9][a-z0-9._-]{3,19})(?![a-z0-9_-])"),
    ),
)
# Whom to reach, before a bare @name: where no service is named this is Telegram's way.
_REACH = re.compile(
    r"(?:联系|咨询|客服|商务|对接|合作|频道|群组|链接|双向|机器人|contact|dm|channel|join|admin)[ :=>\-→]{0,3}$"
)
_TELEGRAM_NAME = re.compile(_TELEGRAM_HANDLE)
_DOT = r"(?:\.|\[\.\]|\(\.\)|。|点)"
_LETTER_DIGITS = str.maketrans("ol", "01")
_LINKS = (
    (
        "telegram",
        re.compile(rf"(?:t|telegram){_DOT}(?:me|dog) ?/ ?(?:s/|joinchat/|addlist/)?(?P<handle>\+?[a-z0-9_-]{{4,40}})"),
    ),
    ("telegram", re.compile(r"tg://(?:resolve\?domain=|join\?invite=)(?P<handle>[a-z0-9_-]{4,40})")),
    ("whatsapp", re.compile(rf"(?:wa{_DOT}me|api\.whatsapp\.com/send/?\?phone=) ?/? ?(?P<handle>\+?\d{{7,15}})")),
    ("whatsapp", re.compile(r"chat\.whatsapp\.com/(?P<handle>[a-z0-9]{10,30})")),
    ("line", re.compile(r"line\.me/(?:r?/?ti/)?(?:p/)?(?P<handle>[~@][a-z0-9._@-]{3,30})")),
    ("line", re.compile(r"lin\.ee/(?P<handle>[a-z0-9]{4,12})")),
)


def find(text: Haystack) -> Iterator[Found]:
    """Links to accounts, names after @, then announced handles."""
    for mark in re.finditer("[/=]", text.lower):
        yield from _linked(text, mark.start())
    for mark in re.finditer("@", text.lower):
        match = _TELEGRAM_NAME.match(text.lower, mark.end())
        if match and _REACH.search(text.before(mark.start(), 16)) and match["handle"] not in _NOT_HANDLES:
            yield _found(text, "telegram", *match.span("handle"))
    for service in _SERVICES:
        yield from _announced(text, service)


def _linked(text: Haystack, mark: int) -> Iterator[Found]:
    """Handles in a link that has a slash or equals sign at mark."""
    start = mark - len(text.before(mark, 32))
    for kind, link in _LINKS:
        match = link.search(text.lower, start, mark + 60)
        if not match or not match.start() < mark < match.start("handle"):
            continue
        before = text.before(match.start(), 1)
        if not (before.isascii() and before.isalnum()):
            yield _found(text, kind, *match.span("handle"))


def _announced(text: Haystack, service: _Service) -> Iterator[Found]:
    """Handles of one service that follow its name."""
    for label in service.label.finditer(text.lower):
        before = text.before(label.start(), 1)
        if (
            before.isascii()
            and before.isalnum()
            and text.lower[label.start()].isalpha()
            and text.lower[label.start()].isascii()
        ):
            continue
        match = service.handle.match(text.lower, label.end())
        if not match and service.kind == "wechat":
            match = _NAMED.match(text.lower, label.end()) or _SPACED.match(text.lower, label.end())
        if match and _is_handle(text, service.kind, label, match["handle"]):
            yield _found(text, service.kind, *match.span("handle"))


def _is_handle(text: Haystack, kind: str, label: re.Match[str], handle: str) -> bool:
    """Whether what follows the name of a service can be one of its handles rather than the next word."""
    if kind in {"qq", "whatsapp"}:
        return True
    if handle.isdigit():
        return _is_digit_handle(text, kind, label, handle)
    if handle in _NOT_HANDLES or not any(char.isalpha() for char in handle):
        return False
    if any(char.isdigit() or char == "_" for char in handle):
        return True
    # Letters only: an ordinary word unless something points at it.
    pointed = re.search(r"[:=@]|(?:号|id|是|为|加|搜)[^a-z]*$", label[0][1:])
    spoken = text.after(label.end() + len(handle), 2)
    return bool(pointed) and not re.match(r" [a-z]", spoken)


def _is_digit_handle(text: Haystack, kind: str, label: re.Match[str], handle: str) -> bool:
    """Digits only: WeChat accounts are found by a mobile or QQ number too; LINE by a number of the right length."""
    if kind == "telegram":
        return False
    if re.fullmatch(r"1[3-9]\d{9}", handle):
        return not _PHONE_TOO.search(text.before(label.start(), 12)) and not re.search(r"电话|手机", label[0])
    after = text.after(label.end() + len(handle), 1)
    return len(handle) >= 6 and len(handle) <= 11 and after not in {"元", "块", "万", "年", "人", "个", "%"}


def _found(text: Haystack, kind: str, start: int, end: int) -> Found:
    """The handle between two positions, normalised."""
    while text.lower[end - 1] in "-_. " and end - start > 4:
        end -= 1
    value = text.cased[start:end]
    if kind == "qq":
        value = re.sub(r"\D", "", text.lower[start:end].translate(_LETTER_DIGITS))
    elif kind == "wechat":
        value = value.replace(" ", "")
    elif kind == "whatsapp" and not re.search(r"[a-km-np-z]", text.lower[start:end]):
        international = value.startswith("+") or text.before(start, 8).endswith(
            ("/", "=")
        )  # wa.me/ leaves out the plus
        value = ("+" if international else "") + re.sub(r"\D", "", text.lower[start:end].translate(_LETTER_DIGITS))
    return Found(kind, value, start, end)
