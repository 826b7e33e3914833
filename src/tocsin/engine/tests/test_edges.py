"""Where the passages that are shown as a reason begin and end."""

import numpy as np
import pyarrow as pa
import pytest

from tocsin.engine.edges import readable_spans
from tocsin.engine.text import TextBatch

FEE = "Join the group now! Our line. Pay a 20 USDT deposit to unlock level two and cash out today"


def shown(text: str, cut: str) -> str:
    """What a reader sees where the model pointed at ``cut``."""
    start = text.index(cut)
    batch = TextBatch.from_arrow(pa.array(["in front", text]))
    low, high = readable_spans(batch, np.array([1]), np.array([start]), np.array([start + len(cut)]))
    return text[int(low[0]) : int(high[0])]


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
        ("　　立即转账　　", "　立即转账　", "立即转账"),
        ("x" * 200, "x" * 40, "x" * 40),
    ],
)
def test_a_passage_ends_where_a_reader_would_end_it(text: str, cut: str, wanted: str) -> None:
    assert shown(text, cut) == wanted


def test_no_passage_is_no_span() -> None:
    none = np.zeros(0, dtype=np.int64)
    low, high = readable_spans(TextBatch.from_arrow(pa.array(["text"])), none, none, none)
    assert len(low) == len(high) == 0
