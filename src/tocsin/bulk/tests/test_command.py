"""The command itself, in a process of its own, with the real engine."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tocsin.bulk.tests.helpers import read_rows, write_csv, write_jsonl
from tocsin.engine.harms import Harm

SCAM = "【急招】抖音点赞刷单兼职，一单一结，日入300-500元，先垫付本金，完成返佣，加微信 abc123456 详谈"
QUIET = "明天下午三点在图书馆二楼开会，请大家带好笔记本。"


def tocsin(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run the command."""
    command = [sys.executable, "-m", "tocsin", "scan", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_scan_with_the_real_engine_finds_the_scam_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [{"id": "s", "text": SCAM}, {"id": "q", "text": QUIET}])
    for name in ("out.jsonl", "out.parquet"):
        done = tocsin(source, "-o", tmp_path / name, "--language", "en")
        assert done.returncode == 0, done.stderr
        scam, quiet = read_rows(tmp_path / name)
        assert scam["id"] == "s"
        assert scam["harm"] == Harm.TASK_SCAM
        assert 0.5 < scam["confidence"] <= 1
        assert all(SCAM[each["start"] : each["end"]] == each["text"] for each in scam["signals"])
        assert scam["signals"]
        assert ("wechat", "abc123456") in [(each["kind"], each["value"]) for each in scam["indicators"]]
        assert (quiet["harm"], quiet["signals"], quiet["language"]) == (None, [], "zh")
        assert scam["rules"] == quiet["rules"] != ""


def test_the_real_engine_gives_the_same_bytes_in_two_processes(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": f"{SCAM if number % 2 else QUIET}{number}"} for number in range(9_000)]
    source = write_jsonl(tmp_path / "in.jsonl", rows)
    for workers in ("1", "2"):
        done = tocsin(source, "-o", tmp_path / f"{workers}.jsonl", "--workers", workers)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()
    assert len(read_rows(tmp_path / "1.jsonl")) == 9_000


def test_bad_rows_end_with_status_one(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "x"}\nnonsense\n')
    done = tocsin(tmp_path / "in.jsonl", "-o", tmp_path / "out.jsonl")
    assert done.returncode == 1
    assert f"{tmp_path / 'in.jsonl'}:2: not JSON" in done.stderr


USAGE = [
    (("--engine", "spark"), "--engine spark is not part of this release"),
    (("--text-column", "body"), "no column 'body'; it has id, text"),
    (("--workers", "0"), "must be 1 to 1024"),
    (("--workers", "many"), "must be 1 to 1024"),
    (("--threshold", "high"), "must be a number from 0 to 1"),
    (("--threshold", "2"), "must be a number from 0 to 1"),
    (("--threshold", "nan"), "must be a number from 0 to 1"),
    (("--keep", "some"), "invalid choice"),
    (("--language", "fr"), "invalid choice"),
]


@pytest.mark.parametrize(
    ("words", "reason"), USAGE, ids=lambda value: "-".join(value) if isinstance(value, tuple) else ""
)
def test_wrong_usage_ends_with_status_two_and_says_why(words: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    done = tocsin(write_jsonl(tmp_path / "in.jsonl"), "-o", tmp_path / "out.jsonl", *words)
    assert done.returncode == 2
    assert reason in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


# so many that the scan is still at work when it is told to stop
MANY = 80_000


def test_control_c_ends_with_one_line_and_the_same_command_continues(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", ({"id": str(number), "text": SCAM} for number in range(MANY)))
    words = [sys.executable, "-m", "tocsin", "scan", str(source), "-o", str(tmp_path / "out.jsonl"), "--workers", "2"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True)
    part = tmp_path / "out.jsonl.part"
    while not (part.exists() and part.stat().st_size):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "tocsin scan: stopped; the same command continues\n")
    done = tocsin(source, "-o", tmp_path / "out.jsonl")
    assert done.returncode == 0
    assert "continues after" in done.stderr
    assert [row["id"] for row in read_rows(tmp_path / "out.jsonl")] == [str(number) for number in range(MANY)]


def test_a_bar_is_shown_on_a_terminal_only(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl")
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    words = [sys.executable, "-m", "tocsin", "scan", str(source), "-o", str(tmp_path / "out.jsonl")]
    subprocess.run(words, stderr=inner, timeout=120, check=True)
    os.close(inner)
    assert "0.00/" in os.read(outer, 65536).decode()
    os.close(outer)
    assert "0.00/" not in tocsin(source, "-o", tmp_path / "two.jsonl").stderr


def test_the_help_tells_of_bad_rows_resuming_and_exit_statuses() -> None:
    done = tocsin("--help")
    for word in ("OUT.part", "OUT.resume", "--restart", "Exit status", "Encodings", '"error"'):
        assert word in done.stdout
