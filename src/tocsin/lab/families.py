"""The split into rows to judge by and folds to learn from, such that near-copies never fall on two sides of it.

Families are found by the same fingerprints that group campaigns. The side of a family depends on the identifiers of
its rows alone, so that a split is the same on every machine, and stays the same when unlike rows are added.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.engine.fingerprint import fingerprint_batch
from tocsin.engine.fold import fold_batch
from tocsin.engine.text import FoldedBatch, TextBatch
from tocsin.lab.corpora import Row

ALIKE = 0.5
"""Share of equal fingerprint components from which two texts are one family."""

_BANDS, _BAND_ROWS = 16, 4
FOLDS = 4
"""Parts of the rows to learn from: what is fitted on one was learned on the others."""

HOLD_OUT = FOLDS
"""The part that nothing is learned from."""

_HOLD_OUT_SHARE = 0.15


def split(rows: Sequence[Row], folded: FoldedBatch) -> NDArray[np.int8]:
    """The part of each row: int8, 0 to `FOLDS` - 1 to learn from, or `HOLD_OUT`."""
    roots = families(rows, folded)
    names: dict[int, str] = {}
    for row, root in enumerate(roots):
        name = hashlib.sha256(rows[row].id.encode()).hexdigest()
        names[root] = min(name, names.get(root, name))
    parts = {root: _part(name) for root, name in names.items()}
    return np.array([parts[root] for root in roots], dtype=np.int8)


def families(rows: Sequence[Row], folded: FoldedBatch) -> list[int]:
    """The family of each row, as the number of its first member: rows are of one family if they are near-copies."""
    parents = _Union(len(rows))
    _join_twins(rows, folded, parents)
    _join_alike(_fingerprints(folded), parents)
    return [parents.root(row) for row in range(len(rows))]


def strangers(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """The rows that are no near-copy of any of the others."""
    together = [*others, *rows]
    batch = TextBatch.from_arrow(pa.array([row.text for row in together], pa.string()))
    found = families(together, fold_batch(batch))
    known = set(found[: len(others)])
    return [row for row, family in zip(rows, found[len(others) :], strict=True) if family not in known]


def _part(name: str) -> int:
    # hashed once more: the least of many hashes is small, and would draw every large family to one side
    draw = int(hashlib.sha256(name.encode()).hexdigest()[:12], 16) / 16**12
    if draw < _HOLD_OUT_SHARE:
        return HOLD_OUT
    return int((draw - _HOLD_OUT_SHARE) / (1 - _HOLD_OUT_SHARE) * FOLDS)


class _Union:
    """Disjoint sets; the root of a set is its smallest member."""

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def root(self, member: int) -> int:
        while self._parents[member] != member:
            self._parents[member] = self._parents[self._parents[member]]
            member = self._parents[member]
        return member

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._parents[high] = low


def _join_twins(rows: Sequence[Row], folded: FoldedBatch, parents: _Union) -> None:
    """Rows with the same identifier, or the same letters once digits and all else are gone."""
    first: dict[str | bytes, int] = {}
    letters = (folded.points > 0x60) & ~((folded.points >= 0x2000) & (folded.points <= 0x303F))
    for number, row in enumerate(rows):
        begin, end = int(folded.offsets[number]), int(folded.offsets[number + 1])
        key = folded.points[begin:end][letters[begin:end]].tobytes()
        for same in (row.id, key) if key else (row.id,):
            parents.join(number, first.setdefault(same, number))


def _fingerprints(folded: FoldedBatch) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    column = fingerprint_batch(folded)
    known = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    data = b"".join(each for each in column.to_pylist() if each is not None)
    return known, np.frombuffer(data, dtype="<u2").reshape(len(known), _BANDS * _BAND_ROWS)


def _join_alike(fingerprints: tuple[NDArray[np.int64], NDArray[np.uint16]], parents: _Union) -> None:
    known, prints = fingerprints
    for band in range(_BANDS):
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for number, key in enumerate(prints[:, band * _BAND_ROWS : (band + 1) * _BAND_ROWS]):
            buckets[key.tobytes()].append(number)
        for members in buckets.values():
            same = (prints[members] == prints[members[0]]).mean(axis=1) >= ALIKE
            for number, alike in zip(members, same, strict=True):
                if alike:
                    parents.join(int(known[members[0]]), int(known[number]))
