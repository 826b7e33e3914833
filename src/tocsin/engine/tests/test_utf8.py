"""Spans of code points as strings: the same as Python's own."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.text import TextBatch
from tocsin.engine.utf8 import strings_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(TEXT, st.integers(0, 20), st.integers(0, 20)), max_size=6))
def test_a_span_is_the_slice_of_its_text(cases: list[tuple[str, int, int]]) -> None:
    batch = TextBatch.from_arrow(pa.array([text for text, _, _ in cases], pa.string()))
    spans = [sorted((min(one, len(text)), min(other, len(text)))) for text, one, other in cases]
    begins = batch.offsets[:-1] + np.array([start for start, _ in spans], dtype=np.int64)
    ends = batch.offsets[:-1] + np.array([end for _, end in spans], dtype=np.int64)
    found = strings_of(batch.points, begins, ends)
    found.validate(full=True)
    wanted = [text[start:end] for (text, _, _), (start, end) in zip(cases, spans, strict=True)]
    assert found.to_pylist() == wanted
