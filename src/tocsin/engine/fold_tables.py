"""The tables that folding reads, in the shape that its kernels want.

What is here: loading ``tables/fold.npz`` (derived by ``scripts/derive_fold_tables.py``) and ``tables/disguises.txt``
(written and reviewed by hand), the classes and roles of code points. What is not: any folding, that is ``fold.py``.
"""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, inner

POINTS = 0x110000

# Classes of code points, as the derived table has them.
HAN, LATIN, DIGIT, FOREIGN, SPACE, ODD, PLAIN, KANA, LETTER = 1, 2, 3, 4, 5, 6, 7, 8, 9
# Roles are bits: first and second of a composition, a mark to drop, first of a disguise, kana that looks like an
# ideograph. Bits 8 to 11 hold 1 + the value of a Chinese numeral.
PAIR_FIRST, PAIR_SECOND, DROPPED, DISGUISE_FIRST, LOOKS_HAN = 1, 2, 4, 8, 16
NUMERALS = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
NUMERAL_VALUES = (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9)
OPENINGS = 8192
DISGUISE_SEPARATORS = " .·-/*_+"

Points = NDArray[np.uint32]
Spans = NDArray[np.int32]
Keys = NDArray[np.uint64]
Kinds = NDArray[np.uint8]


class FoldTables(NamedTuple):
    """Everything that the kernels look up.

    slot: int32[POINTS], 0 or 1 + the index of a fold.  bounds, flat: fold i is ``flat[bounds[i]:bounds[i + 1]]``.
    kind: uint8[POINTS] classes.  role: uint16[POINTS] bits.  alike: uint32[POINTS], the letter that a point looks like,
    or 0.  pairs, pair_values: sorted ``first << 32 | second`` and the composed point.  edges, children: the trie of
    disguises, sorted ``node << 32 | point`` and the node it leads to.  words: int32[nodes, 2], where in letters the
    word of a node begins and how long it is, 0 for none.  openings: uint8[OPENINGS], whether any disguise begins with
    two points, by their open_slot.
    """

    slot: Spans
    bounds: Points
    flat: Points
    kind: Kinds
    role: NDArray[np.uint16]
    alike: Points
    pairs: Keys
    pair_values: Points
    edges: Keys
    children: Spans
    words: Spans
    letters: Points
    openings: Kinds


@cache
def load_tables() -> FoldTables:
    """Read the bundled tables, once per process (some 10 ms)."""
    folder = files("tocsin.engine") / "tables"
    with (folder / "fold.npz").open("rb") as stream, np.load(stream) as stored:
        data = {name: stored[name] for name in stored.files if name != "about"}
    slot = np.zeros(POINTS, dtype=np.int32)
    slot[data["keys"]] = np.arange(1, len(data["keys"]) + 1, dtype=np.int32)
    alike = np.zeros(POINTS, dtype=np.uint32)
    alike[data["latin_keys"]] = data["latin_values"]
    alike[data["han_keys"]] = data["han_values"]
    disguises = read_disguises((folder / "disguises.txt").read_text(encoding="utf-8"))
    edges, children, words, letters = build_trie(disguises)
    return FoldTables(
        slot=slot,
        bounds=data["bounds"],
        flat=data["flat"],
        kind=class_of_points(data["classes"]),
        role=_roles(data, edges),
        alike=alike,
        pairs=data["pairs"],
        pair_values=data["pair_values"],
        edges=edges,
        children=children,
        words=words,
        letters=letters,
        openings=_openings(disguises),
    )


@cache
def load_capitals() -> NDArray[np.bool_]:
    """bool[POINTS]: which original code points are capital Latin letters, in whatever dress (A, Ａ, 𝐀)."""
    with (files("tocsin.engine") / "tables" / "fold.npz").open("rb") as stream, np.load(stream) as stored:
        capitals = np.zeros(POINTS, dtype=np.bool_)
        capitals[stored["capitals"]] = True
    return capitals


