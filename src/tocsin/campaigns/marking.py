"""A text cut into passages, so that a page can mark what each signal rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import get_language

from tocsin.engine.schema import Assessment


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text; ``reasons`` holds the numbers (from 1) of the reasons that rest on it, empty for the rest."""

    text: str
    reasons: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text in passages, and the distinct reasons in the reader's language; reason n is ``reasons[n - 1]``."""

    passages: tuple[Passage, ...]
    reasons: tuple[str, ...]


def mark_assessment(text: str, assessment: Assessment) -> MarkedText:
    """Mark a text with the signals of a fresh assessment."""
    return mark(
        text,
        [
            {"start": s.start, "end": s.end, "reason_zh": s.reason_zh, "reason_en": s.reason_en}
            for s in assessment.signals
        ],
    )


def mark(text: str, signals: Sequence[dict[str, Any]]) -> MarkedText:
    """Mark a text with stored signals (``Sighting.signals``); a passage under several spans has several reasons."""
    field = "reason_en" if get_language() == "en" else "reason_zh"
    numbers: dict[str, int] = {}
    spans: list[tuple[int, int, int]] = []
    for signal in sorted(signals, key=lambda item: (item["start"], item["end"])):
        number = numbers.setdefault(signal[field], len(numbers) + 1)
        start, end = max(0, signal["start"]), min(len(text), signal["end"])
        if start < end:
            spans.append((start, end, number))
    cuts = sorted({0, len(text), *(cut for start, end, _ in spans for cut in (start, end))})
    passages = tuple(
        Passage(
            text[start:end],
            tuple(sorted({number for first, last, number in spans if first <= start and end <= last})),
        )
        for start, end in pairwise(cuts)
    )
    return MarkedText(passages, tuple(numbers))
