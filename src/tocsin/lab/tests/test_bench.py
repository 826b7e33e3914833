"""The bench on a small scale: the same input every time, sums that are right, and text that the engine must survive.

How fast the engine is on this machine is not tested here; that no text takes many times its length's share is.
"""

import hashlib
import importlib.util
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tocsin.engine.detector import Detector
from tocsin.engine.schema import SCHEMA
from tocsin.lab.bench import fuzz as fuzzing
from tocsin.lab.bench import hostile, peers, plot, service
from tocsin.lab.bench.clock import Cost, cost_of, middle, one_core
from tocsin.lab.bench.fuzz import Fuzzer, FuzzError, check, fuzz
from tocsin.lab.bench.growth import LONGEST, Growth, flatness, measure_growth, sizes_up_to
from tocsin.lab.bench.hostile import MOST_SHARES, UNITS, Share, measure_hostile, text_of
from tocsin.lab.bench.peers import EXPRESSIONS, PeerCosts, PeersError, measure_peers, phrases_of
from tocsin.lab.bench.reference import BLOCK, Reference, digest
from tocsin.lab.bench.stages import BARE_SCAN, STAGES, StageCosts, Tools, measure_stages, text_bytes
from tocsin.lab.bench.table import REST, WHOLE, Line, markdown, table_of, table_text
from tocsin.lab.bench.workers import measure_scan, measure_workers, write_messages
from tocsin.lab.corpora import Row

PATIENT = Share(a_byte=1.0, a_call=0.0)
HOSTILE_BYTES = 1 << 16
# Text of nothing but beginnings of indicators. Each is looked at by itself, so that a byte of them costs more than ten
# of ordinary text; twice the text costs no more than twice as much.
DENSE = {
    "handle cues", "handles of one letter", "mail soup", "slashes", "top-level names", "zero-width between letters",
}  # fmt: skip
MOST_OF_DENSE = 5 * MOST_SHARES
TEXTS = (
    "尊敬的用户您好,您的积分9820分将于今晚到期,请登录 jifen-a.example 兑换现金,详询 13800138000",
    "are you coming to the library tomorrow at 3 or shall we meet at the station?",
    "明天下午三点在图书馆门口集合，别忘了带学生证，晚点一起去吃饭，回来再看书",
)


def row(text: str, *, alarm: bool = False) -> Row:
    return Row(text[:4], text, "talk test", alarm=alarm)


def listed(column: "pa.ChunkedArray[Any]") -> list[str]:
    texts: list[Any] = column.to_pylist()
    return texts


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load()


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference.read(None)


# The reference input


def test_the_reference_input_is_the_same_on_every_machine() -> None:
    messages = Reference.of([row(text) for text in TEXTS]).messages(1000)
    assert digest(messages) == "e27ff39e2065bc389fd8f5790e35162a31b822e0df74b2de03a8de1d237080a5"


def test_a_shorter_input_is_the_beginning_of_a_longer_one(reference: Reference) -> None:
    longer = reference.messages(BLOCK + 300)
    shorter = reference.messages(BLOCK + 7)
    assert longer.slice(0, len(shorter)).equals(shorter)
    assert [len(chunk) for chunk in shorter.chunks] == [BLOCK, 7]


def test_messages_are_whole_short_and_nearly_all_different(reference: Reference) -> None:
    messages = reference.messages(20_000)
    messages.validate(full=True)
    texts = listed(messages)
    assert len(set(texts)) > 0.7 * len(texts)
    assert max(map(len, texts)) <= 200
    assert min(len(text.encode()) for text in texts) >= 40


def test_a_message_differs_from_its_source_in_late_digits_and_one_character() -> None:
    source = Reference.of([row(text) for text in TEXTS])
    late = re.compile(r"(?<=\d\d\d)\d")
    seen = set()
    for text in listed(source.messages(600)):
        (origin,) = [each for each in TEXTS if len(each.encode()) == len(text.encode())]
        changed = [at for at, (a, b) in enumerate(zip(origin, text, strict=True)) if a != b]
        digits = {found.start() for found in late.finditer(origin)}
        assert len(set(changed) - digits) <= 1
        seen.add((origin, text))
    assert len({origin for origin, _ in seen}) == len(TEXTS)
    assert len(seen) > 500


def test_labels_follow_the_sources() -> None:
    source = Reference.of([row(TEXTS[0], alarm=True), row(TEXTS[1]), row(TEXTS[2])])
    texts = listed(source.messages(300))
    labels = source.labels(300)
    assert [bool(label) for label in labels] == [len(text.encode()) == len(TEXTS[0].encode()) for text in texts]


