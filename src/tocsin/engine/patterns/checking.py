"""Whether patterns do what they promise: their examples over the real fold, and how many there are of each harm.

Called by the tests and by the lab, not when a detector is loaded: it folds and scans every example.
"""

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa

from tocsin.engine.fold import fold_batch
from tocsin.engine.harms import Harm
from tocsin.engine.patterns.automaton import Automaton
from tocsin.engine.patterns.reading import Pattern, Strength
from tocsin.engine.text import TextBatch

FEWEST = {"zh": 25, "en": 10}
"""How many harm patterns each harm needs, by language."""


def check_patterns(patterns: Sequence[Pattern]) -> list[str]:
    """What is wrong with the examples: hits not matched, misses matched. One line each, empty when all is well."""
    examples = [
        (number, text, wanted) for number, pattern in enumerate(patterns) for text, wanted in _examples(pattern)
    ]
    if not examples:
        return []
    folded = fold_batch(TextBatch.from_arrow(pa.array([text for _, text, _ in examples], pa.string())))
    hits = Automaton.compile([pattern.expression for pattern in patterns]).scan(folded)
    found = set(zip(hits.row.tolist(), hits.pattern.tolist(), strict=True))
    wrong = []
    for row, (number, text, wanted) in enumerate(examples):
        if ((row, number) in found) != wanted:
            what = "does not match its hit" if wanted else "matches its miss"
            wrong.append(f"{patterns[number].id}: {what}: {text}")
    return wrong


def check_counts(patterns: Sequence[Pattern]) -> list[str]:
    """Which harms have too few patterns in a language. One line each, empty when all is well."""
    counts = Counter((pattern.harm, pattern.language) for pattern in patterns if pattern.strength is not Strength.CALM)
    return [
        f"{harm}: {counts[harm, language]} patterns in {language}, at least {fewest} are needed"
        for harm in Harm
        for language, fewest in FEWEST.items()
        if counts[harm, language] < fewest
    ]


def _examples(pattern: Pattern) -> list[tuple[str, bool]]:
    return [(text, True) for text in pattern.hits] + [(text, False) for text in pattern.misses]
