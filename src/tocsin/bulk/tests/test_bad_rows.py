"""A bad row is named with file and line, stands in the output with its error, and never stops the run."""

import json
from pathlib import Path

import pytest

from tocsin.bulk.request import Limits, ScanError
from tocsin.bulk.scanning import MOST_REPORTS
from tocsin.bulk.tests.helpers import SMALL, scan, write_bytes, write_csv, write_jsonl, write_parquet

GOOD = '{"id": "good", "text": "刷单"}'
TIGHT = Limits(batch_rows=3, text_bytes=1000, line_bytes=3000, endless_bytes=100_000, commit_seconds=0)

BAD_LINES = {
    '{"text": "open': "not JSON: Unterminated string",
    "[1, 2]": "not a JSON object",
    '"刷单"': "not a JSON object",
    '{"body": "x"}': "no column 'text'; it has body",
    '{"text": null}': "the text is null, not a string",
    '{"text": 12}': "the text is a number, not a string",
    '{"text": true}': "the text is a truth value, not a string",
    '{"text": ["x"]}': "the text is a list, not a string",
    r'{"text": "\ud83d"}': "not valid Unicode",
    '{"text": "' + "x" * 1001 + '"}': "the text has 1001 bytes, over the limit of 1000",
    '{"text": "' + "字" * 334 + '"}': "the text has 1002 bytes, over the limit of 1000",
    '{"text": "' + "x" * 3000 + '"}': "the line is over the limit",
    "[" * 2900: "not JSON that can be read",
    '{"text": "x", "n": ' + "9" * 2900 + "9}": None,
    '{"text": "a\x00b"}': "not JSON: Invalid control character",
}


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: line[:20])
def test_a_bad_json_line_is_named_and_marked_and_the_rest_goes_on(line: str, tmp_path: Path) -> None:
    source = write_bytes(tmp_path / "in.jsonl", f"{GOOD}\n\n{line}\n{GOOD}\n".encode())
    done = scan(source, output=tmp_path / "out.jsonl", limits=TIGHT)
    reason = BAD_LINES[line]
    assert [row["harm"] for row in done.rows] == ["task_scam", None, "task_scam"]
    if reason is None:
        assert (done.status, len(done.told)) == (0, 1)
        return
    assert done.status == 1
    assert reason in done.rows[1]["error"]
    assert done.told[0].startswith(f"tocsin scan: {source}:3: ")
    assert reason in done.told[0]
    assert done.told[-1].startswith("tocsin scan: 3 rows, 2 flagged, 1 bad; 3 rows in ")


def test_a_bad_row_has_nulls_and_its_id_where_that_could_be_read(tmp_path: Path) -> None:
    source = write_bytes(tmp_path / "in.jsonl", f'{GOOD}\n{{"id": "k", "text": 1}}\nnonsense\n'.encode())
    for name in ("out.jsonl", "out.parquet"):
        rows = scan(source, output=tmp_path / name).rows
        assert rows[1] == {
            "id": "k",
            "harm": None,
            "confidence": None,
            "signals": [],
            "indicators": [],
            "fingerprint": None,
            "language": None,
            "rules": "fake-rules",
            "error": "the text is a number, not a string",
        }
        assert rows[2]["id"] == (3 if name == "out.jsonl" else "3")


BAD_RECORDS = {
    'a,x,"unquoted, comma",extra': "5 fields where the header has 3",
    "a": "1 fields where the header has 3",
    'a,"x"y,z': "',' expected after '\"'",
    'a,"never closed': "a quote is opened and never closed",
    'a,"never closed,z': "a quote is opened and never closed",
    "a," + "x" * 1001 + ",z": "the text has 1001 bytes",
    "a," + "x" * 3001 + ",z": "the line is over the limit",
}


@pytest.mark.parametrize("record", BAD_RECORDS, ids=lambda record: record[:20])
def test_a_bad_csv_record_costs_itself_and_no_other_row(record: str, tmp_path: Path) -> None:
    rows = "".join(f"g{number},刷单,z\n" for number in range(200))
    source = write_bytes(tmp_path / "in.csv", f"id,text,more\ng,刷单,z\n{record}\n{rows}".encode())
    if record == 'a,x,"unquoted, comma",extra':
        record = "a,x,unquoted, comma,extra"
        source = write_bytes(tmp_path / "in.csv", f"id,text,more\ng,刷单,z\n{record}\n{rows}".encode())
    done = scan(source, output=tmp_path / "out.jsonl", limits=TIGHT)
    assert done.status == 1
    assert [row["harm"] for row in done.rows] == ["task_scam", None, *["task_scam"] * 200]
    assert BAD_RECORDS[record if record in BAD_RECORDS else 'a,x,"unquoted, comma",extra'] in done.rows[1]["error"]
    assert f"{source}:3: " in done.told[0]


