"""The figures of a small history, worked out by hand."""

from collections import Counter
from datetime import timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.figures.compute import Campaigns, Figures, Flow, Waiting, compute, nearest_rank
from tocsin.figures.tests.history import BEGIN, CITY, COUNTY, act, day_at_the_desk, export, stored
from tocsin.ledger.actions import NewEntry
from tocsin.ledger.entries import Entry
from tocsin.ledger.verbs import Verb
from tocsin.ledger.verify import verify_lines

SHANGHAI = timedelta(hours=8)


def figures_of(acts: list[NewEntry]) -> Figures:
    """The figures of acts, by way of an export."""
    entries: list[Entry] = []
    assert verify_lines(export(stored(acts)), on_entry=entries.append).ok
    return compute(entries, SHANGHAI)


def test_the_figures_of_a_day_are_those_worked_out_by_hand() -> None:
    figures = figures_of(day_at_the_desk())
    assert (figures.entries, figures.begin, figures.end) == (29, BEGIN, BEGIN + timedelta(minutes=2007))
    assert figures.reports == Flow(received=7, answered=5, closed=1)
    # 1 was taken up again and 5 was never answered; 6 expired.
    assert figures.open_now == 2
    assert figures.expired == 1
    assert figures.first_answers_by == {"decision": 3, "earlier_decision": 1, "reply": 1}
    assert figures.by_day == {"2026-01-31": Flow(7, 4, 0), "2026-02-01": Flow(0, 0, 1), "2026-02-02": Flow(0, 1, 0)}
    assert figures.by_harm == {"none": Flow(1, 0, 0), "phishing": Flow(5, 4, 1), "task_scam": Flow(1, 1, 0)}
    assert figures.by_agency == {"none": Flow(1, 0, 0), str(CITY): Flow(4, 4, 1), str(COUNTY): Flow(2, 1, 0)}
    assert (figures.sightings, figures.sightings_expired) == (5, 1)
    assert figures.campaigns == Campaigns(opened=2, confirmed=1, dismissed=1, reopened=1, dormant=1, woken=1)
    assert figures.confirmed_by_harm == {"phishing": 1}
    assert figures.dismissed_by_kind == {"genuine": 1}
    assert figures.member_acts == {
        "campaign.confirmed": 1,
        "campaign.dismissed": 1,
        "campaign.reopened": 1,
        "campaign.review_started": 1,
        "report.answered": 5,
    }


def test_waiting_counts_the_unanswered_against_the_desk() -> None:
    # First answers after 0, 480, 540, 600 and 119,820 seconds; seven reports.
    assert figures_of(day_at_the_desk()).waiting == Waiting(
        median=540,
        ninetieth=119_820,
        within_minute=round(1 / 7, 4),
        within_day=round(4 / 7, 4),
        within_three_days=round(5 / 7, 4),
    )


def test_waiting_without_answers_is_nothing_or_none() -> None:
    assert compute([]).waiting == Waiting()
    assert figures_of(day_at_the_desk()[:6]).waiting == Waiting(None, None, 0.0, 0.0, 0.0)


def test_small_cells_are_not_shown() -> None:
    assert figures_of(day_at_the_desk()).by_agency_and_harm == {
        "none": {"phishing": {"received": "<3"}},
        str(CITY): {"phishing": {"answered": 4, "closed": "<3", "received": 4}},
        str(COUNTY): {"none": {"received": "<3"}, "task_scam": {"answered": "<3", "received": "<3"}},
    }


def test_a_day_begins_at_the_midnight_that_was_asked_for() -> None:
    late = [act(119.99, Verb.REPORT_RECEIVED, 1), act(120, Verb.REPORT_RECEIVED, 2)]
    entries: list[Entry] = []
    verify_lines(export(stored(late)), on_entry=entries.append)
    assert list(compute(entries, SHANGHAI).by_day) == ["2026-01-31", "2026-02-01"]
    assert list(compute(entries).by_day) == ["2026-01-31"]


def test_an_answered_report_that_comes_back_waits_only_once() -> None:
    acts = [
        act(0, Verb.REPORT_RECEIVED, 1, "reporter"),
        act(1, Verb.REPORT_ANSWERED, 1, seconds=60, by="reply"),
        act(2, Verb.REPORT_REVIEW_STARTED, 1),
    ]
    assert figures_of(acts).open_now == 1
    again = figures_of([*acts, act(90, Verb.REPORT_ANSWERED, 1, seconds=5400, by="reply")])
    assert (again.open_now, again.reports.answered, again.waiting.ninetieth) == (0, 1, 60)


@given(st.lists(st.integers(0, 50), min_size=1), st.integers(1, 100))
def test_percentiles_are_nearest_rank(values: list[int], percent: int) -> None:
    expected = sorted(values)[max(ceil(len(values) * percent / 100), 1) - 1]
    assert nearest_rank(Counter(values), percent) == expected


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        nearest_rank(Counter(), 50)


@given(st.integers(0, 29))
def test_the_beginning_of_a_history_adds_up_like_the_beginning(cut: int) -> None:
    entries: list[Entry] = []
    verify_lines(export(stored(day_at_the_desk()[:cut])), on_entry=entries.append)
    figures = compute(entries, SHANGHAI)
    for flows in (figures.by_day, figures.by_harm, figures.by_agency):
        total = Flow(*(sum(getattr(flow, name) for flow in flows.values()) for name in Flow.__slots__))
        assert total == figures.reports
    assert figures.open_now <= figures.reports.received
    assert figures.entries == cut
