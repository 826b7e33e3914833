"""The short way of folding: the survey passes only what every repair, asked in turn, would leave alone."""

from importlib.resources import files

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tocsin.engine.fold import MAX_PASSES, _expand, fold_batch
from tocsin.engine.fold_repairs import (
    BUFFER,
    Buffer,
    _join_ideographs,
    _join_letters,
    _undo_disguises,
    _undo_look_alikes,
    _undo_numerals,
    new_buffer,
)
from tocsin.engine.fold_survey import AHEAD, EXPANDS, doubts_of, look_over
from tocsin.engine.fold_tables import (
    HAN,
    IS_HAN,
    IS_LATIN,
    IS_NUMBER,
    IS_RARE,
    IS_SEPARATOR,
    IS_SPACE,
    IS_WORD,
    NUMERALS,
    POINT_OF,
    TABLES,
    FoldTables,
    load_tables,
    read_disguises,
)
from tocsin.engine.kernels import COUNT, U8, U32, borrowing_kernel
from tocsin.engine.text import TextBatch

MOST = 18  # points that one may fold to
DISGUISES = sorted(read_disguises((files("tocsin.engine") / "tables" / "disguises.txt").read_text(encoding="utf-8")))
# Letters, marks and separators that the repairs react to, and disguises whole and cut short.
PIECES = st.one_of(
    st.sampled_from("加薇微信v威q返利佣亻言氵尔力口ロカエー一二三〇零13aeowxВвгаоріαΗην ·.-/*_+①➕❤각가한ﷺ㎏ｴㄅ"),
    st.sampled_from(
        ["\n", "  ", "\u200b", "\u0301", "\u0302", "\ufe0f", "\u20e3", "a b c d", "w-e-i", "一三八零零", "汉 字"]
    ),
    st.sampled_from(DISGUISES),
    st.sampled_from([disguise[:-1] for disguise in DISGUISES if len(disguise) > 2]),
    st.characters(codec="utf-8"),
)
TEXTS = st.lists(PIECES, max_size=16).map("".join)

Message = tuple[list[int], list[int], list[int]]


@borrowing_kernel(COUNT(BUFFER, COUNT, BUFFER, TABLES))
def _fold_the_long_way(text: Buffer, n: int, spare: Buffer, tables: FoldTables) -> int:
    """Every repair in every pass, whether or not it is called for. The fold is in text; returns its length."""
    for _ in range(MAX_PASSES):
        before = _expand(text, n, spare, tables)
        changed = _undo_look_alikes(spare, before, tables)
        n = _join_ideographs(spare.points, spare.starts, spare.ends, before, tables.kind)
        changed = _undo_numerals(spare.points, n, tables.role, tables.entry) or changed
        n = _join_letters(spare.points, spare.starts, spare.ends, n, tables.kind)
        n, replaced = _undo_disguises(spare, n, tables)
        for i in range(n):
            text.points[i], text.starts[i], text.ends[i] = spare.points[i], spare.starts[i], spare.ends[i]
        if not changed and not replaced and n == before:
            break
    return n


@borrowing_kernel(COUNT(U32, U8, U32, U32))
def _doubts_of(entries: NDArray[np.uint32], doubts: NDArray[np.uint8], doors: NDArray[np.uint32],
               trie: NDArray[np.uint32]) -> int:  # fmt: skip
    return doubts_of(entries, doubts, doors, trie)


def the_long_way(text: str) -> Message:
    """A message folded without the survey: points, starts and ends."""
    tables, scratch, spare = load_tables(), new_buffer(MOST * len(text)), new_buffer(MOST * len(text))
    for i, char in enumerate(text):
        scratch.points[i], scratch.starts[i], scratch.ends[i] = tables.entry[ord(char)], i, i + 1
    n = _fold_the_long_way(scratch, len(text), spare, tables)
    return (scratch.points[:n] & POINT_OF).tolist(), scratch.starts[:n].tolist(), scratch.ends[:n].tolist()


