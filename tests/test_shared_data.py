"""The public corpora beside the project, through the door: every row answered, none lost, each reason where it says."""

import json
from pathlib import Path

import pytest

from tocsin.config.command import main

MESSAGES = Path(__file__).parent.parent.parent / "shared" / "data" / "messages"

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not MESSAGES.is_dir(), reason="the data folder is not beside the project (../shared/data)"),
]


def test_a_scan_of_all_corpora_answers_every_row_in_order(tmp_path: Path) -> None:
    files = sorted(MESSAGES.glob("*.jsonl"))
    output = tmp_path / "out.jsonl"
    assert main(["scan", *map(str, files), "-o", str(output)]) == 0
    given = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    answered = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert len(given) > 60_000
    assert [row["id"] for row in answered] == [row["id"] for row in given]
    for row, answer in zip(given, answered, strict=True):
        assert bool(answer["signals"]) is (answer["harm"] is not None)
        for signal in answer["signals"]:
            assert row["text"][signal["start"] : signal["end"]] == signal["text"] != ""
