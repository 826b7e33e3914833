"""Where the passages that are shown as a reason begin and end."""

import pytest

from tocsin.engine.assembly import readable_span
from tocsin.engine.detector import Detector

FEE = "Join the group now! Our line. Pay a 20 USDT deposit to unlock level two and cash out today"


def shown(text: str, cut: str) -> str:
    """What a reader sees where the model pointed at ``cut``."""
    start = text.index(cut)
    begin, end = readable_span(text, start, start + len(cut))
    return text[begin:end]


@pytest.mark.parametrize(
    ("text", "cut", "wanted"),
    [
        (FEE, "e. Pay a 20 USDT dep", "line. Pay a 20 USDT deposit"),
        (FEE, " to unlock level tw", "to unlock level two"),
        ("You owe 1,250.75 to Revenue", "50.75 to Rev", "1,250.75 to Revenue"),
        ("see pay-now.bank.example, it is safe and sound", "w.bank.exam", "pay-now.bank.example"),
        ("今天天气很好的。您的账户涉嫌洗钱,请立即把资金转到安全账户里面去", "户涉嫌洗钱,请立", "您的账户涉嫌洗钱,请立"),
        ("一二三四五六七八九十甲乙丙丁戊己庚辛壬癸子丑", "十甲乙丙", "十甲乙丙"),
        ("好的好的好的好的好的,，。立即转账。!好的好的好的好的好的", "。立即转账。!", "立即转账"),
        ("Votre numéro était bloqué, appelez", "éro était bloqu", "numéro était bloqué"),
        ("……!!??", "!!", "!!"),
        ("x" * 200, "x" * 40, "x" * 40),
    ],
)
def test_a_passage_ends_where_a_reader_would_end_it(text: str, cut: str, wanted: str) -> None:
    assert shown(text, cut) == wanted


def test_no_signal_of_the_model_cuts_a_word() -> None:
    detector = Detector.load()
    text = "Every morning somebody wonderful sends remarkable messages regarding unbelievable opportunities tomorrow"
    (signal,) = [each for each in detector.assess(text, threshold=0.0).signals if each.code == "model"]
    assert text[signal.start : signal.end] == signal.text
    assert set(signal.text.split()) <= set(text.split())
