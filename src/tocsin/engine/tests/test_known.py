"""Known indicators: a table answers as a dictionary would, keeps its answers on disk, and refuses a damaged file."""

import hashlib
import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tocsin.engine.detectors import find_indicators
from tocsin.engine.fold import fold_batch
from tocsin.engine.known import MOST_KINDS, UNKNOWN, KnownError, KnownIndicators
from tocsin.engine.text import TextBatch

SECRET = bytes(range(16))
HEAD = 88  # bytes before the first slot
Pair = tuple[str, str]
pairs = st.tuples(st.sampled_from(["url", "phone", "wechat", "域名", ""]), st.text(max_size=24))


def columns(rows: Sequence[Pair]) -> tuple["pa.Array[Any]", "pa.Array[Any]"]:
    return pa.array([kind for kind, _ in rows], pa.string()), pa.array([value for _, value in rows], pa.string())


def build(rows: Sequence[Pair], ids: Sequence[int] | None = None) -> KnownIndicators:
    return KnownIndicators.build(*columns(rows), None if ids is None else pa.array(ids, pa.int64()), secret=SECRET)


def ask(known: KnownIndicators, rows: Sequence[Pair]) -> list[int]:
    answer: list[int] = known.look_up(*columns(rows)).tolist()
    return answer


def saved(folder: Path) -> Path:
    path = folder / "known.bin"
    build([("url", "https://a.example/"), ("phone", "13800138000"), ("url", "")], [7, 8, 9]).save(path)
    return path


@given(rows=st.lists(pairs, max_size=60), others=st.lists(pairs, max_size=60), data=st.data())
def test_it_answers_as_a_dictionary_would(rows: list[Pair], others: list[Pair], data: st.DataObject) -> None:
    ids = data.draw(st.lists(st.integers(0, 2**31 - 1), min_size=len(rows), max_size=len(rows)))
    expected: dict[Pair, int] = {}
    for row, number in zip(rows, ids, strict=True):
        expected.setdefault(row, number)
    known = build(rows, ids)
    asked = rows + others
    assert ask(known, asked) == [expected.get(row, UNKNOWN) for row in asked]
    assert len(known) == len(expected)


def test_a_hundred_thousand_are_all_found_and_their_neighbours_are_not() -> None:
    rows = [("domain", f"shop{number}.example") for number in range(100_000)]
    known = build(rows)
    assert ask(known, rows) == list(range(len(rows)))
    assert set(ask(known, [("domain", f"shop{number}.example") for number in range(100_000, 200_000)])) == {UNKNOWN}
    assert set(ask(known, [("url", value) for _, value in rows])) == {UNKNOWN}
    assert set(ask(known, [("domain", value + "\0") for _, value in rows])) == {UNKNOWN}


def test_the_number_of_the_row_is_the_id_where_none_is_given() -> None:
    known = build([("qq", "10001"), ("qq", "10001"), ("qq", "10002")])
    assert ask(known, [("qq", "10002"), ("qq", "10001")]) == [2, 0]
    assert len(known) == 2


def test_an_empty_table_knows_nothing(tmp_path: Path) -> None:
    build([]).save(tmp_path / "none")
    known = KnownIndicators.load(tmp_path / "none")
    assert len(known) == 0
    assert ask(known, [("url", "a"), ("", "")]) == [UNKNOWN, UNKNOWN]
    assert ask(known, []) == []


def test_every_shape_of_a_string_column_gives_the_same_answer() -> None:
    rows = [("url", "a"), ("phone", "一"), ("url", "b" * 40), ("nothing", "a"), ("url", "")]
    known = build(rows[:3])
    kinds, values = columns(rows)
    expected = ask(known, rows)
    assert expected == [0, 1, 2, UNKNOWN, UNKNOWN]
    large = values.cast(pa.large_string())
    assert known.look_up(kinds.dictionary_encode(), large).tolist() == expected
    cut = pa.chunked_array([kinds[:2], kinds[2:2], kinds[2:]]), pa.chunked_array([values[:1], values[1:]])
    assert known.look_up(*cut).tolist() == expected
    assert known.look_up(kinds[1:4], large[1:4]).tolist() == expected[1:4]
    assert known.look_up(kinds.dictionary_encode()[2:], values[2:]).tolist() == expected[2:]


