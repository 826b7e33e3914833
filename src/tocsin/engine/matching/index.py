"""The corrections in columns: their terms in order, the postings of each term, how much each term and piece tells.

Built once for a set of corrections and never changed. Belongs here: counting. Does not belong here: any weighing by
what was learned, that is ``evidence.py``; the identifiers of corrections, those are kept by ``matcher.py``.

Telling is measured as in BM25 (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework"), with document
length counted in full (b = 1), and raised to POWER. The share of texts that hold a term is smoothed by the share of
everyday messages that hold it: a handful of corrections says little of how common a word is.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, I32, I64, U8, inner, kernel, record, several
from tocsin.engine.matching.terms import Terms, pieces_of, terms_of

FIELDS = 3
"""Title, subtitle, and body: the claim, or the text of a correction that is one text."""

SATURATION = 1.5
"""BM25's k1: how quickly a further occurrence of a term stops counting."""

POWER = 1.25
EVERYDAY_WEIGHT = 1000.0
"""The everyday messages count as so many corrections, when it comes to how common a term is."""

_CHUNK = 20_000  # corrections that are folded at a time
F32: Any = types.float32[::1]


class Everyday(NamedTuple):
    """Common terms of everyday messages. keys: sorted uint32 names.  shares: float32, of messages that hold each."""

    keys: NDArray[np.uint32]
    shares: NDArray[np.float32]


class Forward(NamedTuple):
    """What stands in each correction.

    terms: int32 numbers of terms, all corrections in order.  bounds: int64, field f of correction i has
    ``terms[bounds[3 * i + f]:bounds[3 * i + f + 1]]``.  whole: uint8, 1 for a correction that is one text.
    days: int64 ordinals, 0 unknown.  told: float32[n, 3], sum of the weights of the different terms of each field.
    told_characters: float32[n], the same of the characters of pairs.  mean_terms, mean_pieces: of a correction.
    piece_counts: int32[n], pieces of the words of each.
    """

    terms: NDArray[np.int32]
    bounds: NDArray[np.int64]
    whole: NDArray[np.uint8]
    days: NDArray[np.int64]
    told: NDArray[np.float32]
    told_characters: NDArray[np.float32]
    piece_counts: NDArray[np.int32]
    mean_terms: float
    mean_pieces: float


class Lexicon(NamedTuple):
    """All terms and pieces that occur. Terms are numbered in the order of their names, pieces as well.

    keys, piece_keys: sorted uint32 names.  kinds: uint8.  weights, piece_weights: float32, how much each tells.
    pieces: int32, term t has ``pieces[piece_bounds[t]:piece_bounds[t + 1]]``.
    """

    keys: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    weights: NDArray[np.float32]
    pieces: NDArray[np.int32]
    piece_bounds: NDArray[np.int64]
    piece_keys: NDArray[np.uint32]
    piece_weights: NDArray[np.float32]


class Postings(NamedTuple):
    """The corrections that hold each term.

    Term t is in ``documents[bounds[t]:bounds[t + 1]]``, ascending; ``gains`` is what it adds to each.
    """

    bounds: NDArray[np.int64]
    documents: NDArray[np.int32]
    gains: NDArray[np.float32]


FORWARD: Any = record(Forward, I32, I64, U8, I64, types.float32[:, ::1], F32, I32, types.float64, types.float64)
LEXICON: Any = record(Lexicon, types.uint32[::1], U8, F32, I32, I64, types.uint32[::1], F32)
POSTINGS: Any = record(Postings, I64, I32, F32)


class Index(NamedTuple):
    """Everything that is known of a set of corrections."""

    forward: Forward
    lexicon: Lexicon
    postings: Postings

    def __len__(self) -> int:
        return len(self.forward.whole)


class Draft(NamedTuple):
    """One correction as it goes into an index. fields: title, subtitle, body.  whole: the body is all there is.
    day: ordinal of its date, or 0."""

    fields: tuple[str, str, str]
    whole: bool
    day: int


def build_index(drafts: Iterable[Draft], everyday: Everyday) -> Index:
    """Read every correction once and count.

    Memory is about 600 bytes a correction of forty words, and three times as much while building.
    """
    reader = _Reader()
    for chunk in _chunks(drafts):
        reader.read(chunk)
    return reader.finish(everyday)