def test_a_text_that_comes_twice_is_one_source_and_short_or_long_ones_are_none() -> None:
    source = Reference.of([row(TEXTS[0]), row("ok"), row("长" * 201), row(TEXTS[0], alarm=True), row(TEXTS[1])])
    assert source.texts == (TEXTS[0], TEXTS[1])
    assert source.alarms.tolist() == [False, False]
    with pytest.raises(ValueError, match="no message of 40 bytes to 200 characters"):
        Reference.of([row("ok")])


def test_masked_doubles_and_written_rows_are_no_part_of_the_shared_input(tmp_path: Path) -> None:
    folder = tmp_path / "messages"
    folder.mkdir()
    for name in ("en_sms_smishing", "en_sms_spam", "zh_sms_ordinary", "en_sms_ordinary", "web_illicit_offers"):
        (folder / f"{name}.jsonl").write_text("", encoding="utf-8")
    masked = {"id": "1", "label": "IL:Gambling", "text": "电话 CELLPHONE 网址 URL 送 DIGIT 元 首 存 送 豪 礼 多 多"}
    (folder / "zh_sms_scam_and_ads.jsonl").write_text(json.dumps(masked), encoding="utf-8")
    quiet = {"id": "2", "kind": "news", "text": TEXTS[2]}
    (folder / "zh_ordinary_talk.jsonl").write_text(json.dumps(quiet), encoding="utf-8")
    source = Reference.read(tmp_path)
    assert len(source.texts) == 2
    assert TEXTS[2] in source.texts
    assert not any("CELLPHONE" in text for text in source.texts)


def test_the_digest_is_of_the_messages_alone() -> None:
    messages = pa.chunked_array([["a", "好"], ["b"]], pa.string())
    assert digest(messages) == hashlib.sha256("a\n好\nb\n".encode()).hexdigest()
    assert text_bytes(messages.chunks[0]) == 4
    assert text_bytes(pa.array(["aa", "好", "b"])[1:2]) == 3


# Clocks and the table


def test_costs_add_up_and_the_middle_is_taken_of_each_clock() -> None:
    assert Cost(1, 5) + Cost(2, 3) - Cost(1, 1) == Cost(2, 7)
    assert middle([Cost(1, 9), Cost(5, 2), Cost(3, 4)]) == Cost(3, 4)
    spent = cost_of(lambda: sum(range(300_000)))
    assert spent.cpu > 0
    assert spent.wall > 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot keep a process on a core")
def test_a_process_is_kept_on_one_core_and_let_go_again() -> None:
    before = os.sched_getaffinity(0)
    with one_core() as core:
        assert os.sched_getaffinity(0) == {core}
    assert os.sched_getaffinity(0) == before


def costs_of(seconds: Sequence[float], bare: float, whole: float) -> StageCosts:
    stages = {name: Cost(each, 2 * each) for name, each in zip(STAGES, seconds, strict=True)}
    return StageCosts(1_000, 200_000, {**stages, BARE_SCAN: Cost(bare, bare)}, Cost(whole, 2 * whole))


PEERS = PeerCosts(
    100, {"fold": Cost(0.1, 9), "patterns": Cost(0.4, 9)}, {"fold": "unicodedata", "patterns": "pyahocorasick"}
)


def test_the_table_reckons_rates_shares_and_ratios() -> None:
    lines = {line.stage: line for line in table_of(costs_of([0.1, 0.2, 0.05, 0.3, 0.15, 0.1, 0.05], 0.04, 1.0), PEERS)}
    assert list(lines) == [*STAGES, REST, WHOLE, BARE_SCAN]
    assert lines["fold"] == Line("fold", 5_000, 1.0, 200.0, 0.2, "unicodedata", 5.0, 0.2)
    assert lines[REST].micros == pytest.approx(50.0)
    assert lines[WHOLE].per_second == 1_000
    # 0.5 s for 100 messages of the peers against 1 s for 1,000 of ours
    assert (lines[WHOLE].peer, lines[WHOLE].faster) == ("all of them", 5.0)
    assert lines[WHOLE].of_limit == pytest.approx(0.04)
    assert (lines[BARE_SCAN].share, lines[BARE_SCAN].of_limit) == (None, 1.0)
    assert sum(lines[name].share or 0 for name in (*STAGES, REST)) == pytest.approx(1.0)
    assert [name for name, line in lines.items() if line.peer] == ["fold", "patterns", WHOLE]


