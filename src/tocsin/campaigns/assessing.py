"""The one detector of a server process."""

from functools import cache

from tocsin.engine.detector import Detector
from tocsin.engine.schema import Assessment


@cache
def detector() -> Detector:
    """The engine with its bundled tables and model, loaded once."""
    return Detector.load()


def assess(text: str) -> Assessment:
    """What the engine says of one text."""
    return detector().assess(text)
