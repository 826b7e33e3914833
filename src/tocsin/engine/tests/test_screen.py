"""The screen keeps back no message that an expression matches, and lets few others through."""

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.fold import fold_batch
from tocsin.engine.patterns import Pattern, read_folder
from tocsin.engine.patterns.needs import needs_of
from tocsin.engine.patterns.screen import GROUPS, Screen
from tocsin.engine.text import FoldedBatch, TextBatch

ORDINARY = (
    "明天晚上一起吃饭吗？老地方见",
    "Are we still on for lunch tomorrow? I'll book the table at one.",
    "今天股市又跌了，希望明天能涨回来。",
    "小区业委会选举下周六上午九点在活动室举行，请各位业主参加。",
    "The train was late again, so I only got home at nine. How was your day?",
)
LETTERS = "abc加微信钱"
TEXTS = st.text(alphabet=LETTERS, max_size=24)
SMALL = st.recursive(
    st.sampled_from([*LETTERS, ".", "[ab]", "[^c]", r"\b", r"\d", "(?:ab|加微信)", "(?:a|)"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda several: f"(?:{'|'.join(several)})"),
        st.tuples(inner, st.sampled_from(["?", "{0,3}", "{2}", "{1,4}", "+"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


def fold(*texts: str) -> FoldedBatch:
    return fold_batch(TextBatch.from_arrow(pa.array(texts, pa.string())))


def plain(text: str) -> FoldedBatch:
    """A text as if it came out of folding as it is."""
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).copy()
    ends = np.arange(1, len(points) + 1, dtype=np.int32)
    return FoldedBatch(points, np.array([0, len(points)], dtype=np.int64), ends - 1, ends)


@pytest.fixture(scope="module")
def bundled() -> tuple[Pattern, ...]:
    return read_folder()


@pytest.fixture(scope="module")
def screen(bundled: tuple[Pattern, ...]) -> Screen:
    return Screen.build([pattern.expression for pattern in bundled])


def test_every_example_is_let_through(bundled: tuple[Pattern, ...], screen: Screen) -> None:
    examples = [(number, text) for number, pattern in enumerate(bundled) for text in pattern.hits]
    groups = screen.groups(fold(*(text for _, text in examples)))
    kept_back = [
        bundled[number].id
        for (number, _), wanted in zip(examples, groups.tolist(), strict=True)
        if not wanted >> number % GROUPS & 1
    ]
    assert kept_back == []


def test_every_bundled_expression_can_be_screened(screen: Screen) -> None:
    assert screen.always.tolist() == [0]


def test_ordinary_messages_are_kept_back(screen: Screen) -> None:
    assert screen.groups(fold(*ORDINARY, "")).tolist() == [0] * (len(ORDINARY) + 1)


@given(SMALL, st.lists(TEXTS, min_size=1, max_size=5))
def test_whatever_matches_is_let_through(expression: str, texts: list[str]) -> None:
    screen = Screen.build([expression])
    for text in texts:
        if re.search(expression, text, re.ASCII):
            assert screen.groups(plain(text)).tolist() == [1], f"{expression} matches {text!r}"


def test_a_long_way_between_two_words_is_too_long() -> None:
    screen = Screen.build(["刷单.{0,6}佣金"])
    near, far = "刷单" + "啊" * 6 + "佣金", "刷单" + "啊" * 60 + "佣金"
    assert screen.groups(fold(near, far, "佣金和刷单", "刷单", "佣金")).tolist() == [1, 1, 0, 0, 0]
    screen = Screen.build(["刷单.{0,6}返利佣金啊"])
    assert screen.groups(fold("刷单" + "啊" * 60 + "返利佣金啊")).tolist() == [0]


def test_what_cannot_be_read_is_always_let_through() -> None:
    screen = Screen.build(["(?P<name>刷单)", "佣金", "[a-z]+", "x?"])
    assert screen.always.tolist() == [0b1101]
    assert screen.groups(fold("你好", "佣金", "")).tolist() == [0b1101, 0b1111, 0b1101]


@pytest.mark.parametrize(
    ("expression", "chains", "width"),
    [
        ("刷单", [["刷单"]], 2),
        ("刷单|返利", [["刷单|返利"]], 2),
        ("刷(?:单|屏).{0,6}佣金", [["刷单|刷屏", "佣金"]], 10),
        ("a(?:b.c|d)", [["a", "d"], ["a", "b", "c"]], 4),
        ("加?微信", [["微信"]], 3),
        ("(?:加|加微)信", [["加信|加微信"]], 3),
        ("[12]0[^a]", [["10|20"]], 3),
        (r"\bqq\b", [["qq"]], 2),
        ("(?:ab){2}", [["abab"]], 4),
        ("(?:ab)+c", [["ab", "c"]], 1 << 30),
        (r"1\.5", [["1.5"]], 3),
        (".", [[]], 1),
        ("a|.", [[]], 1),
    ],
)
def test_it_reads_what_an_expression_needs(expression: str, chains: list[list[str]], width: int) -> None:
    found, wide = needs_of(expression)
    assert [["|".join(sorted(words)) for words in chain] for chain in found] == [
        ["|".join(sorted(words.split("|"))) for words in chain] for chain in chains
    ]
    assert wide == width


@pytest.mark.parametrize("expression", ["(a", "a)", "*a", r"\x41", "(?i)a", "a{b}", "[b-", "[a-\\d]"])
def test_it_says_what_it_cannot_read(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        needs_of(expression)
