"""A small assessor that judges by one word, so that what a scan does with an answer can be tested without the
engine."""

import hashlib
import multiprocessing
import re
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from tocsin.engine.schema import SCHEMA

WORD = "刷单"
_PHONE = re.compile(r"1\d{10}")


class FakeAssessor:
    """Flags what holds the word, finds one phone number, and takes ``delay`` seconds for a batch."""

    def __init__(self, rules: str = "fake-rules", delay: float = 0.0) -> None:
        self.rules = rules
        self._delay = delay

    def assess_batch(self, texts: "pa.Array[Any]", *, threshold: float | None = None) -> pa.Table:
        """One row per text; the confidence is 0.9 or 0.1."""
        time.sleep(self._delay)
        rows = [self._assess(text, 0.5 if threshold is None else threshold) for text in map(str, texts.to_pylist())]
        return pa.Table.from_pylist(rows, schema=SCHEMA)

    def _assess(self, text: str, threshold: float) -> dict[str, object]:
        start, phone = text.find(WORD), _PHONE.search(text)
        flagged = start >= 0 and threshold <= 0.9
        signal = {"start": start, "end": start + len(WORD), "text": WORD, "code": "word"}
        reasons = {"reason_zh": "先垫付", "reason_en": "pay first"}
        found = {"kind": "phone", "value": phone[0], "start": phone.start(), "end": phone.end()} if phone else None
        return {
            "harm": "task_scam" if flagged else None,
            "confidence": 0.9 if start >= 0 else 0.1,
            "signals": [signal | reasons] if flagged else [],
            "indicators": [found] if found else [],
            "fingerprint": hashlib.sha512(text.encode()).digest() * 2 if len(text) >= 6 else None,
            "language": "zh" if re.search("[一-鿿]", text) else "en",
            "rules": self.rules,
        }


class ShortAssessor(FakeAssessor):
    """Loses a row, which no assessor may."""

    def assess_batch(self, texts: "pa.Array[Any]", *, threshold: float | None = None) -> pa.Table:
        """All rows but the last."""
        return super().assess_batch(texts, threshold=threshold).slice(0, len(texts) - 1)


def load() -> FakeAssessor:
    """The assessor; a plain function, so that a worker process can find it."""
    return FakeAssessor()


def load_slow() -> FakeAssessor:
    """The same, slow enough to be interrupted."""
    return FakeAssessor(delay=0.004)


def load_other() -> FakeAssessor:
    """The same, but with other rules."""
    return FakeAssessor(rules="other-rules")


def load_short() -> FakeAssessor:
    """One that breaks its contract."""
    return ShortAssessor()


def load_dying() -> FakeAssessor:
    """One that ends its process if that is a worker."""
    if multiprocessing.parent_process() is not None:
        raise SystemExit(9)
    return FakeAssessor()


Load = Callable[[], FakeAssessor]
