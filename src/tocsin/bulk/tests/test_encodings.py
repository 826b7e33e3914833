"""The encoding of a file is found by rule, said, and the rows that do not keep to it are bad rows."""

from pathlib import Path

import pytest

from tocsin.bulk.encodings import detect
from tocsin.bulk.tests.helpers import scan, write_bytes, write_csv, write_jsonl

SIMPLIFIED = [
    {"id": "1", "text": "刷单兼职，日结三百，加微信详谈"},
    {"id": "2", "text": "今天下午开会，请大家准时参加"},
    {"id": "3", "text": "您的快递已经到达，请到驿站领取"},
]
TRADITIONAL = [
    {"id": "1", "text": "您的包裹因地址不詳無法投遞，請點擊連結更新"},
    {"id": "2", "text": "今天下午開會，請大家準時參加"},
    {"id": "3", "text": "刷单"[:1] + "單兼職，每天都可以領取獎金"},
]
CASES = [
    ("utf-8", SIMPLIFIED, None),
    ("utf-8-sig", SIMPLIFIED, None),
    ("utf-16", SIMPLIFIED, "UTF-16-LE"),
    ("gb18030", SIMPLIFIED, "GB18030"),
    ("gbk", SIMPLIFIED[:1], "GB18030"),
    ("big5", TRADITIONAL, "Big5"),
    ("big5", TRADITIONAL[1:2], "Big5"),
]


@pytest.mark.parametrize(("codec", "rows", "label"), CASES)
@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.csv.gz"])
def test_every_encoding_gives_the_same_rows_and_is_said(
    codec: str, rows: list[dict[str, str]], label: str | None, name: str, tmp_path: Path
) -> None:
    write = write_jsonl if "jsonl" in name else write_csv
    plain = scan(write(tmp_path / f"plain-{name}", rows), output=tmp_path / "plain.jsonl")
    other = scan(write(tmp_path / name, rows, codec), output=tmp_path / "other.jsonl")
    assert (other.status, other.rows) == (0, plain.rows)
    said = [line for line in other.told if "read as" in line]
    assert said == [] if label is None else said[0].startswith(f"tocsin scan: {tmp_path / name}: read as {label}")


def test_utf16_big_endian_lines_are_split_at_code_units(tmp_path: Path) -> None:
    # U+0A0A and U+0D0A hold the byte of a line end without being one.
    text = '{"id": "1", "text": "\u0a0a\u0d0a刷单"}\n{"id": "2", "text": "x"}\n'
    source = write_bytes(tmp_path / "in.jsonl", b"\xfe\xff" + text.encode("utf-16-be"))
    done = scan(source, output=tmp_path / "out.jsonl")
    assert [(row["id"], row["harm"]) for row in done.rows] == [("1", "task_scam"), ("2", None)]


@pytest.mark.parametrize("name", ["in.jsonl", "in.csv"])
def test_a_row_in_another_encoding_is_a_bad_row(name: str, tmp_path: Path) -> None:
    write = write_jsonl if "jsonl" in name else write_csv
    lines = write(tmp_path / name, SIMPLIFIED).read_bytes().splitlines(keepends=True)
    lines[-2] = lines[-2].decode().encode("gb18030")
    done = scan(write_bytes(tmp_path / name, b"".join(lines)), output=tmp_path / "out.jsonl")
    assert done.status == 1
    assert [row.get("error") is None for row in done.rows] == [True, False, True]
    assert "not valid UTF-8 at byte" in done.rows[1]["error"]
    assert f"{name}:{len(lines) - 1}: " in done.told[0]


def test_a_bad_row_in_a_gb18030_file_is_only_that_row(tmp_path: Path) -> None:
    rows = [{"text": f"{row['text']}{number}"} for number in range(20) for row in SIMPLIFIED]
    lines = write_jsonl(tmp_path / "in.jsonl", rows, "gb18030").read_bytes().splitlines(keepends=True)
    lines[5] = b'{"text": "\xff\xff"}\n'
    done = scan(write_bytes(tmp_path / "in.jsonl", b"".join(lines)), output=tmp_path / "out.jsonl")
    assert [index for index, row in enumerate(done.rows) if "error" in row] == [5]
    assert "not valid GB18030" in done.rows[5]["error"]


def test_western_bytes_are_not_taken_for_chinese() -> None:
    for text in ("café, naïve, Zürich, Ærø", "señor mañana", "übermäßig große Fußgängerübergänge"):
        assert detect(text.encode("latin-1"), complete=True).label == "UTF-8"


def test_only_whole_lines_of_a_cut_head_are_judged() -> None:
    head = ("字" * 50 + "\n") * 3 + "字"
    assert detect(head.encode()[:-1], complete=False).label == "UTF-8"
    assert detect(head.encode("gb18030")[:-1], complete=False).label == "GB18030"
