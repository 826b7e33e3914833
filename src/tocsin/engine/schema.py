"""What an assessment looks like: as an Arrow table, and as a dataclass for one message."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tocsin.engine.harms import Harm

SIGNAL_TYPE = pa.struct(
    [
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("code", pa.string(), nullable=False),
        pa.field("reason_zh", pa.string(), nullable=False),
        pa.field("reason_en", pa.string(), nullable=False),
    ]
)
INDICATOR_TYPE = pa.struct(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
    ]
)
_FIELDS: "list[pa.Field[Any]]" = [
    pa.field("harm", pa.string()),
    pa.field("confidence", pa.float32(), nullable=False),
    pa.field("signals", pa.list_(SIGNAL_TYPE), nullable=False),
    pa.field("indicators", pa.list_(INDICATOR_TYPE), nullable=False),
    pa.field("fingerprint", pa.binary(128)),
    pa.field("language", pa.string(), nullable=False),
    pa.field("rules", pa.string(), nullable=False),
]
SCHEMA = pa.schema(_FIELDS)


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason, with the span of the original text that it rests on.

    start, end: code points of the original text, end exclusive.  code: id of the pattern, or ``model``.
    """

    start: int
    end: int
    text: str
    code: str
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """A link, phone, account or handle that the message carries, normalised; the span is of the original text."""

    kind: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the engine says of one message.

    harm: None where nothing is found.  confidence: calibrated probability, 0 to 1, that the message is a harm.
    signals: never empty where harm is set.  fingerprint: 128 bytes, or None for a text too short to compare.
    rules: hash of the tables and the model that judged.
    """

    harm: Harm | None
    confidence: float
    signals: tuple[Signal, ...]
    indicators: tuple[Indicator, ...]
    fingerprint: bytes | None
    language: str
    rules: str
