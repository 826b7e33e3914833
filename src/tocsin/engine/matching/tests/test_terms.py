"""How texts become terms and pieces."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.matching.terms import MOST_TERMS, NUMBER, PAIR, WORD, pieces_of, terms_of


def spelled(text: str) -> list[str]:
    """The terms of a text as they are after stemming."""
    terms = terms_of([text])
    return [
        "".join(map(chr, terms.points[start : start + length]))
        for start, length in zip(terms.starts, terms.lengths, strict=True)
    ]


def keys(text: str) -> list[int]:
    return [int(key) for key in terms_of([text]).keys]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The ladies' dogs weren't running", ["the", "ladi", "dog", "werent", "run"]),
        ("Trump’s glasses", ["trump", "glass"]),
        ("the boss is class", ["the", "boss", "is", "class"]),
        ("柿子和牛奶", ["柿子", "子和", "和牛", "牛奶"]),
        ("吃 5 個蘋果", ["吃", "5", "个苹", "苹果"]),
        ("한국어 ทดสอบ", ["한국", "국어", "ทด", "ดส", "สอ", "อบ"]),
        ("naïve café", ["naïve", "café"]),
        ("", []),
        ("!?… 🙂", []),
    ],
)
def test_words_are_stemmed_and_other_scripts_paired(text: str, expected: list[str]) -> None:
    assert spelled(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("countries", "country"),
        ("stopped", "stops"),
        ("quickly", "QUICK"),
        ("臺灣", "台湾"),
        ("ＣＯＶＩＤ", "covid"),
        ("vaccinated", "vaccinates"),
    ],
)
def test_forms_of_a_word_share_their_name(one: str, other: str) -> None:
    assert keys(one) == keys(other)


def test_kinds_are_told_apart() -> None:
    assert terms_of(["abc 123 a1 中文"]).kinds.tolist() == [WORD, NUMBER, WORD, PAIR]


def test_a_character_alone_is_no_word_of_the_same_look() -> None:
    assert keys("中")[0] not in keys("中文") + keys("文中")


def test_long_texts_are_read_to_a_limit() -> None:
    terms = terms_of(["word " * (MOST_TERMS + 100), "字" * (MOST_TERMS + 100), "last"])
    assert np.diff(terms.bounds).tolist() == [MOST_TERMS, MOST_TERMS, 1]


def test_pieces_hold_the_ends_of_words_and_the_characters_of_pairs() -> None:
    terms = terms_of(["牛奶 rain 牛 rainbow"])
    pieces = pieces_of(terms, np.arange(4, dtype=np.int64))
    pair, rain, single, rainbow = (
        set(pieces.keys[first:last].tolist()) for first, last in pairwise(pieces.bounds.tolist())
    )
    assert (len(rain), len(rainbow), len(pair), len(single)) == (3, 6, 2, 1)
    assert len(rain & rainbow) == 2  # the beginning and "rain", not the end
    assert single < pair


@given(st.lists(st.text(), max_size=6))
def test_a_text_has_the_same_terms_in_any_company(texts: list[str]) -> None:
    together = terms_of(texts)
    for text, (first, last) in zip(texts, pairwise(together.bounds.tolist()), strict=True):
        assert together.keys[first:last].tolist() == keys(text)


@given(st.text(alphabet=st.characters(categories=None)))
def test_no_text_breaks_it(text: str) -> None:
    terms = terms_of([text])
    chosen = np.arange(len(terms.keys), dtype=np.int64)
    pieces = pieces_of(terms, chosen)
    assert len(pieces.bounds) == len(terms.keys) + 1
    assert (np.diff(pieces.bounds) > 0).all()
    assert (terms.starts + terms.lengths <= len(terms.points)).all()
