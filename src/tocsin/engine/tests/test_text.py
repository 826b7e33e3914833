"""TextBatch: Arrow strings to code points and back."""

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
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
