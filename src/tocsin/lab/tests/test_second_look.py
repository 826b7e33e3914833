"""Growing trees, calibrating them, and the second look as a whole, on worlds small enough to know the right answer."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tocsin.engine.closer import LONGEST, LONGEST_GRAM, PASSAGE, SHAPE, Closer, grams_of, shapes
from tocsin.engine.combine import COLUMNS, HARMS, PatternCounts
from tocsin.engine.fold import fold_batch
from tocsin.engine.structure import SIGNS, STRUCTURE, SecondLook, structure_of
from tocsin.engine.text import FoldedBatch, TextBatch
from tocsin.engine.trees import Trees
from tocsin.lab.boosting import Growth, grow
from tocsin.lab.fitting import Findings, Labels, fit

ROWS = 3_000
FREE = np.zeros(3, dtype=np.int8)
QUICK = Growth(trees=40, rate=0.2)
SILENT = Trees(np.zeros((1, 1), np.int16), np.full((1, 1), np.inf, np.float32), np.zeros((1, 2), np.float32), base=0.0)


def world(seed: int = 1) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rows whose label depends on two columns together, which no sum of columns can tell, and not on the third."""
    random = np.random.default_rng(seed)
    table = random.normal(size=(ROWS, 3)).astype(np.float32)
    return table, ((table[:, 0] > 0) ^ (table[:, 1] > 0)).astype(np.float32)


def folded_of(*texts: str) -> tuple[TextBatch, FoldedBatch]:
    batch = TextBatch.from_arrow(pa.array(texts, pa.string()))
    return batch, fold_batch(batch)


def everything(folded: FoldedBatch) -> NDArray[np.int64]:
    return np.arange(len(folded), dtype=np.int64)


def test_trees_learn_what_no_sum_of_columns_can() -> None:
    table, labels = world()
    trees = grow(table, labels, np.ones(ROWS, np.float32), FREE, QUICK)
    fresh, truth = world(seed=2)
    assert ((trees.log_odds(fresh) > 0) == truth).mean() > 0.95


def test_the_same_rows_give_the_same_trees_to_the_last_bit() -> None:
    table, labels = world()
    one, other = (grow(table, labels, np.ones(ROWS, np.float32), FREE, QUICK) for _ in range(2))
    assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("column", "limit", "leaf"))


