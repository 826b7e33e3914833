"""Damage of every kind that we could think of, and the name under which verification reports it."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.ledger.checkpoints import SigningPair, sign
from tocsin.ledger.entries import Entry, canonical_json
from tocsin.ledger.findings import FindingName, Pin, Verification
from tocsin.ledger.tests.building import OTHER_PAIR, PAIR, Ledger, chain, entry, hashed, rechained, statement
from tocsin.ledger.verify import verify_lines

PIN = Pin(PAIR.verifier.fingerprint, PAIR.verifier)
WHOLE = b"".join(Ledger.make(12, 5, 9).lines())


def found(verification: Verification) -> list[str]:
    """Each finding as name and numbers, without its sentence."""
    return [str(finding).partition(":")[0] for finding in verification.findings]


def make() -> Ledger:
    """Ten entries, checkpoints over four and eight of them."""
    return Ledger.make(10, 4, 8)


def test_an_untouched_ledger_verifies() -> None:
    seen: list[Entry] = []
    ledger = make()
    verification = verify_lines(ledger.lines(), pin=PIN, held=ledger.notes[0], on_entry=seen.append)
    assert verification.ok
    assert [item.position for item in seen] == list(range(10))
    assert (verification.entries, verification.checkpoints, verification.covered) == (10, 2, 8)
    assert verification.last == ledger.entries[-1].leaf
    assert verification.root == statement(ledger.entries, 10, 0).root
    assert verification.newest_note == ledger.notes[-1]
    assert verification.remarks() == ["2 of 10 entries came after the last checkpoint and are not yet covered."]


def test_it_says_what_a_clean_result_leaves_open() -> None:
    assert verify_lines(Ledger.make(0).lines()).remarks() == [
        "There is no checkpoint: nothing here is signed.",
        "The key is only what the ledger itself declares; compare it with --key.",
        "Whether entries were cut off at the end shows only against a checkpoint kept elsewhere.",
    ]
    assert verify_lines(Ledger.make(3, 3).lines(), pin=Pin(PIN.fingerprint)).remarks()[0].startswith("Whether")


def test_an_empty_ledger_can_be_signed() -> None:
    assert verify_lines(Ledger.make(0, 0).lines(), pin=PIN).ok


def test_every_unsigned_single_edit_is_named_at_its_place() -> None:
    for position in range(10):
        ledger = make()
        ledger.entries[position] = replace(ledger.entries[position], subject=f"report:{UUID(int=999)}")
        assert found(verify_lines(ledger.lines())) == [f"EDITED entry {position}"]


def test_an_edit_with_a_fitting_leaf_breaks_the_chain_and_the_root() -> None:
    ledger = make()
    ledger.entries[5] = hashed(replace(ledger.entries[5], actor="system"))
    assert found(verify_lines(ledger.lines())) == ["EDITED entry 5", "REWRITTEN entry 4 to 7"]


def test_an_edit_of_the_first_link_is_named() -> None:
    ledger = make()
    ledger.entries[0] = hashed(replace(ledger.entries[0], previous="1" * 64))
    assert found(verify_lines(ledger.lines()))[0] == "EDITED entry 0"


def test_a_rewritten_past_is_named_between_the_checkpoints_that_bound_it() -> None:
    ledger = make()
    ledger.entries[6] = replace(ledger.entries[6], actor="system")
    ledger.entries = rechained(ledger.entries)
    assert found(verify_lines(ledger.lines())) == ["REWRITTEN entry 4 to 7"]


def test_a_removed_entry_leaves_a_gap() -> None:
    ledger = make()
    del ledger.entries[5:7]
    ledger.header = {"entries": 10}
    assert found(verify_lines(ledger.lines())) == ["MISSING entry 5 to 6"]


def test_removal_with_new_numbers_is_named() -> None:
    ledger = make()
    del ledger.entries[5]
    ledger.entries = [replace(item, position=position) for position, item in enumerate(ledger.entries)]
    assert found(verify_lines(ledger.lines())) == [
        "EDITED entry 5",
        "EDITED entry 4",
        "EDITED entry 6 to 8",
        "REWRITTEN entry 4 to 7",
    ]
    ledger.entries = rechained(ledger.entries)
    assert found(verify_lines(ledger.lines())) == ["REWRITTEN entry 4 to 7"]


def test_an_inserted_entry_is_named() -> None:
    ledger = make()
    ledger.entries.insert(5, entry(5, ledger.entries[4].leaf, actor="system"))
    ledger.header = {"entries": 10}
    assert found(verify_lines(ledger.lines())) == ["REPEATED entry 5", "EDITED entry 5", "REWRITTEN entry 4 to 7"]


def test_a_repeated_line_is_named() -> None:
    ledger = make()
    ledger.entries.append(ledger.entries[3])
    ledger.header = {"entries": 10}
    assert found(verify_lines(ledger.lines())) == ["REPEATED entry 3"]


def test_a_repeated_line_after_a_gap_is_named() -> None:
    ledger = make()
    ledger.entries[2:3] = [ledger.entries[5]]
    ledger.header = {"entries": 10}
    assert found(verify_lines(ledger.lines())) == ["REPEATED entry 5", "MISSING entry 2"]


def test_exchanged_lines_are_named() -> None:
    ledger = make()
    ledger.entries[2], ledger.entries[3] = ledger.entries[3], ledger.entries[2]
    assert found(verify_lines(ledger.lines())) == ["REORDERED entry 2"]


def test_a_link_after_a_gap_is_still_checked() -> None:
    ledger = make()
    ledger.entries[7] = hashed(replace(ledger.entries[7], actor="system"))
    del ledger.entries[2]
    ledger.header = {"entries": 10}
    assert found(verify_lines(ledger.lines())) == ["MISSING entry 2", "EDITED entry 7"]


def test_a_cut_tail_is_named_where_a_checkpoint_covers_it() -> None:
    ledger = make()
    del ledger.entries[6:]
    assert found(verify_lines(ledger.lines())) == ["TRUNCATED checkpoint 1"]


def test_a_cut_file_is_named_by_its_header() -> None:
    assert found(verify_lines(make().lines()[:7])) == ["TRUNCATED", "TRUNCATED"]


def test_a_header_that_declares_less_than_there_is_is_named() -> None:
    ledger = make()
    ledger.header = {"entries": 9, "checkpoints": 1}
    assert found(verify_lines(ledger.lines())) == ["MALFORMED", "MALFORMED"]


def test_entries_after_checkpoints_are_named() -> None:
    lines = make().lines()
    lines[10], lines[11] = lines[11], lines[10]
    assert found(verify_lines(lines)) == ["REORDERED line 12"]


def test_an_edited_checkpoint_has_a_bad_signature() -> None:
    ledger = make()
    ledger.notes[1] = ledger.notes[1].replace("\n8\n", "\n7\n")
    assert found(verify_lines(ledger.lines())) == ["BAD_SIGNATURE line 13"]


def test_a_left_out_checkpoint_is_named() -> None:
    ledger = make()
    del ledger.notes[0]
    assert found(verify_lines(ledger.lines())) == ["CHECKPOINT_MISSING checkpoint 0"]


def test_checkpoints_in_another_order_are_named() -> None:
    ledger = make()
    ledger.notes.reverse()
    assert found(verify_lines(ledger.lines())) == [
        "CHECKPOINT_MISSING checkpoint 0",
        "CHECKPOINT_REPLACED checkpoint 0",
    ]


def test_a_second_checkpoint_over_the_same_size_is_named() -> None:
    ledger = make()
    other = replace(statement(ledger.entries, 8, 2), root=bytes(32))
    ledger.notes.append(sign(other, PAIR))
    assert found(verify_lines(ledger.lines())) == ["CHECKPOINT_REPLACED checkpoint 2", "REWRITTEN entry 7"]


def test_a_swapped_key_is_named_even_where_all_is_signed_anew() -> None:
    forged = Ledger.make(10, 4, 8, pair=OTHER_PAIR)
    assert verify_lines(forged.lines()).ok
    assert found(verify_lines(forged.lines(), pin=PIN)) == ["KEY_SWAPPED"]
    assert found(verify_lines(forged.lines(), held=make().notes[0])) == ["KEY_SWAPPED"]


def test_a_key_swapped_in_the_header_alone_is_named() -> None:
    ledger = make()
    ledger.header = {"key": OTHER_PAIR.verifier.text()}
    assert found(verify_lines(ledger.lines())) == ["KEY_SWAPPED line 12", "KEY_SWAPPED line 13"]


def test_a_checkpoint_signed_by_another_key_is_named() -> None:
    ledger = make()
    ledger.notes[1] = sign(statement(ledger.entries, 8, 1), OTHER_PAIR)
    assert found(verify_lines(ledger.lines())) == ["KEY_SWAPPED line 13"]


def test_a_header_without_key_is_named() -> None:
    ledger = make()
    ledger.header = {"key": ""}
    assert found(verify_lines(ledger.lines(), pin=PIN)) == ["KEY_SWAPPED", "KEY_SWAPPED line 12 to 13"]
    assert "KEY_SWAPPED" in found(verify_lines(ledger.lines(), held=ledger.notes[0]))


def test_another_origin_is_named() -> None:
    ledger = make()
    ledger.header = {"origin": "other.example.org"}
    assert found(verify_lines(ledger.lines(), held=ledger.notes[0])) == [
        "ORIGIN_CHANGED",
        "ORIGIN_CHANGED checkpoint 0 to 1",
        "ORIGIN_CHANGED",
    ]
    renamed = SigningPair("other.example.org", PAIR.seed)
    assert found(verify_lines(make().lines(), pin=Pin(PIN.fingerprint, renamed.verifier))) == ["ORIGIN_CHANGED"]


class TestHeldCheckpoint:
    """What only a checkpoint kept from an earlier day shows."""

    def test_it_shows_a_cut_tail(self) -> None:
        cut = Ledger.make(6, 4)
        assert verify_lines(cut.lines()).ok
        assert found(verify_lines(cut.lines(), held=make().notes[1])) == ["TRUNCATED"]

    def test_it_shows_a_past_rewritten_by_the_key_holder(self) -> None:
        ledger = make()
        held = ledger.notes[0]
        ledger.entries[1] = replace(ledger.entries[1], actor="system")
        ledger.entries = rechained(ledger.entries)
        ledger.resigned(4, 8)
        assert verify_lines(ledger.lines(), pin=PIN).ok
        assert found(verify_lines(ledger.lines(), pin=PIN, held=held)) == ["CHECKPOINT_REPLACED"]

    def test_it_shows_a_rewritten_past_without_checkpoints(self) -> None:
        ledger = Ledger.make(10)
        ledger.entries = chain(10, actor="system")
        assert found(verify_lines(ledger.lines(), held=make().notes[0])) == ["REWRITTEN"]

    def test_it_shows_that_it_was_left_out(self) -> None:
        ledger = make()
        held = ledger.notes.pop()
        assert found(verify_lines(ledger.lines(), held=held)) == ["CHECKPOINT_MISSING checkpoint 1"]

    def test_it_says_nothing_where_an_entry_below_is_missing(self) -> None:
        ledger = make()
        del ledger.entries[2]
        ledger.header = {"entries": 10}
        assert found(verify_lines(ledger.lines(), held=ledger.notes[0])) == ["MISSING entry 2"]

    def test_it_is_itself_checked(self) -> None:
        ledger = make()
        edited = ledger.notes[0].replace("\n4\n", "\n3\n")
        assert found(verify_lines(ledger.lines(), held=edited)) == ["BAD_SIGNATURE"]
        assert found(verify_lines(ledger.lines(), held="nothing of the kind")) == ["MALFORMED"]
        assert found(verify_lines(ledger.lines(), held=sign(statement(ledger.entries, 4, 0), OTHER_PAIR))) == [
            "KEY_SWAPPED"
        ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"verb": "report.deleted"}, "OUTSIDE_VOCABULARY entry 3"),
        ({"subject": "person:" + str(UUID(int=1))}, "OUTSIDE_VOCABULARY entry 3"),
        ({"actor": "someone"}, "OUTSIDE_VOCABULARY entry 3"),
        ({"agency": "county"}, "OUTSIDE_VOCABULARY entry 3"),
        ({"at": "2026-01-31T08:30:00Z"}, "OUTSIDE_VOCABULARY entry 3"),
        ({"at": "2026-13-31T08:30:00.000000Z"}, "OUTSIDE_VOCABULARY entry 3"),
        ({"payload": canonical_json({"note": "free text"})}, "OUTSIDE_VOCABULARY entry 3"),
        ({"payload": canonical_json({"harm": "opinion"})}, "OUTSIDE_VOCABULARY entry 3"),
    ],
)
def test_what_the_vocabulary_does_not_have_is_named_even_where_signed(change: dict[str, str], expected: str) -> None:
    ledger = make()
    ledger.entries[3] = replace(ledger.entries[3], **change)  # type: ignore[arg-type]  # names come from the table
    ledger.entries = rechained(ledger.entries)
    ledger.resigned(4, 8)
    assert found(verify_lines(ledger.lines())) == [expected]


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[" * 100_000 + b"\n",
        b"[]\n",
        b"{}\n",
        b'{"entry":NaN,"leaf":"x"}\n',
        b'{"entry":{},"leaf":"' + b"0" * 64 + b'"}\n',
        b'{"entry":1,"leaf":"' + b"0" * 64 + b'"}\n',
        b'{"checkpoint":1}\n',
        b'{"checkpoint":"no note"}\n',
    ],
)
def test_a_line_that_is_not_of_the_format_is_named(line: bytes) -> None:
    lines = make().lines()
    lines[10] = line
    assert "MALFORMED line 11" in found(verify_lines(lines))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n", b""),
        (b"\n", b"\r\n"),
        (b'{"entry"', b' {"entry"'),
        (b'{"entry"', b'\xff\xfe{"entry"'),
        (b'"position":9', b'"position":9.0'),
        (b'"position":9', b'"position":true'),
        (b'"position":9', b'"position":-9'),
        (b'"previous":"', b'"previous":"X'),
        (b'"actor"', b'"actor":"reporter","actor"'),
        (b"reporter", "报告人".encode()),
    ],
)
def test_a_line_in_another_spelling_is_named(old: bytes, new: bytes) -> None:
    lines = make().lines()
    lines[10] = lines[10].replace(old, new)
    assert "MALFORMED line 11" in found(verify_lines(lines))


@pytest.mark.parametrize(
    "header",
    [
        {"version": 2},
        {"format": "other"},
        {"entries": "10"},
        {"entries": True},
        {"key": "not a key"},
        {"more": 1},
        {"key": PAIR.verifier.text().replace("+", "-")},
    ],
)
def test_a_header_that_is_not_one_is_named(header: dict[str, object]) -> None:
    ledger = make()
    ledger.header = header
    assert "MALFORMED line 1" in found(verify_lines(ledger.lines()))


def test_a_missing_header_is_named() -> None:
    assert found(verify_lines([])) == ["MALFORMED line 1"]
    assert found(verify_lines(make().lines()[1:]))[0] == "MALFORMED line 1"
    lines = make().lines()
    assert "MALFORMED line 2" in found(verify_lines([lines[0], *lines]))


def test_a_ruined_file_gives_a_short_answer() -> None:
    verification = verify_lines([make().lines()[0], *[b"ruin\n"] * 100_000])
    assert "MALFORMED line 2 to 100001" in found(verification)
    assert len(verification.findings) == 3


def test_the_result_as_json_names_everything() -> None:
    ledger = make()
    ledger.entries[5] = replace(ledger.entries[5], actor="system")
    ledger.notes[0] = "x"
    result = verify_lines(ledger.lines(), pin=PIN).as_json()
    assert result["ok"] is False
    assert result["key"] == PAIR.verifier.text()
    assert result["findings"] == [
        {"name": "EDITED", "unit": "entry", "text": "the entry does not have its leaf hash", "first": 5, "last": 5},
        {
            "name": "MALFORMED",
            "unit": "line",
            "text": "a checkpoint has origin, size, root, number, at, an empty line and signatures",
            "first": 12,
            "last": 12,
        },
    ]
    cut = verify_lines(make().lines()[:3]).as_json()
    assert cut["findings"] == [
        {"name": "TRUNCATED", "unit": "ledger", "text": "the header declares 10 entries, here are 2"},
        {"name": "TRUNCATED", "unit": "ledger", "text": "the header declares 2 checkpoints, here are 0"},
    ]


def test_a_foreign_cosignature_is_let_pass() -> None:
    ledger = make()
    stranger = SigningPair("witness.example.net", bytes(range(2, 34)))
    other = sign(replace(statement(ledger.entries, 8, 1), origin=stranger.name), stranger)
    ledger.notes[1] += other.rpartition("\n\n")[2]
    assert verify_lines(ledger.lines(), pin=PIN).ok


@settings(max_examples=600, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_any_changed_byte_is_found(index: int, turn: int) -> None:
    # The two entries after the last checkpoint are unsigned, but the chain and their leaves still hold them.
    damaged = bytearray(WHOLE)
    damaged[index] ^= turn
    assert not verify_lines(bytes(damaged).splitlines(keepends=True), pin=PIN).ok


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 400))
def test_any_cut_is_found(start: int, length: int) -> None:
    damaged = WHOLE[:start] + WHOLE[start + length :]
    assert not verify_lines(damaged.splitlines(keepends=True), pin=PIN).ok


@settings(max_examples=200, deadline=None)
@given(st.permutations(range(15)))
def test_any_other_order_is_found(order: list[int]) -> None:
    lines = WHOLE.splitlines(keepends=True)
    shuffled = [lines[index] for index in order]
    assert verify_lines(shuffled, pin=PIN).ok == (shuffled == lines)


def test_a_pin_is_a_key_or_a_fingerprint() -> None:
    assert Pin.parse(PAIR.verifier.text() + "\n") == PIN
    assert Pin.parse(PAIR.verifier.fingerprint.upper()) == Pin(PIN.fingerprint)
    for wrong in ("", "abc", "a+b+c", PAIR.verifier.text()[:-4]):
        with pytest.raises(ValueError, match=r".+"):
            Pin.parse(wrong)


def test_every_name_of_a_finding_is_reached_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in FindingName if name not in text and name is not FindingName.HEAD_DIFFERS] == []
