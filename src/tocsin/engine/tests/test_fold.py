"""Folding: what it undoes, what it leaves alone, and that the offset map is right."""

from importlib.resources import files
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.fold import fold_batch, fold_text
from tocsin.engine.fold_tables import read_disguises
from tocsin.engine.text import FoldedBatch, TextBatch

# Letters, marks and separators that the rules react to, so that hypothesis finds what they do to each other.
LIVELY = st.text(
    alphabet="加薇微信v威q返利佣亻言氵尔力口ロカエー一二三〇零13aeoxwiВвгаеоріαν ·.-/*_+①➕❤각가한ﷺ㎏"
    "\n\u200b\u0301\u0302\u0323\u20e3\ufe0f",
    max_size=40,
)
ANY = st.one_of(LIVELY, st.text(max_size=40), st.text(alphabet="\u0300\u0301\u20dd\u3099\u0651\u0e31", max_size=20))


def folded(texts: list[str]) -> FoldedBatch:
    """Fold a list of messages."""
    return fold_batch(TextBatch.from_arrow(pa.array(texts, type=pa.string())))


def messages(batch: FoldedBatch) -> list[str]:
    """Every folded message as a string."""
    return [batch.points[a:b].tobytes().decode("utf-32-le") for a, b in pairwise(batch.offsets.tolist())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ１２３，！：", "abc123,!:"),
        ("轉賬、匯款。", "转账、汇款。"),
        ("①③⑧⒈⒏❶➊⓵⑩", "13818111" + "10"),
        ("1️⃣3️⃣8️⃣", "138"),
        ("🅥🅘🅟 🄰🅱", "vip ab"),
        ("𝐅𝐫𝐞𝐞 𝒸𝒶𝓈𝒽 ᴡɪɴ", "free cash win"),
        ("٣٤५", "345"),
        ("微\u200b信\u2060号\ufeff", "微信号"),
        ("微 信", "微信"),
        ("加·薇·信", "加微信"),
        ("微.信", "微信"),
        ("返/佣", "返佣"),
        ("微❤信", "微信"),
        ("w-e-i-x-i-n", "微信"),
        ("f r e e money", "free money"),
        ("t.e.l.e.g.r.a.m", "telegram"),
        ("1 3 8 0 0 1 3 8 0 0 0", "13800138000"),
        ("一三八零零一三八零零零", "13800138000"),
        ("电话1三8零零九", "电话138009"),
        ("➕我", "加我"),
        ("亻言用卡", "信用卡"),
        ("⻋贷", "车贷"),
        ("力ロ我", "加我"),
        ("V❤信：abc", "微信:abc"),
        ("薇信", "微信"),
        ("徽 信", "微信"),
        ("加√信", "加微信"),
        ("代开發票", "代开发票"),
        ("涮单返俐", "刷单返利"),
        ("раурal", "paypal"),
        ("ВТС Т0кеn", "втс t0ken"),
        ("Рауpal поддержка", "paypal поддержка"),
        ("e\u0301a\u0323\u0302", "éậ"),
        ("p\u0336a\u0336y\u0336", "pay"),
        ("  a \n\t b  ", "a b"),
        ("👨‍👩‍👧‍👦 hi 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "hi"),
        ("ガ", "ガ"),
        ("\u1112\u1161\u11ab", "한"),
    ],
)
def test_it_undoes(text: str, expected: str) -> None:
    assert fold_text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "周一二三开会",
        "二零二六年",
        "привет мир, до 12",
        "ελληνικά",
        "ガイド カタカナ",
        "领导威信很高",
        "发射卫星",
        "use iphone 手机",
        "version 1.2.3 of a.b",
        "he said it is a u.s. bank",
        "2026-01-02 10:30",
        "phở bò việt nam",
        "สวัสดีครับ",
        "قال محمد",
        "买菠菜和豆腐",
        "预约泡温泉",
        "加裙子",
    ],
)
def test_it_leaves_alone(text: str) -> None:
    assert fold_text(text) == text


