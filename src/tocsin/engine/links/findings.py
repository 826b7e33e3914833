"""What can be said of a link or a number: the closed list of codes, their columns, and their words in two languages.

What is not here: how a finding is reached (``resemblance.py``, ``judge.py``).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.engine.harms import Harm
from tocsin.engine.links.brands import Brand
from tocsin.engine.patterns import Strength

STRENGTHS = tuple(Strength)


class Code(StrEnum):
    """Everything that a finding can say."""

    OFFICIAL = "link.official"
    KNOWN = "link.known"
    RESTRICTED = "link.restricted"
    NUMBER = "number.official"
    LOOKALIKE = "link.lookalike"
    BORROWED = "link.borrowed-name"
    SUBDOMAIN = "link.subdomain"
    SUFFIX = "link.dangling-suffix"
    HOMOGRAPH = "link.homograph"
    USER_INFO = "link.user-info"
    SHORTENER = "link.shortener"
    ADDRESS = "link.address"
    PORT = "link.port"
    HOSTING = "link.hosting"
    ODD_HOST = "link.odd-host"
    DISAGREES = "link.disagrees"
    SENDER_LINK = "sender.link"
    SENDER_NUMBER = "sender.number"


CODES = tuple(Code)

_PHISHING = frozenset({Code.LOOKALIKE, Code.BORROWED, Code.SUBDOMAIN, Code.SUFFIX, Code.HOMOGRAPH, Code.USER_INFO})

# With a brand, and without one where a code can stand without. {value}: the host or number as it would be typed.
_WORDS: dict[Code, tuple[str, str]] = {
    Code.OFFICIAL: ("{value} 是{zh}的官方域名", "{value} is an official domain of {en}"),
    Code.KNOWN: ("{value} 是知名网站", "{value} is a well-known site"),
    Code.RESTRICTED: ("{value} 是只有政府机关才能注册的域名", "Only public authorities can register {value}"),
    Code.NUMBER: ("{value} 是{zh}的官方客服号码", "{value} is an official service number of {en}"),
    Code.LOOKALIKE: (
        "链接域名 {value} 仿冒{zh}，不是其官方域名",
        "The link's domain {value} imitates {en} but is not theirs",
    ),
    Code.BORROWED: ("链接域名 {value} 不是{zh}的官方域名", "The link's domain {value} does not belong to {en}"),
    Code.SUBDOMAIN: (
        "{value} 只是在前面写上了{zh}的名字，不是其官方域名",
        "{value} only puts the name of {en} in front; the domain is not theirs",
    ),
    Code.SUFFIX: (
        "{value} 看起来像{zh}的域名，其实属于别人",
        "{value} reads like the domain of {en} but belongs to somebody else",
    ),
    Code.HOMOGRAPH: (
        "链接 {value} 混用了形似的外文字母，不是{zh}的官方域名",
        "The link {value} uses letters of another script that look alike; it is not {en}",
    ),
    Code.USER_INFO: (
        "链接里“@”之前的内容是障眼法，实际打开的是 {value}",
        "What stands before the @ is a decoy: the link opens {value}",
    ),
    Code.SHORTENER: ("{value} 是短链接，看不出会打开哪里", "{value} is a short link that hides where it goes"),
    Code.ADDRESS: ("链接直接指向 IP 地址 {value}，没有域名", "The link goes to a bare address, {value}, not to a name"),
    Code.PORT: ("链接使用了不常见的端口：{value}", "The link uses an unusual port: {value}"),
    Code.HOSTING: ("{value} 是任何人都能免费注册的网址", "{value} is an address that anyone can get for free"),
    Code.ODD_HOST: ("链接域名 {value} 写法可疑", "The link's domain {value} is oddly made"),
    Code.DISAGREES: (
        "信息提到{zh}，但链接 {value} 不是其官方域名",
        "The message names {en}, but {value} is not one of their domains",
    ),
    Code.SENDER_LINK: (
        "署名是{zh}，链接域名 {value} 却不是其官方域名",
        "It is signed {en}, but {value} is not one of their domains",
    ),
    Code.SENDER_NUMBER: (
        "署名是{zh}，号码 {value} 却不是其官方号码",
        "It is signed {en}, but {value} is not one of their numbers",
    ),
}
_NAMELESS: dict[Code, tuple[str, str]] = {
    Code.SUFFIX: (
        "{value} 把常见后缀写进域名里冒充别的网站",
        "{value} hides an ending such as .com inside its name to pass for another site",
    ),
    Code.HOMOGRAPH: (
        "链接 {value} 混用了形似的外文字母",
        "The link {value} uses letters of another script that look alike",
    ),
    Code.NUMBER: ("{value} 是公布的官方客服号码", "{value} is a published service number"),
}


class LinkFinding(NamedTuple):
    """One finding. row, start, end: message and span of original code points.  brand: None where it names none."""

    row: int
    code: Code
    strength: Strength
    start: int
    end: int
    brand: Brand | None
    value: str

    @property
    def harm(self) -> Harm | None:
        """The harm where the finding makes it clear: a strong imitation is phishing."""
        return Harm.PHISHING if self.code in _PHISHING and self.strength is Strength.STRONG else None


@dataclass(frozen=True, slots=True)
class LinkFindings:
    """Findings of a batch as columns of equal length, by row, then start.

    row: int32.  code: int8, index into `CODES`.  strength: int8, index into `STRENGTHS`.  start, end: int32, the span
    of the indicator in original code points.  brand: int16, index into brands, or -1.  value: the host or number shown.
    """

    row: NDArray[np.int32]
    code: NDArray[np.int8]
    strength: NDArray[np.int8]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    brand: NDArray[np.int16]
    value: pa.StringArray
    brands: tuple[Brand, ...]

    def __len__(self) -> int:
        return len(self.row)

    def item(self, number: int) -> LinkFinding:
        """One finding as an object, for what is shown. Raises IndexError where there is none of that number."""
        brand = int(self.brand[number])
        return LinkFinding(
            row=int(self.row[number]),
            code=CODES[int(self.code[number])],
            strength=STRENGTHS[int(self.strength[number])],
            start=int(self.start[number]),
            end=int(self.end[number]),
            brand=self.brands[brand] if brand >= 0 else None,
            value=str(self.value[number].as_py()),
        )


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """Findings of each message, int16 of shape (rows,).

    calm: known-good links and numbers, 0 as soon as one link of the message is anything else, so that an official
    address beside a false one whitewashes nothing.
    """

    strong: NDArray[np.int16]
    hint: NDArray[np.int16]
    calm: NDArray[np.int16]


def count_findings(findings: LinkFindings, rows: int) -> LinkCounts:
    """Findings of each message by strength; see `LinkCounts`."""
    counted = [
        np.bincount(findings.row[findings.strength == number], minlength=rows).astype(np.int16)
        for number in range(len(STRENGTHS))
    ]
    by_strength = dict(zip(STRENGTHS, counted, strict=True))
    strong, hint, calm = (by_strength[each] for each in (Strength.STRONG, Strength.HINT, Strength.CALM))
    calm[(strong > 0) | (hint > 0)] = 0
    return LinkCounts(strong, hint, calm)


def reason_of(finding: LinkFinding) -> tuple[str, str]:
    """The finding in Chinese and in English, with the brand's name filled in."""
    brand = finding.brand
    zh, en = _WORDS[finding.code] if brand or finding.code not in _NAMELESS else _NAMELESS[finding.code]
    names = {"zh": brand.zh if brand else "", "en": brand.en if brand else "", "value": finding.value}
    return zh.format(**names), en.format(**names)