def test_where_the_stages_alone_cost_more_than_the_chain_nothing_is_left() -> None:
    lines = table_of(costs_of([0.2] * 7, 0.1, 1.0), None)
    (rest,) = [line for line in lines if line.stage == REST]
    assert (rest.micros, rest.share) == (0.0, 0.0)
    assert all(line.faster is None for line in lines)
    assert f"| {REST} | –" in re.sub(" +", " ", table_text(lines))


def test_a_table_lines_up_and_is_markdown() -> None:
    lines = markdown(("a", "bcd"), [("long", "x"), ("y", "z")]).splitlines()
    assert lines == ["| a    | bcd |", "| ---- | --- |", "| long | x   |", "| y    | z   |"]


def test_every_stage_is_measured_over_all_messages(detector: Detector, reference: Reference, tmp_path: Path) -> None:
    column = reference.messages(300)
    tools = Tools.load(["加(?:微信|薇信)", "prize"], tmp_path)
    costs = measure_stages(detector, tools, column, 2)
    assert list(costs.stages) == [*STAGES, BARE_SCAN]
    assert (costs.messages, costs.size) == (300, sum(len(text.encode()) for text in listed(column)))
    assert all(cost.cpu > 0 and cost.wall > 0 for cost in (*costs.stages.values(), costs.whole))


# The peers


def test_phrases_are_the_literal_words_of_expressions() -> None:
    assert phrases_of([r"(?:加|添加)微信.{0,6}[a-z]{3}号码", "free (gift|prize)?"]) == [
        "free", "gift", "prize", "号码", "微信", "添加",
    ]  # fmt: skip


def test_the_peers_expressions_find_what_they_are_for() -> None:
    examples = {
        "url": "see http://a.example/x now",
        "domain": "go to pay-a.com now",
        "ip": "at 203.0.113.9",
        "email": "mail me@b.example",
        "phone": "电话138-0013-8000",
        "service number": "拨打95588咨询",
        "card": "card 4111 1111 1111 1111",
        "wallet": "0x52908400098527886e0f7030069857d2e4169ee7",
        "wechat": "加微信:abc123",
        "qq": "qq群:123456",
        "telegram": "t.me/some_name",
        "whatsapp": "wa.me/8613800138000",
        "line": "line id: ab.12",
        "file hash": "d41d8cd98f00b204e9800998ecf8427e",
    }
    assert set(examples) == set(EXPRESSIONS)
    for kind, text in examples.items():
        assert re.search(EXPRESSIONS[kind], text, re.IGNORECASE), kind


def test_it_says_which_peers_are_missing_and_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in peers.LIBRARIES else there(name))
    with pytest.raises(PeersError, match="needs scikit-learn, pyahocorasick, datasketch: install the dep"):
        measure_peers(["a"], np.array([True]), ["b"], 1)


def test_every_peer_is_measured(reference: Reference) -> None:
    for module in peers.LIBRARIES:
        pytest.importorskip(module, reason="the dependency group peers is not installed")
    texts: Any = reference.messages(200).to_pylist()
    costs = measure_peers(texts, reference.labels(200), ["微信", "加"], 1)
    assert set(costs.stages) == {"fold", "patterns", "indicators", "classifier", "fingerprint"} <= set(STAGES)
    assert costs.whole.cpu == pytest.approx(sum(cost.cpu for cost in costs.stages.values()))
    assert all(cost.cpu > 0 for cost in costs.stages.values())


# Growth, service, workers


def test_sizes_grow_tenfold_up_to_what_is_there() -> None:
    assert sizes_up_to(1_000_000) == [10_000, 100_000, 1_000_000]
    assert sizes_up_to(LONGEST * 10)[-1] == LONGEST
    assert sizes_up_to(99_999) == [10_000]
    assert sizes_up_to(500) == [500]


def test_growth_is_the_dearest_over_the_cheapest(detector: Detector, reference: Reference) -> None:
    (point,) = measure_growth(detector, reference, 400, 2)
    assert point.messages == 400
    assert 0 < point.micros < 100_000
    assert flatness([Growth(10, 4.0), Growth(100, 5.0), Growth(1000, 4.5)]) == 1.25


def test_the_service_is_measured_in_a_process_of_its_own(reference: Reference, tmp_path: Path) -> None:
    messages: Any = reference.messages(30).to_pylist()
    measured = service.measure_service(messages, 2_000, tmp_path, 1)
    assert measured.load_cpu > 0
    assert 0 < measured.half <= measured.slowest
    assert measured.slowest_cpu > 0
    if sys.platform == "linux":
        assert 50 < measured.memory <= measured.memory_with_known < 2_000


