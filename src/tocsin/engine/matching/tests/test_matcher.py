"""The matcher as its callers use it, with the bundled model."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.matching.matcher import Correction, Matcher
from tocsin.engine.matching.model import MODEL_PATH, MatchingModelError, load_matching, save_matching

CLAIMS = [
    Correction(
        "soap", "Does Soap Under the Sheets Stop Cramps?", "Doctors disagree.", "Soap in bed prevents leg cramps."
    ),
    Correction(
        "shark", "Shark on a Flooded Highway", "An old picture.", "A photograph shows a shark on a flooded road."
    ),
    Correction(
        "tax", "Will the City Tax Bicycles?", "A rumour.", "The city will tax bicycles from 2031 on.", date="5 May 2030"
    ),
    Correction(
        "tax-old",
        "Will the City Tax Bicycles?",
        "An older rumour.",
        "The city will tax bicycles soon.",
        date="3 May 2021",
    ),
    *(
        Correction(f"other-{number}", f"Rumour {number}", "", f"Rumour about matter {number} in town")
        for number in range(40)
    ),
]
TEXTS = [
    Correction("persimmon", text="柿子和优酪乳一起吃会中毒的说法没有根据，医师表示从未听过。"),
    Correction("persimmon-copy", text="柿子和优酪乳一起吃会中毒的说法没有根据，医师表示从未听过！"),
    Correction("cola", text="可乐不能用来洗骨头，这是误传。"),
    *(Correction(f"text-{number}", text=f"第{number}号消息说的事情，有关单位已经说明。") for number in range(40)),
]


@pytest.fixture(scope="module")
def claims() -> Matcher:
    return Matcher.build(CLAIMS)


@pytest.fixture(scope="module")
def texts() -> Matcher:
    return Matcher.build(TEXTS)


def test_it_finds_the_claim_in_other_words(claims: Matcher) -> None:
    found = claims.match("My aunt swears that a bar of soap under the bed sheets prevents cramps in the legs!!")
    assert found[0].id == "soap"
    assert found[0].score > 0.9
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)


def test_it_says_nothing_where_nothing_answers(claims: Matcher, texts: Matcher) -> None:
    for message in (
        "what time shall we have lunch tomorrow?",
        "明天晚上一起吃饭吗",
        "",
        "   ",
        "🙂🙂",
        "https://a.example/b",
    ):
        assert claims.match(message) == []
        assert texts.match(message) == []


def test_a_threshold_of_zero_lists_whatever_is_nearest(claims: Matcher) -> None:
    message = "a rumour about the town"
    assert claims.match(message) == []
    assert len(claims.match(message, threshold=0.0, top=7)) == 7
    assert claims.match("soap under the bed sheets prevents leg cramps", threshold=1.0) == []


def test_traditional_and_simplified_are_one(texts: Matcher) -> None:
    found = texts.match("吃完柿子千萬別喝優酪乳，會中毒，已經上新聞了，請轉發", top=2)
    assert {match.id for match in found} == {"persimmon", "persimmon-copy"}


def test_near_copies_are_left_out_where_asked(texts: Matcher) -> None:
    found = texts.match("吃完柿子千萬別喝優酪乳，會中毒", merge_copies=True)
    assert [match.id for match in found].count("persimmon") == 1
    assert "persimmon-copy" not in [match.id for match in found]


def test_dates_tell_two_rumours_apart(claims: Matcher) -> None:
    new, old = (
        claims.match(f"The city wants to tax bicycles! — A. Person, May {day}")[0] for day in ("4, 2030", "2, 2021")
    )
    assert (new.id, old.id) == ("tax", "tax-old")


def test_what_is_asked_before_does_not_matter(claims: Matcher) -> None:
    message = "shark swims on the flooded highway, photograph"
    first = claims.match(message)
    claims.match("city tax bicycles 2031")
    assert claims.match(message) == first
    assert Matcher.build(CLAIMS).match(message) == first


def test_a_huge_message_is_answered(claims: Matcher) -> None:
    found = claims.match("shark on a flooded highway photograph " * 30_000)
    assert found[0].id == "shark"


def test_an_empty_matcher_answers_nothing() -> None:
    empty = Matcher.build([])
    assert len(empty) == 0
    assert empty.match("anything") == []


def test_title_and_text_are_both_read() -> None:
    matcher = Matcher.build([Correction(1, title="Sharks", text="no shark on the flooded highway"), *CLAIMS[4:]])
    assert matcher.match("a shark on the highway!")[0].id == 1


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=None), max_size=300))
def test_any_message_gives_scores_that_fall(message: str) -> None:
    matcher = _SHARED
    found = matcher.match(message, threshold=0.0, top=10)
    scores = [match.score for match in found]
    assert all(0 <= score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)
    assert len({match.id for match in found}) == len(found)


_SHARED = Matcher.build([*CLAIMS, *TEXTS])


def test_a_model_survives_its_file(tmp_path: Path) -> None:
    model = load_matching()
    save_matching(tmp_path / "one.npz", model)
    again = load_matching(tmp_path / "one.npz")
    assert np.array_equal(model.weights, again.weights)
    assert (model.claims, model.dated, model.texts) == (again.claims, again.dated, again.texts)
    # The heads of the archive are as this Python writes them, so only two files of the same one can be compared.
    save_matching(tmp_path / "two.npz", again)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_model_for_other_features_is_refused(tmp_path: Path) -> None:
    with np.load(MODEL_PATH) as stored:
        data = {name: stored[name] for name in stored.files}
    np.savez(tmp_path / "other.npz", **{**data, "features": data["features"][:-1]})
    with pytest.raises(MatchingModelError, match="train it again"):
        load_matching(tmp_path / "other.npz")
