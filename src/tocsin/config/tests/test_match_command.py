"""``tocsin match`` as a person runs it: on good files, on bad ones, and on what is no file."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tocsin.config.command import EXIT_BAD_ROWS, EXIT_DONE, EXIT_USAGE, main

CORRECTIONS: list[dict[str, Any]] = [
    {"id": "soap", "title": "Soap in Bed", "subtitle": "", "claim": "Soap under the bed sheets prevents leg cramps."},
    {"id": "shark", "title": "A Shark on the Road", "claim": "A photograph shows a shark on a flooded highway."},
    {"id": 7, "text": "柿子和優酪乳一起吃會中毒的說法沒有根據。"},
    *({"id": f"other-{number}", "text": f"Rumour {number} is about matter {number}"} for number in range(30)),
]
QUERIES: list[dict[str, Any]] = [
    {"id": "q1", "text": "is it true that soap under the sheets prevents leg cramps in bed?"},
    {"id": 2, "text": "吃完柿子千萬别喝優酪乳,會中毒"},
    {"text": "see you at seven tonight"},
]


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def corrections(tmp_path: Path) -> Path:
    return lines(tmp_path / "corrections.jsonl", CORRECTIONS)


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    return lines(tmp_path / "queries.jsonl", QUERIES)


def match(corrections: Path, queries: Path, output: Path, *more: str) -> int:
    """The command; argparse's own refusals as the exit status that a shell would see."""
    words = ["match", "--corrections", str(corrections), "--queries", str(queries), "-o", str(output), *more]
    try:
        return main(words)
    except SystemExit as end:
        return int(end.code or 0)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_query_gets_a_row_in_order(
    corrections: Path, queries: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.jsonl"
    assert match(corrections, queries, output) == EXIT_DONE
    found = rows(output)
    assert [row["id"] for row in found] == ["q1", 2, 3]
    assert [row["matches"][0]["id"] if row["matches"] else None for row in found] == ["soap", 7, None]
    for row in found:
        assert set(row) == {"id", "matches"}
        for each in row["matches"]:
            assert set(each) == {"id", "score"}
            assert 0 < each["score"] <= 1
    assert "33 corrections, 3 queries, 2 answered; in " in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == sorted([corrections, queries, output])


def test_top_and_threshold_are_obeyed(corrections: Path, queries: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    assert match(corrections, queries, output, "--top", "1", "--threshold", "0") == EXIT_DONE
    assert [len(row["matches"]) for row in rows(output)][:2] == [1, 1]
    assert match(corrections, queries, output, "--threshold", "1") == EXIT_DONE
    assert [row["matches"] for row in rows(output)] == [[], [], []]


def test_copies_are_merged_where_asked(queries: Path, tmp_path: Path) -> None:
    twice = [*CORRECTIONS, {**CORRECTIONS[0], "id": "soap-copy"}]
    path, output = lines(tmp_path / "c.jsonl", twice), tmp_path / "out.jsonl"
    for more, expected in ((), {"soap", "soap-copy"}), (("--merge-copies",), {"soap"}):
        assert match(path, queries, output, *more) == EXIT_DONE
        found = {each["id"] for each in rows(output)[0]["matches"]}
        assert found & {"soap", "soap-copy"} == expected


def test_packed_files_are_read_and_written(corrections: Path, queries: Path, tmp_path: Path) -> None:
    packed = tmp_path / "c.jsonl.gz"
    packed.write_bytes(gzip.compress(corrections.read_bytes()))
    plain, output = tmp_path / "plain.jsonl", tmp_path / "out.jsonl.gz"
    assert match(corrections, queries, plain) == match(packed, queries, output) == EXIT_DONE
    assert gzip.decompress(output.read_bytes()) == plain.read_bytes()
    first = output.read_bytes()
    assert match(packed, queries, output) == EXIT_DONE
    assert output.read_bytes() == first


def test_bad_corrections_are_named_and_left_out(
    queries: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.jsonl"
    good = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in CORRECTIONS)
    bad = [
        "{broken",
        "[1, 2]",
        '{"text": "no id"}',
        '{"id": "e", "title": "", "claim": null}',
        '{"id": "n", "claim": 5}',
        '{"id": "soap", "text": "again"}',
        '{"id": "s", "text": "\\ud800"}',
        "",
    ]
    path.write_bytes(good.encode() + "\n".join(bad).encode() + b'\n{"id": "x", "text": "\xff"}\n')
    output = tmp_path / "out.jsonl"
    assert match(path, queries, output) == EXIT_BAD_ROWS
    told = capsys.readouterr().err.splitlines()
    start = len(CORRECTIONS)
    expected = [
        (1, "not JSON"),
        (2, "not a JSON object"),
        (3, "no id"),
        (4, "neither a text nor a title"),
        (5, "the claim is a number, not a string"),
        (6, "the id 'soap' is that of line 1 as well"),
        (7, "the text is not valid Unicode"),
        (9, "not valid UTF-8"),
    ]
    for line, (number, reason) in zip(told, expected, strict=False):
        assert line.startswith(f"tocsin match: {path}:{start + number}: ")
        assert reason in line
    assert "8 bad rows" in told[-1]
    assert [row["matches"][0]["id"] if row["matches"] else None for row in rows(output)] == ["soap", 7, None]


def test_bad_queries_stand_in_the_output_with_their_reason(
    corrections: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, output = tmp_path / "q.jsonl", tmp_path / "out.jsonl"
    long = json.dumps({"id": "long", "text": "soap " * 300_000})
    path.write_text(
        '{"id": "a", "text": "soap under the bed sheets prevents leg cramps"}\n{"id": "b"\n{"id": "c", "text": null}\n'
        f'{long}\n{{"id": "e", "text": ""}}\n',
        encoding="utf-8",
    )
    assert match(corrections, path, output) == EXIT_BAD_ROWS
    found = rows(output)
    assert [row["id"] for row in found] == ["a", 2, "c", "long", "e"]
    assert ["error" in row for row in found] == [False, True, True, True, False]
    assert [bool(row["matches"]) for row in found] == [True, False, False, False, False]
    assert f"{path}:2: not JSON" in capsys.readouterr().err


def test_a_query_of_a_mebibyte_is_answered(corrections: Path, tmp_path: Path) -> None:
    text = "soap under the bed sheets prevents leg cramps " * 22_000
    path, output = lines(tmp_path / "q.jsonl", [{"id": "huge", "text": text}]), tmp_path / "out.jsonl"
    assert match(corrections, path, output) == EXIT_DONE
    assert rows(output)[0]["matches"][0]["id"] == "soap"


def test_a_cut_off_file_is_told(corrections: Path, queries: Path, tmp_path: Path) -> None:
    packed = gzip.compress(corrections.read_bytes())
    cut, output = tmp_path / "c.jsonl.gz", tmp_path / "out.jsonl"
    cut.write_bytes(packed[: len(packed) * 3 // 4])
    assert match(cut, queries, output) in {EXIT_BAD_ROWS, EXIT_USAGE}


def test_empty_queries_give_an_empty_output(corrections: Path, tmp_path: Path) -> None:
    path, output = lines(tmp_path / "q.jsonl", []), tmp_path / "out.jsonl"
    assert match(corrections, path, output) == EXIT_DONE
    assert output.read_bytes() == b""


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("missing.jsonl", "queries.jsonl", "out.jsonl"), "missing.jsonl: No such file"),
        (("corrections.jsonl", "missing.jsonl", "out.jsonl"), "missing.jsonl: No such file"),
        (("corrections.jsonl", "queries.jsonl", "no/out.jsonl"), "there is no such folder"),
        (("corrections.jsonl", "queries.jsonl", "."), "is a directory"),
        (("corrections.jsonl", "queries.jsonl", "queries.jsonl"), "is an input as well as the output"),
        (("empty.jsonl", "queries.jsonl", "out.jsonl"), "holds no correction"),
        (("corrections.jsonl", "other.jsonl", "out.jsonl"), "no column 'text'; it has id, body"),
        (("corrections.jsonl", "queries.jsonl", "out.jsonl", "--top", "0"), "must be 1 to 100"),
        (("corrections.jsonl", "queries.jsonl", "out.jsonl", "--threshold", "x"), "must be a number from 0 to 1"),
    ],
)
def test_what_cannot_be_done_is_refused(
    corrections: Path,
    queries: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    reason: str,
) -> None:
    lines(tmp_path / "empty.jsonl", [])
    lines(tmp_path / "other.jsonl", [{"id": 1, "body": "x"}])
    before = queries.read_bytes()
    first, second, output, *more = words
    assert match(tmp_path / first, tmp_path / second, tmp_path / output, *more) == EXIT_USAGE
    assert reason in capsys.readouterr().err
    assert queries.read_bytes() == before
    assert not (tmp_path / "out.jsonl").exists()


def test_an_output_that_cannot_be_written_leaves_nothing(
    corrections: Path, queries: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("what was there before", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert match(corrections, queries, output) == 3
    assert output.read_text(encoding="utf-8") == "what was there before"
    assert sorted(tmp_path.iterdir()) == sorted([corrections, queries, output])
