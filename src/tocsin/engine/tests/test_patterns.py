"""The pattern files and what handles them: every bundled example, and one golden message for each kind of mistake."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tocsin.engine.fold import fold_batch
from tocsin.engine.patterns import (
    FOLDER,
    Automaton,
    Pattern,
    PatternError,
    Strength,
    automaton_for,
    check_counts,
    check_patterns,
    read_folder,
    read_pattern_text,
)
from tocsin.engine.text import FoldedBatch, TextBatch

GOLDEN = Path(__file__).parent / "golden"
MACROS = {"ask": "加我|联系"}


@pytest.fixture(scope="module")
def bundled() -> tuple[Pattern, ...]:
    return read_folder()


def fold(*texts: str) -> FoldedBatch:
    return fold_batch(TextBatch.from_arrow(pa.array(texts, pa.string())))


def found(automaton: Automaton, folded: FoldedBatch) -> list[tuple[int, int]]:
    hits = automaton.scan(folded)
    return list(zip(hits.row.tolist(), hits.pattern.tolist(), strict=True))


def test_every_bundled_pattern_keeps_its_word(bundled: tuple[Pattern, ...]) -> None:
    assert check_patterns(bundled) == []


def test_every_harm_has_enough_patterns(bundled: tuple[Pattern, ...]) -> None:
    assert check_counts(bundled) == []


def test_it_counts_what_is_missing(bundled: tuple[Pattern, ...]) -> None:
    few = [pattern for pattern in bundled if not pattern.id.startswith("phishing.en.")]
    assert check_counts(few) == ["phishing: 0 patterns in en, at least 10 are needed"]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.toml")), ids=lambda path: path.stem)
def test_it_names_each_kind_of_mistake(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    wanted = [line.removeprefix("# expect: ") for line in text.splitlines() if line.startswith("# expect: ")]
    file = next(line.removeprefix("# file: ") for line in text.splitlines() if line.startswith("# file: "))
    assert wanted, "a golden file says what it expects"
    with pytest.raises(PatternError) as caught:
        read_pattern_text(file, text, MACROS)
    assert list(caught.value.problems) == [f"{file}: {line}" for line in wanted]


def test_the_same_mistakes_mended_are_no_mistake() -> None:
    text = (GOLDEN / "unknown_macro.toml").read_text(encoding="utf-8").replace("{nobody}", "{ask}")
    patterns = read_pattern_text("zh/task_scam.toml", text, MACROS)
    assert [pattern.expression for pattern in patterns] == ["刷单.{0,6}(?:加我|联系)"]
    assert patterns[0].strength is Strength.STRONG


def test_it_tells_examples_that_do_not_hold() -> None:
    text = (GOLDEN / "unknown_macro.toml").read_text(encoding="utf-8").replace("{nobody}", "佣金")
    (pattern,) = read_pattern_text("zh/task_scam.toml", text, MACROS)
    assert check_patterns([pattern]) == [
        "task_scam.zh.one: does not match its hit: 刷单请联系小李",
        "task_scam.zh.one: does not match its hit: 刷单的加我",
    ]


def test_it_names_two_files_that_use_one_id(tmp_path: Path) -> None:
    good = (GOLDEN / "unknown_macro.toml").read_text(encoding="utf-8").replace("{nobody}", "加我")
    for room in ("zh", "en", "quiet"):
        (tmp_path / room).mkdir()
    (tmp_path / "macros.txt").write_text("# none\n", encoding="utf-8")
    (tmp_path / "zh" / "task_scam.toml").write_text(good + good.replace("小李", "小王"), encoding="utf-8")
    with pytest.raises(PatternError, match=r"zh/task_scam\.toml: task_scam\.zh\.one: the id is used twice"):
        read_folder(tmp_path)


def test_it_names_the_expression_that_hyperscan_refuses() -> None:
    with pytest.raises(PatternError, match=r"hyperscan refuses '\(\?P<name>a\)\(\?P=name\)'"):
        Automaton.compile(["fine", "(?P<name>a)(?P=name)"])


def test_no_match_reaches_into_the_next_message() -> None:
    automaton = Automaton.compile(["刷单.{0,9}佣金"])
    assert found(automaton, fold("刷单", "佣金", "刷单有佣金")) == [(2, 0)]


def test_it_reports_each_pattern_once_a_message_and_where_it_ends_last() -> None:
    folded = fold("前面", "佣金又佣金啊")
    hits = Automaton.compile(["佣金", "无"]).scan(folded)
    assert hits.row.tolist() == [1]
    assert hits.pattern.tolist() == [0]
    assert hits.last.tolist() == [int(folded.offsets[1]) + 5]


def test_it_scans_an_empty_batch() -> None:
    hits = Automaton.compile(["佣金"]).scan(fold())
    assert len(hits.row) == 0
    assert hits.last.dtype == np.int64


def test_it_keeps_the_compiled_form_and_uses_it(tmp_path: Path) -> None:
    automaton_for(["刷单", "返利"], tmp_path)
    (kept,) = tmp_path.iterdir()
    before = kept.stat().st_mtime_ns
    again = automaton_for(["刷单", "返利"], tmp_path)
    assert kept.stat().st_mtime_ns == before
    assert found(again, fold("返利", "刷单")) == [(0, 1), (1, 0)]


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\0" * 4096])
def test_a_damaged_cache_is_compiled_anew(tmp_path: Path, damage: bytes) -> None:
    automaton_for(["刷单"], tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damage)
    assert found(automaton_for(["刷单"], tmp_path), fold("刷单")) == [(0, 0)]
    assert kept.read_bytes()[:32] == whole[:32]


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder", encoding="utf-8")
    assert found(automaton_for(["刷单"], file / "cache"), fold("刷单")) == [(0, 0)]


def test_the_bundled_files_are_of_the_size_that_a_reviewer_can_read() -> None:
    for path in FOLDER.rglob("*.toml"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, path
