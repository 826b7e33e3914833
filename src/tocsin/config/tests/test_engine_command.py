"""``tocsin engine bench`` as a person runs it, on a very small scale."""

import importlib.util
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tocsin.config.command import EXIT_BAD_ROWS, EXIT_DONE, EXIT_USAGE, main
from tocsin.config.commands import engine
from tocsin.lab.bench import report
from tocsin.lab.bench.fuzz import FuzzError
from tocsin.lab.bench.peers import LIBRARIES
from tocsin.lab.bench.service import LookUps, Service
from tocsin.lab.bench.stages import BARE_SCAN, STAGES, Tools
from tocsin.lab.bench.table import REST, WHOLE
from tocsin.lab.bench.workers import Together

SERVICE = Service(load=0.5, load_cpu=0.4, half=0.6, slowest=2.5, slowest_cpu=1.5, memory=300.0, memory_with_known=350.0)


def bench(*words: str) -> int:
    """The command; argparse's own refusals as the exit status that a shell would see."""
    try:
        return main(["engine", "bench", *words])
    except SystemExit as end:
        return int(end.code or 0)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder without data beside it, so that the bundled corpus is drawn from."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def _quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what takes long whatever the number of messages: that has tests of its own."""
    load: Callable[[Sequence[str], Path], Tools] = Tools.load
    monkeypatch.setattr(Tools, "load", lambda _expressions: load(["加(?:微信|薇信)"], tmp_path))
    monkeypatch.setattr(report, "measure_service", lambda *_: SERVICE)
    monkeypatch.setattr(report, "measure_look_ups", lambda known, _rounds: LookUps(known, 2.5e6, 7e5))


@pytest.mark.usefixtures("_quick")
def test_it_prints_the_table_and_the_findings_and_keeps_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures, picture = tmp_path / "figures.json", tmp_path / "speed.svg"
    assert bench("--rows", "300", "--rounds", "1", "--json", str(figures), "--plot", str(picture)) == EXIT_DONE
    said = capsys.readouterr()
    data: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))
    assert [line["stage"] for line in data["stages"]] == [*STAGES, REST, WHOLE, BARE_SCAN]
    assert (data["input"]["messages"], data["input"]["source"]) == (300, "the bundled corpus")
    assert said.out.startswith("300 messages, ")
    assert data["input"]["sha256"][:16] in said.out
    (whole,) = [line for line in data["stages"] if line["stage"] == WHOLE]
    assert f"| {whole['per_second']:,.0f} messages/s" in said.out
    assert [point["messages"] for point in data["growth"]] == [300]
    assert picture.read_text(encoding="utf-8").startswith("<svg ")
    holds = {found["what"]: found["holds"] for found in data["findings"]}
    assert holds["Detector.load(), fresh process"] is True
    assert holds["assess, 99 of 100 are faster"] is False
    assert holds["memory with 1,000,000 known indicators"] is True
    assert holds["look-ups among 5,000,000, known / unknown"] is False
    assert "2.50 ms (1.50 ms of processor time)" in said.out
    assert "2.50 / 0.70 million/s" in said.out
    assert "tocsin engine bench: stages" in said.err


@pytest.mark.usefixtures("_quick")
def test_it_measures_workers_scans_and_hostile_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = [Together(1, 1_000.0), Together(2, 1_900.0)]
    monkeypatch.setattr(report, "measure_workers", lambda *_: rates)
    monkeypatch.setattr(engine, "SCAN", (sys.executable, "-c", "pass"))
    monkeypatch.setattr(engine, "HOSTILE_BYTES", 1_000)
    assert bench("--rows", "200", "--rounds", "1", "--workers", "--spark", "--hostile") == EXIT_DONE
    said = capsys.readouterr().out
    assert "1.90 (1,000 → 1,900 messages/s on the wall)" in said
    for words in ("--workers 1", "--workers 2", "--engine local", "--engine spark"):
        assert f"| tocsin scan {words} " in said
    assert "Spark over the local engine" in said
    assert "| hostile text " in said
    assert "dearest hostile text" in said


@pytest.mark.usefixtures("_quick")
def test_it_says_in_one_line_why_a_scan_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "SCAN", (sys.executable, "-c", "raise SystemExit('there is no Spark here')"))
    assert bench("--rows", "100", "--rounds", "1", "--spark") == EXIT_BAD_ROWS
    assert capsys.readouterr().err.splitlines()[-1].endswith(": there is no Spark here")


def test_it_says_which_peers_are_missing_before_it_measures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in LIBRARIES else there(name))
    assert bench("--peers", "--rows", "100") == EXIT_USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("tocsin engine: --peers needs scikit-learn, pyahocorasick, datasketch: install")


def test_it_tries_invented_messages_and_says_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("--fuzz", "200") == EXIT_DONE
    said = capsys.readouterr()
    assert said.out.startswith("200 messages (")
    assert "without a crash, a stall or a broken rule" in said.out
    assert "200 of 200 messages" in said.err


def test_it_says_in_one_line_what_broke(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        error = FuzzError("has signals outside of itself: 'x'")
        error.add_note("batch 3 of seed 1")
        raise error

    monkeypatch.setattr(engine, "run_fuzz", broken)
    assert bench("--fuzz", "5") == EXIT_BAD_ROWS
    assert capsys.readouterr().err == "tocsin engine: batch 3 of seed 1: has signals outside of itself: 'x'\n"


@pytest.mark.parametrize("words", [("--rows", "0"), ("--rows", "many"), ("--fuzz", "-1"), ("--rounds", "")])
def test_it_refuses_what_is_no_number_of_messages(words: tuple[str, str]) -> None:
    assert bench(*words) == EXIT_USAGE


def test_it_refuses_a_folder_without_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("--data", str(tmp_path)) == EXIT_USAGE
    assert "has no folder messages/" in capsys.readouterr().err
