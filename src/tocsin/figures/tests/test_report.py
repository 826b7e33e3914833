"""The transparency report, by its commands, and every lie in it that we could think of."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from tocsin.figures.queries import current_figures
from tocsin.figures.report import ReportError, differences, read_report, recompute
from tocsin.figures.tests.history import (
    ENTRIES,
    NOTE,
    REPORT,
    act,
    changed,
    day_at_the_desk,
    export,
    note_over,
    stored,
)
from tocsin.ledger import access
from tocsin.ledger.actions import NewEntry, append_many
from tocsin.ledger.entries import Entry
from tocsin.ledger.findings import Pin
from tocsin.ledger.tests.building import OTHER_PAIR, PAIR, rechained
from tocsin.ledger.verbs import Verb

PIN = Pin(PAIR.verifier.fingerprint, PAIR.verifier)


def test_a_true_report_is_recomputed() -> None:
    result = recompute(read_report(REPORT), export(ENTRIES, NOTE), pin=PIN)
    assert result.ok
    assert result.differences == ()


def test_a_later_export_will_do() -> None:
    later = stored([*day_at_the_desk(), act(3000, Verb.REPORT_RECEIVED, 99, "reporter")])
    assert recompute(read_report(REPORT), export(later, NOTE, note_over(later, 1)), pin=PIN).ok


def test_every_changed_figure_is_named() -> None:
    flat = [item.name for item in differences(json.loads(REPORT)["figures"], {})]
    assert len(flat) > 50
    for name in flat:
        value = json.loads(REPORT)
        bump(value["figures"], name.split("/"))
        report = read_report(json.dumps(value))
        result = recompute(report, export(ENTRIES, NOTE), pin=PIN)
        assert result.ledger.ok
        assert [item.name for item in result.differences] == [name]
        assert not result.ok


def bump(figures: dict[str, Any], path: list[str]) -> None:
    """Change one figure a little: a number by one, anything else into a text."""
    for name in path[:-1]:
        figures = figures[name]
    value = figures[path[-1]]
    figures[path[-1]] = value + 1 if isinstance(value, (int, float)) else f"{value}!"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda figures: figures["reports"].pop("closed"), "reports/closed"),
        (lambda figures: figures["reports"].update(praised=3), "reports/praised"),
        (lambda figures: figures["reports"].update(received=7.0), "reports/received"),
        (lambda figures: figures["reports"].update(closed=True), "reports/closed"),
        (
            lambda figures: figures["waiting"].update(share_within_1_minute=float("nan")),
            "waiting/share_within_1_minute",
        ),
        (lambda figures: figures.update({"reports/received": 7}), "structure"),
        (lambda figures: figures.update(praise={}), "structure"),
    ],
)
def test_figures_of_another_shape_are_named(change: Callable[[dict[str, Any]], object], named: str) -> None:
    report = read_report(changed(lambda value: change(value["figures"])))
    result = recompute(report, export(ENTRIES, NOTE))
    assert [item.name for item in result.differences] == [named]


def test_a_report_on_another_history_is_named() -> None:
    other = rechained([ENTRIES[0], replace(ENTRIES[1], actor="system"), *ENTRIES[2:]])
    result = recompute(read_report(REPORT), export(other, note_over(other)), pin=PIN)
    assert [finding.name for finding in result.ledger.findings] == ["CHECKPOINT_REPLACED"]
    assert not result.ok


def test_a_shortened_export_is_named() -> None:
    result = recompute(read_report(REPORT), export(ENTRIES[:20], note_over(ENTRIES[:20])), pin=PIN)
    assert "TRUNCATED" in [finding.name for finding in result.ledger.findings]
    assert result.differences


def test_a_report_signed_by_another_is_named() -> None:
    note = note_over(ENTRIES)
    result = recompute(read_report(REPORT), export(ENTRIES, note), pin=Pin(OTHER_PAIR.verifier.fingerprint))
    assert [finding.name for finding in result.ledger.findings] == ["KEY_SWAPPED"]
    edited = changed(lambda value: value.update(checkpoint=NOTE.replace("\n29\n", "\n28\n")))
    result = recompute(read_report(edited), export(ENTRIES, note))
    assert [finding.name for finding in result.ledger.findings] == ["BAD_SIGNATURE"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[" * 100_000,
        "[]",
        "{}",
        '{"a": 1, "a": 2}',
        changed(lambda value: value.pop("method")),
        changed(lambda value: value.update(more=1)),
        changed(lambda value: value.update(method=True)),
        changed(lambda value: value.update(method=2)),
        changed(lambda value: value.update(version=2)),
        changed(lambda value: value.update(format="tocsin-ledger")),
        changed(lambda value: value.update(utc_offset_minutes=841)),
        changed(lambda value: value.update(checkpoint="no note")),
    ],
)
def test_it_reads_nothing_but_reports(text: str) -> None:
    with pytest.raises(ReportError):
        read_report(text)


@pytest.mark.django_db
class TestCurrentFigures:
    """The figures for the web page."""

    def received(self, number: int) -> list[NewEntry]:
        """One report."""
        return [act(number, Verb.REPORT_RECEIVED, number, "reporter")]

    def test_they_follow_the_ledger(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert current_figures().reports.received == 0
        append_many(self.received(1))
        assert current_figures().reports.received == 1
        assert current_figures() is current_figures()
        read: list[int] = []
        entries = access.entries

        def watched(*, start: int) -> Iterator[Entry]:
            read.append(start)
            return entries(start=start)

        monkeypatch.setattr(access, "entries", watched)
        append_many(self.received(2))
        assert current_figures().reports.received == 2
        assert read == [1]

    def test_they_forget_what_was_rolled_back(self) -> None:
        append_many(self.received(1))
        with pytest.raises(RuntimeError, match="the act failed"):
            self.fail_after_looking()
        assert current_figures().reports.received == 1
        append_many(self.received(4))
        assert current_figures().entries == 2

    @transaction.atomic
    def fail_after_looking(self) -> None:
        """An act that records, looks at the figures and then fails."""
        append_many([*self.received(2), *self.received(3)])
        assert current_figures().reports.received == 3
        raise RuntimeError("the act failed")

    def test_they_follow_the_time_zone(self, settings: Settings) -> None:
        append_many([act(120, Verb.REPORT_RECEIVED, 1, "reporter")])
        for zone, day in (("UTC", "2026-01-31"), ("Asia/Shanghai", "2026-02-01")):
            settings.TIME_ZONE = zone
            assert list(current_figures().by_day) == [day]
