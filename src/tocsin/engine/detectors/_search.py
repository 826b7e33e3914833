"""Running all detectors over a batch, settling overlaps, and mapping spans back to the original text."""

import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import pyarrow as pa
from numba import types
from numpy.typing import NDArray

from tocsin.engine.detectors import _hosts
from tocsin.engine.detectors._cues import Cue, CueTables, compile_cues, find_cues
from tocsin.engine.detectors._haystack import Found, Haystack
from tocsin.engine.kernels import COUNT, I64, kernel
from tocsin.engine.text import FoldedBatch, TextBatch

# A link to a chat account is a link and names the account.
INSIDE_LINKS = {"telegram", "whatsapp", "line"}
KEYCAP = (0xFE0F, 0x20E3)
"""What makes a digit an emoji: folding takes the digit alone for it."""

_FLAGS = types.boolean[::1]


class DetectorModule(Protocol):
    """What a detector module offers."""

    KINDS: tuple[str, ...]
    RANK: int
    CUES: tuple[Cue, ...]

    def find(self, text: Haystack) -> Iterator[Found]:
        """Every candidate in a haystack, in any order."""


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


@cache
def _cues() -> tuple[dict[Cue, np.uint64], CueTables]:
    """The bit of every detector's cues, and the tables to look for them (some 50 ms, once per process)."""
    cues = list(dict.fromkeys(cue for module in load_detectors().values() for cue in module.CUES))
    return {cue: np.uint64(1 << bit) for bit, cue in enumerate(cues)}, compile_cues(cues, _hosts.endings())


def lay_out(batch: TextBatch, folded: FoldedBatch) -> Haystack:
    """The haystack of a batch: its messages in which any detector has a cue."""
    bits, tables = _cues()
    return Haystack.build(batch, folded, find_cues(folded, tables), bits)


def find_indicators(batch: TextBatch, folded: FoldedBatch) -> Indicators:
    """All indicators of a batch; folded must be ``fold_batch(batch)``. Raises ValueError where their lengths differ."""
    if len(batch) != len(folded):
        raise ValueError(f"{len(batch)} messages but {len(folded)} folded ones")
    text = lay_out(batch, folded)
    found: list[Found] = []
    ranks: list[int] = []
    for module in load_detectors().values():
        found.extend(module.find(text))
        ranks.extend([module.RANK] * (len(found) - len(ranks)))
    kinds, values, starts, ends = settle(found, ranks, len(text.lower))
    messages = np.searchsorted(text.begins, starts, side="right") - 1
    rows = text.rows[messages]
    shift = folded.offsets[rows] - text.begins[messages]
    return Indicators(
        row=rows,
        kind=pa.array(kinds, type=pa.string()),
        value=pa.array(values, type=pa.string()),
        start=folded.starts[starts + shift],
        end=_whole(batch, rows, folded.ends[ends - 1 + shift]),
    )


def _whole(batch: TextBatch, rows: NDArray[np.int32], ends: NDArray[np.int32]) -> NDArray[np.int32]:
    """Ends that take in what belongs to the last character: the keycap around a digit, and the sign before it."""
    limits = batch.offsets[rows + 1]
    for sign in KEYCAP:
        places = batch.offsets[rows] + ends
        inside = places < limits
        inside[inside] = batch.points[places[inside]] == sign
        ends = ends + inside
    return ends


def settle(
    found: Sequence[Found], ranks: Sequence[int], size: int
) -> tuple[list[str], list[str], NDArray[np.int64], NDArray[np.int64]]:
    """Of overlapping candidates keep the one of lower rank, then the longer one.

    size: length of the haystack. Returns kinds, values, starts and ends, sorted by start, then end, then kind.
    """
    if not found:
        return [], [], np.zeros(0, np.int64), np.zeros(0, np.int64)
    kinds, values, firsts, lasts = zip(*found, strict=True)
    starts, ends = np.array(firsts, dtype=np.int64), np.array(lasts, dtype=np.int64)
    names = sorted({*kinds})
    numbers = {name: number for number, name in enumerate(names)}
    kind = np.array([numbers[each] for each in kinds])
    links = np.array([name == "url" for name in names])[kind]
    inside = np.array([name in INSIDE_LINKS for name in names])[kind]
    order = np.lexsort((starts, starts - ends, np.array(ranks)))
    kept = order[_settle(starts[order], ends[order], links[order], inside[order], size)]
    chosen = kept[np.lexsort((kind[kept], ends[kept], starts[kept]))]
    numbered = chosen.tolist()
    return [kinds[each] for each in numbered], [values[each] for each in numbered], starts[chosen], ends[chosen]


@kernel(_FLAGS(I64, I64, _FLAGS, _FLAGS, COUNT))
def _settle(starts: NDArray[np.int64], ends: NDArray[np.int64], links: NDArray[np.bool_], inside: NDArray[np.bool_],
            size: int) -> NDArray[np.bool_]:  # fmt: skip
    """Which spans, in order of precedence, overlap none that was kept before; accounts may lie inside links."""
    holder = np.zeros(size, np.uint8)  # 1: a link, 2: something else
    kept = np.zeros(len(starts), np.bool_)
    for k in range(len(starts)):
        worst = 0
        for i in range(starts[k], ends[k]):
            worst = max(worst, int(holder[i]))
        if worst > (1 if inside[k] else 0):
            continue
        kept[k] = True
        for i in range(starts[k], ends[k]):
            holder[i] = 1 if links[k] else 2
    return kept
