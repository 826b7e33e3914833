"""The promise that matters most: kill a scan at any moment, run it again, and get the bytes of a scan left in peace."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.bulk.tests.helpers import write_bytes, write_csv, write_jsonl

KILLS = 50
RUNS = [("out.jsonl", 1), ("out.parquet", 1), ("out.jsonl.gz", 1), ("out.jsonl", 2)]
# The command as it is, but for a slow fake in place of the detector, small batches, and a commit every few of them. The
# fingerprint module is replaced by the one function of it that is used: importing its compiler takes most of a second.
PROGRAM = """
import base64, functools, sys, types
fingerprint = types.ModuleType("tocsin.engine.fingerprint")
fingerprint.encode = lambda value: base64.urlsafe_b64encode(value).rstrip(b"=").decode()
sys.modules[fingerprint.__name__] = fingerprint
from tocsin.bulk.tests.fake import load_slow
detector = types.ModuleType("tocsin.engine.detector")
detector.Detector = types.SimpleNamespace(load=load_slow)
sys.modules[detector.__name__] = detector
from tocsin.bulk.request import Limits
from tocsin.config import command
from tocsin.config.commands import scan
scan.ScanRequest = functools.partial(scan.ScanRequest, limits=Limits(batch_rows=20, commit_seconds=0.02))
sys.exit(command.main())
"""


def start(sources: list[Path], output: Path, workers: int) -> "subprocess.Popen[str]":
    """Start the command."""
    words = ["scan", *map(str, sources), "-o", str(output), "--workers", str(workers)]
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *words], stderr=subprocess.PIPE, text=True)


def finish(sources: list[Path], output: Path, workers: int) -> float:
    """Run the command to its end, and give the seconds it took."""
    begin = time.monotonic()
    process = start(sources, output, workers)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1, said
    return time.monotonic() - begin


def killed(sources: list[Path], output: Path, workers: int, after: float) -> bool:
    """Start the command and kill it after some seconds; False if it came to its end before that."""
    process = start(sources, output, workers)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGKILL)
        wait_for_the_end_of(children)
    _, said = process.communicate(timeout=120)
    assert process.returncode in {1, -signal.SIGKILL}, said
    return process.returncode == -signal.SIGKILL


def is_running(process: str) -> bool:
    """Whether a process is there and has not ended; one that has may wait long until it is collected."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for_the_end_of(children: list[str]) -> None:
    """Workers must not outlive a scan that is gone."""
    deadline = time.monotonic() + 60
    while any(is_running(child) for child in children):
        assert time.monotonic() < deadline, f"workers {children} are still there"
        time.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a kill leaves the page cache as it is, and a busy disk syncs slowly."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as name:
        yield Path(name)


@pytest.mark.kill
def test_a_scan_killed_fifty_times_gives_the_same_bytes(folder: Path) -> None:
    seed = time.time_ns()
    chance = random.Random(seed)
    rows = [{"id": str(number), "text": f"第{number}条 刷单 13800000000"} for number in range(1_200)]
    sources = [write_csv(folder / "one.csv", rows[:500]), write_jsonl(folder / "two.jsonl.gz", rows[500:])]
    write_bytes(sources[0], sources[0].read_bytes() + b"lonely\n")
    whole, seconds = {}, {}
    for name, workers in RUNS:
        output = folder / f"whole-{workers}-{name}"
        seconds[name, workers] = finish(sources, output, workers)
        whole[name] = output.read_bytes()
    kills = completions = 0
    while kills < KILLS or completions < len(RUNS):
        name, workers = RUNS[completions % len(RUNS)]
        output = folder / name
        journal = folder / f"{name}.resume"
        if kills >= KILLS:
            finish(sources, output, workers)
        else:
            kills += killed(sources, output, workers, chance.uniform(0, seconds[name, workers]))
        # A kill after the last act is a scan that is done: the output is in place and the journal gone.
        if output.exists() and not journal.exists():
            assert output.read_bytes() == whole[name], f"with seed {seed}"
            assert not list(folder.glob(f"{name}.*.part"))
            output.unlink()
            completions += 1
