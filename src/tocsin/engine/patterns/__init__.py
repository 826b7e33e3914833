"""Reviewed phrases and expressions: how they are read, checked, compiled and scanned.

The folder holds the tables (``macros.txt``, ``zh/``, ``en/``, ``quiet/``) and the three modules that handle them:
``reading`` (TOML to `Pattern`), ``checking`` (what a reviewer may rely on) and ``automaton`` (one hyperscan database
for all). Weighing the hits is not done here but in ``engine.combine``.
"""

from tocsin.engine.patterns.automaton import Automaton, Hits, automaton_for
from tocsin.engine.patterns.checking import check_counts, check_patterns
from tocsin.engine.patterns.reading import (
    FOLDER,
    Pattern,
    PatternError,
    Strength,
    read_folder,
    read_pattern_text,
)

__all__ = [
    "FOLDER",
    "Automaton",
    "Hits",
    "Pattern",
    "PatternError",
    "Strength",
    "automaton_for",
    "check_counts",
    "check_patterns",
    "read_folder",
    "read_pattern_text",
]
