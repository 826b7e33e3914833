"""Every input format gives the same rows, every output format holds the same answers, and the order is the input's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tocsin.bulk.judging import OUTPUT_SCHEMA
from tocsin.bulk.request import KEEP_FLAGGED, Limits, ScanError
from tocsin.bulk.tests import fake
from tocsin.bulk.tests.helpers import MESSAGES, scan, write_bytes, write_csv, write_jsonl, write_parquet
from tocsin.engine import fingerprint

WRITERS: dict[str, Callable[[Path], Path]] = {
    "in.jsonl": write_jsonl,
    "in.jsonl.gz": write_jsonl,
    "in.csv": write_csv,
    "in.csv.gz": write_csv,
    "IN.CSV": write_csv,
    "in.parquet": write_parquet,
}


@pytest.fixture
def expected(tmp_path: Path) -> list[dict[str, object]]:
    """The rows for MESSAGES, by way of JSON Lines."""
    return scan(write_jsonl(tmp_path / "expected.jsonl"), output=tmp_path / "expected-out.jsonl").rows


def test_it_writes_one_row_per_message_with_all_that_the_contract_names(tmp_path: Path) -> None:
    done = scan(write_jsonl(tmp_path / "in.jsonl"), output=tmp_path / "out.jsonl")
    assert done.status == 0
    assert [row["id"] for row in done.rows] == [message["id"] for message in MESSAGES]
    text = MESSAGES[0]["text"]
    assert done.rows[0] == {
        "id": "a1",
        "harm": "task_scam",
        "confidence": 0.9,
        "signals": [{"start": 2, "end": 4, "text": "刷单", "reason": "先垫付"}],
        "indicators": [{"kind": "phone", "value": "13800000000", "start": 12, "end": 23}],
        "fingerprint": fingerprint.encode(fake.load().assess_batch(pa.array([text]))["fingerprint"][0].as_py()),
        "language": "zh",
        "rules": "fake-rules",
    }
    assert (done.rows[1]["harm"], done.rows[1]["signals"]) == (None, [])
    assert done.rows[4]["fingerprint"] is None


@pytest.mark.parametrize("name", WRITERS)
def test_every_input_format_gives_the_same_rows(name: str, tmp_path: Path, expected: list[dict[str, object]]) -> None:
    done = scan(WRITERS[name](tmp_path / name), output=tmp_path / "out.jsonl")
    assert (done.status, done.rows) == (0, expected)


@pytest.mark.parametrize("name", ["out.jsonl.gz", "out.parquet"])
def test_every_output_format_holds_the_same_answers(
    name: str, tmp_path: Path, expected: list[dict[str, object]]
) -> None:
    done = scan(write_csv(tmp_path / "in.csv"), output=tmp_path / name)
    assert [{**row, "confidence": round(row["confidence"], 4), "error": None} for row in done.rows] == [
        {**row, "error": None} for row in expected
    ]


def test_parquet_output_has_the_declared_schema_even_without_rows(tmp_path: Path) -> None:
    done = scan(write_bytes(tmp_path / "in.jsonl", b""), output=tmp_path / "out.parquet")
    assert pq.read_schema(done.output).equals(OUTPUT_SCHEMA)
    assert done.rows == []


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.parquet"])
def test_the_number_of_workers_does_not_change_a_byte(name: str, tmp_path: Path) -> None:
    rows = [
        {"id": str(number), "text": f"第{number}条 刷单" if number % 3 else f"note {number}"} for number in range(40)
    ]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    alone = scan(source, output=tmp_path / f"alone-{name}")
    together = scan(source, output=tmp_path / f"together-{name}", workers=3)
    assert together.output.read_bytes() == alone.output.read_bytes()
    assert [row["id"] for row in together.rows] == [row["id"] for row in rows]


def test_several_inputs_follow_each_other_and_rows_without_an_id_are_numbered_on(tmp_path: Path) -> None:
    inputs = [
        write_csv(tmp_path / "one.csv", [{"text": "x"}, {"text": "y"}]),
        write_jsonl(
            tmp_path / "two.jsonl", [{"id": 7, "text": "z"}, {"id": "", "text": "u"}, {"id": None, "text": "v"}]
        ),
        write_parquet(tmp_path / "three.parquet", [{"id": 10**12, "text": "w"}]),
    ]
    done = scan(*inputs, output=tmp_path / "out.jsonl")
    assert [row["id"] for row in done.rows] == [1, 2, 7, 4, 5, 10**12]
    done = scan(*inputs, output=tmp_path / "out.parquet")
    assert [row["id"] for row in done.rows] == ["1", "2", "7", "4", "5", str(10**12)]


def test_keep_flagged_writes_only_rows_with_a_harm(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [*MESSAGES, {"id": "bad", "text": None}])
    done = scan(source, output=tmp_path / "out.jsonl", keep=KEEP_FLAGGED)
    assert [row["id"] for row in done.rows] == ["a1", "a5", "a6"]
    assert done.status == 1


def test_threshold_and_language_reach_the_answer(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl")
    assert {row["harm"] for row in scan(source, output=tmp_path / "high.jsonl", threshold=0.95).rows} == {None}
    english = scan(source, output=tmp_path / "english.jsonl", language="en").rows
    assert english[0]["signals"][0]["reason"] == "pay first"


def test_columns_can_have_other_names(tmp_path: Path) -> None:
    rows = [{"no": "n1", "body": "刷单", "text": "decoy"}]
    for source in (
        write_csv(tmp_path / "in.csv", rows),
        write_jsonl(tmp_path / "in.jsonl", rows),
        write_parquet(tmp_path / "in.parquet", rows),
    ):
        output = tmp_path / f"{source.suffix}.jsonl"
        done = scan(source, output=output, text_column="body", id_column="no", id_required=True)
        assert [(row["id"], row["harm"]) for row in done.rows] == [("n1", "task_scam")]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.string_view()])
@pytest.mark.parametrize("encoded", [False, True])
def test_parquet_text_may_be_any_kind_of_string(kind: "pa.DataType", encoded: bool, tmp_path: Path) -> None:
    column = pa.array(["刷单", None, "x"], kind)
    if encoded:
        if kind == pa.string_view():
            pytest.skip("Arrow has no dictionary of string views")
        column = column.dictionary_encode()
    pq.write_table(pa.table({"text": column}), tmp_path / "in.parquet")
    done = scan(tmp_path / "in.parquet", output=tmp_path / "out.jsonl")
    assert [(row["harm"], row.get("error")) for row in done.rows] == [
        ("task_scam", None),
        (None, "the text is null, not a string"),
        (None, None),
    ]


def test_an_assessor_that_loses_a_row_is_not_believed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="gave 2 rows for 3 texts"):
        scan(write_jsonl(tmp_path / "in.jsonl"), output=tmp_path / "out.jsonl", assessor=fake.load_short)


def test_a_worker_that_dies_stops_the_scan_with_one_line(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl")
    with pytest.raises(ScanError, match=r"a worker process ended \(status 9\)") as caught:
        scan(source, output=tmp_path / "out.jsonl", workers=2, assessor=fake.load_dying)
    assert caught.value.status == 3


def test_batches_are_cut_by_bytes_as_well_as_by_rows(tmp_path: Path) -> None:
    sizes: list[int] = []

    class Counting(fake.FakeAssessor):
        def assess_batch(self, texts: "pa.Array[Any]", *, threshold: float | None = None) -> pa.Table:
            sizes.append(len(texts))
            return super().assess_batch(texts, threshold=threshold)

    source = write_jsonl(tmp_path / "in.jsonl", [{"text": "x" * 600} for _ in range(10)])
    scan(source, output=tmp_path / "out.jsonl", assessor=Counting, limits=Limits(batch_rows=4, batch_bytes=1000))
    assert sizes == [2, 2, 2, 2, 2]
    sizes.clear()
    scan(source, output=tmp_path / "out2.jsonl", assessor=Counting, limits=Limits(batch_rows=4, batch_bytes=10**6))
    assert sizes == [4, 4, 2]
