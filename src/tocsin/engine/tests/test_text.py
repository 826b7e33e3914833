"""TextBatch: Arrow strings to code points and back."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.text import TextBatch

TEXTS = st.lists(st.text(max_size=30), max_size=8)


def decoded(batch: TextBatch) -> list[str]:
    """Every message of a batch as a string."""
    bounds = batch.offsets.tolist()
    return [batch.points[first:last].tobytes().decode("utf-32-le") for first, last in pairwise(bounds)]


@given(TEXTS)
def test_it_gives_back_every_message(texts: list[str]) -> None:
    assert decoded(TextBatch.from_arrow(pa.array(texts, type=pa.string()))) == texts
    assert decoded(TextBatch.from_arrow(pa.array(texts, type=pa.large_string()))) == texts


def test_it_reads_a_slice_and_chunks() -> None:
    column = pa.array(["一", "二二", "𠮷三", ""])
    assert decoded(TextBatch.from_arrow(column.slice(1, 2))) == ["二二", "𠮷三"]
    assert decoded(TextBatch.from_arrow(pa.chunked_array([column, column.slice(2)]))) == [
        "一",
        "二二",
        "𠮷三",
        "",
        "𠮷三",
        "",
    ]


def test_it_takes_a_null_for_an_empty_message() -> None:
    batch = TextBatch.from_arrow(pa.array([None, "a", None]))
    assert decoded(batch) == ["", "a", ""]
    assert len(batch) == 3


def test_it_takes_no_messages_at_all() -> None:
    for column in (pa.array([], type=pa.string()), pa.chunked_array([], type=pa.string())):
        batch = TextBatch.from_arrow(column)
        assert len(batch) == 0
        assert len(batch.points) == 0


def test_it_gives_kernels_arrays_that_they_may_take() -> None:
    assert TextBatch.from_arrow(pa.array(["abc"])).points.flags.writeable


def test_it_refuses_other_types() -> None:
    with pytest.raises(TypeError, match="must be an Arrow string column, not int64"):
        TextBatch.from_arrow(pa.array([1, 2]))


def column_of(messages: list[bytes]) -> "pa.StringArray":
    """A string column of bytes that nobody has checked."""
    bounds = np.cumsum([0, *map(len, messages)]).astype(np.int32)
    return pa.StringArray.from_buffers(len(messages), pa.py_buffer(bounds.tobytes()), pa.py_buffer(b"".join(messages)))


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x80",
        b"\xbf",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xc3",
        b"\xc3a",
        b"\xe0\x9f\xbf",
        b"\xe4\xbd",
        b"\xe4\xbda",
        b"\xe4a\xa0",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x8f\xbf\xbf",
        b"\xf0\x9f\x98",
        b"\xf0\x9f\x98a",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xff",
    ],
)
@pytest.mark.parametrize(
    ("before", "after"), [(b"", b""), (b"plain text before", b"and after, long enough"), ("前".encode(), b"!")]
)
def test_it_refuses_what_is_not_utf_8(wrong: bytes, before: bytes, after: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        TextBatch.from_arrow(column_of([b"good", before + wrong + after, b"good"]))


def test_it_refuses_a_character_that_two_messages_share() -> None:
    with pytest.raises(UnicodeDecodeError):
        TextBatch.from_arrow(column_of([b"\xe4\xbd", b"\xa0"]))


@settings(max_examples=400)
@given(st.lists(st.one_of(st.binary(max_size=12), st.text(max_size=30).map(str.encode)), max_size=4))
def test_it_reads_bytes_as_python_does(messages: list[bytes]) -> None:
    try:
        expected = [message.decode("utf-8") for message in messages]
    except UnicodeDecodeError:
        with pytest.raises(UnicodeDecodeError):
            TextBatch.from_arrow(column_of(messages))
    else:
        assert decoded(TextBatch.from_arrow(column_of(messages))) == expected


@pytest.mark.parametrize("point", [0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF])
def test_it_reads_the_first_and_last_points_of_each_length(point: int) -> None:
    assert decoded(TextBatch.from_arrow(pa.array([chr(point) * 3]))) == [chr(point) * 3]
