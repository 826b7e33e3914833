"""Indicators: links, domains, addresses, phones, cards, accounts, wallets, chat handles and file hashes in a message.

One module per kind or family. A detector is a module of this folder whose name has no underscore in front, with

    KINDS: tuple[str, ...]                          the kinds that it may report
    RANK: int                                       who wins where two overlap: the lower rank
    def find(text: Haystack) -> Iterator[Found]     one pass over the text of a batch

and is found by looking through the folder (``_search.py``). What is not here: any judgement whether an indicator is
bad.
"""

from tocsin.engine.detectors._haystack import Found, Haystack
from tocsin.engine.detectors._search import Indicators, find_indicators, load_detectors

__all__ = ["Found", "Haystack", "Indicators", "find_indicators", "load_detectors"]