def test_a_stray_quote_does_not_swallow_the_rows_up_to_the_next_one(tmp_path: Path) -> None:
    text = 'id,text\n1,"刷单\n2,刷单\n3,刷单\n4,"x, ""y"""\n5,刷单\n'
    done = scan(write_bytes(tmp_path / "in.csv", text.encode()), output=tmp_path / "out.jsonl")
    assert [(row["id"], row["harm"]) for row in done.rows] == [
        (1, None),
        ("2", "task_scam"),
        ("3", "task_scam"),
        ("4", None),
        ("5", "task_scam"),
    ]
    assert [row.get("error") is None for row in done.rows] == [False, True, True, True, True]


def test_csv_rows_with_quoted_line_breaks_and_stray_inner_quotes_are_good(tmp_path: Path) -> None:
    text = 'id,text\r\n1,"first\r\nsecond\r\n刷单"\r\n\r\n2,a 5" screen 刷单\r\n3,刷单,,\r\n4,x\0刷单'
    done = scan(write_bytes(tmp_path / "in.csv", text.encode()), output=tmp_path / "out.jsonl")
    assert (done.status, [row["harm"] for row in done.rows]) == (0, ["task_scam"] * 4)
    assert done.rows[0]["signals"][0]["start"] == len("first\r\nsecond\r\n")


def test_line_numbers_of_csv_rows_count_the_lines_inside_quotes(tmp_path: Path) -> None:
    source = write_bytes(tmp_path / "in.csv", b'id,text\n1,"a\nb\nc"\n2\n')
    done = scan(source, output=tmp_path / "out.jsonl")
    assert done.told[0] == f"tocsin scan: {source}:5: 1 fields where the header has 2"


def test_quotes_that_never_pair_do_not_make_the_reading_quadratic(tmp_path: Path) -> None:
    # Each of these lines opens a quoted field, and does not close it when it is read inside of one.
    lines = b'x","y""\n' * 20_000
    source = write_bytes(tmp_path / "in.csv", b"text,more\n" + lines)
    done = scan(source, output=tmp_path / "out.jsonl", limits=TIGHT)
    assert done.status == 1
    assert any("quotes that do not pair" in line for line in done.told)


def test_a_missing_column_is_refused_with_the_names_of_those_that_exist(tmp_path: Path) -> None:
    rows = [{"编号": "1", "body": "x"}]
    for source in (
        write_csv(tmp_path / "in.csv", rows),
        write_jsonl(tmp_path / "in.jsonl", rows),
        write_parquet(tmp_path / "in.parquet", rows),
    ):
        with pytest.raises(ScanError, match=r"no column 'text'; it has 编号, body$") as caught:
            scan(source, output=tmp_path / "out.jsonl")
        assert caught.value.status == 2
    assert not (tmp_path / "out.jsonl.part").exists()


def test_a_missing_id_column_is_refused_only_if_it_was_asked_for(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [{"text": "x"}])
    with pytest.raises(ScanError, match="no column 'no'; it has text"):
        scan(source, output=tmp_path / "out.jsonl", id_column="no", id_required=True)
    assert scan(source, output=tmp_path / "out.jsonl").rows[0]["id"] == 1


def test_a_column_of_numbers_is_refused_in_parquet(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "in.parquet", [{"text": 1}])
    with pytest.raises(ScanError, match="column 'text' holds int64, not text"):
        scan(source, output=tmp_path / "out.jsonl")


def test_a_missing_column_in_the_last_input_is_found_before_anything_is_written(tmp_path: Path) -> None:
    good, bad = write_jsonl(tmp_path / "a.jsonl"), write_csv(tmp_path / "b.csv", [{"no": "1"}])
    with pytest.raises(ScanError, match=r"b\.csv: no column"):
        scan(good, bad, output=tmp_path / "out.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "b.csv"]


def test_many_bad_rows_are_all_counted_and_marked_but_not_all_told(tmp_path: Path) -> None:
    number = MOST_REPORTS + 500
    source = write_bytes(tmp_path / "in.jsonl", b"x\n" * number)
    done = scan(source, output=tmp_path / "out.jsonl", limits=Limits())
    assert len(done.told) == MOST_REPORTS + 2
    assert f"{number} rows, 0 flagged, {number} bad" in done.told[-1]
    assert all("error" in row for row in done.rows)


def test_names_from_a_file_cannot_steer_the_terminal(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": "x"}, {"\x1b[31mred": "x"}])
    done = scan(source, output=tmp_path / "out.jsonl", limits=SMALL)
    assert "\x1b" not in "".join(done.told)
    assert "�[31mred" in done.told[0]
    assert json.loads(done.output.read_text().splitlines()[1])["error"].startswith("no column")
