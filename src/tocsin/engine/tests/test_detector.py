"""The door of the engine: what goes in, what comes out, and that no verdict lacks a reason."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tocsin.engine import detector as detector_module
from tocsin.engine.detector import Detector
from tocsin.engine.features import LONGEST
from tocsin.engine.harms import HARM_NAMES, Harm
from tocsin.engine.schema import SCHEMA, Assessment

SAFE_ACCOUNT = "你好，我这边是公安局的，你涉嫌洗钱，请把资金转到安全账户配合调查，不要告诉家人"
SCAMS = (
    (SAFE_ACCOUNT, Harm.IMPERSONATION_AUTHORITY),
    ("招兼职刷单员，手机操作，一单一结，每单返佣5到50元，日赚300，加微信 shuadan8899", Harm.TASK_SCAM),
    ("本公司长期代开各行业增值税发票，可验真后付款，电话13800138000 王经理", Harm.FORGED_PAPERS),
    (
        "尊敬的建行用户：您的账户积分即将过期，可兑换现金478元，请登录 http://ccb-jf.example 领取",
        Harm.IMPERSONATION_BANK,
    ),
    ("澳门葡京真人百家乐，注册送88，首存送100%，秒提款，网址 www.pj888.example", Harm.GAMBLING_LURE),
)
QUIET = (
    "明天晚上一起吃饭吗？老地方见",
    "您的验证码是 384921，5分钟内有效，请勿告知他人。",
    "Are we still on for lunch tomorrow? I'll book the table at one.",
    "警方提醒：凡是要求转账到“安全账户”的都是诈骗，请拨打96110。",
    "今天股市又跌了，希望明天能涨回来。",
    "小区业委会选举下周六上午九点在活动室举行，请各位业主参加。",
)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load()


@pytest.mark.parametrize(("text", "harm"), SCAMS, ids=[harm for _, harm in SCAMS])
def test_it_names_the_harm(detector: Detector, text: str, harm: Harm) -> None:
    verdict = detector.assess(text)
    assert verdict.harm is harm
    assert verdict.confidence >= detector.threshold


@pytest.mark.parametrize("text", QUIET)
def test_it_stays_quiet(detector: Detector, text: str) -> None:
    verdict = detector.assess(text)
    assert verdict.harm is None
    assert verdict.signals == ()


def test_a_pattern_speaks_in_both_languages_and_points_at_the_original(detector: Detector) -> None:
    verdict = detector.assess(SAFE_ACCOUNT)
    signal = next(each for each in verdict.signals if "安全账户" in each.text)
    assert signal.code.startswith("impersonation_authority.zh.")
    assert SAFE_ACCOUNT[signal.start : signal.end] == signal.text
    assert signal.reason_zh
    assert signal.reason_en
    assert signal.reason_zh != signal.reason_en


def test_spans_are_of_the_original_where_folding_moved_everything(detector: Detector) -> None:
    text = "🎁🎁  你 涉\u200b嫌 洗 錢，請 把 資 金 轉 到 安 全 賬 戶"
    verdict = detector.assess(text, threshold=0.0)
    assert verdict.signals
    for signal in verdict.signals:
        assert text[signal.start : signal.end] == signal.text
    assert any("安 全 賬 戶" in signal.text for signal in verdict.signals)


def test_no_verdict_is_without_a_signal_for_its_harm(detector: Detector) -> None:
    texts = [text for text, _ in SCAMS] + list(QUIET) + ["啊", "hi", "12345", "😀", "a b c d e"]
    for row in detector.assess_batch(pa.array(texts), threshold=0.0).to_pylist():
        if row["harm"]:
            codes = [signal["code"] for signal in row["signals"]]
            assert any(code == "model" or code.startswith(row["harm"] + ".") for code in codes)
        else:
            assert row["signals"] == []


def test_a_signal_of_the_model_names_the_harm(detector: Detector) -> None:
    table = detector.assess_batch(pa.array([text for text in QUIET if len(text) > 10]), threshold=0.0)
    rows = [row for row in table.to_pylist() if any(signal["code"] == "model" for signal in row["signals"])]
    assert rows
    for row in rows:
        signal = next(signal for signal in row["signals"] if signal["code"] == "model")
        assert HARM_NAMES[Harm(row["harm"])].zh in signal["reason_zh"]
        assert HARM_NAMES[Harm(row["harm"])].en in signal["reason_en"]
        assert signal["text"].strip()


def test_it_answers_every_message_in_order(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [text for text, _ in SCAMS] + list(QUIET) + ["", None]
    alone = [detector.assess(text or "") for text in texts]
    monkeypatch.setattr(detector_module, "SLICE_ROWS", 4)
    chunked = pa.chunked_array([texts[:3], texts[3:]], pa.string())
    table = detector.assess_batch(chunked)
    assert table.schema == SCHEMA
    assert table["harm"].to_pylist() == [verdict.harm for verdict in alone]
    assert table["confidence"].to_pylist() == [verdict.confidence for verdict in alone]
    assert [[signal["code"] for signal in row["signals"]] for row in table.to_pylist()] == [
        [signal.code for signal in verdict.signals] for verdict in alone
    ]


def test_null_and_empty_are_quiet(detector: Detector) -> None:
    rows = detector.assess_batch(pa.array([None, "", "   "], pa.string()), threshold=0.0).to_pylist()
    assert [row["harm"] for row in rows] == [None, None, None]
    assert [row["fingerprint"] for row in rows] == [None, None, None]


def test_an_empty_batch_gives_an_empty_table(detector: Detector) -> None:
    assert detector.assess_batch(pa.array([], pa.string())) == SCHEMA.empty_table()
    assert detector.assess_batch(pa.chunked_array([], pa.string())).num_rows == 0


def test_it_refuses_what_is_not_text(detector: Detector) -> None:
    with pytest.raises(TypeError, match="string column"):
        detector.assess_batch(pa.array([1, 2]))


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_it_refuses_a_threshold_that_is_no_share(detector: Detector, threshold: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        detector.assess("x", threshold=threshold)


def test_the_threshold_decides(detector: Detector) -> None:
    verdict = detector.assess(SAFE_ACCOUNT)
    above = float(np.nextafter(np.float32(verdict.confidence), np.float32(2)))
    assert detector.assess(SAFE_ACCOUNT, threshold=min(above, 1.0)).harm is None
    assert detector.assess(SAFE_ACCOUNT, threshold=verdict.confidence).harm is verdict.harm


def test_every_result_names_its_rules(detector: Detector) -> None:
    assert detector.assess("x").rules == detector.rules
    assert len(detector.rules) == 16
    assert Detector.load().rules == detector.rules


def test_a_very_long_text_costs_bounded_work_and_keeps_its_indicators(detector: Detector) -> None:
    text = "好" * (LONGEST + 500) + SAFE_ACCOUNT + " https://bank-vip.example/a"
    verdict = detector.assess(text)
    assert verdict.harm is None
    assert [found.kind for found in verdict.indicators] == ["url"]
    within = detector.assess("好。" * 200 + SAFE_ACCOUNT + "好。" * LONGEST)
    assert any("安全账户" in signal.text for signal in within.signals) or within.harm is None


def test_hits_behind_a_very_long_message_keep_their_place(detector: Detector) -> None:
    texts = ["好" * (LONGEST + 500), SAFE_ACCOUNT]
    row = detector.assess_batch(pa.array(texts)).to_pylist()[1]
    assert [signal["text"] for signal in row["signals"]] == [
        signal.text for signal in detector.assess(SAFE_ACCOUNT).signals
    ]


def test_one_detector_serves_many_threads(detector: Detector) -> None:
    texts = [text for text, _ in SCAMS] * 20
    wanted = [detector.assess(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(detector.assess, texts)) == wanted


def test_it_loads_where_no_cache_can_be_written(tmp_path: Path, detector: Detector) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    other = Detector.load(cache_dir=blocked / "cache")
    assert isinstance(other.assess(SAFE_ACCOUNT), Assessment)
    assert other.assess(SAFE_ACCOUNT) == detector.assess(SAFE_ACCOUNT)


def test_a_link_that_borrows_a_name_is_a_signal_that_says_so(detector: Detector) -> None:
    text = "【工商银行】您的账户已被冻结，请立即登录 http://icbc-login.example/verify 重新认证身份，逾期将注销账户"
    verdict = detector.assess(text)
    assert verdict.harm is not None
    said = {signal.code: signal for signal in verdict.signals}
    signal = said["link.borrowed-name"]
    assert "icbc-login.example" in signal.text
    assert text[signal.start : signal.end] == signal.text
    assert "工商银行" in signal.reason_zh
    assert "icbc-login.example" in signal.reason_en
    official = detector.assess(text.replace("icbc-login.example/verify", "www.icbc.com.cn"))
    assert not [signal for signal in official.signals if signal.code.startswith("link.")]
    assert official.confidence < verdict.confidence
