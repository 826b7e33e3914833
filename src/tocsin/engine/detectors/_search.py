"""Running all detectors over a batch, settling overlaps, and mapping spans back to the original text."""

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.engine.detectors._haystack import Found, Haystack
from tocsin.engine.text import FoldedBatch, TextBatch

# A link to a chat account is a link and names the account.
INSIDE_LINKS = {"telegram", "whatsapp", "line"}


class DetectorModule(Protocol):
    """What a detector module offers."""

    KINDS: tuple[str, ...]
    RANK: int

    def find(self, text: Haystack) -> Iterator[Found]:
        """Every candidate in a batch, in any order."""


@dataclass(frozen=True, slots=True)
class Indicators:
    """Everything found in a batch, as columns of equal length, sorted by row, then start.

    row: int32, number of the message.  kind, value: Arrow strings, values normalised.  start, end: int32, code points
    of the original message, end exclusive.
    """

    row: NDArray[np.int32]
    kind: pa.StringArray
    value: pa.StringArray
    start: NDArray[np.int32]
    end: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.row)


@cache
def load_detectors() -> dict[str, DetectorModule]:
    """All detector modules of this folder by name."""
    package = __name__.rpartition(".")[0]
    names = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if not m.ispkg and m.name[0] != "_"]
    return {name: cast("DetectorModule", import_module(f"{package}.{name}")) for name in sorted(names)}


def find_indicators(batch: TextBatch, folded: FoldedBatch) -> Indicators:
    """All indicators of a batch; folded must be ``fold_batch(batch)``. Raises ValueError where their lengths differ."""
    if len(batch) != len(folded):
        raise ValueError(f"{len(batch)} messages but {len(folded)} folded ones")
    text = Haystack.build(batch, folded)
    found = settle((module.RANK, each) for module in load_detectors().values() for each in module.find(text))
    begins = folded.offsets + np.arange(len(folded.offsets))
    firsts = np.array([each.start for each in found], dtype=np.int64)
    lasts = np.array([each.end - 1 for each in found], dtype=np.int64)
    rows = np.searchsorted(begins, firsts, side="right") - 1
    return Indicators(
        row=rows.astype(np.int32),
        kind=pa.array([each.kind for each in found], type=pa.string()),
        value=pa.array([each.value for each in found], type=pa.string()),
        start=folded.starts[firsts - rows],
        end=folded.ends[lasts - rows],
    )


def settle(candidates: Iterator[tuple[int, Found]]) -> list[Found]:
    """Of overlapping candidates keep the one of lower rank, then the longer one; sorted by start, no duplicates."""
    taken: dict[int, Found] = {}
    kept: set[Found] = set()
    for _, each in sorted(candidates, key=lambda pair: (pair[0], pair[1].start - pair[1].end, pair[1].start)):
        holders = {taken[place] for place in range(each.start, each.end) if place in taken}
        if any(not (holder.kind == "url" and each.kind in INSIDE_LINKS) for holder in holders):
            continue
        kept.add(each)
        taken.update(dict.fromkeys(range(each.start, each.end), each))
    return sorted(kept, key=lambda each: (each.start, each.end, each.kind))