def class_of_points(rows: Points) -> Kinds:
    """Spread rows of (first code point, class) over all code points."""
    kind = np.zeros(POINTS, dtype=np.uint8)
    for (first, value), last in zip(rows.tolist(), [*rows[1:, 0].tolist(), POINTS], strict=True):
        kind[first:last] = value
    return kind


def read_disguises(text: str) -> dict[str, str]:
    """Parse ``disguises.txt``: disguise → word, with ``~`` spelled out. Raises ValueError with the line number."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        disguise, _, word = (part.strip() for part in line.partition("="))
        if len(disguise) < 2 or not word:
            raise ValueError(f"disguises.txt line {number}: expected 'disguise = word', found {line!r}")
        for spelling in _spellings(disguise):
            if len(word) > len(spelling):  # the kernel replaces in place
                raise ValueError(f"disguises.txt line {number}: {word!r} is longer than {spelling!r}")
            if found.setdefault(spelling, word) != word:
                raise ValueError(f"disguises.txt line {number}: {spelling!r} already stands for {found[spelling]!r}")
    return found


def _spellings(disguise: str) -> list[str]:
    """A disguise with each ``~`` replaced by nothing and by every separator."""
    head, tilde, tail = disguise.partition("~")
    if not tilde:
        return [disguise]
    return [head + separator + rest for rest in _spellings(tail) for separator in ("", *DISGUISE_SEPARATORS)]


def build_trie(disguises: dict[str, str]) -> tuple[Keys, Spans, Spans, Points]:
    """The trie of all disguises as (edges, children, words, letters) of FoldTables."""
    children: dict[tuple[int, int], int] = {}
    words: list[tuple[int, int]] = [(0, 0)]
    letters: list[int] = []
    for disguise, word in sorted(disguises.items()):
        node = 0
        for char in disguise:
            node = children.setdefault((node, ord(char)), len(words))
            if node == len(words):
                words.append((0, 0))
        words[node] = (len(letters), len(word))
        letters.extend(map(ord, word))
    ordered = sorted(children)
    return (
        np.array([node << 32 | point for node, point in ordered], dtype=np.uint64),
        np.array([children[edge] for edge in ordered], dtype=np.int32),
        np.array(words, dtype=np.int32),
        np.array(letters, dtype=np.uint32),
    )


@inner(COUNT(types.uint32, types.uint32))
def open_slot(first: np.uint32, second: np.uint32) -> int:
    """Where in openings the first two points of a disguise are noted."""
    return (int(first) * 31 + int(second)) % OPENINGS


def _openings(disguises: dict[str, str]) -> Kinds:
    """The filter that spares nearly all points the walk through the trie."""
    openings = np.zeros(OPENINGS, dtype=np.uint8)
    for disguise in disguises:
        openings[(ord(disguise[0]) * 31 + ord(disguise[1])) % OPENINGS] = 1
    return openings


def _roles(data: dict[str, NDArray[np.uint32]], edges: Keys) -> NDArray[np.uint16]:
    """One word of bits for each code point, see the constants above."""
    role = np.zeros(POINTS, dtype=np.uint16)
    pairs = data["pairs"].astype(np.int64)
    role[pairs >> 32] |= PAIR_FIRST
    role[pairs & 0xFFFFFFFF] |= PAIR_SECOND
    role[data["dropped_marks"]] |= DROPPED
    role[0x1100:0x1200] |= PAIR_FIRST | PAIR_SECOND
    role[0xAC00:0xD7A4] |= PAIR_FIRST
    role[edges[edges < np.uint64(1 << 32)].astype(np.int64)] |= DISGUISE_FIRST
    role[data["han_keys"]] |= LOOKS_HAN
    for numeral, value in zip(NUMERALS, NUMERAL_VALUES, strict=True):
        role[ord(numeral)] |= (value + 1) << 8
    return role