def test_look_ups_are_asked_for_what_is_there_and_what_is_not() -> None:
    table = service.table_of(1_000)
    kinds: Any = pa.repeat(pa.scalar("domain"), 1_000)
    assert table.look_up(kinds, service.values_of(np.arange(1_000))).tolist() == list(range(1_000))
    assert set(table.look_up(kinds, service.values_of(np.arange(1_000, 2_000))).tolist()) == {-1}
    measured = service.measure_look_ups(1_000, 1)
    assert measured.known == 1_000
    assert min(measured.hits_per_second, measured.misses_per_second) > 0


def test_workers_share_the_messages_of_a_file(reference: Reference, tmp_path: Path) -> None:
    path = tmp_path / "messages.parquet"
    column = reference.messages(101)
    write_messages(column, path)
    assert pq.read_table(path)["text"].to_pylist() == column.to_pylist()
    (two,) = measure_workers(path, (2,), 1)
    assert two.workers == 2
    assert two.per_second > 0


def test_a_scan_is_the_command_that_is_given(tmp_path: Path) -> None:
    source = tmp_path / "messages.parquet"
    write_messages(pa.chunked_array([["a", "b"]]), source)
    said = tmp_path / "said"
    program = f"import sys; open({str(said)!r}, 'w').write(' '.join(sys.argv[1:]))"
    scan = measure_scan((sys.executable, "-c", program), source, tmp_path / "out", ("--workers", "2"))
    assert said.read_text() == f"{source} -o {tmp_path / 'out'} --restart --workers 2"
    assert (scan.arguments, scan.messages) == ("--workers 2", 2)
    assert scan.seconds > 0


# The picture


def test_the_picture_shows_every_point_where_it_belongs() -> None:
    points = [Growth(10_000, 5.2), Growth(100_000, 4.8), Growth(1_000_000, 5.0), Growth(10_000_000, 4.9)]
    picture = ElementTree.fromstring(plot.draw(points))
    space = {"svg": "http://www.w3.org/2000/svg"}
    circles = picture.findall("svg:circle", space)
    across = [float(circle.attrib["cx"]) for circle in circles]
    down = [float(circle.attrib["cy"]) for circle in circles]
    steps = [b - a for a, b in pairwise(across)]
    assert steps == pytest.approx([steps[0]] * 3, abs=0.2)
    assert 0 < min(across) < max(across) < plot.WIDTH
    assert 0 < min(down) < max(down) < plot.HEIGHT
    assert sorted(down) == [down[0], down[2], down[3], down[1]]
    texts = ["".join(text.itertext()) for text in picture.findall("svg:text", space)]
    assert {"5.20", "10,000", "10,000,000", "8"} <= set(texts)
    plot.draw(points[:1])
    with pytest.raises(ValueError, match="nothing to draw"):
        plot.draw([])


# Text made to be slow


def test_there_are_thirty_kinds_of_hostile_text_of_any_size() -> None:
    assert len(UNITS) >= 30
    for kind, unit in UNITS.items():
        text = text_of(kind, 1_000)
        assert 1_000 - len(unit.encode()) < len(text.encode()) <= 1_000, kind
        assert text_of(kind, 1) == unit


def test_a_share_takes_off_what_a_call_costs() -> None:
    share = Share(a_byte=0.001, a_call=0.5)
    assert share.shares(1.5, 500) == 2.0
    assert share.shares(0.4, 500) == 0.0


