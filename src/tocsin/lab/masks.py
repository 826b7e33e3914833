"""Undoing a publisher's tokenisation and masks, so that the model learns neither the spaces nor the mask words.

One public corpus comes cut into words and with URL, PHONE, DIGIT, NAME and the like in place of what they stood for.
Here the words are joined again and each mask is replaced by something invented of its kind, drawn from a generator
that is seeded by the row, so that the same row always gives the same text.
"""

import re
from collections.abc import Callable
from random import Random

_MASK = re.compile(r"HOTLINE|CELLPHONE|CELLPHON|PHONE|WECHAT|DIGIT|URL|NAME|PLACE|BANK")
_SPACE = re.compile(r"(?<![a-zA-Z0-9]) +| +(?![a-zA-Z0-9])")

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉"
_PLACES = (
    "江城",
    "云州",
    "南湖",
    "青岭",
    "东港",
    "滨河",
    "新浦",
    "北关",
    "西林",
    "石桥",
    "临江",
    "海宁路",
    "中山路",
    "人民广场",
)
_BANKS = ("江城银行", "云州银行", "建行", "工行", "农行", "邮政储蓄", "交行", "商业银行")
_DOMAINS = ("com", "cn", "net", "top", "cc", "vip", "xyz", "me")
_LETTERS = "abcdefghijkmnpqrstuvwxyz"
_DIGITS = "0123456789"


def unmask(text: str, seed: str) -> str:
    """The text with its masks filled and its words joined; the same seed always gives the same text."""
    # a mask for reproducible training texts, nothing that must be hard to guess
    random = Random(seed)  # noqa: S311
    filled = _MASK.sub(lambda mask: _FILLERS[mask[0]](random), text)
    return _SPACE.sub("", filled)


def join_words(text: str) -> str:
    """The text with the spaces between Chinese words taken out, its masks left as they are."""
    return _SPACE.sub("", text)


def _some(random: Random, letters: str, least: int, most: int) -> str:
    return "".join(random.choice(letters) for _ in range(random.randint(least, most)))


def _link(random: Random) -> str:
    site = _some(random, _LETTERS + _DIGITS, 3, 9)
    start = random.choice(("", "", "www.", "http://", "https://", "wap."))
    path = random.choice(("", "", "/" + _some(random, _LETTERS + _DIGITS, 1, 6)))
    return f"{start}{site}.{random.choice(_DOMAINS)}{path}"


def _landline(random: Random) -> str:
    return random.choice(("0" + _some(random, _DIGITS, 2, 3) + "-", "")) + _some(random, _DIGITS, 7, 8)


def _hotline(random: Random) -> str:
    return random.choice(("400" + _some(random, _DIGITS, 7, 7), "95" + _some(random, _DIGITS, 3, 3)))


def _handle(random: Random) -> str:
    return (
        random.choice(("", "微信", "V", "v信", "加微信")) + _some(random, _LETTERS, 2, 6) + _some(random, _DIGITS, 3, 6)
    )


_FILLERS: dict[str, Callable[[Random], str]] = {
    "HOTLINE": _hotline,
    "CELLPHONE": lambda random: "1" + random.choice("3578") + _some(random, _DIGITS, 9, 9),
    "CELLPHON": lambda random: "1" + random.choice("3578") + _some(random, _DIGITS, 9, 9),
    "PHONE": _landline,
    "WECHAT": _handle,
    "DIGIT": lambda random: _some(random, "123456789", 1, 1) + _some(random, _DIGITS, 0, 3),
    "URL": _link,
    "NAME": lambda random: random.choice(_SURNAMES) + _some(random, _GIVEN, 1, 2),
    "PLACE": lambda random: random.choice(_PLACES),
    "BANK": lambda random: random.choice(_BANKS),
}