def test_a_table_made_from_a_part_of_a_column_holds_that_part() -> None:
    kinds, values = columns([("url", "before"), ("url", "here"), ("url", "after")])
    known = KnownIndicators.build(kinds[1:2], values[1:2])
    assert ask(known, [("url", "before"), ("url", "here"), ("url", "after")]) == [UNKNOWN, 0, UNKNOWN]


def test_null_is_never_known() -> None:
    known = build([("url", ""), ("", "")])
    kinds = pa.array(["url", None, "url", None], pa.string())
    values = pa.array([None, "", "", None], pa.string())
    assert known.look_up(kinds, values).tolist() == [UNKNOWN, UNKNOWN, 0, UNKNOWN]


def test_it_takes_what_the_detectors_find() -> None:
    texts = ["加薇❤abc123，或打138-0013-8000", "see you", "hxxps://bad[.]site-1[.]com/a?x=1"]
    batch = TextBatch.from_arrow(pa.array(texts))
    found = find_indicators(batch, fold_batch(batch))
    known = build([("phone", "13800138000"), ("url", "https://bad.site-1.com/a?x=1")])
    ids = known.look_up(found.kind, found.value)
    assert sorted(ids[ids != UNKNOWN].tolist()) == [0, 1]
    assert len(ids) == len(found)


@pytest.mark.parametrize(
    ("kinds", "values", "ids", "problem"),
    [
        (["url"], [], None, "1 kinds but 0 values"),
        (["url"], [None], None, "cannot be null"),
        ([None], ["a"], None, "cannot be null"),
        (["url"], ["a"], [-1], "ids must be from 0"),
        (["url"], ["a"], [2**31], "ids must be from 0"),
        (["url"], ["a"], [None], "an id for each"),
        (["url"], ["a"], [1, 2], "an id for each"),
        ([f"k{number}" for number in range(MOST_KINDS + 1)], ["a"] * (MOST_KINDS + 1), None, "at most 255 kinds"),
    ],
)
def test_it_refuses_columns_that_make_no_table(
    kinds: list[str | None], values: list[str | None], ids: list[int | None] | None, problem: str
) -> None:
    numbers = None if ids is None else pa.array(ids, pa.int64())
    with pytest.raises(ValueError, match=problem):
        KnownIndicators.build(pa.array(kinds, pa.string()), pa.array(values, pa.string()), numbers)


def test_it_refuses_columns_of_another_type_and_a_short_secret() -> None:
    kinds, values = columns([("url", "a")])
    with pytest.raises(TypeError, match="values must be an Arrow column of strings, not int64"):
        KnownIndicators.build(kinds, pa.array([1]))
    with pytest.raises(TypeError, match="ids must be an Arrow column of whole numbers"):
        KnownIndicators.build(kinds, values, pa.array([1.5]))
    with pytest.raises(ValueError, match="the secret has 16 bytes, not 3"):
        KnownIndicators.build(kinds, values, secret=b"abc")


