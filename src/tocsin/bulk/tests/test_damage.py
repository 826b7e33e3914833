"""Files that are broken, endless, empty or no files: what can be read is kept, memory stays small, and it is said."""

import gzip
import os
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tocsin.bulk.request import MEBIBYTE, Limits, ScanError
from tocsin.bulk.tests.helpers import MESSAGES, SMALL, scan, write_bytes, write_csv, write_jsonl, write_parquet

ROWS = [{"id": str(number), "text": f"刷单 {number} " + os.urandom(40).hex()} for number in range(500)]

MEASURE = """
import re, sys
from pathlib import Path
from tocsin.bulk.request import ScanRequest
from tocsin.bulk.scanning import run_scan
from tocsin.bulk.tests.fake import load
def most():
    # Not getrusage: its maximum begins with the memory of the process that started this one.
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
before = most()
status = run_scan(ScanRequest(inputs=(Path(sys.argv[1]),), output=Path(sys.argv[2])), load)
print(status, most() - before)
"""


def measure(source: Path, output: Path) -> tuple[int, int, str]:
    """Exit status, MiB of memory that it took at most, and stderr of a scan in a process of its own."""
    command = [sys.executable, "-c", MEASURE, str(source), str(output)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    status, most = done.stdout.split()
    return int(status), int(most), done.stderr


@pytest.mark.parametrize("name", ["in.jsonl.gz", "in.csv.gz"])
@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_rows_before_the_cut_of_a_gzip_file_are_kept(name: str, share: float, tmp_path: Path) -> None:
    write = write_jsonl if "jsonl" in name else write_csv
    data = write(tmp_path / name, ROWS).read_bytes()
    (tmp_path / name).write_bytes(data[: int(len(data) * share)])
    done = scan(tmp_path / name, output=tmp_path / "out.jsonl")
    good = [row["id"] for row in done.rows if "error" not in row]
    assert done.status == 1
    assert len(good) > 500 * share - 60
    assert good == [row["id"] for row in ROWS][: len(good)]
    assert len(done.rows) - len(good) <= 1
    assert f"tocsin scan: {tmp_path / name}: gzip data end too early, at byte {int(len(data) * share)}" in done.told


def test_a_row_cut_in_the_middle_is_not_judged_by_its_half(tmp_path: Path) -> None:
    data = gzip.compress(b"text\nwhole\nhal", mtime=0)[:-8]
    source = tmp_path / "in.csv.gz"
    source.write_bytes(data)
    done = scan(source, output=tmp_path / "out.jsonl")
    assert [row.get("error") for row in done.rows] == [None, "the line is cut off: the file is damaged here"]


def test_rows_before_a_broken_spot_in_a_gzip_file_are_kept(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl.gz", ROWS)
    data = bytearray(source.read_bytes())
    data[-6] ^= 0xFF
    source.write_bytes(data)
    done = scan(source, output=tmp_path / "out.jsonl")
    assert done.status == 1
    assert len(done.rows) == 500
    assert any("gzip data are broken after byte" in line for line in done.told)


def test_gzip_members_one_behind_the_other_and_padding_are_one_file(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl.gz"
    source.write_bytes(gzip.compress(b'{"text":"a"}\n') + gzip.compress(b'{"text":"b"}\n') + b"\0" * 100)
    done = scan(source, output=tmp_path / "out.jsonl")
    assert (done.status, len(done.rows)) == (0, 2)


def test_a_file_that_is_not_gzip_says_so(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl.gz"
    source.write_bytes(b'{"text":"a"}\n')
    done = scan(source, write_jsonl(tmp_path / "good.jsonl"), output=tmp_path / "out.jsonl")
    assert (done.status, len(done.rows)) == (1, len(MESSAGES))
    assert any("in.jsonl.gz: gzip data are broken after byte 0" in line for line in done.told)


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.csv.gz", "in.parquet"])
def test_an_empty_file_has_no_rows_and_is_no_error(name: str, tmp_path: Path) -> None:
    source = write_bytes(tmp_path / name, b"")
    done = scan(source, write_jsonl(tmp_path / "good.jsonl"), output=tmp_path / "out.jsonl")
    assert (done.status, len(done.rows)) == (0, len(MESSAGES))
    assert done.told[0] == f"tocsin scan: {source}: empty, no rows"


def test_a_hundred_megabytes_in_one_line_are_one_bad_row_in_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "in.jsonl").open("wb") as file:
        file.write(b'{"text": "before"}\n')
        for _ in range(100):
            file.write(b"x" * MEBIBYTE)
        file.write(b'\n{"text": "after"}\n')
    status, most, said = measure(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert status == 1
    assert (tmp_path / "out.jsonl").read_text().count("\n") == 3
    assert "in.jsonl:2: the line is over the limit of 16 MiB" in said
    assert most < 120


def test_a_line_without_an_end_is_given_up_in_little_memory(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").symlink_to("/dev/zero")
    status, most, said = measure(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert status == 1
    assert "in.jsonl:1: the line is over the limit of 16 MiB" in said
    assert "no line end within" in said
    assert most < 120


def test_a_quote_never_closed_in_a_big_csv_stays_in_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "in.csv").open("wb") as file:
        file.write(b'text\n"open\n')
        for _ in range(40):
            file.write(b"x" * (MEBIBYTE - 1) + b"\n")
    status, most, said = measure(tmp_path / "in.csv", tmp_path / "out.jsonl")
    assert status == 1
    assert "in.csv:2: the record is over the limit of 16 MiB" in said
    assert "41 rows, 0 flagged, 1 bad" in said
    assert most < 120


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "in.jsonl")
    data = write_jsonl(tmp_path / "source.jsonl").read_bytes()
    writer = threading.Thread(target=(tmp_path / "in.jsonl").write_bytes, args=(data,))
    writer.start()
    done = scan(tmp_path / "in.jsonl", output=tmp_path / "out.jsonl")
    writer.join()
    assert (done.status, len(done.rows)) == (0, len(MESSAGES))


def test_a_sparse_file_of_nul_bytes_between_rows_is_bad_rows(tmp_path: Path) -> None:
    data = b'{"text": "a"}\n' + b"\0" * 5000 + b'\n{"text": "b"}\n'
    done = scan(write_bytes(tmp_path / "in.jsonl", data), output=tmp_path / "out.jsonl")
    assert [row.get("error", "")[:8] for row in done.rows] == ["", "not JSON", ""]
    done = scan(write_bytes(tmp_path / "in.csv", b"id,text\n1,a\n\0\0\0\n2,b\n"), output=tmp_path / "out2.jsonl")
    assert [row.get("error") for row in done.rows] == [None, "1 fields where the header has 2", None]


def test_a_broken_row_group_is_that_many_bad_rows(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "in.parquet", ROWS, group=100)
    column = pq.ParquetFile(source).metadata.row_group(2).column(1)
    data = bytearray(source.read_bytes())
    begin = column.dictionary_page_offset or column.data_page_offset
    data[begin : begin + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    source.write_bytes(data)
    done = scan(source, output=tmp_path / "out.jsonl", limits=Limits())
    assert done.status == 1
    assert [index for index, row in enumerate(done.rows) if "error" in row] == list(range(200, 300))
    assert len(done.rows) == 500
    assert f"{source}:201: row group 2 cannot be read" in done.told[0]


@pytest.mark.parametrize("keep", [0, 3, -20])
def test_a_cut_parquet_file_is_refused_in_one_line(keep: int, tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "in.parquet")
    source.write_bytes(source.read_bytes()[:keep] or b"PAR")
    with pytest.raises(ScanError, match="not a Parquet file that can be read") as caught:
        scan(source, output=tmp_path / "out.jsonl")
    assert (caught.value.status, "\n" in str(caught.value)) == (2, False)


def test_parquet_text_that_is_not_utf8_is_a_bad_row(tmp_path: Path) -> None:
    source = write_parquet(tmp_path / "in.parquet", [{"text": "刷单"}, {"text": b"\xff\xfe".decode("latin-1")}])
    rows = [{"text": "刷单".encode()}, {"text": b"ab\xff"}]
    write_parquet(source, rows)
    done = scan(source, output=tmp_path / "out.jsonl")
    assert [row.get("error") for row in done.rows] == [None, "not valid UTF-8 at byte 3 of the text"]


def test_what_is_no_readable_file_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    (tmp_path / "notes.txt").write_text("x")
    cases = {
        "missing.csv": "No such file",
        "folder.csv": "is a directory",
        "loop.csv": "symbolic links",
        "notes.txt": "the name must end in .csv",
    }
    for name, reason in cases.items():
        with pytest.raises(ScanError, match=reason) as caught:
            scan(tmp_path / name, output=tmp_path / "out.jsonl", limits=SMALL)
        assert caught.value.status == 2
        assert name in str(caught.value)
    assert not list(tmp_path.glob("out*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_refused(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl")
    source.chmod(0)
    with pytest.raises(ScanError, match="Permission denied"):
        scan(source, output=tmp_path / "out.jsonl")


def test_the_same_file_twice_is_refused_by_any_name(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl")
    (tmp_path / "alias.jsonl").symlink_to(source)
    for other in (source, tmp_path / "alias.jsonl"):
        with pytest.raises(ScanError, match="the same file is named twice"):
            scan(source, other, output=tmp_path / "out.jsonl")


def test_a_file_that_grows_while_it_is_read_is_told(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl")
    second = tmp_path / "second.jsonl"
    os.mkfifo(second)

    def grow() -> None:
        with second.open("wb") as pipe:
            pipe.write(b'{"text": "late"}\n')
            with source.open("ab") as file:
                file.write(b'{"text": "more"}\n')

    writer = threading.Thread(target=grow)
    writer.start()
    done = scan(source, second, output=tmp_path / "out.jsonl")
    writer.join()
    assert done.status == 1
    assert any("was changed while it was read" in line for line in done.told)
