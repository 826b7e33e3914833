"""The one detector of a server process, and what a campaign needs to know of one text."""

import hashlib
from functools import cache

from tocsin.engine.detector import Detector
from tocsin.engine.fold import fold_text
from tocsin.engine.schema import Assessment


@cache
def detector() -> Detector:
    """The engine with its bundled tables and model, loaded once."""
    return Detector.load()


def assess(text: str) -> Assessment:
    """What the engine says of one text."""
    return detector().assess(text)


def folded_digest(text: str) -> str:
    """SHA-256 of the folded text, hexadecimal: equal for copies that differ only in disguise, case and spacing."""
    return hashlib.sha256(fold_text(text).encode()).hexdigest()