def _chunks(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    waiting = iter(drafts)
    while chunk := list(islice(waiting, _CHUNK)):
        yield chunk


class _Reader:
    """Gathers the terms of chunk after chunk."""

    def __init__(self) -> None:
        self._keys: list[NDArray[np.uint32]] = []
        self._sizes: list[NDArray[np.int64]] = []
        self._whole: list[bool] = []
        self._days: list[int] = []
        self._known: list[_Known] = []

    def read(self, chunk: list[Draft]) -> None:
        """Take in a chunk of corrections."""
        terms = terms_of([field for draft in chunk for field in draft.fields])
        self._keys.append(terms.keys)
        self._sizes.append(np.diff(terms.bounds))
        self._whole += [draft.whole for draft in chunk]
        self._days += [draft.day for draft in chunk]
        self._known.append(_know(terms))

    def finish(self, everyday: Everyday) -> Index:
        """Number the terms, count them, and weigh them."""
        known = _merge(self._known)
        numbers = [np.searchsorted(known.keys, keys).astype(np.int32) for keys in self._keys]
        sizes = np.concatenate([np.zeros(1, np.int64), *self._sizes])
        piece_keys, pieces = np.unique(known.pieces, return_inverse=True)
        stream = np.concatenate([np.zeros(0, np.int32), *numbers])
        bounds = np.cumsum(sizes)
        piece_numbers = pieces.astype(np.int32)
        total = len(self._whole)
        holders, piece_holders, piece_counts = _count(
            stream, bounds, known.kinds, piece_numbers, known.piece_bounds, len(piece_keys)
        )
        weights = _weigh(holders, total, EVERYDAY_WEIGHT * _everyday_shares(known.keys, everyday), EVERYDAY_WEIGHT)
        piece_weights = _weigh(piece_holders, total, np.zeros(len(piece_keys)), 0.0)
        lexicon = Lexicon(
            known.keys, known.kinds, weights, piece_numbers, known.piece_bounds, piece_keys, piece_weights
        )
        told, told_characters = _tell(stream, bounds, lexicon)
        forward = Forward(
            terms=stream,
            bounds=bounds,
            whole=np.array(self._whole, dtype=np.uint8),
            days=np.array(self._days, dtype=np.int64),
            told=told,
            told_characters=told_characters,
            piece_counts=piece_counts,
            mean_terms=max(1.0, len(stream) / max(1, total)),
            mean_pieces=max(1.0, float(piece_counts.sum()) / max(1, total)),
        )
        return Index(forward, lexicon, _post(forward, holders, weights))


class _Known(NamedTuple):
    """Different terms: sorted names, kinds, and the names of their pieces."""

    keys: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    pieces: NDArray[np.uint32]
    piece_bounds: NDArray[np.int64]


def _know(terms: Terms) -> _Known:
    keys, first = np.unique(terms.keys, return_index=True)
    pieces = pieces_of(terms, first.astype(np.int64))
    return _Known(keys, terms.kinds[first], pieces.keys, pieces.bounds)


def _merge(parts: list[_Known]) -> _Known:
    """The terms of all parts, each once."""
    if not parts:
        return _Known(np.zeros(0, np.uint32), np.zeros(0, np.uint8), np.zeros(0, np.uint32), np.zeros(1, np.int64))
    keys, first = np.unique(np.concatenate([part.keys for part in parts]), return_index=True)
    starts = np.concatenate([part.piece_bounds[:-1] for part in parts])
    sizes = np.concatenate([np.diff(part.piece_bounds) for part in parts])
    starts += np.repeat(np.cumsum([0, *(len(part.pieces) for part in parts[:-1])]), [len(part.keys) for part in parts])
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes[first])])
    places = np.arange(bounds[-1]) - np.repeat(bounds[:-1] - starts[first], sizes[first])
    pieces = np.concatenate([part.pieces for part in parts])[places]
    return _Known(keys, np.concatenate([part.kinds for part in parts])[first], pieces, bounds)


def _everyday_shares(keys: NDArray[np.uint32], everyday: Everyday) -> NDArray[np.float64]:
    shares = np.zeros(len(keys))
    if len(everyday.keys):
        place = np.minimum(np.searchsorted(everyday.keys, keys), len(everyday.keys) - 1)
        found = everyday.keys[place] == keys
        shares[found] = everyday.shares[place[found]]
    return shares


