"""What speaks for a correction as the answer to a message: a handful of numbers for each candidate.

Belongs here: the features and how they are computed. What they are worth is learned (``model.py``).
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, I32, I64, inner, kernel, record
from tocsin.engine.matching.index import FIELDS, FORWARD, LEXICON, Forward, Index, Lexicon, saturate
from tocsin.engine.matching.search import QUESTION, Question
from tocsin.engine.matching.terms import NUMBER, PAIR

FEATURES = (
    "terms",  # BM25 over the terms of all fields
    "pieces",  # BM25 over the pieces of words: other forms, compounds
    "title",  # which share of what the title tells the message says as well
    "subtitle",
    "claim",  # the same of the body of a correction that has a title
    "characters",  # the same of the characters of a correction in a script without spaces
    "strange numbers",  # how many numbers, up to three, the correction names and the message does not
    "near",  # how near the dates of both are, 1 for the next day; 0 where one has none
    "early",  # whether the correction is older than the message by more than three days
)
_SCALE = np.array([1 / 20, 1 / 20, 3.0, 3.0, 3.0, 3.0, 1 / 3, 1.0, 1.0])
"""Brings the features to about the same size, so that one penalty fits all when their weights are learned."""

_STRANGE = 3
_PIECE_LENGTH_SHARE = 0.75  # BM25's b for pieces, whose number differs by the length of words as well
_NEAR_DAYS = 10.0
_EARLY_DAYS = 3


class _Lookup(NamedTuple):
    """Finds the place of a number among ``numbers``: an open hash table that holds places + 1."""

    numbers: NDArray[np.int32]
    table: NDArray[np.int64]


class _Tally(NamedTuple):
    """Scratch for one candidate, by place in the question. counts: occurrences.  seen: the last field that had it.
    touched: places with a count, the first of it says how many."""

    counts: NDArray[np.int32]
    seen: NDArray[np.int64]
    touched: NDArray[np.int32]


_LOOKUP: Any = record(_Lookup, I32, I64)
_TALLY: Any = record(_Tally, I32, I64, I32)


def evidence(question: Question, index: Index, candidates: NDArray[np.int32]) -> NDArray[np.float64]:
    """The features of each candidate: float64 of shape (candidates, features), in the order of FEATURES."""
    rows: NDArray[np.float64] = _evidence(question, index.forward, index.lexicon, candidates)
    rows *= _SCALE
    return rows


@inner(_LOOKUP(I32))
def _lookup(numbers: NDArray[np.int32]) -> _Lookup:
    size = 4
    while size < 3 * len(numbers):
        size *= 2
    table = np.zeros(size, np.int64)
    for i in range(len(numbers)):
        at = (numbers[i] * 2654435761) & (size - 1)
        while table[at]:
            at = (at + 1) & (size - 1)
        table[at] = i + 1
    return _Lookup(numbers, table)


@inner(COUNT(_LOOKUP, types.int32))
def _place(lookup: _Lookup, number: np.int32) -> int:
    """The place of a number, or -1."""
    table, numbers = lookup.table, lookup.numbers
    at = (number * 2654435761) & (len(table) - 1)
    while table[at]:
        if numbers[table[at] - 1] == number:
            return int(table[at]) - 1
        at = (at + 1) & (len(table) - 1)
    return -1


@inner(_TALLY(COUNT))
def _new_tally(size: int) -> _Tally:
    return _Tally(np.zeros(size, np.int32), np.full(size, -1, np.int64), np.zeros(size + 1, np.int32))


@inner(types.void(_TALLY, COUNT))
def _note(tally: _Tally, place: int) -> None:
    """Count an occurrence."""
    if tally.counts[place] == 0:
        tally.touched[0] += 1
        tally.touched[tally.touched[0]] = place
    tally.counts[place] += 1


@inner(types.float64(_TALLY, types.float32[::1], types.float32[::1], types.float64, types.float64))
def _add_up(
    tally: _Tally, weights: NDArray[np.float32], repeats: NDArray[np.float32], length: float, mean: float
) -> float:
    """BM25 of what was counted, and a clean tally."""
    total = 0.0
    for i in range(1, tally.touched[0] + 1):
        place = tally.touched[i]
        total += weights[place] * repeats[place] * saturate(tally.counts[place], length, mean)
        tally.counts[place] = 0
    tally.touched[0] = 0
    return total


@inner(COUNT(I32, COUNT, types.int32))
def _collect(strange: NDArray[np.int32], n: int, term: np.int32) -> int:
    """Add a term to the first n of ``strange`` unless it is there or they are full. Returns the new n."""
    for i in range(n):
        if strange[i] == term:
            return n
    if n < len(strange):
        strange[n] = term
        n += 1
    return n


@inner(types.void(types.float64[::1], types.int64, types.int64))
def _compare_days(row: NDArray[np.float64], asked: int, answered: int) -> None:
    if asked and answered:
        row[7] = 1 / (1 + abs(answered - asked - 1) / _NEAR_DAYS)
        row[8] = 1.0 if answered < asked - _EARLY_DAYS else 0.0


class _Search(NamedTuple):
    """A question made ready: where its terms and pieces are found, and scratch to count them in."""

    terms: _Lookup
    pieces: _Lookup
    tally: _Tally
    piece_tally: _Tally


_SEARCH: Any = record(_Search, _LOOKUP, _LOOKUP, _TALLY, _TALLY)


@inner(types.void(_SEARCH, QUESTION, LEXICON, types.int32, types.int32, types.float64[::1]))
def _note_pieces(
    search: _Search, question: Question, lexicon: Lexicon, term: np.int32, document: np.int32, row: NDArray[np.float64]
) -> None:
    """Count the pieces of a word of a candidate, or add up the characters of a pair that the question has as well."""
    pieces, tally = search.pieces, search.piece_tally
    pair = lexicon.kinds[term] == PAIR
    for at in range(lexicon.piece_bounds[term], lexicon.piece_bounds[term + 1]):
        place = _place(pieces, lexicon.pieces[at])
        if place < 0:
            continue
        if not pair:
            _note(tally, place)
        elif tally.seen[place] != document:
            tally.seen[place] = document
            row[5] += question.piece_weights[place]


@inner(COUNT(_SEARCH, QUESTION, FORWARD, LEXICON, types.int32, types.float64[::1]))
def _read(
    search: _Search,
    question: Question,
    forward: Forward,
    lexicon: Lexicon,
    document: np.int32,
    row: NDArray[np.float64],
) -> int:
    """Count everything in a candidate that the question has as well. Returns how many numbers it has not."""
    terms, tally = search.terms, search.tally
    strange, n = np.empty(_STRANGE, np.int32), 0
    for field in range(FIELDS * document, FIELDS * document + FIELDS):
        for at in range(forward.bounds[field], forward.bounds[field + 1]):
            term = forward.terms[at]
            place = _place(terms, term)
            if place >= 0:
                _note(tally, place)
                if tally.seen[place] != field:
                    tally.seen[place] = field
                    row[2 + field % FIELDS] += question.weights[place]
            elif lexicon.kinds[term] == NUMBER:
                n = _collect(strange, n, term)
            _note_pieces(search, question, lexicon, term, document, row)
    return n


@inner(types.void(FORWARD, types.int32, types.float64[::1]))
def _divide(forward: Forward, document: np.int32, row: NDArray[np.float64]) -> None:
    """Turn what is shared into shares of what the candidate tells; the fields of a single text are none."""
    whole = forward.whole[document]
    for field in range(FIELDS):
        told = forward.told[document, field]
        row[2 + field] = row[2 + field] / told if told > 0 and not whole else 0.0
    told = forward.told_characters[document]
    row[5] = row[5] / told if told > 0 else 0.0


@kernel(types.float64[:, ::1](QUESTION, FORWARD, LEXICON, I32))
def _evidence(
    question: Question, forward: Forward, lexicon: Lexicon, candidates: NDArray[np.int32]
) -> NDArray[np.float64]:
    """The features, before scaling."""
    rows = np.zeros((len(candidates), 9), np.float64)
    search = _Search(
        _lookup(question.terms),
        _lookup(question.pieces),
        _new_tally(len(question.terms)),
        _new_tally(len(question.pieces)),
    )
    for i in range(len(candidates)):
        document, row = candidates[i], rows[i]
        strange = _read(search, question, forward, lexicon, document, row)
        length = forward.bounds[FIELDS * document + FIELDS] - forward.bounds[FIELDS * document]
        row[0] = _add_up(search.tally, question.weights, question.repeats, length, forward.mean_terms)
        pieces, mean = forward.piece_counts[document], forward.mean_pieces
        mixed = (1 - _PIECE_LENGTH_SHARE) * mean + _PIECE_LENGTH_SHARE * pieces
        row[1] = _add_up(search.piece_tally, question.piece_weights, question.piece_repeats, mixed, mean)
        _divide(forward, document, row)
        row[6] = 0 if forward.whole[document] else strange
        _compare_days(row, question.day, forward.days[document])
    return rows
