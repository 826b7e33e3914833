"""The contest of families: which rows take part, how a threshold is set and figures are counted, and every family that
can be tried here on a world so small that the right answer is known."""

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tocsin.engine.detector import Gatherer
from tocsin.engine.fold import fold_batch
from tocsin.engine.structure import STRUCTURE
from tocsin.engine.text import TextBatch
from tocsin.lab.contest import __main__ as command
from tocsin.lab.contest.arena import Arena, Part, chosen_rows, set_up
from tocsin.lab.contest.entry import Entry
from tocsin.lab.contest.figures import HARMS, Verdict, cost, judge, mean_percent, shares, table, threshold
from tocsin.lab.contest.tabular import enter_linear, enter_logistic, enter_trees, fit_logistic
from tocsin.lab.corpora import Row
from tocsin.lab.evaluate import Share
from tocsin.lab.families import FOLDS, HOLD_OUT
from tocsin.lab.learning import Material

LURES = ("稳赚不赔跟单群名额有限", "代开各类发票请加微信", "您的账户已冻结请点击链接验证", "刷单兼职日结三百")
CALM = ("明天下午三点在图书馆见", "妈妈让你下班带两斤苹果", "今天的会改到周五上午了", "雨停了我们去散步吧")
PEOPLE = "王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗"
MISSING = [name for name in command.NEEDED if importlib.util.find_spec(name) is None]


def world(of_each: int = 20) -> list[Row]:
    """Lures and calm talk with another name and number in each; quiet rows are of groups that have a limit."""
    rows = []
    for kind, (texts, alarm) in enumerate(((LURES, True), (CALM, False))):
        for number in range(len(texts) * of_each):
            text = f"{PEOPLE[number % 20]}{PEOPLE[number // 4 % 20]}，{texts[number % len(texts)]}。{number}"
            group = "written scam zh sms" if alarm else "chat zh (NUS)"
            rows.append(Row(f"{kind}-{number}", text, group, alarm))
    return rows


def material_of(rows: Sequence[Row], parts: Sequence[int]) -> Material:
    batch = TextBatch.from_arrow(pa.array([row.text for row in rows], pa.string()))
    alarm = np.array([row.alarm for row in rows], dtype=np.float32)
    return Material(
        rows, batch, fold_batch(batch), np.array(parts, dtype=np.int8), alarm,
        np.where(alarm > 0, 0, -1).astype(np.int64), np.ones(len(rows), dtype=np.float32),
    )  # fmt: skip


@pytest.fixture(scope="module")
def gatherer() -> Gatherer:
    return Gatherer.load()