def _weigh(
    holders: NDArray[np.int32], total: int, more_holders: NDArray[np.float64], more_texts: float
) -> NDArray[np.float32]:
    """BM25's inverse document frequency, ``log(1 + (1 - p) / p)``, to the power of POWER."""
    share = (holders + more_holders + 0.5) / (total + more_texts + 0.5)
    return (np.log(1 / np.minimum(share, 1.0)) ** POWER).astype(np.float32)


@kernel(several(I32, I32, I32)(I32, I64, U8, I32, I64, COUNT))
def _count(
    terms: NDArray[np.int32],
    bounds: NDArray[np.int64],
    kinds: NDArray[np.uint8],
    pieces: NDArray[np.int32],
    piece_bounds: NDArray[np.int64],
    different_pieces: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """How many corrections hold each term and each piece; and ``piece_counts`` of Forward."""
    total = (len(bounds) - 1) // FIELDS
    holders, piece_holders = np.zeros(len(kinds), np.int32), np.zeros(different_pieces, np.int32)
    seen, piece_seen = np.full(len(kinds), -1, np.int32), np.full(different_pieces, -1, np.int32)
    piece_counts = np.zeros(total, np.int32)
    for document in range(total):
        for place in range(bounds[FIELDS * document], bounds[FIELDS * document + FIELDS]):
            term = terms[place]
            first, last = piece_bounds[term], piece_bounds[term + 1]
            if kinds[term] != 2:
                piece_counts[document] += last - first
            if seen[term] == document:
                continue
            seen[term] = document
            holders[term] += 1
            for at in range(first, last):
                if piece_seen[pieces[at]] != document:
                    piece_seen[pieces[at]] = document
                    piece_holders[pieces[at]] += 1
    return holders, piece_holders, piece_counts


@kernel(several(types.float32[:, ::1], F32)(I32, I64, LEXICON))
def _tell(
    terms: NDArray[np.int32], bounds: NDArray[np.int64], lexicon: Lexicon
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """``told`` and ``told_characters`` of Forward."""
    total = (len(bounds) - 1) // FIELDS
    told, characters = np.zeros((total, FIELDS), np.float32), np.zeros(total, np.float32)
    seen = np.full(len(lexicon.keys), -1, np.int64)
    piece_seen = np.full(len(lexicon.piece_keys), -1, np.int32)
    for field in range(FIELDS * total):
        document = field // FIELDS
        for place in range(bounds[field], bounds[field + 1]):
            term = terms[place]
            if seen[term] == field:
                continue
            seen[term] = field
            told[document, field % FIELDS] += lexicon.weights[term]
            if lexicon.kinds[term] == 2:
                for at in range(lexicon.piece_bounds[term], lexicon.piece_bounds[term + 1]):
                    piece = lexicon.pieces[at]
                    if piece_seen[piece] != document:
                        piece_seen[piece] = document
                        characters[document] += lexicon.piece_weights[piece]
    return told, characters


@inner(types.float64(types.float64, types.float64, types.float64))
def saturate(count: float, length: float, mean: float) -> float:
    """BM25's weight of a term that occurs ``count`` times in a text ``length`` long, between 0 and SATURATION + 1."""
    return count * (SATURATION + 1) / (count + SATURATION * length / mean)


@kernel(POSTINGS(FORWARD, I32, F32))
def _post(forward: Forward, holders: NDArray[np.int32], weights: NDArray[np.float32]) -> Postings:
    """Sort the terms of all corrections by term."""
    bounds = np.zeros(len(holders) + 1, np.int64)
    for term in range(len(holders)):
        bounds[term + 1] = bounds[term] + holders[term]
    documents, counts = np.empty(bounds[-1], np.int32), np.zeros(bounds[-1], np.float32)
    filled = bounds[:-1].copy()
    terms, fields = forward.terms, forward.bounds
    for document in range(len(forward.whole)):
        first, last = fields[FIELDS * document], fields[FIELDS * document + FIELDS]
        for place in range(first, last):
            term = terms[place]
            at = filled[term]
            if at == bounds[term] or documents[at - 1] != document:
                documents[at] = document
                filled[term] = at + 1
            counts[filled[term] - 1] += 1
        for place in range(first, last):
            at = filled[terms[place]] - 1
            if counts[at] > 0:  # not yet turned into a gain, which is kept negative until the end
                counts[at] = -weights[terms[place]] * saturate(counts[at], last - first, forward.mean_terms)
    return Postings(bounds, documents, -counts)
