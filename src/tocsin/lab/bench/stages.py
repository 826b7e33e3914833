"""What each stage of the engine costs, alone and on the same slices, and what the whole chain costs.

Each round goes once through all slices with every stage, one after the other, and once with the whole chain, so that
both see the same noise. What the chain does beside its stages (weighing the evidence, reasons, the table) is the
difference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hyperscan
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.engine.classify import Classifier
from tocsin.engine.detector import SLICE_ROWS, Detector
from tocsin.engine.detectors import find_indicators
from tocsin.engine.fingerprint import fingerprint_batch
from tocsin.engine.fold import fold_batch
from tocsin.engine.language import language_batch
from tocsin.engine.model import load_model
from tocsin.engine.patterns import Automaton, automaton_for
from tocsin.engine.text import FoldedBatch, TextBatch
from tocsin.lab.bench.clock import NOTHING, Cost, cost_of, middle

STAGES = ("decode", "fold", "patterns", "indicators", "classifier", "fingerprint", "language")
BARE_SCAN = "bare hyperscan scan"
_NEWLINE = 10


@dataclass(frozen=True, slots=True)
class Tools:
    """What the stages work with. bare: the pattern expressions as hyperscan has them, asked without a listener."""

    automaton: Automaton
    classifier: Classifier
    bare: hyperscan.Database

    @classmethod
    def load(cls, expressions: Sequence[str], cache_folder: Path | None = None) -> "Tools":
        """With the bundled model and the expressions of the patterns; compiling all of them takes half a minute.

        cache_folder: see `automaton_for`.
        """
        return cls(automaton_for(expressions, cache_folder), load_model().classifier, _compiled(expressions))


@dataclass(frozen=True, slots=True)
class StageCosts:
    """Medians over all rounds, for `messages` of `size` bytes of UTF-8 together.

    stages: by name, `STAGES` in order and `BARE_SCAN`.  whole: of ``Detector.assess_batch``.
    """

    messages: int
    size: int
    stages: dict[str, Cost]
    whole: Cost


def measure_stages(detector: Detector, tools: Tools, column: "pa.ChunkedArray[Any]", rounds: int) -> StageCosts:
    """Measure all stages and the chain over a column of messages without nulls."""
    slices = [chunk.slice(first, SLICE_ROWS) for chunk in column.chunks for first in range(0, len(chunk), SLICE_ROWS)]
    for part in (slices[0], slices[-1]):  # the first call pays for what is loaded when it is needed
        _go_through(tools, part, lambda _name: None)
        detector.assess_batch(part)
    stages: dict[str, list[Cost]] = {name: [] for name in (*STAGES, BARE_SCAN)}
    whole: list[Cost] = []
    for _ in range(rounds):
        laps = _Laps()
        for part in slices:
            laps.start()
            _go_through(tools, part, laps.take)
        for name, costs in stages.items():
            costs.append(laps.sums[name])
        whole.append(cost_of(lambda: detector.assess_batch(column)))
    size = sum(text_bytes(chunk) for chunk in column.chunks)
    return StageCosts(len(column), size, {name: middle(costs) for name, costs in stages.items()}, middle(whole))


def text_bytes(column: "pa.Array[Any]") -> int:
    """Bytes of UTF-8 in a string column without nulls."""
    whole: Any = column
    _, places, _ = whole.buffers()
    ends = np.frombuffer(places, np.int32)
    return int(ends[whole.offset + len(whole)] - ends[whole.offset])


def _go_through(tools: Tools, part: "pa.Array[Any]", done: Callable[[str], None]) -> None:
    """Every stage over one slice; done is called with the name of each as it ends."""
    batch = TextBatch.from_arrow(part)
    done("decode")
    folded = fold_batch(batch)
    done("fold")
    tools.automaton.scan(folded)
    done("patterns")
    find_indicators(batch, folded)
    done("indicators")
    tools.classifier.margins(folded)
    done("classifier")
    fingerprint_batch(folded)
    done("fingerprint")
    language_batch(folded)
    done("language")
    text = _joined(folded)
    done("")
    tools.bare.scan(text, match_event_handler=None)  # type: ignore[arg-type]  # its types forget that none will do
    done(BARE_SCAN)


class _Laps:
    """Adds up what passes between one call and the next, by name."""

    def __init__(self) -> None:
        self.sums: dict[str, Cost] = {}
        self._last = Cost.now()

    def start(self) -> None:
        """Forget what passed since the last call."""
        self._last = Cost.now()

    def take(self, name: str) -> None:
        """Give the name what passed since the last call."""
        now = Cost.now()
        self.sums[name] = self.sums.get(name, NOTHING) + (now - self._last)
        self._last = now


def _joined(folded: FoldedBatch) -> bytes:
    """The folded messages as UTF-8, a newline after each."""
    breaks: NDArray[np.uint32] = np.insert(folded.points, folded.offsets[1:], _NEWLINE)
    return breaks.tobytes().decode("utf-32-le").encode()


def _compiled(expressions: Sequence[str]) -> hyperscan.Database:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    sources = [expression.encode() for expression in expressions]
    numbers = list(range(len(sources)))
    database.compile(expressions=sources, ids=numbers, elements=len(sources), flags=hyperscan.HS_FLAG_UTF8)
    return database
