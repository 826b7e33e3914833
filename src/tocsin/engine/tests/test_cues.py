"""Cues: what marks a place, what does not, and that nothing a detector would find goes unmarked."""

import numpy as np
import phonenumbers
import pyarrow as pa
import pytest
import tldextract
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.detectors import Cue, Shape, find_indicators, lay_out, load_detectors
from tocsin.engine.detectors._cues import compile_cues, find_cues
from tocsin.engine.detectors._hosts import endings, is_registrable
from tocsin.engine.detectors._numbers import NUMBERS
from tocsin.engine.detectors.phone import national_numbers
from tocsin.engine.fold import fold_batch
from tocsin.engine.text import FoldedBatch, TextBatch


def fold(texts: list[str]) -> FoldedBatch:
    return fold_batch(TextBatch.from_arrow(pa.array(texts, type=pa.string())))


def marked(cue: Cue, *texts: str) -> list[list[str]]:
    """What stands from each marked place to the end of its message."""
    folded = fold(list(texts))
    marks = find_cues(folded, compile_cues([cue], endings()))
    result: list[list[str]] = [[] for _ in texts]
    for row, place in zip(marks.row.tolist(), marks.place.tolist(), strict=True):
        points = folded.points[place : folded.offsets[row + 1]]
        result[row].append(points.tobytes().decode("utf-32-le"))
    return result


def test_a_word_marks_where_it_begins() -> None:
    assert marked(Cue(("微信",)), "加微信,微笑", "微", "") == [["微信,微笑"], [], []]


def test_a_word_of_one_character_marks_before_letters_marks_and_the_end() -> None:
    assert marked(Cue(("扣",)), "扣:1", "扣", "x扣a", "扣款") == [["扣:1"], ["扣"], ["扣a"], []]


def test_a_latin_word_marks_only_where_it_begins_a_word() -> None:
    assert marked(Cue(("wx",)), "wx abc", "加wxabc", "awx", "1wx", "-wx") == [["wx abc"], ["wxabc"], [], [], ["wx"]]


def test_two_words_may_begin_at_one_place() -> None:
    first, second = Cue(("qq",)), Cue(("qq群", "q"))
    folded = fold(["qq群"])
    marks = find_cues(folded, compile_cues([first, second], endings()))
    assert marks.place.tolist() == [0]
    assert marks.cues.tolist() == [3]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("微信 abcd", True),
        ("微信 abc", False),
        ("微信" + "好" * 16 + "abcd", True),
        ("微信" + "好" * 17 + "abcd", False),
        ("abc1 微信", True),
        ("abcd 微信", False),
        ("line abcd", False),
        ("line abc1", True),
        ("line: abcd", True),
        ("line ab.cd", True),
        ("line ab. cd", False),
    ],
)
def test_a_cue_may_want_a_name_near_it(text: str, *, near: bool) -> None:
    assert (marked(Cue(("微信", "line"), named=True), text) != [[]]) is near


@pytest.mark.parametrize(
    ("shape", "hits", "misses"),
    [
        (
            Shape.NUMBER,
            ["12345678", "(020) 1234-5678", "+1234567", "95588", "10086", "x 1-2-3-4-5-6-7-8"],
            ["1234567", "223456", "a12345678", "12345678a", "¥12345678", "1.5", "12...34...5678", ""],
        ),
        (Shape.ADDRESS, ["8.8.8.8", "10.2.3.4:80"], ["1.2.3", "v1.2"]),
        (Shape.SPELLED, ["l38oo138ooo", "1380013800o", "l38 oo13 8ooo"], ["13800138000", "l38oo138oo", "loooooooooo"]),
        (
            Shape.ENDING,
            ["a.com", "a . com", "a[.]com", "a(dot)com", "a dot com", "a。cn", "a点com", "é.com"],
            ["a.commm", "..com", ".com", "a.xyzzy", "a. com", "好。cn", "antidot com"],
        ),
        (
            Shape.CODE,
            ["a1" * 13, "bc1" + "q" * 11, "ltc1" + "q" * 10],
            ["a1" * 12 + "a", "bc1" + "q" * 10, "a" * 40],
        ),
        (Shape.ACCOUNT, ["gb82 west 1234 5698 76", "gb82west12345698"], ["gb82 west 1234", "g782west12345698"]),
    ],
)
def test_a_shape_marks(shape: Shape, hits: list[str], misses: list[str]) -> None:
    found = marked(Cue(shape=shape), *hits, *misses)
    assert [bool(each) for each in found] == [True] * len(hits) + [False] * len(misses)


