"""Chat handles in disguised text: floors under what is found, and the measure itself on messages made for it."""

from pathlib import Path

import pytest

from tocsin.lab.handles import FOLDER, SERVICES, SIDES, Handle, Labelled, compare, find_handles, measure, read_labelled


def test_handles_are_found_exactly_in_the_messages_that_were_kept_aside() -> None:
    report = measure("held_out")
    by_kind = {score.kind: score for score in report.services}
    assert report.messages >= 250
    assert report.whole.f1 >= 0.95
    assert report.whole.value_f1 >= 0.95
    assert report.whole.precision >= 0.97
    assert by_kind["telegram"].f1 >= 0.97
    assert by_kind["wechat"].f1 >= 0.92
    assert min(score.f1 for score in report.services) >= 0.9


@pytest.mark.parametrize("side", SIDES)
def test_every_label_lies_where_it_says(side: str) -> None:
    rows = list(read_labelled(FOLDER / f"{side}.jsonl"))
    assert len({row.id for row in rows}) == len(rows)
    assert {handle.kind for row in rows for handle in row.handles} == set(SERVICES)
    assert sum(not row.handles for row in rows) > 40
    for row in rows:
        for handle in row.handles:
            assert 0 <= handle.start < handle.end <= len(row.text)
            assert handle.value


def test_the_halves_share_no_message() -> None:
    held_out, tuning = (list(read_labelled(FOLDER / f"{side}.jsonl")) for side in SIDES)
    assert not {row.id for row in held_out} & {row.id for row in tuning}
    assert not {row.text for row in held_out} & {row.text for row in tuning}
    assert len(held_out) >= 0.4 * (len(held_out) + len(tuning))


def test_a_measure_counts_what_agrees() -> None:
    one, other = Handle("wechat", "abc123", 2, 8), Handle("qq", "1234567", 10, 17)
    rows = [Labelled("a", "zh", "…", (one, other)), Labelled("b", "zh", "…", ()), Labelled("c", "zh", "…", (one,))]
    shifted = Handle("wechat", "abc123", 1, 8)
    report = compare(rows, [[one, other], [other], [shifted]])
    wechat, qq = report.services[0], report.services[1]
    assert (wechat.expected, wechat.found, wechat.spans, wechat.values) == (2, 2, 1, 2)
    assert (wechat.f1, wechat.value_f1) == (0.5, 1.0)
    assert (qq.precision, qq.recall) == (0.5, 1.0)
    assert (report.whole.expected, report.whole.found, report.whole.spans) == (3, 4, 2)
    assert report.services[2].precision == report.services[2].recall == report.services[2].f1 == 1.0


def test_handles_are_given_for_each_message() -> None:
    assert find_handles(["早", "加微信abc123 tg@abc_de"]) == [
        [],
        [Handle("wechat", "abc123", 3, 9), Handle("telegram", "abc_de", 13, 19)],
    ]


def test_an_unknown_half_or_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="side must be one of"):
        measure("training")
    with pytest.raises(FileNotFoundError):
        measure("tuning", tmp_path)