@pytest.mark.parametrize("text", ["", "\0", "\u200b\u200d\ufeff", "\u0301\u0301", " \n ", "❤️👍🏽", "\U000e0041"])
def test_it_folds_what_holds_no_text_to_nothing(text: str) -> None:
    assert fold_text(text) == ""


@settings(max_examples=400)
@given(ANY)
def test_folding_a_fold_changes_nothing(text: str) -> None:
    once = fold_text(text)
    assert fold_text(once) == once


@settings(max_examples=300)
@given(st.lists(ANY, max_size=5))
def test_the_offset_map_is_valid_and_monotone(texts: list[str]) -> None:
    batch = folded(texts)
    assert len(batch) == len(texts)
    assert len(batch.points) == len(batch.starts) == len(batch.ends) == batch.offsets[-1]
    for text, first, last in zip(texts, batch.offsets, batch.offsets[1:], strict=False):
        starts, ends = batch.starts[first:last], batch.ends[first:last]
        assert np.all(starts < ends)
        assert np.all(starts >= 0)
        assert np.all(ends <= len(text))
        assert np.all(np.diff(starts) >= 0)
        assert np.all(np.diff(ends) >= 0)


@given(st.lists(ANY, max_size=6))
def test_a_batch_folds_as_its_messages_do_one_by_one(texts: list[str]) -> None:
    assert messages(folded(texts)) == [fold_text(text) for text in texts]


@given(st.lists(ANY, max_size=6))
def test_the_order_of_messages_does_not_matter(texts: list[str]) -> None:
    assert messages(folded(texts[::-1])) == messages(folded(texts))[::-1]


def test_a_folded_point_knows_where_it_came_from() -> None:
    text = "请➕薇·信: ａ１"
    batch = folded([text])
    found = messages(batch)[0]
    assert found == "请加微信: a1"
    at = found.index("微信")
    assert text[batch.starts[at] : batch.ends[at + 1]] == "薇·信"
    assert text[batch.starts[-1] : batch.ends[-1]] == "１"


def test_a_shortened_disguise_points_at_all_of_it() -> None:
    text = "加weixin号"
    batch = folded([text])
    assert messages(batch)[0] == "加微信号"
    assert text[batch.starts[1] : batch.ends[1]] == text[batch.starts[2] : batch.ends[2]] == "weixin"


def test_it_folds_a_huge_message_in_linear_time() -> None:
    text = "加·薇·信 １３８ раурal ①❤" * 40_000
    batch = folded([text])
    assert messages(batch)[0].count("加微信") == 40_000


def test_every_disguise_folds_to_its_word_and_the_word_to_itself() -> None:
    table = read_disguises((files("tocsin.engine") / "tables" / "disguises.txt").read_text(encoding="utf-8"))
    disguised = {disguise for disguise, word in table.items() if disguise != word}
    assert len(disguised) >= 120
    for disguise, word in table.items():
        assert fold_text(disguise) == word, disguise
        assert fold_text(word) == word, word


def test_the_derived_table_says_where_it_comes_from() -> None:
    with (files("tocsin.engine") / "tables" / "fold.npz").open("rb") as stream, np.load(stream) as stored:
        about = str(stored["about"])
    for source in ("derive_fold_tables.py", "Unicode licence", "Apache-2.0", "MIT", "CC BY 3.0"):
        assert source in about


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("薇信", "line 1: expected 'disguise = word'"),
        ("= 微信", "line 1: expected 'disguise = word'"),
        ("vx = 微信号", "line 1: '微信号' is longer than 'vx'"),
        ("v = w", "line 1: expected 'disguise = word'"),
        ("薇信 = 微信\n薇信 = 威信", "line 2: '薇信' already stands for '微信'"),
    ],
)
def test_a_bad_disguise_is_refused_with_its_line(line: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_disguises(line)
