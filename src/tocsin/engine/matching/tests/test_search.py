"""Index, search and features against the same sums done slowly."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.matching import search
from tocsin.engine.matching.evidence import FEATURES, evidence
from tocsin.engine.matching.index import EVERYDAY_WEIGHT, POWER, SATURATION, Draft, Everyday, Index, build_index
from tocsin.engine.matching.search import ask, nearest
from tocsin.engine.matching.terms import terms_of

NO_TALK = Everyday(np.zeros(0, np.uint32), np.zeros(0, np.float32))
WORDS = st.sampled_from(["cat", "dog", "rain", "moon", "7", "42", "柿子", "牛奶", "rainbow"])
TEXTS = st.lists(WORDS, max_size=8).map(" ".join)


def claim(text: str, title: str = "", day: int = 0) -> Draft:
    return Draft((title, "", text), False, day)


def index_of(*drafts: Draft, everyday: Everyday = NO_TALK) -> Index:
    return build_index(drafts, everyday)


def feature(index: Index, text: str, name: str, day: int = 0) -> list[float]:
    """A feature of every correction, whether it would be a candidate or not."""
    rows = evidence(ask(text, day, index.lexicon), index, np.arange(len(index), dtype=np.int32))
    return [float(value) for value in rows[:, FEATURES.index(name)]]


def bm25(texts: list[str], query: str) -> list[float]:
    """The scores of all texts, by the book."""
    documents = [Counter(terms_of([text]).keys.tolist()) for text in texts]
    mean = max(1.0, sum(document.total() for document in documents) / len(documents))
    scores = [0.0] * len(texts)
    for term, count in Counter(terms_of([query]).keys.tolist()).items():
        share = (sum(term in document for document in documents) + 0.5) / (len(texts) + EVERYDAY_WEIGHT + 0.5)
        worth = math.log(1 / share) ** POWER * count * (SATURATION + 1) / (count + SATURATION)
        for number, document in enumerate(documents):
            if document[term]:
                norm = SATURATION * document.total() / mean
                scores[number] += worth * document[term] * (SATURATION + 1) / (document[term] + norm)
    return scores


@settings(deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=8), TEXTS)
def test_it_finds_what_plain_bm25_finds(texts: list[str], query: str) -> None:
    index = index_of(*map(claim, texts))
    expected = bm25(texts, query)
    found = nearest(ask(query, 0, index.lexicon), index, 3).tolist()
    ranked = sorted(expected, reverse=True)
    assert [expected[number] for number in found] == pytest.approx([score for score in ranked if score > 0][:3])
    assert feature(index, query, "terms") == pytest.approx([score / 20 for score in expected], rel=1e-4)


def test_ties_stay_in_the_order_of_the_file() -> None:
    index = index_of(*(claim("the same words") for _ in range(20)))
    assert nearest(ask("same words", 0, index.lexicon), index, 5).tolist() == [0, 1, 2, 3, 4]


def test_the_commonest_terms_are_skipped_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = [claim("common") for _ in range(50)] + [claim("common rare")]
    index = index_of(*drafts)
    monkeypatch.setattr(search, "BUDGET", 10)
    assert nearest(ask("common rare", 0, index.lexicon), index, 5).tolist() == [50]
    assert len(nearest(ask("common", 0, index.lexicon), index, 5)) == 5


def test_shares_are_of_what_the_field_tells() -> None:
    index = index_of(claim("cats dance", title="cats"), claim("dogs", title="rain"))
    assert feature(index, "a cat", "title") == pytest.approx([3.0, 0.0])
    assert feature(index, "a cat", "claim") == pytest.approx([1.5, 0.0], abs=0.2)


def test_a_single_text_has_no_fields() -> None:
    index = index_of(Draft(("", "", "cats 2020"), True, 0))
    assert feature(index, "cats", "claim") == feature(index, "cats", "strange numbers") == [0.0]


def test_numbers_that_the_message_does_not_name_are_counted_to_three() -> None:
    index = index_of(claim("in 2016 and 2017"), claim("1 2 3 4 5"), claim("no number"))
    assert feature(index, "it was 2016", "strange numbers") == pytest.approx([1 / 3, 1.0, 0.0])


def test_characters_are_those_of_scripts_without_spaces() -> None:
    index = index_of(claim("牛奶"), claim("milk"))
    assert feature(index, "牛奶好喝", "characters")[0] == pytest.approx(3.0)
    assert feature(index, "milk", "characters") == [0.0, 0.0]


def test_pieces_find_words_inside_words() -> None:
    index = index_of(claim("rainbow"), claim("moon"))
    assert nearest(ask("rain", 0, index.lexicon), index, 5).tolist() == []
    near, far = feature(index, "rainbows rainbow rain", "pieces")
    assert near > far == 0.0


@pytest.mark.parametrize(
    ("asked", "near", "early"), [(100, 1.0, 0.0), (99, 10 / 11, 0.0), (111, 10 / 21, 1.0), (0, 0, 0)]
)
def test_dates_are_compared_where_both_are_known(asked: int, near: float, early: float) -> None:
    index = index_of(claim("cats", day=101), claim("cats"))
    assert feature(index, "cats", "near", asked) == pytest.approx([near, 0.0])
    assert feature(index, "cats", "early", asked) == pytest.approx([early, 0.0])


def test_everyday_terms_tell_less() -> None:
    common = terms_of(["morning"]).keys
    everyday = Everyday(common, np.array([0.3], np.float32))
    drafts = [claim("good morning"), claim("other")]
    plain, smoothed = index_of(*drafts), index_of(*drafts, everyday=everyday)
    assert feature(smoothed, "morning", "terms")[0] < feature(plain, "morning", "terms")[0] / 3
    assert feature(smoothed, "good", "terms")[0] == pytest.approx(feature(plain, "good", "terms")[0])


def test_a_collection_in_chunks_is_one_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = [claim(f"cat {number} 牛奶 {number % 7}", title="rain") for number in range(50)]
    whole = index_of(*drafts)
    monkeypatch.setattr("tocsin.engine.matching.index._CHUNK", 7)
    parts = index_of(*drafts)
    for one, other in zip(whole, parts, strict=True):
        for left, right in zip(one, other, strict=True):
            assert np.array_equal(left, right)


def test_nothing_is_found_in_nothing() -> None:
    empty = index_of()
    assert len(empty) == 0
    question = ask("anything", 0, empty.lexicon)
    assert nearest(question, empty, 5).tolist() == []
    assert evidence(question, empty, np.zeros(0, np.int32)).shape == (0, len(FEATURES))
    blank = index_of(claim(""))
    assert nearest(ask("anything", 0, blank.lexicon), blank, 5).tolist() == []
