"""The vocabulary: what may enter the ledger and, above all, what may not."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.harms import Harm
from tocsin.ledger.entries import parse_entry
from tocsin.ledger.verbs import (
    ACTS,
    EntryRefusedError,
    Kind,
    PayloadValue,
    Verb,
    check_parts,
    check_payload,
    instant_text,
    parse_instant,
    stored_payload,
)

ID = UUID(int=5)
AT = datetime(2026, 1, 31, 16, 30, tzinfo=timezone(timedelta(hours=8)))


def test_every_verb_has_its_act_and_is_about_something() -> None:
    assert set(ACTS) == set(Verb)
    for verb, act in ACTS.items():
        assert act.subjects
        assert verb.value.partition(".")[0] in act.subjects


def test_no_field_can_hold_free_text() -> None:
    assert {field.kind for act in ACTS.values() for field in act.fields.values()} <= set(Kind)
    for verb, act in ACTS.items():
        for name in act.fields:
            for text in (
                "张三",
                "Call me at 13800000000",
                "zhang@example.com",
                "A",
                "",
                "a" * 65,
                "http://example.com",
            ):
                with pytest.raises(EntryRefusedError):
                    check_payload(verb, {name: text})


@given(st.sampled_from(list(Verb)), st.data())
def test_what_passes_is_of_its_kind(verb: Verb, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(ACTS[verb].fields)))
    value = data.draw(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.lists(st.text()), st.none()))
    required = {key for key, field in ACTS[verb].fields.items() if field.required}
    try:
        check_payload(verb, {name: value})
    except EntryRefusedError:
        return
    assert required <= {name}
    if ACTS[verb].fields[name].kind in (Kind.COUNT, Kind.SECONDS):
        assert type(value) is int
        assert value >= 0
    else:
        assert isinstance(value, str)
        assert value.isascii()


def test_a_payload_is_stored_as_text_and_numbers() -> None:
    assert stored_payload(Verb.REPORT_RECEIVED, {"campaign": ID, "harm": Harm.PHISHING, "sighting": None}) == {
        "campaign": str(ID),
        "harm": "phishing",
    }
    assert stored_payload(Verb.REPORT_EXPIRED, {"received": AT, "count": 3}) == {
        "received": "2026-01-31T08:30:00.000000Z",
        "count": 3,
    }
    assert stored_payload(Verb.REPORT_CLOSED, None) == {}
    assert stored_payload(Verb.REPORT_RECEIVED, {"digest": "0f" * 32}) == {"digest": "0f" * 32}


@pytest.mark.parametrize(
    ("verb", "payload", "message"),
    [
        (Verb.REPORT_CLOSED, {"text": "hello"}, "has no such payload field"),
        (Verb.REPORT_RECEIVED, {"harm": "opinion"}, "harm of report.received is not a valid code"),
        (Verb.REPORT_RECEIVED, {"campaign": "7"}, "is not a valid id"),
        (Verb.REPORT_RECEIVED, {"campaign": str(ID).upper().replace("0", "A")}, "is not a valid id"),
        (Verb.REPORT_RECEIVED, {"digest": "0F" * 32}, "is not a valid digest"),
        (Verb.REPORT_ANSWERED, {"seconds": 5}, "needs the payload field by"),
        (Verb.REPORT_ANSWERED, {"seconds": 5, "by": "chance"}, "is not a valid code"),
        (Verb.REPORT_ANSWERED, {"seconds": -1, "by": "reply"}, "is not a valid seconds"),
        (Verb.REPORT_ANSWERED, {"seconds": 10**11, "by": "reply"}, "is not a valid seconds"),
        (Verb.REPORT_ANSWERED, {"seconds": True, "by": "reply"}, "is not a valid seconds"),
        (Verb.REPORT_EXPIRED, {"count": 2**53}, "is not a valid count"),
        (Verb.REPORT_EXPIRED, {"received": "yesterday"}, "is not a valid instant"),
        (Verb.CAMPAIGN_CONFIRMED, {"harm": "phishing", "reports": 3}, "needs the payload field sightings"),
        (Verb.CAMPAIGN_DISMISSED, {"kind": "Not a scam"}, "is not a valid code"),
    ],
)
def test_it_refuses_what_is_not_of_its_kind(verb: Verb, payload: dict[str, PayloadValue], message: str) -> None:
    with pytest.raises(EntryRefusedError, match=message) as refusal:
        stored_payload(verb, payload)
    # The refused value may be personal: it must not travel into logs with the message.
    assert "hello" not in str(refusal.value)


@pytest.mark.parametrize(
    ("verb", "subject", "actor"),
    [
        ("report.deleted", f"report:{ID}", "system"),
        ("report.closed", f"campaign:{ID}", "system"),
        ("report.closed", f"report:{ID}x", "system"),
        ("report.closed", "report:zhang", "system"),
        ("report.closed", "", "system"),
        ("report.closed", f"report:{ID}", "zhang"),
        ("report.closed", f"report:{ID}", f"reporter:{ID}"),
        ("report.closed", f"report:{ID}", "member:zhang"),
    ],
)
def test_it_refuses_unknown_parts(verb: str, subject: str, actor: str) -> None:
    assert check_parts("report.closed", f"report:{ID}", f"member:{ID}") is Verb.REPORT_CLOSED
    with pytest.raises(EntryRefusedError):
        check_parts(verb, subject, actor)


def test_instants_have_one_spelling() -> None:
    text = instant_text(AT)
    assert text == "2026-01-31T08:30:00.000000Z"
    assert parse_instant(text) == AT
    assert parse_instant(text).tzinfo is UTC
    with pytest.raises(EntryRefusedError, match="time zone"):
        instant_text(AT.replace(tzinfo=None))
    for wrong in ("2026-01-31T08:30:00Z", "2026-01-31T16:30:00.000000+08:00", "2026-02-30T08:30:00.000000Z"):
        with pytest.raises(EntryRefusedError):
            parse_instant(wrong)


def test_an_entry_has_its_fields_and_no_others() -> None:
    good: dict[str, object] = {
        "actor": "reporter",
        "agency": None,
        "at": "2026-01-31T08:30:00.000000Z",
        "payload": {},
        "position": 0,
        "previous": "0" * 64,
        "subject": f"report:{ID}",
        "verb": "report.closed",
    }
    assert parse_entry(good, "1" * 64).agency is None
    changes: list[dict[str, object]] = [
        {"more": 1},
        {"position": -1},
        {"position": 2**53},
        {"position": True},
        {"actor": 1},
        {"payload": []},
        {"agency": 1},
        {"previous": "0" * 63},
    ]
    for change in changes:
        with pytest.raises(ValueError, match=r".+"):
            parse_entry(good | change, "1" * 64)
    with pytest.raises(ValueError, match="hash"):
        parse_entry(good, "no hash")