def test_there_is_a_bit_for_64_cues_and_no_more() -> None:
    cues = [Cue((f"{number}x",)) for number in range(64)]
    marks = find_cues(fold(["63x"]), compile_cues(cues, endings()))
    assert marks.cues.tolist() == [1 << 63]
    with pytest.raises(ValueError, match="at most 64 cues"):
        compile_cues([*cues, Cue(("y",))], endings())


def test_only_marked_messages_are_laid_out() -> None:
    batch = TextBatch.from_arrow(pa.array(["早上好", "http://A.example/Ｘ", "", "95588"]))
    text = lay_out(batch, fold_batch(batch))
    assert text.lower == "http://a.example/x\n95588\n"
    assert text.cased == "http://A.example/X\n95588\n"
    assert text.rows.tolist() == [1, 3]
    assert text.begins.tolist() == [0, 19]
    assert text.dressed.index(1) == 17
    assert text.typed(17) == "Ｘ"
    assert text.places(NUMBERS) == [19]
    assert text.before(21, 9) == "95"
    assert text.after(17, 9) == "x"


def test_numbers_are_read_as_columns() -> None:
    batch = TextBatch.from_arrow(pa.array(["卡号: 4111 1111 1111 1111", "+44 7700 900123x", "no 2023-0101.55"]))
    numbers = lay_out(batch, fold_batch(batch)).numbers
    assert numbers.count.tolist() == [16, 12, 10]
    assert numbers.lead.tolist() == [4111, 4477, 2023]
    assert numbers.alone.tolist() == [True, False, True]
    assert numbers.luhn.tolist()[0] is True
    assert numbers.plus.tolist() == [False, True, False]
    assert chr(numbers.announcer[0]) == "号"


HOSTS = [
    "a.com",
    "com",
    "a.co.uk",
    "co.uk",
    "x.y.ck",
    "ck",
    "www.ck",
    "a.客服.中国",
    "客服.中国",
    "xn--fiqs8s",
    "a.xn--fiqs8s",
    "a.nosuchending",
    "1.2.3.4",
    "a.b.kawasaki.jp",
    "city.kawasaki.jp",
    "b.kawasaki.jp",
    "é.fr",
    "xn--.com",
]


@pytest.mark.parametrize("host", HOSTS)
def test_what_can_be_registered_is_what_the_public_suffix_list_says(host: str) -> None:
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)
    parts = extract(host)
    assert is_registrable(host) is bool(parts.domain and parts.suffix)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["GB", "CN"]), st.from_regex(r"[1-9][0-9]{8,10}", fullmatch=True))
def test_a_national_number_is_valid_where_its_plan_says_so(region: str, digits: str) -> None:
    number = phonenumbers.parse("0" + digits, region)
    national = str(number.national_number)
    expected = phonenumbers.is_valid_number_for_region(number, region)
    assert bool(national_numbers(region).fullmatch(national)) is expected


ALPHABET = "加微信v薇q扣飞机电报@tg:.·。点comhttp/ 1380-abc_[]()❤①号群line赖+at"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=ALPHABET, max_size=80), st.text(alphabet=ALPHABET, max_size=80))
def test_what_stands_in_a_message_does_not_depend_on_its_neighbours(first: str, second: str) -> None:
    def columns(texts: list[str]) -> list[tuple[object, ...]]:
        batch = TextBatch.from_arrow(pa.array(texts, type=pa.string()))
        found = find_indicators(batch, fold_batch(batch))
        return list(zip(found.row.tolist(), found.kind.to_pylist(), found.value.to_pylist(), found.start.tolist(),
                        found.end.tolist(), strict=True))  # fmt: skip

    alone = columns([first]), columns([second])
    moved = [(1, *rest) for _, *rest in alone[1]]
    assert columns([first, second]) == [*alone[0], *moved]


def test_every_detector_looks_only_where_its_cues_are() -> None:
    batch = TextBatch.from_arrow(pa.array(["今天天气不错，我们去公园吧", "see you at ten", "5元", "微笑 a.b 12-3"]))
    text = lay_out(batch, fold_batch(batch))
    assert text.lower == ""
    assert [list(module.find(text)) for module in load_detectors().values()] == [[] for _ in load_detectors()]
    assert find_indicators(batch, fold_batch(batch)).row.dtype == np.int32
