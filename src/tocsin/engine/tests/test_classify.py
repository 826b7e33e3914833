"""The classifier and the combining layer on tables small enough to check by hand."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tocsin.engine.classify import DAMPING, WINDOW, Classifier, Margins
from tocsin.engine.closer import Closer
from tocsin.engine.combine import (
    COLUMNS,
    HARMS,
    PatternCounts,
    Weights,
    choose_kinds,
    confidence,
    count_patterns,
    evidence,
)
from tocsin.engine.features import TOP_DOMAINS, features_of
from tocsin.engine.fold import fold_batch
from tocsin.engine.harms import Harm
from tocsin.engine.model import Model, ModelError, load_model, save_model
from tocsin.engine.patterns import Hits, Strength
from tocsin.engine.structure import STRUCTURE, SecondLook
from tocsin.engine.text import FoldedBatch, TextBatch
from tocsin.engine.trees import Trees

BITS = 16


def fold(*texts: str) -> FoldedBatch:
    return fold_batch(TextBatch.from_arrow(pa.array(texts, pa.string())))


def hashes(text: str) -> list[int]:
    folded = fold(text)
    found, _ = features_of(folded.points, folded.offsets, TOP_DOMAINS)
    return [int(each) for each in found]


def classifier_for(word: str, weight: int) -> Classifier:
    """A classifier that knows one word: every feature of it weighs the same, for a harm and for the last kind."""
    alarm = np.zeros(1 << BITS, dtype=np.int8)
    kinds = np.zeros((1 << BITS, len(HARMS)), dtype=np.int8)
    for each in hashes(word):
        alarm[each & ((1 << BITS) - 1)] = weight
        kinds[each & ((1 << BITS) - 1), -1] = weight
    return Classifier(alarm, kinds, 0.1, 0.1)


def test_a_margin_is_the_sum_over_the_root_of_the_number() -> None:
    margins = classifier_for("贷款", 10).margins(fold("贷款", "你好"))
    assert margins.count.tolist() == [3, 3]
    assert margins.whole[0] == pytest.approx(0.1 * 30 / np.sqrt(3 + DAMPING))
    assert margins.whole[1] == 0.0
    assert margins.window.tolist() == margins.whole.tolist()


def test_the_worst_passage_of_a_long_text_is_weighed_alone() -> None:
    long = "天气不错啊" * 60 + "贷款贷款贷款" + "天气不错啊" * 60
    margins = classifier_for("贷款", 10).margins(fold(long))
    assert len(long) > 2 * WINDOW
    assert margins.window[0] > 2 * margins.whole[0] > 0


def test_it_finds_the_loudest_passage() -> None:
    folded = fold("今天", "天气不错啊" * 20 + "贷款" + "天气不错啊" * 20, "，。！？贷款" + "天气不错啊" * 20)
    spans = classifier_for("贷款", 10).passages(folded, np.array([1, 2])).tolist()
    texts = [folded.points[first:last].tobytes().decode("utf-32-le") for first, last in spans]
    assert texts[0].endswith("贷款")
    assert texts[1] == "贷款"


def test_kinds_are_scored_for_the_chosen_rows_only() -> None:
    scores = classifier_for("贷款", 10).kind_scores(fold("你好", "贷款"), np.array([1]))
    assert scores.shape == (1, len(HARMS))
    assert scores[0].argmax() == len(HARMS) - 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("贷款 请 联系", "贷款，请联系！"),
        ("加微信 abc12345", "加微信 xyz98765"),
        ("登录 http://a.example/x 领取", "登录 https://www.b12.com/yy?z=1 领取"),
        ("电话13800138000", "电话13900139001"),
        ("找 @first_name 谈", "找 @second99 谈"),
    ],
)
def test_what_changes_from_copy_to_copy_does_not_change_the_features(one: str, other: str) -> None:
    assert hashes(one) == hashes(other)


@pytest.mark.parametrize(("one", "other"), [("123", "13800138000"), ("good", "food"), ("a12.qzx", "12")])
def test_what_differs_differs(one: str, other: str) -> None:
    assert hashes(one) != hashes(other)


def test_features_of_a_batch_are_those_of_its_messages() -> None:
    texts = ["贷款请联系", "", "call me now", "【网：ab12.xyz】"]
    folded = fold(*texts)
    found, bounds = features_of(folded.points, folded.offsets, TOP_DOMAINS)
    parts = [[int(each) for each in found[low:high]] for low, high in pairwise(bounds)]
    assert parts == [hashes(text) for text in texts]


WEIGHTS = Weights(np.zeros(len(COLUMNS)), 1.0, 2.0, 0.5, 0.5)
# one tree that says 2 where the third column is above a half, else -2
TREES = Trees(np.array([[3]], np.int16), np.array([[0.5]], np.float32), np.array([[-2.0, 2.0]], np.float32), base=0.0)
SECOND = SecondLook(Closer(np.arange(16, dtype=np.int8), 0.25), TREES, 1.5, -0.5, 0.02)


def counts(strong: int = 0, hint: int = 0, calm: int = 0) -> PatternCounts:
    table = PatternCounts(
        np.zeros((1, len(HARMS)), np.int16), np.zeros((1, len(HARMS)), np.int16), np.full(1, calm, np.int16)
    )
    table.strong[0, 3] = strong
    table.hint[0, 3] = hint
    return table


def column(name: str, **several: int) -> float:
    margins = Margins(np.array([5], np.int32), np.array([1.5], np.float32), np.array([2.0], np.float32))
    indicators = {
        group: np.zeros(1) for group in ("contact", "link", "phone", "account", "link_strong", "link_hint", "link_calm")
    }
    return float(evidence(margins, counts(**several), indicators)[0, COLUMNS.index(name)])


def test_evidence_counts_patterns_up_to_a_limit() -> None:
    assert column("strong") == 0
    assert column("strong", strong=1) == column("strong", strong=9) == 1
    assert column("strong_more", strong=3) == 2
    assert column("hint_more", hint=99) == 4
    assert column("strong_calm", strong=1, calm=1) == 1
    assert column("strong_calm", strong=1) == 0
    assert column("whole") == 1.5


def test_hits_are_counted_by_strength_and_harm() -> None:
    hits = Hits(np.array([0, 0, 1], np.int32), np.array([0, 1, 2], np.int32), np.zeros(3, np.int64))
    order = list(Strength)
    strengths = np.array([order.index(each) for each in (Strength.STRONG, Strength.HINT, Strength.CALM)], np.int8)
    table = count_patterns(hits, 2, strengths, np.array([4, 4, -1], np.int16))
    assert table.strong[0, 4] == 1
    assert table.hint[0, 4] == 1
    assert table.strong.sum() == table.hint.sum() == 1
    assert table.calm.tolist() == [0, 1]


def test_confidence_is_the_logistic_of_the_sum() -> None:
    weights = replace(WEIGHTS, columns=np.ones(len(COLUMNS)))
    assert confidence(np.zeros((1, len(COLUMNS))), weights).tolist() == [0.5]
    assert confidence(np.full((1, len(COLUMNS)), 1e9), weights)[0] == pytest.approx(1.0)


def test_a_strong_pattern_outweighs_a_near_call_of_the_classifier() -> None:
    scores = np.zeros((1, len(HARMS)), dtype=np.float32)
    scores[0, 7] = 1.0
    rows = np.array([0])
    assert choose_kinds(scores, counts(), rows, WEIGHTS).tolist() == [7]
    assert choose_kinds(scores, counts(strong=1), rows, WEIGHTS).tolist() == [3]


def test_a_model_comes_back_as_it_was_written_and_the_bytes_are_the_same(tmp_path: Path) -> None:
    model = Model(classifier_for("贷款", 10), replace(WEIGHTS, threshold=0.75), SECOND)
    save_model(tmp_path / "one.npz", model)
    save_model(tmp_path / "two.npz", model)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    again = load_model(tmp_path / "one.npz")
    assert again.weights.threshold == 0.75
    assert (again.classifier.alarm == model.classifier.alarm).all()
    assert (again.classifier.kinds == model.classifier.kinds).all()
    assert (again.second.slope, again.second.offset, again.second.gate) == (1.5, -0.5, 0.02)
    table = np.zeros((2, len(STRUCTURE)), np.float32)
    table[1, 3] = 1.0
    assert again.second.confidence(table).tolist() == SECOND.confidence(table).tolist()
    assert again.second.confidence(table)[1] > again.second.confidence(table)[0]


def test_it_refuses_a_model_for_other_harms(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    save_model(path, Model(classifier_for("贷款", 10), WEIGHTS, SECOND))
    with np.load(path) as stored:
        data = {name: stored[name] for name in stored.files}
    data["harm_names"] = np.array([*(str(harm) for harm in Harm)][::-1])
    np.savez(path, **data)
    with pytest.raises(ModelError, match="train it again"):
        load_model(path)