def the_short_way(texts: list[str]) -> list[Message]:
    """Messages folded as everybody does it."""
    batch = fold_batch(TextBatch.from_arrow(pa.array(texts, type=pa.string())))
    bounds = zip(batch.offsets.tolist(), batch.offsets[1:].tolist(), strict=False)
    return [(batch.points[a:b].tolist(), batch.starts[a:b].tolist(), batch.ends[a:b].tolist()) for a, b in bounds]


def doubts(text: str) -> int:
    """What the survey says of one message."""
    batch, tables = TextBatch.from_arrow(pa.array([text], type=pa.string())), load_tables()
    room = len(batch.points) + 1
    entries, marks = np.empty(AHEAD + room, np.uint32), np.empty(room, np.uint8)
    look_over(batch.points, batch.offsets, tables, entries, marks)
    return _doubts_of(entries[AHEAD:], marks, tables.doors, tables.trie)


@settings(max_examples=600)
@given(st.lists(TEXTS, max_size=4))
def test_the_short_way_gives_what_the_long_way_does(texts: list[str]) -> None:
    assert the_short_way(texts) == [the_long_way(text) for text in texts]


def test_every_disguise_comes_out_the_same_either_way() -> None:
    texts = [
        f"{before}{disguise}{after}" for disguise in DISGUISES for before, after in (("", ""), ("1", "a"), ("请", "。"))
    ]
    assert the_short_way(texts) == [the_long_way(text) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "您好，您的快递已到，请及时领取。",
        "Are we still on for dinner tonight? I am at home.",
        "会议改到 3 点 room 12-34",
        "привет, как дела",
        "안녕하세요 여러분",
        "电话13800138000，一共三件",
    ],
)
def test_it_passes_ordinary_messages(text: str) -> None:
    assert doubts(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        " a",
        "a ",
        "a  b",
        "微 信",
        "汉.·-汉",
        "w-e-i-x",
        "一三八零零1",
        "v信",
        "раypal",
        "e\u0301",
        "亻言",
        "❤️",
        "\u200b",
    ],
)
def test_it_doubts_what_wants_a_repair(text: str) -> None:
    assert doubts(text) != 0


def test_a_message_is_not_doubted_for_what_its_neighbours_end_and_begin_with() -> None:
    batch = TextBatch.from_arrow(pa.array(["汉", "-汉", "a b c", "d e", "1380", "0一三八"], type=pa.string()))
    tables, room = load_tables(), len(batch.points) + len(batch)
    entries, marks = np.empty(AHEAD + room, np.uint32), np.empty(room, np.uint8)
    look_over(batch.points, batch.offsets, tables, entries, marks)
    assert not np.any(marks & EXPANDS)
    firsts = (batch.offsets[:-1] + np.arange(len(batch))).tolist()
    lasts = (batch.offsets[1:] + np.arange(len(batch))).tolist()
    for first, last in zip(firsts, lasts, strict=True):
        message = entries[AHEAD + first : AHEAD + last + 1]
        assert _doubts_of(message, marks[first : last + 1], tables.doors, tables.trie) == 0


def test_an_entry_says_of_a_point_what_the_tables_do() -> None:
    tables = load_tables()
    plain = tables.entry[tables.entry & IS_RARE == 0]
    targets = plain & POINT_OF
    assert np.all(tables.slot[targets] == 0)  # a fold of a fold is itself: later passes replace nothing by the table
    assert np.array_equal(plain & IS_HAN != 0, tables.kind[targets] == HAN)
    for text, bits in (
        ("a", IS_LATIN | IS_WORD),
        ("Ａ", IS_LATIN | IS_WORD),
        ("7", IS_NUMBER | IS_WORD),
        ("é", IS_WORD),
    ):
        assert tables.entry[ord(text)] & (IS_LATIN | IS_WORD | IS_NUMBER | IS_HAN | IS_SEPARATOR) == bits
    assert tables.entry[ord("❤")] & POINT_OF == ord(" ")
    assert tables.entry[ord("\u3000")] & (IS_SPACE | IS_SEPARATOR) == IS_SPACE | IS_SEPARATOR
    for numeral in NUMERALS:
        assert tables.entry[ord(numeral)] & (IS_HAN | IS_NUMBER) == IS_HAN | IS_NUMBER