def test_a_kind_that_grows_with_the_square_is_given_up_early(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def square(act: Callable[[], object]) -> Cost:
        (column,) = cast("partial[object]", act).args
        lengths = [len(text.encode()) for text in column.to_pylist()]
        asked.append(max(lengths))
        return Cost(sum(length**2 for length in lengths) * 1e-9, 0)

    class Nothing:
        def assess_batch(self, _texts: object) -> None:
            raise AssertionError("only its cost is asked for")

    monkeypatch.setattr(hostile, "cost_of", square)
    found = measure_hostile(cast("Detector", Nothing()), Share(1e-7, 0.0), 1_000_000, ("one letter",))
    assert [(each.is_one, each.shares > MOST_SHARES) for each in found] == [(True, True), (False, False)]
    assert max(asked) < 1_000_000
    assert found[0].size == 15_625


def test_no_hostile_text_takes_many_times_its_share(detector: Detector, reference: Reference) -> None:
    share = Share.of(detector, reference.messages(2_000))
    found = measure_hostile(detector, share, HOSTILE_BYTES)
    assert {each.kind for each in found} == set(UNITS)
    # Twice what the bench asks for: a share is taken in the same second, but the machine may be busy in one and not in
    # the other. What grows with the square of its length is far beyond any of these limits.
    limits = {kind: MOST_OF_DENSE if kind in DENSE else 2 * MOST_SHARES for kind in UNITS}
    dear = [(each.kind, each.is_one, round(each.shares)) for each in found if each.shares > limits[each.kind]]
    assert dear == []


# Fuzzing


def test_a_batch_is_the_same_again_and_of_all_sorts(reference: Reference) -> None:
    fuzzer = Fuzzer(reference.texts, 7)
    batch = fuzzer.batch(3, 500)
    batch.validate(full=True)
    assert fuzzer.batch(3, 500).equals(batch)
    assert not fuzzer.batch(4, 500).equals(batch)
    assert not Fuzzer(reference.texts, 8).batch(3, 500).equals(batch)
    letters = set("".join(text or "" for text in batch.to_pylist()))
    assert any(0xE000 <= ord(letter) <= 0xF8FF for letter in letters)
    assert any(ord(letter) & 0xFFFE == 0xFFFE for letter in letters)
    assert "\u200b" in letters
    assert max(map(ord, letters)) > 0x100000


def test_the_engine_survives_invented_text(detector: Detector, reference: Reference) -> None:
    said: list[str] = []
    count = fuzzing.BATCH + 500
    done = fuzz(detector, Fuzzer(reference.texts, 1), count, PATIENT, said.append)
    assert done.messages == count
    assert done.flagged > 0
    assert done.size > 10 * count
    assert said[-1].startswith(f"{count:,} of {count:,} messages")


def test_a_batch_that_takes_too_long_is_a_failure_that_says_which(detector: Detector, reference: Reference) -> None:
    with pytest.raises(FuzzError, match=r"64 messages took .* times their share") as caught:
        fuzz(detector, Fuzzer(reference.texts, 5), 64, Share(1e-12, 0.0))
    assert caught.value.__notes__ == ["batch 0 of seed 5"]


SCAM = "【兼职】刷单返利,一单一结,日赚300元,无需押金,加微信 wxid_demo88 领取任务,名额有限。"


def changed(table: pa.Table, column: str, values: list[Any]) -> pa.Table:
    field = SCHEMA.field(column)
    return table.set_column(SCHEMA.get_field_index(column), field, pa.array(values, field.type))


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("signals", [], "is flagged without a reason"),
        ("harm", None, "has one and is not flagged"),
        ("confidence", float("nan"), "has a confidence that is none"),
        ("confidence", 1.5, "has a confidence that is none"),
        ("indicators", [{"kind": "url", "value": "a", "start": 1, "end": 9_999}], "has indicators outside of itself"),
        ("indicators", [{"kind": "url", "value": "a", "start": 4, "end": 4}], "has indicators outside of itself"),
        ("indicators", [{"kind": "url", "value": "a", "start": -1, "end": 4}], "has indicators outside of itself"),
    ],
)
def test_a_broken_rule_is_named_with_the_text(detector: Detector, column: str, value: object, fault: str) -> None:
    texts = pa.array(["hello", SCAM], pa.string())
    table = detector.assess_batch(texts)
    assert check(texts, table) == 1
    broken = changed(table, column, [table[column][0].as_py(), value])
    with pytest.raises(FuzzError, match=f"{fault}.*{SCAM[:6]}"):
        check(texts, broken)


def test_a_reason_that_does_not_say_what_stands_there_is_a_failure(detector: Detector) -> None:
    texts = pa.array([SCAM], pa.string())
    table = detector.assess_batch(texts)
    signals: Any = table["signals"].to_pylist()
    signals[0][0]["text"] += "!"
    with pytest.raises(FuzzError, match="does not say what stands there"):
        check(texts, changed(table, "signals", signals))
    with pytest.raises(FuzzError, match="2 messages gave 1 rows"):
        check(pa.array([SCAM, SCAM]), table)


def test_what_is_assessed_otherwise_alone_is_a_failure(detector: Detector, reference: Reference) -> None:
    class Moody:
        def assess_batch(self, texts: "pa.Array[Any]") -> pa.Table:
            table = detector.assess_batch(texts)
            return table if len(texts) > 1 else changed(table, "confidence", [0.123])

    with pytest.raises(FuzzError, match="otherwise alone than among others"):
        fuzz(cast("Detector", Moody()), Fuzzer(reference.texts, 1), 20, PATIENT)
