"""Learning to match: the arithmetic on small numbers of its own, the whole on the data beside the project."""

from pathlib import Path

import numpy as np
import pytest

from tocsin.engine.matching.evidence import FEATURES
from tocsin.engine.matching.matcher import CANDIDATES, Matcher
from tocsin.engine.matching.model import MODEL_PATH, load_matching
from tocsin.lab.corpora import CorpusError
from tocsin.lab.matching import count_everyday, learn
from tocsin.lab.matching_bench import bench_matching
from tocsin.lab.matching_data import (
    chinese_corrections,
    chinese_queries,
    copies,
    english_corrections,
    english_queries,
)
from tocsin.lab.matching_fit import (
    Weighed,
    best_scores,
    cross_validate,
    fit_scale,
    fit_weights,
    rank,
    weigh,
    without_answers,
)

DATA = Path(__file__).parents[4].parent / "shared" / "data"
CLAIMS = DATA / "claims"
needs_data = pytest.mark.skipif(
    not CLAIMS.is_dir(), reason="the data folder is not beside the project (../shared/data)"
)


def made(queries: int, worth: float, seed: int = 1) -> Weighed:
    """Queries whose right candidate is drawn by the first feature, which has this worth; the others are noise."""
    chance = np.random.default_rng(seed)
    features = chance.normal(size=(queries, CANDIDATES, len(FEATURES)))
    values = worth * features[..., 0]
    shares = np.exp(values - values.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    right = np.zeros((queries, CANDIDATES), np.bool_)
    for row in range(queries):
        right[row, chance.choice(CANDIDATES, p=shares[row])] = True
    return Weighed(np.tile(np.arange(CANDIDATES), (queries, 1)), features, right)


def test_the_weights_that_made_the_data_are_found_again() -> None:
    weights = fit_weights(made(800, 2.0), np.ones(800))
    assert weights[0] == pytest.approx(2.0, abs=0.15)
    assert np.abs(weights[1:]).max() < 0.15


def test_queries_without_a_right_candidate_teach_nothing() -> None:
    some = made(200, 1.0)
    some.right[100:] = False
    half = Weighed(some.documents[:100], some.features[:100], some.right[:100])
    assert fit_weights(some, np.ones(200)) == pytest.approx(fit_weights(half, np.ones(100)))


def test_ranking_lists_the_best_and_scores_precision() -> None:
    weighed = made(50, 3.0)
    weights = np.zeros(len(FEATURES))
    weights[0] = 1.0
    ranked = rank(weighed, weights, [1] * 50)
    for row in range(50):
        place = int((weighed.features[row, :, 0] > weighed.features[row, weighed.right[row], 0][0]).sum())
        assert ranked.precision[row] == pytest.approx(1 / (place + 1) if place < 5 else 0.0)
        assert list(ranked.leads[row]) == sorted(ranked.leads[row], reverse=True)


def test_every_query_is_ranked_out_of_fold() -> None:
    weighed, other = made(60, 3.0), made(60, 3.0, seed=2)
    ranked = cross_validate(weighed, weighed, other, [1] * 60, 1.0)
    inside = rank(weighed, fit_weights(weighed, np.ones(60)), [1] * 60)
    assert 0 < ranked.precision.mean() < inside.precision.mean() + 0.1
    assert len(ranked.leads) == 60


def test_the_threshold_costs_no_more_than_it_may() -> None:
    weighed = made(300, 4.0)
    weights = fit_weights(weighed, np.ones(300))
    answered, removed = rank(weighed, weights, [1] * 300), rank(without_answers(weighed), weights, [1] * 300)
    noise = rank(made(300, 0.0, seed=3), weights, [1] * 300)
    scale = fit_scale(answered, noise, removed, answered.precision, 0.05)
    silent = best_scores(answered, scale) < scale.threshold
    assert 0 < answered.precision[silent].sum() <= 0.05 * 300
    assert scale.by_lead > 0


def test_a_query_without_its_answers_has_the_others_left() -> None:
    weighed = made(10, 1.0)
    left = without_answers(weighed)
    assert not left.right.any()
    for row in range(10):
        answer = int(weighed.documents[row, weighed.right[row]][0])
        assert sorted(left.documents[row].tolist()) == sorted([-1, *(set(range(CANDIDATES)) - {answer})])
        assert left.documents[row, -1] == -1


def test_copies_are_found_but_not_of_nothing() -> None:
    long = "the same long sentence about a shark on the flooded road"
    assert copies(["a cat", long, long + " today", "a cat", "", ""]) == [0, 1, 1, 0, 4, 5]


def test_everyday_terms_are_those_of_many_messages() -> None:
    messages = ["good morning all" if number % 2 else f"only {number}" for number in range(400)]
    everyday = count_everyday({"en": messages, "zh": []})
    assert everyday.shares.max() == pytest.approx(2 / 3, abs=0.01)
    assert (np.diff(everyday.keys.astype(np.int64)) > 0).all()


def test_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="has no folder claims/"):
        learn(tmp_path, tmp_path / "model.npz")


@pytest.mark.shared_data
@needs_data
def test_learning_gives_the_bundled_model(tmp_path: Path) -> None:
    report = learn(DATA, tmp_path / "one.npz", say=lambda _: None)
    bundled = load_matching(MODEL_PATH)
    # to the last digits only on the same kind of processor
    assert report.model.weights == pytest.approx(bundled.weights, abs=1e-6)
    assert report.model.claims.threshold == pytest.approx(bundled.claims.threshold, abs=0.002)
    assert report.model.texts.threshold == pytest.approx(bundled.texts.threshold, abs=0.002)
    assert np.array_equal(report.model.everyday.keys, bundled.everyday.keys)
    assert any(line.startswith("dated, dev: MAP@5 0.9") for line in report.lines)


@pytest.mark.shared_data
@needs_data
def test_the_bundled_model_answers_queries_that_it_was_not_learned_from() -> None:
    corrections = english_corrections(CLAIMS)
    queries = english_queries(CLAIMS, corrections, ("dev-test",))
    numbers = {correction.id: number for number, correction in enumerate(corrections)}
    matcher = Matcher.build(corrections)
    precision = []
    for text, right in zip(queries.texts, queries.right, strict=True):
        found = [numbers[match.id] for match in matcher.match(text)]
        precision.append(next((1 / (place + 1) for place, number in enumerate(found) if number in right), 0.0))
    assert np.mean(precision) > 0.94


@pytest.mark.shared_data
@needs_data
def test_the_bundled_model_answers_chinese_messages() -> None:
    corrections = chinese_corrections(CLAIMS)
    queries = chinese_queries(CLAIMS, corrections)
    model = load_matching()
    ranked = rank(
        weigh(Matcher.build(corrections), queries.texts, queries.right), model.weights, [1] * len(queries.texts)
    )
    said = best_scores(ranked, model.texts) >= model.texts.threshold
    assert (ranked.right.any(axis=1) & said).mean() >= 0.74


@pytest.mark.shared_data
@needs_data
def test_the_bench_says_how_long_a_query_takes() -> None:
    (speed,) = bench_matching(DATA, (2000,), say=lambda _: None)
    assert speed.corrections == 2000
    assert 0 < speed.query_median <= speed.query_p99 < 500
    assert "2,000 corrections: built at" in str(speed)
