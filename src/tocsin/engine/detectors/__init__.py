"""Indicators: links, domains, addresses, phones, cards, accounts, wallets, chat handles and file hashes in a message.

One module per kind or family. A detector is a module of this folder whose name has no underscore in front, with

    KINDS: tuple[str, ...]                          the kinds that it may report
    RANK: int                                       who wins where two overlap: the lower rank
    CUES: tuple[Cue, ...]                           what must stand at a place for it to look there
    def find(text: Haystack) -> Iterator[Found]     looks around the places of its cues in the text of a batch

and is found by looking through the folder (``_search.py``). One compiled pass marks the places of all cues; messages
without any cost nothing more. What is not here: any judgement whether an indicator is bad.
"""

from tocsin.engine.detectors._cues import Cue, Shape
from tocsin.engine.detectors._haystack import Found, Haystack
from tocsin.engine.detectors._search import Indicators, find_indicators, lay_out, load_detectors

__all__ = ["Cue", "Found", "Haystack", "Indicators", "Shape", "find_indicators", "lay_out", "load_detectors"]