def test_rows_without_weight_teach_nothing() -> None:
    table, labels = world()
    weights = np.ones(ROWS, np.float32)
    weights[: ROWS // 2] = 0
    wrong = labels.copy()
    wrong[: ROWS // 2] = 1 - wrong[: ROWS // 2]
    trees = grow(table, wrong, weights, FREE, QUICK)
    assert ((trees.log_odds(table) > 0) == labels).mean() > 0.95


@pytest.mark.parametrize("sign", [1, -1])
def test_a_held_column_only_ever_moves_the_verdict_one_way(sign: int) -> None:
    table, labels = world()
    signs = np.array([sign, 0, 0], dtype=np.int8)
    trees = grow(table, labels, np.ones(ROWS, np.float32), signs, QUICK)
    moved = table.copy()
    moved[:, 0] += np.float32(0.7)
    change = trees.log_odds(moved) - trees.log_odds(table)
    assert (change * sign >= -1e-6).all()
    free = grow(table, labels, np.ones(ROWS, np.float32), FREE, QUICK)
    assert ((free.log_odds(moved) - free.log_odds(table)) * sign < -1e-6).any()


def test_a_constant_column_and_one_label_do_no_harm() -> None:
    table = np.ones((50, 3), np.float32)
    labels = np.zeros(50, np.float32)
    labels[0] = 1
    trees = grow(table, labels, np.ones(50, np.float32), FREE, QUICK)
    assert np.isfinite(trees.log_odds(table)).all()


def test_every_point_ends_up_to_four_grams() -> None:
    _, folded = folded_of("abc", "", "一二三四五六")
    hashes, bounds = grams_of(folded.points, folded.offsets, everything(folded))
    assert np.diff(bounds).tolist() == [1 + 2 + 3, 0, 1 + 2 + 3 + 4 * 3]
    assert len(np.unique(hashes)) == len(hashes)


def test_the_same_words_anywhere_are_the_same_grams() -> None:
    _, folded = folded_of("加微信", "请加微信")
    hashes, bounds = grams_of(folded.points, folded.offsets, everything(folded))
    assert set(hashes[: bounds[1]]) < set(hashes[bounds[1] :])


def test_a_margin_is_the_sum_of_weights_and_the_worst_passage_counts_alone() -> None:
    table = np.zeros(1 << 12, np.int8)
    quiet = "天气很好" * 60
    _, folded = folded_of("骗", quiet + "骗" * 10, quiet)
    hashes, bounds = grams_of(folded.points, folded.offsets, everything(folded))
    table[hashes[: bounds[1]] & np.uint64(len(table) - 1)] = 100
    margins = Closer(table, 0.1).margins(folded, everything(folded))
    assert margins[0, 0] == pytest.approx(0.1 * 100 / np.sqrt(1 + 8.0))
    assert margins[0, 0] == margins[0, 1]
    assert margins[1, 1] > 2 * margins[1, 0] > 0
    assert len(quiet) > PASSAGE


def test_what_lies_beyond_the_longest_is_not_weighed() -> None:
    table = np.full(1 << 12, 7, np.int8)
    _, folded = folded_of("好" * LONGEST, "好" * (LONGEST + 5_000))
    margins = Closer(table, 1.0).margins(folded, everything(folded))
    assert np.array_equal(margins[0], margins[1])


def test_shapes_are_counted() -> None:
    batch, folded = folded_of("【某行】码:12", "Ａbc")
    table = shapes(batch, folded, everything(folded))
    first, second = (dict(zip(SHAPE, row.tolist(), strict=True)) for row in table)
    assert first["points"] == pytest.approx(np.log(9))
    assert first["ideographs"] == pytest.approx(3 / 8)
    assert first["digits"] == pytest.approx(2 / 8)
    assert first["signature"] == first["colons"] == pytest.approx(1 / 8)
    assert second["latin"] == pytest.approx(1.0)
    assert second["changed"] == pytest.approx(1 / 3)


@given(st.lists(st.text(max_size=300), min_size=1, max_size=5))
def test_any_text_has_finite_columns_that_do_not_depend_on_its_neighbours(texts: list[str]) -> None:
    closer = Closer(np.arange(-128, 128, dtype=np.int8), 0.1)

    def columns(several: list[str]) -> NDArray[np.float32]:
        batch, folded = folded_of(*several)
        rows = len(folded)
        counts = PatternCounts(
            np.zeros((rows, len(HARMS)), np.int16), np.zeros((rows, len(HARMS)), np.int16), np.zeros(rows, np.int16)
        )
        return structure_of(batch, folded, np.zeros((rows, len(COLUMNS))), counts, everything(folded), closer)

    table = columns(texts)
    assert table.shape == (len(texts), len(STRUCTURE))
    assert np.isfinite(table).all()
    assert np.array_equal(table, np.concatenate([columns([text]) for text in texts]))


def look(gate: float = 0.1) -> SecondLook:
    return SecondLook(Closer(np.zeros(16, np.int8), 1.0), SILENT, 1.0, 0.0, gate)


def counts_of(rows: int, strong: int | None = None) -> PatternCounts:
    table = np.zeros((rows, len(HARMS)), np.int16)
    if strong is not None:
        table[strong, 3] = 1
    return PatternCounts(table, np.zeros_like(table), np.zeros(rows, np.int16))


def test_only_what_passes_the_gate_or_hits_a_strong_pattern_is_looked_at_again() -> None:
    first = np.array([0.01, 0.5, 0.02, 0.1], np.float32)
    assert look().suspects(first, counts_of(4)).tolist() == [1, 3]
    assert look().suspects(first, counts_of(4, strong=2)).tolist() == [1, 2, 3]


def test_what_is_not_looked_at_again_keeps_its_confidence_below_the_gate() -> None:
    first = np.array([0.01, 0.5, 0.02], np.float32)
    asked = []

    def structure(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        asked.extend(rows.tolist())
        return np.zeros((len(rows), len(STRUCTURE)), np.float32)

    certainty = look().merge(first, counts_of(3), structure)
    assert asked == [1]
    assert certainty.tolist() == pytest.approx([0.01, 0.5, 0.02])


def test_every_sign_is_of_a_column_that_is_there() -> None:
    held = dict(zip(STRUCTURE, SIGNS.tolist(), strict=True))
    assert held["closer"] == held["strong task_scam"] == held["whole"] == held["link_strong"] == 1
    assert held["calm"] == held["calm_count"] == held["link_calm"] == -1
    assert held["long"] == held["points"] == held["digits"] == 0


def test_both_looks_are_fitted_and_calibrated() -> None:
    random = np.random.default_rng(5)
    truth = random.normal(size=ROWS)
    alarm = (random.random(ROWS) < 1 / (1 + np.exp(-3 * truth))).astype(np.float32)
    table = np.zeros((ROWS, len(COLUMNS)))
    table[:, 0], table[:, COLUMNS.index("whole")] = 1, truth
    structure = np.zeros((ROWS, len(STRUCTURE)), np.float32)
    structure[:, STRUCTURE.index("closer")] = truth
    found = Findings(table, counts_of(ROWS), np.zeros((ROWS, len(HARMS)), np.float32), structure)
    labels = Labels(
        alarm, np.full(ROWS, 2, np.int64), np.ones(ROWS, np.float32), np.arange(ROWS) % 4, ["written quiet"] * ROWS
    )
    fitted = fit(found, labels)
    second = SecondLook(Closer(np.zeros(16, np.int8), 1.0), fitted.trees, fitted.slope, fitted.offset, fitted.gate)
    sure = second.confidence(structure)
    inside = (sure > 0.4) & (sure < 0.6)
    assert alarm[inside].mean() == pytest.approx(0.5, abs=0.12)
    assert 0.3 <= fitted.weights.threshold <= 0.99
    assert LONGEST_GRAM == 4