@pytest.fixture(scope="module")
def arena(gatherer: Gatherer) -> Arena:
    rows = world()
    parts = [number // 4 % (FOLDS + 1) for number in range(len(rows))]
    return set_up(material_of(rows, parts), gatherer, None, lambda _: None)


def network() -> Any:
    """The module of the network. Skips where what it needs is missing."""
    if MISSING:
        pytest.skip(f"the dependency group contest is not installed: {', '.join(MISSING)}")
    return importlib.import_module("tocsin.lab.contest.network")


def test_the_held_out_part_is_never_learned_from_and_thinning_takes_only_talk() -> None:
    rows = [Row(f"{group}{number}", "x", group, alarm=False) for group in ("chat a", "other") for number in range(400)]
    parts = [HOLD_OUT if number % 4 == 0 else number % 4 for number in range(len(rows))]
    chosen = chosen_rows(material_of(rows, parts), None)
    assert not [number for number in chosen if parts[number] == HOLD_OUT]
    assert sum(rows[number].group == "other" for number in chosen) == 300
    assert 45 <= sum(rows[number].group == "chat a" for number in chosen) <= 105


def test_a_smaller_contest_takes_some_of_the_same_rows_of_every_group() -> None:
    rows = [Row(f"{group}{number}", "x", group, alarm=False) for group in ("chat a", "other") for number in range(400)]
    material = material_of(rows, [0] * len(rows))
    few, all_of_them = chosen_rows(material, 200), chosen_rows(material, None)
    assert len(few) == 200
    assert set(few) < set(all_of_them)
    talk = sum(rows[number].group == "chat a" for number in few)
    assert 20 <= talk <= 60


def test_the_arena_scores_every_row_by_tables_that_did_not_learn_it(arena: Arena) -> None:
    assert [len(fold) for fold in arena.learned] == [len(fold.rows) for fold in arena.folds]
    known = {row.id for row in arena.to_learn()}
    assert not known & {row.id for row in arena.held.rows}
    assert len(arena.to_learn(but=1)) == len(known) - len(arena.learned[1])
    assert not {row.id for row in arena.to_learn(but=1)} & {row.id for row in arena.folds[1].rows}
    assert arena.held.table.shape == (len(arena.held.rows), len(STRUCTURE))


def test_a_threshold_flags_as_many_quiet_rows_as_allowed_and_no_more() -> None:
    scores = np.array([*range(10), 20, 30], dtype=np.float32)
    labels = np.array([0] * 10 + [1, 1], dtype=np.float32)
    groups = ["chat a"] * 5 + ["talk b"] * 5 + ["chat a", "talk b"]
    limit, bound = threshold(scores, labels, groups, (("chat", 0.0), ("talk", 0.2)))
    flagged = scores >= limit
    assert bound == "talk"
    assert flagged.tolist() == [False] * 9 + [True] * 3
    loose, bound = threshold(scores, labels, groups, (("chat", 0.4), ("talk", 1.0)))
    assert bound == "chat"
    assert (scores >= loose)[:5].tolist() == [False, False, False, True, True]


def test_equal_scores_are_never_split_by_a_threshold() -> None:
    scores = np.array([1, 1, 1, 1, 2], dtype=np.float32)
    limit, _ = threshold(scores, np.zeros(5, np.float32), ["chat"] * 5, (("chat", 0.4),))
    assert (scores >= limit).sum() == 1


def test_without_quiet_rows_there_is_no_threshold() -> None:
    with pytest.raises(ValueError, match="no quiet row"):
        threshold(np.ones(2, np.float32), np.ones(2, np.float32), ["chat", "talk"])


def test_shares_count_flagged_rows_by_kind() -> None:
    groups = ("smishing", "smishing", "web illicit zh", "written scam ko sms", "written scam zh sms")
    rows = [Row(str(number), "x", group, alarm=True) for number, group in enumerate(groups)]
    part = Part(rows, np.zeros((5, 1), np.float32))
    counted = {share.name: (share.part, share.total) for share in shares(part, np.array([1, 0, 1, 1, 0], bool), HARMS)}
    assert counted["smishing, English"] == (1, 2)
    assert counted["web offers, Chinese"] == (1, 1)
    assert counted["written scams, other languages"] == (1, 1)
    assert counted["written scams, Chinese"] == (0, 1)
    assert counted["FBS fraud and illegal offers"] == (0, 0)


def test_the_mean_leaves_out_kinds_without_rows() -> None:
    caught = [Share("x", 1, 2), Share("y", 0, 0), Share("z", 4, 4)]
    verdict = Verdict("a", caught, [], caught[:1], "chat", 1e-5, 2048)
    assert mean_percent(verdict.caught) == 75.0
    assert mean_percent([]) == 0.0
    written = table([verdict])
    assert "| mean of these kinds | 75.0 |" in written
    assert "| the same mean at equal false alarms | 50.0 |" in written
    assert "| y (0) | no rows |" in written
    assert "| **cost of a message**, µs | 10.0 |" in written
    assert "| **size**, KiB | 2 |" in written


def test_cost_is_the_median_for_one_message_and_the_first_round_does_not_count() -> None:
    # two readings of the clock a turn; of each round the first entry takes 100, 1, 9, 2 and the second always 4
    turns = [100, 4, 1, 4, 9, 4, 2, 4]
    readings = iter([reading for turn in turns for reading in (0.0, float(turn))])
    seconds = cost([lambda texts: np.zeros(len(texts), np.float32)] * 2, ["a", "b"], 3, lambda: next(readings))
    assert seconds == [1.0, 2.0]


def test_the_logistic_layer_finds_the_column_that_tells() -> None:
    random = np.random.default_rng(1)
    rows = random.normal(size=(2_000, 3)).astype(np.float32)
    rows[:, 2] = 1.0
    labels = (rows[:, 0] + 0.3 * random.normal(size=2_000) > 0.5).astype(np.float32)
    layer = fit_logistic(rows, labels, np.ones(2_000, np.float32))
    assert ((layer.score(rows) > 0) == labels).mean() > 0.9
    higher = rows.copy()
    higher[:, 0] += 1.0
    assert (layer.score(higher) > layer.score(rows)).all()


def check(entry: Entry, arena: Arena) -> None:
    """The entry has a score for every row, tells lures from talk, and is the same when it is used on texts."""
    labels = np.concatenate([fold.labels for fold in arena.folds])
    assert entry.unseen.shape == labels.shape
    assert entry.independent.shape == (len(arena.independent.rows),)
    assert entry.unseen[labels > 0].mean() > entry.unseen[labels == 0].mean()
    held = arena.held.labels
    assert entry.held[held > 0].min() > entry.held[held == 0].max()
    np.testing.assert_allclose(entry.assess(arena.held.texts), entry.held, atol=1e-4)
    assert entry.size > 0
    verdict = judge(arena, [entry], arena.held.texts, repeats=1)[0]
    caught = {share.name: share for share in verdict.caught}["written scams, Chinese"]
    assert (caught.part, caught.total) == (int((held > 0).sum()), int((held > 0).sum()))
    assert {share.name: share.part for share in verdict.alarmed}["private chat"] == 0
    assert verdict.bound == "chat"
    assert verdict.seconds > 0


@pytest.mark.parametrize("enter", [enter_linear, enter_logistic, enter_trees])
def test_every_family_of_the_engine_tells_lures_from_talk(enter: command.Enter, arena: Arena) -> None:
    check(enter(arena), arena)


def test_the_network_tells_lures_from_talk(arena: Arena) -> None:
    module = network()
    check(module.enter_network(arena, module.Schooling(epochs=12, batch=16)), arena)


def test_the_exported_network_gives_the_numbers_of_jax() -> None:
    module = network()
    parameters = module.start(seed=7)
    random = np.random.default_rng(7)
    for name in ("first_bias", "second_bias", "last_bias"):
        parameters[name] = random.normal(size=parameters[name].shape).astype(np.float32)
    texts = ["", "a", "加微信领红包", "dear customer, your parcel waits " * 3, "长" * 1_000, LURES[0] + CALM[0]]
    symbols, lengths = module.encode(texts)
    assert lengths.tolist()[:3] == [0, 1, 6]
    assert lengths[4] == module.WIDTHS[-1]
    wanted = np.asarray(module.forward(parameters, symbols))
    # the runner cuts each text to the narrowest width: the same numbers show that the width does not matter
    given = module.Runner(module.export(parameters)).assess(texts)
    np.testing.assert_allclose(given, wanted, atol=1e-4)
    assert np.ptp(given) > 0.1


def test_the_same_rows_give_the_same_network() -> None:
    module = network()
    short = module.Schooling(epochs=1, batch=16)
    one, other = (module.export(module.train(world(of_each=4), short)) for _ in range(2))
    assert one == other


def test_the_command_prints_the_table_and_names_what_is_missing(
    gatherer: Gatherer, arena: Arena, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[Path | None, int | None]] = []

    def ready(material: Path | None, _gatherer: Gatherer, most: int | None, _say: object) -> Arena:
        asked.append((material, most))
        return arena

    monkeypatch.setattr(Gatherer, "load", lambda: gatherer)
    monkeypatch.setattr(command, "prepare", lambda data, _gatherer: data)
    monkeypatch.setattr(command, "set_up", ready)
    monkeypatch.setattr(command, "NEEDED", ("a_package_that_nobody_has",))
    assert command.main(["--data", "somewhere", "--rows", "7"]) == 0
    written = capsys.readouterr()
    assert asked == [(Path("somewhere"), 7)]
    assert "no network: not installed: a_package_that_nobody_has" in written.err
    assert written.out.startswith("|  | 1 linear, hashed n-grams alone | 2 logistic layer over n-grams and structure |")


def test_the_command_refuses_to_learn_from_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(["--rows", "0"])
    assert "--rows must be at least 1" in capsys.readouterr().err
