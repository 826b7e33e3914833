"""``tocsin check`` and ``tocsin engine`` as a person runs them."""

import io
import json
import shutil
from pathlib import Path

import pytest

from tocsin.config.command import EXIT_DONE, EXIT_USAGE, main
from tocsin.engine import pictures
from tocsin.engine.detector import Detector
from tocsin.engine.fingerprint import decode
from tocsin.lab.card import CARD_PATH

SCAM = "你好，我这边是公安局的，你涉嫌洗钱，请把资金转到安全账户配合调查，详见 https://gongan.example/a"
CALM = "明天晚上一起吃饭吗？老地方见"


def run(*words: str) -> int:
    """The command; argparse's own refusals as the exit status that a shell would see."""
    try:
        return main(words)
    except SystemExit as end:
        return int(end.code or 0)


def test_it_says_what_it_found_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", SCAM) == EXIT_DONE
    said = capsys.readouterr().out
    assert "冒充公检法及政府机关" in said
    assert "转到安全账户" in said
    assert "url: https://gongan.example/a" in said


def test_it_speaks_english(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--language", "en", SCAM) == EXIT_DONE
    assert "Found: Fake authority" in capsys.readouterr().out


def test_it_says_that_nothing_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", CALM) == EXIT_DONE
    assert "没有发现问题" in capsys.readouterr().out


def test_it_writes_the_row_that_scan_writes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--json", SCAM) == EXIT_DONE
    row = json.loads(capsys.readouterr().out)
    assert list(row) == ["id", "harm", "confidence", "signals", "indicators", "fingerprint", "language", "rules"]
    assert row["harm"] == "impersonation_authority"
    assert 0.5 < row["confidence"] <= 1
    assert row["language"] == "zh"
    assert row["rules"] == Detector.load().rules
    assert len(decode(row["fingerprint"])) == 128
    for signal in row["signals"]:
        assert set(signal) == {"start", "end", "text", "reason"}
        assert SCAM[signal["start"] : signal["end"]] == signal["text"]
    (indicator,) = [each for each in row["indicators"] if each["kind"] == "url"]
    assert SCAM[indicator["start"] : indicator["end"]] == indicator["value"] == "https://gongan.example/a"


def test_a_quiet_row_has_no_harm_and_no_signals(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--json", CALM) == EXIT_DONE
    row = json.loads(capsys.readouterr().out)
    assert row["harm"] is None
    assert row["signals"] == []


def test_it_reads_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SCAM.encode())))
    assert run("check", "-", "--json") == EXIT_DONE
    assert json.loads(capsys.readouterr().out)["harm"] == "impersonation_authority"


def test_it_refuses_standard_input_that_is_not_utf8(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SCAM.encode("gb18030"))))
    assert run("check", "-") == EXIT_USAGE
    assert "standard input is not UTF-8" in capsys.readouterr().err


def test_the_threshold_is_the_callers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--json", "--threshold", "0", CALM) == EXIT_DONE
    assert json.loads(capsys.readouterr().out)["harm"] is not None


@pytest.mark.parametrize("words", [(), ("x", "--image", "y.png"), ("--threshold", "2", "x"), ("--threshold", "x", "x")])
def test_it_refuses_what_makes_no_sense(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", *words) == EXIT_USAGE
    assert capsys.readouterr().err


def test_it_says_that_a_picture_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "--image", str(tmp_path / "none.png")) == EXIT_USAGE
    assert capsys.readouterr().err.strip().endswith("none.png: No such file or directory")


def test_it_says_in_one_line_that_the_optional_part_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"any")
    monkeypatch.setattr(pictures, "HAS_LIBRARIES", False)
    assert run("check", "--image", str(picture)) == EXIT_USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("picture.png: reading pictures needs the optional part: install tocsin[ocr]")


def test_it_says_in_one_line_that_tesseract_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("zxingcpp", reason="the ocr extra is not installed")
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"any")
    monkeypatch.setattr(shutil, "which", lambda _program: None)
    assert run("check", "--image", str(picture)) == EXIT_USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert "needs the program tesseract" in line


def test_it_prints_the_card(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("engine", "card") == EXIT_DONE
    said = capsys.readouterr().out
    assert said == CARD_PATH.read_text(encoding="utf-8")
    for heading in ("## Data", "## Harms flagged", "## Quiet texts flagged", "## Calibration", "## Known failures"):
        assert heading in said


def test_it_refuses_to_train_from_a_folder_without_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("engine", "train", "--data", str(tmp_path), "-o", str(tmp_path / "out")) == EXIT_USAGE
    assert "has no folder messages/" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
