"""The nearest corrections by BM25 alone: from all of them to the hundred that are worth weighing.

A question reads at most BUDGET postings, the rarest terms first, so that it takes a bounded time however many
corrections there are. What is skipped are the commonest terms, which hardly tell one correction from another; those
that were found get their share of these terms when they are weighed.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.kernels import COUNT, I32, kernel, record, several
from tocsin.engine.matching.index import F32, POSTINGS, SATURATION, Index, Lexicon, Postings
from tocsin.engine.matching.terms import pieces_of, terms_of

BUDGET = 3_000_000
"""Postings that one question reads at most, whole terms at a time."""


class Question(NamedTuple):
    """What is asked of an index, in its numbers; terms and pieces that no correction holds are left out.

    terms, pieces: int32, different ones.  weights, piece_weights: float32, how much each tells.  repeats,
    piece_repeats: float32, how much its repetition counts, from 1.  day: ordinal of the date that the message names,
    or 0.
    """

    terms: NDArray[np.int32]
    weights: NDArray[np.float32]
    repeats: NDArray[np.float32]
    pieces: NDArray[np.int32]
    piece_weights: NDArray[np.float32]
    piece_repeats: NDArray[np.float32]
    day: int


QUESTION: Any = record(Question, I32, F32, F32, I32, F32, F32, COUNT)


def ask(text: str, day: int, lexicon: Lexicon) -> Question:
    """Put a message into the numbers of a lexicon."""
    message = terms_of([text])
    pieces = pieces_of(message, np.arange(len(message.keys), dtype=np.int64))
    terms, counts = _number(message.keys, lexicon.keys)
    piece_numbers, piece_counts = _number(pieces.keys, lexicon.piece_keys)
    return Question(
        terms=terms,
        weights=lexicon.weights[terms],
        repeats=_repeat(counts),
        pieces=piece_numbers,
        piece_weights=lexicon.piece_weights[piece_numbers],
        piece_repeats=_repeat(piece_counts),
        day=day,
    )


def _number(keys: NDArray[np.uint32], known: NDArray[np.uint32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The numbers of the different known keys among ``keys``, and how often each occurs."""
    if not len(known):
        return np.zeros(0, np.int32), np.zeros(0, np.int64)
    different, counts = np.unique(keys, return_counts=True)
    places = np.minimum(np.searchsorted(known, different), len(known) - 1)
    found = known[places] == different
    return places[found].astype(np.int32), counts[found]


def _repeat(counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """BM25's weight of a term that a question repeats (k3), from 1."""
    return (counts * (SATURATION + 1) / (counts + SATURATION)).astype(np.float32)


def nearest(question: Question, index: Index, most: int) -> NDArray[np.int32]:
    """Numbers of at most ``most`` corrections that share a term with the question, best first, ties in their order."""
    sizes = index.postings.bounds[question.terms + 1] - index.postings.bounds[question.terms]
    order = np.argsort(sizes, kind="stable")
    used = order[: max(1, int(np.searchsorted(np.cumsum(sizes[order]), BUDGET, side="right")))]
    found, scores = _gather(index.postings, question.terms[used], question.repeats[used], len(index), most)
    return found[np.lexsort((found, -scores))]


@kernel(several(I32, F32)(POSTINGS, I32, F32, COUNT, COUNT))
def _gather(
    postings: Postings, terms: NDArray[np.int32], repeats: NDArray[np.float32], total: int, most: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Add up the gains of all corrections, and keep the best in a heap whose root is the worst that is kept."""
    scores = np.zeros(total, np.float32)
    documents, gains = postings.documents, postings.gains
    for i in range(len(terms)):
        repeat = repeats[i]
        for at in range(postings.bounds[terms[i]], postings.bounds[terms[i] + 1]):
            scores[documents[at]] += repeat * gains[at]
    heap, n = np.empty(most, np.int32), 0
    for document in range(total):
        score = scores[document]
        if score <= 0 or (n == most and score <= scores[heap[0]]):
            continue
        if n < most:
            at = n
            n += 1
            while at and scores[heap[(at - 1) >> 1]] > score:
                heap[at] = heap[(at - 1) >> 1]
                at = (at - 1) >> 1
        else:
            at = 0
            while 2 * at + 1 < n:
                child = 2 * at + 1
                if child + 1 < n and scores[heap[child + 1]] < scores[heap[child]]:
                    child += 1
                if scores[heap[child]] >= score:
                    break
                heap[at] = heap[child]
                at = child
        heap[at] = document
    return heap[:n].copy(), scores[heap[:n]]
