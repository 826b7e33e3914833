"""Text made to be slow: some forty kinds of it, and how many times its length's share each takes.

A share is what ordinary text of as many bytes costs in the same run. Each kind is tried as one message and as many of
a hundred bytes, because long messages are cut before some stages and short ones are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pyarrow as pa

from tocsin.engine.detector import Detector
from tocsin.lab.bench.clock import cost_of
from tocsin.lab.bench.stages import text_bytes

MOST_SHARES: Final = 10.0
"""What no text may exceed."""

HOPELESS: Final = 10 * MOST_SHARES
"""What ends the trial of a kind before its full size."""

SHORT: Final = 100
"""Bytes of a message where many are made of one kind."""

LEAST: Final = 4_096
"""Bytes below which nothing is said of how the cost grows."""

_ATTEMPTS = 3
_CALLS = 100  # messages that are assessed alone, to know what a call costs
_FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
_TAGS = "\U0001f3f4\U000e0067\U000e0062\U000e007f"

UNITS: Final = {
    "one letter": "a",
    "one ideograph": "好",
    "spaces": " ",
    "newlines": "\n",
    "zero-width flood": "\u200b",
    "zero-width between letters": "w\u200bx\u200d:\ufeff",
    "bidi controls": "\u202e\u202ba\u202c\u2066b\u2069",
    "right to left": "مرحبا שלום ",
    "opening brackets": "([{（【《",
    "closing brackets": ")]}）】》",
    "bracket pairs": "()[]{}【】",
    "quotes and backslashes": "\\\"'`",
    "one digit": "1",
    "all digits": "0123456789",
    "digits apart": "1 3-8.0 ",
    "digits in circles": "①②⓪⑨",
    "digits as keycaps": "1\ufe0f\u20e33\ufe0f\u20e3",
    "digits in Chinese": "一三八零〇",
    "phone prefixes": "+86 138 ",
    "service prefixes": "400-95106",
    "card prefixes": "6222 4111 ",
    "at signs": "@",
    "handle soup": "@a_b ",
    "handle cues": "微信号:加薇:v:qq:tg@line:",
    "handles of one letter": "微信:a ",
    "separators in words": "加·薇·信·",
    "dashes and bars": "-_|~",
    "dots": ".",
    "dotted letters": "a.b.",
    "slashes": "/",
    "schemes": "http://",
    "defanged schemes": "hxxps[:]//a[.]b",
    "link soup": "http://a.cn/b?c=d&e=f#g,",
    "nested links": "http://a.cn/http://",
    "percent escapes": "%41%e4%bd",
    "mail soup": "a@b.cc,",
    "top-level names": ".com.cn.top.xyz",
    "base58": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    "hexadecimal": "0xdeadbeef",
    "combining marks": "a\u0301\u0323\u0308\u0338\u20dd",
    "marks alone": "\u0301",
    "emoji families": _FAMILY,
    "flags of tags": _TAGS,
    "full width": "ａ１．／",
    "mathematical letters": "\U0001d400\U0001d7d8\U0001d552",
    "mixed scripts": "aаαᴀ",
    "Hangul in parts": "\u1112\u1161\u11ab",
    "private use": "\ue000\U000f0000\ufffe\U0010ffff",
    "ligatures": "ﷺ㍿㌖",
    "pattern prefixes": "刷单返刷单返警方提醒刷高价收银行",
    "pattern prefixes in English": "your account has been your parcel could not be click the ",
}
"""What each kind repeats."""


@dataclass(frozen=True, slots=True)
class HostileCost:
    """Processor time of one kind of text, in one message or in many. size: bytes.  shares: see `Share.shares`."""

    kind: str
    is_one: bool
    size: int
    seconds: float
    shares: float


def text_of(kind: str, size: int) -> str:
    """A text of one kind, of at most so many bytes of UTF-8 and at least one unit."""
    unit = UNITS[kind]
    return unit * max(1, size // len(unit.encode()))


@dataclass(frozen=True, slots=True)
class Share:
    """Seconds of processor time that ordinary text takes. a_byte: of it, among many messages.  a_call: one message
    alone, the dearest of some: what is suspicious is looked at more closely."""

    a_byte: float
    a_call: float

    @classmethod
    def of(cls, detector: Detector, ordinary: "pa.ChunkedArray[Any]") -> "Share":
        """Measured on a column of ordinary messages."""
        detector.assess_batch(ordinary)
        whole = _least(detector, ordinary)
        calls = [_least(detector, ordinary.slice(row, 1)) for row in range(min(_CALLS, len(ordinary)))]
        return cls(whole / sum(text_bytes(chunk) for chunk in ordinary.chunks), max(calls))

    def shares(self, seconds: float, size: int) -> float:
        """How many times what ordinary text of so many bytes costs."""
        return max(0.0, seconds - self.a_call) / (size * self.a_byte)


def measure_hostile(
    detector: Detector, share: Share, size: int, kinds: Sequence[str] = tuple(UNITS)
) -> list[HostileCost]:
    """Each kind at so many bytes, as one message and as many, dearest first.

    A kind is tried at a few smaller sizes before and stops at the first at which it is hopeless: what grows with the
    square of its length would take hours at the last.
    """
    found = []
    for kind in kinds:
        for is_one in (True, False):
            for part in (*(size // step for step in (64, 8) if size // step >= LEAST), size):
                cost = HostileCost(kind, is_one, *_measure(detector, share, _column(kind, part, is_one=is_one)))
                if cost.shares > HOPELESS:
                    break
            found.append(cost)
    return sorted(found, key=lambda cost: -cost.shares)


def _column(kind: str, size: int, *, is_one: bool) -> "pa.Array[Any]":
    short = text_of(kind, SHORT)
    return pa.array([text_of(kind, size)] if is_one else [short] * max(1, size // len(short.encode())), pa.string())


def _least(detector: Detector, column: "pa.ChunkedArray[Any]") -> float:
    """The least seconds of some attempts: what else runs only adds."""
    return min(cost_of(partial(detector.assess_batch, column)).cpu for _ in range(_ATTEMPTS))


def _measure(detector: Detector, share: Share, column: "pa.Array[Any]") -> tuple[int, float, float]:
    """Bytes, seconds and shares of a column; tried again where it costs too much, since what else runs only adds."""
    size, seconds = text_bytes(column), float("inf")
    for _ in range(_ATTEMPTS):
        seconds = min(seconds, cost_of(partial(detector.assess_batch, column)).cpu)
        if share.shares(seconds, size) <= MOST_SHARES:
            break
    return size, seconds, share.shares(seconds, size)
