"""Training on a small world of its own: masks, corpora, families, and a model that is the same every time."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from tocsin.engine.detector import Detector
from tocsin.engine.fold import fold_batch
from tocsin.engine.harms import Harm
from tocsin.engine.model import rules_hash
from tocsin.engine.patterns import read_folder
from tocsin.engine.text import TextBatch
from tocsin.lab import learner
from tocsin.lab.card import CARD_PATH
from tocsin.lab.corpora import BUNDLED, CorpusError, Row, all_rows, hold_out_rows, written_rows
from tocsin.lab.families import FOLDS, HOLD_OUT, split, strangers
from tocsin.lab.fitting import evened
from tocsin.lab.masks import join_words, unmask

PLAIN = learner.Settings(penalty=1e-4, dropout=0.2).packed()
BARE = learner.Settings(penalty=0.0, dropout=0.0).packed()
FORMS = {"sms", "chat", "call", "post", "job_advert", "email"}


def parts_of(rows: list[Row]) -> list[int]:
    folded = fold_batch(TextBatch.from_arrow(pa.array([row.text for row in rows], pa.string())))
    return [int(part) for part in split(rows, folded)]


def row(name: str, text: str) -> Row:
    return Row(name, text, "written quiet test", alarm=False)


def test_masks_are_filled_and_words_joined() -> None:
    text = unmask("您好 请 联系 NAME 电话 CELLPHONE 网址 URL 退订 回 t", "row-1")
    assert "CELLPHONE" not in text
    assert "URL" not in text
    assert text.startswith("您好请联系")
    assert " " not in text


def test_the_same_row_gives_the_same_text_and_another_row_another() -> None:
    masked = "电话 CELLPHONE 微信 WECHAT 网址 URL"
    assert unmask(masked, "a") == unmask(masked, "a")
    assert unmask(masked, "a") != unmask(masked, "b")


def test_spaces_between_latin_words_stay() -> None:
    assert join_words("充值 DIGIT 元 apple pay 好") == "充值DIGIT元apple pay好"


def test_the_bundled_corpus_is_whole() -> None:
    names = set()
    for path in sorted(BUNDLED.glob("*/*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            assert entry["id"] not in names, entry["id"]
            names.add(entry["id"])
            assert entry["form"] in FORMS, entry["id"]
            assert entry["text"].strip(), entry["id"]
            assert (entry["harm"] is None) == (path.parent.name == "quiet"), entry["id"]
            assert entry["harm"] is None or entry["harm"] in set(Harm), entry["id"]
    harms = {row.harm for row in written_rows() if row.alarm}
    assert harms == set(Harm)


def test_every_written_row_counts_and_is_judged() -> None:
    for each in written_rows():
        assert each.judged
        assert each.weight > 1
        assert each.alarm == (each.harm is not None)


def test_it_says_which_line_of_a_corpus_is_broken(tmp_path: Path) -> None:
    folder = tmp_path / "harms"
    folder.mkdir()
    (folder / "phishing.jsonl").write_text("{}\nnot json\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"phishing\.jsonl:2: not JSON"):
        list(written_rows(tmp_path))


def test_it_says_that_a_folder_is_no_data_folder(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="has no folder messages/"):
        all_rows(tmp_path, ())


def test_the_independent_rows_are_of_every_harm_and_none_is_trained_on() -> None:
    judged = list(hold_out_rows())
    assert {each.harm for each in judged if each.alarm} == set(Harm)
    assert sum(not each.alarm for each in judged) > 400
    trained = all_rows(None, read_folder())
    assert not {each.id for each in judged} & {each.id for each in trained}
    assert [each.id for each in judged] == [each.id for each in strangers(judged, trained)]


def test_a_near_copy_of_a_trained_row_is_no_stranger() -> None:
    known = row("known", "尊敬的客户，您的积分9820分将于今晚到期，请登录 jifen-a.example 兑换现金")
    copy = row("copy", "尊敬的客户:您的积分3371分将于今晚到期,请登录jifen-a.example兑换现金!")
    other = row("other", "明天下午三点在图书馆门口集合，别忘了带学生证")
    assert strangers([copy, other], [known]) == [other]


def test_near_copies_are_never_on_two_sides() -> None:
    copies = [
        row(f"r{number}", f"您好，本公司长期代开各行业发票，请联系电话1380013{number:04d}王经理")
        for number in range(40)
    ]
    assert len(set(parts_of(copies))) == 1


def test_variants_of_one_row_are_never_on_two_sides() -> None:
    rows = [row("same", "第一种写法完全不同"), row("same", "另一套说辞与它无关"), row("other", "今天天气很好")]
    parts = parts_of(rows)
    assert parts[0] == parts[1]


def test_unlike_rows_are_spread_and_the_split_stays_when_others_come() -> None:
    generator = np.random.default_rng(7)
    rows = [
        row(f"n{number}", "".join(chr(point) for point in generator.integers(0x4E00, 0x9FA0, 14)))
        for number in range(300)
    ]
    parts = parts_of(rows)
    assert set(parts) == {*range(FOLDS), HOLD_OUT}
    assert 0.05 < parts.count(HOLD_OUT) / len(parts) < 0.3
    assert parts_of(rows[:150]) == parts[:150]


def _fit(seed: int) -> NDArray[np.float32]:
    generator = np.random.default_rng(0)
    buckets = generator.integers(0, 64, 4000).astype(np.uint32)
    bounds = np.arange(0, 4001, 20, dtype=np.int64)
    labels = (np.add.reduceat(buckets < 8, bounds[:-1]) > 2).astype(np.float32)
    weights = np.ones(200, dtype=np.float32)
    return learner.fit_alarm(buckets, bounds, labels, weights, learner.orders(200, 20, seed), 64, PLAIN)


def test_the_same_rows_give_the_same_weights_to_the_last_bit() -> None:
    assert _fit(1).tobytes() == _fit(1).tobytes()
    assert _fit(1).tobytes() != _fit(2).tobytes()


def test_it_learns_what_makes_the_difference() -> None:
    table = _fit(1)
    assert table[:8].min() > table[8:64].max()


def test_what_is_out_of_the_table_gets_no_weight() -> None:
    buckets = np.array([1, 64, 64, 2, 64, 64], dtype=np.uint32)
    bounds = np.array([0, 3, 6], dtype=np.int64)
    table = learner.fit_alarm(
        buckets,
        bounds,
        np.array([1, 0], np.float32),
        np.ones(2, np.float32),
        learner.orders(2, 30, 1),
        64,
        BARE,
    )
    assert table[1] > 0 > table[2]
    assert set(np.flatnonzero(table[:64]).tolist()) == {1, 2}


def test_kinds_are_told_apart() -> None:
    buckets = np.repeat(np.arange(3, dtype=np.uint32), 10)
    bounds = np.arange(0, 31, 10, dtype=np.int64)
    table = learner.fit_kinds(
        buckets, bounds, np.arange(3), np.ones(3, np.float32), learner.orders(3, 50, 1), 8, 3, BARE
    )
    assert table[:3].argmax(axis=1).tolist() == [0, 1, 2]


def test_every_harm_weighs_the_same_where_harms_are_told_apart() -> None:
    kinds = np.array([0, 0, 0, 4, 4, -1, 7])
    weights = np.array([1, 2, 3, 1, 1, 5, 4], np.float32)
    even = evened(kinds, weights)
    assert [even[kinds == kind].sum() for kind in (0, 4, 7)] == [4, 4, 4]
    assert even[kinds < 0].tolist() == [5]
    assert (even[1] / even[0], even[2] / even[0]) == (2, 3)


def test_quantised_weights_come_back_within_one_step() -> None:
    table = np.linspace(-1, 1, 201, dtype=np.float32)
    small, scale = learner.quantise(table, clip=8.0)
    assert small.dtype == np.int8
    assert np.abs(small * scale - table).max() <= scale


def test_the_card_tells_of_the_model_that_is_bundled() -> None:
    assert f"Rules: `{rules_hash()}`." in CARD_PATH.read_text(encoding="utf-8")


def test_the_bundled_model_is_no_worse_on_the_independent_hold_out() -> None:
    detector = Detector.load()
    rows = list(hold_out_rows())
    verdicts = detector.assess_batch(pa.array([row.text for row in rows], pa.string())).column("harm").to_pylist()
    scams = [verdict is not None for row, verdict in zip(rows, verdicts, strict=True) if row.alarm]
    quiet = [verdict is not None for row, verdict in zip(rows, verdicts, strict=True) if not row.alarm]
    named = [verdict == row.harm for row, verdict in zip(rows, verdicts, strict=True) if row.alarm and verdict]
    assert len(scams) > 300
    assert len(quiet) > 400
    # A little below what the card shows: a retraining may move a few rows, but not lose what was won.
    assert sum(scams) / len(scams) >= 0.84
    assert sum(quiet) / len(quiet) <= 0.03
    assert sum(named) / len(named) >= 0.85