@settings(max_examples=30)
@given(rows=st.lists(pairs, max_size=40), others=st.lists(pairs, max_size=40))
def test_a_saved_table_answers_the_same(
    rows: list[Pair], others: list[Pair], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("known") / "known.bin"
    known = build(rows)
    known.save(path)
    again = KnownIndicators.load(path)
    assert (again.kinds, len(again)) == (known.kinds, len(known))
    assert ask(again, rows + others) == ask(known, rows + others)


def test_the_same_columns_and_secret_give_the_same_file_and_another_secret_another(tmp_path: Path) -> None:
    rows = [("url", f"a{number}") for number in range(50)]
    for name, secret in (("a", SECRET), ("b", SECRET), ("c", None), ("d", None)):
        KnownIndicators.build(*columns(rows), secret=secret).save(tmp_path / name)
    a, b, c, d = ((tmp_path / name).read_bytes() for name in "abcd")
    assert a == b
    assert len({a, c, d}) == 3


def test_saving_replaces_a_table_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = saved(tmp_path)
    old = KnownIndicators.load(path)
    build([("url", "new")]).save(path)
    assert [each.name for each in tmp_path.iterdir()] == ["known.bin"]
    assert ask(KnownIndicators.load(path), [("url", "new"), ("phone", "13800138000")]) == [0, UNKNOWN]
    assert ask(old, [("phone", "13800138000")]) == [8]


@settings(max_examples=60)
@given(data=st.data())
def test_one_changed_byte_anywhere_is_noticed(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = saved(tmp_path_factory.mktemp("damaged"))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(KnownError, match=r"known\.bin: (is|has)"):
        KnownIndicators.load(path)


@settings(max_examples=30)
@given(data=st.data())
def test_a_cut_file_is_noticed(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = saved(tmp_path_factory.mktemp("cut"))
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    with pytest.raises(KnownError, match=r"known\.bin: (is|has)"):
        KnownIndicators.load(path)


def resealed(path: Path, content: bytearray) -> None:
    """Write a file whose checksum is right whatever its content: only someone who means harm makes such a one."""
    content[8:40] = hashlib.sha256(content[40:]).digest()
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (40, struct.pack("<I", 2), "is of version 2"),
        (48, struct.pack("<Q", 4), "are announced"),
        (64, struct.pack("<Q", 2**40), "are announced"),
        (HEAD, struct.pack("<Q", 4), "places outside"),
        (HEAD, struct.pack("<8Q", *[1] * 8), "places outside"),
        (HEAD + 64, struct.pack("<I", 1), "places outside"),
        (HEAD + 64 + 4, struct.pack("<I", 10_000), "places outside"),
        (HEAD + 64 + 12, struct.pack("<I", 10_000), "places outside"),
    ],
    ids=["version", "count", "text", "slot", "no free slot", "begin", "middle", "end"],
)
def test_a_crafted_file_cannot_lead_outside_of_itself(tmp_path: Path, place: int, value: bytes, problem: str) -> None:
    path = saved(tmp_path)
    content = bytearray(path.read_bytes())
    content[place : place + len(value)] = value
    resealed(path, content)
    with pytest.raises(KnownError, match=problem):
        KnownIndicators.load(path)


def test_what_is_no_table_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_bytes(b"PK" + bytes(200))
    with pytest.raises(KnownError, match="other: is no file of known indicators"):
        KnownIndicators.load(path)
    with pytest.raises(FileNotFoundError):
        KnownIndicators.load(tmp_path / "missing")


def siphash(data: bytes, secret: bytes) -> int:
    """SipHash-1-3, written down a second time from the paper, in whole numbers of Python."""
    mask = 2**64 - 1
    keys: tuple[int, int] = struct.unpack("<2Q", secret)
    word: int
    start = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    a, b, c, d = (value ^ key for value, key in zip(start, keys * 2, strict=True))

    def turned(value: int, by: int) -> int:
        return (value << by | value >> (64 - by)) & mask

    def step(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
        a, c = (a + b) & mask, (c + d) & mask
        b, d = turned(b, 13) ^ a, turned(d, 16) ^ c
        a = turned(a, 32)
        c, a = (c + b) & mask, (a + d) & mask
        b, d = turned(b, 17) ^ c, turned(d, 21) ^ a
        return a, b, turned(c, 32), d

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) % 256])
    for (word,) in struct.iter_unpack("<Q", padded):
        a, b, c, d = step(a, b, c, d ^ word)
        a ^= word
    c ^= 0xFF
    for _ in range(3):
        a, b, c, d = step(a, b, c, d)
    return a ^ b ^ c ^ d


@pytest.mark.skipif(sys.hash_info.algorithm != "siphash13", reason="this interpreter hashes bytes in another way")
def test_the_second_writing_of_the_hash_gives_what_the_interpreter_hashes() -> None:
    """Without a seed Python's own hash of bytes is SipHash-1-3 with a secret of zeros."""
    program = "import json; print(json.dumps([hash(bytes(range(n))) for n in range(1, 30)]))"
    environment = {"PYTHONHASHSEED": "0"}
    said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True).stdout
    ours = [siphash(bytes(range(n)), bytes(16)) for n in range(1, 30)]
    assert ours == [value % 2**64 for value in json.loads(said)]


@given(rows=st.lists(pairs, min_size=1, max_size=5, unique=True))
def test_indicators_lie_where_the_keyed_hash_says(rows: list[Pair]) -> None:
    known = build(rows)
    slots: NDArray[np.uint64] = known.slots
    for slot in slots[slots != 0].tolist():
        kind, value = rows[(slot & 0xFFFFFFFF) - 1]
        code = known.kinds.index(kind)
        expected = siphash(code.to_bytes(8, "little") + value.encode(), SECRET)
        assert slot >> 32 == (expected >> 40) << 8 | code
