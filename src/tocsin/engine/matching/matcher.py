"""The door: a set of corrections, and for a message those that answer it, each with a score.

    matcher = Matcher.build([Correction("c1", title="…", claim="…"), Correction("c2", text="…")])
    matches = matcher.match("Is it true that …?", top=5)    # best first; empty where nothing answers

The score is from 0 to 1: how sure it is that the correction answers the message. It grows with the lead of a candidate
over the crowd, which is what the candidates of the ranks 6 to 25 reach: a message that no correction answers has many
candidates that are equally bad. A matcher is never changed, so threads may share it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.matching.evidence import FEATURES, evidence
from tocsin.engine.matching.index import FIELDS, Draft, Index, build_index
from tocsin.engine.matching.model import MatchingModel, Scale, load_matching
from tocsin.engine.matching.reading import date_in
from tocsin.engine.matching.search import ask, nearest

CANDIDATES = 100
"""Corrections that are weighed for one message."""

CROWD = slice(5, 25)
COPY = 0.8
"""Share of common terms from which one correction is a near copy of another."""

_RANKS_ONLY, _NEAR = FEATURES.index("characters"), FEATURES.index("near")


@dataclass(frozen=True, slots=True)
class Correction:
    """One published correction.

    Either a text, or any of title, subtitle and the claim that it answers. date: when it was published, in words that
    ``reading.date_in`` knows, such as "26 May 2015" or "2015-05-26"; empty where unknown.
    """

    id: str | int
    title: str = ""
    subtitle: str = ""
    claim: str = ""
    text: str = ""
    date: str = ""

    def draft(self) -> Draft:
        """As it goes into an index."""
        whole = not (self.title or self.subtitle or self.claim)
        body = f"{self.claim} {self.text}" if self.claim and self.text else self.claim or self.text
        return Draft((self.title, self.subtitle, body), whole, date_in(self.date))


@dataclass(frozen=True, slots=True)
class Match:
    """A correction that answers a message. score: 0 to 1."""

    id: str | int
    score: float


@dataclass(frozen=True, slots=True)
class Weighed:
    """The candidates for one message, best first: numbers of corrections, their scores, which never rise, and the
    scale that these are by."""

    documents: NDArray[np.int32]
    scores: NDArray[np.float64]
    scale: Scale


class Matcher:
    """Ranks a fixed set of corrections for messages."""

    def __init__(self, ids: list[str | int], index: Index, model: MatchingModel) -> None:
        """For ``build``; ``ids`` are those of the corrections of the index, in order."""
        self._ids = ids
        self._index = index
        self._model = model

    @classmethod
    def build(cls, corrections: Iterable[Correction], model: MatchingModel | None = None) -> Self:
        """Index corrections, which are read once; without a model, the bundled one."""
        model = model or load_matching()
        ids: list[str | int] = []

        def drafts() -> Iterator[Draft]:
            for correction in corrections:
                ids.append(correction.id)
                yield correction.draft()

        index = build_index(drafts(), model.everyday)
        return cls(ids, index, model)

    def __len__(self) -> int:
        return len(self._ids)

    def match(
        self, text: str, *, top: int = 5, threshold: float | None = None, merge_copies: bool = False
    ) -> list[Match]:
        """At most ``top`` corrections that answer a message, best first; none where even the best scores too low.

        threshold: the score that the best has to reach; without it, the shipped one.  merge_copies: leave out near
        copies of a correction that is listed higher.
        """
        weighed = self.weigh(text)
        if not len(weighed.documents):
            return []
        if weighed.scores[0] < (weighed.scale.threshold if threshold is None else threshold):
            return []
        ranks = self._distinct(weighed.documents, top) if merge_copies else range(min(top, len(weighed.documents)))
        return [Match(self._ids[weighed.documents[rank]], float(weighed.scores[rank])) for rank in ranks]

    def features(self, text: str) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Candidates in the order of plain BM25, and their features (see ``evidence``)."""
        question = ask(text, date_in(text), self._index.lexicon)
        documents = nearest(question, self._index, CANDIDATES)
        return documents, evidence(question, self._index, documents)

    def weigh(self, text: str) -> Weighed:
        """All candidates for a message with their scores."""
        documents, features = self.features(text)
        order = np.argsort(-(features @ self._model.weights), kind="stable")
        documents, features = documents[order], features[order]
        leads, crowd = leads_of(features, self._model.weights)
        scale = self._scale(documents, features)
        return Weighed(documents, np.maximum.accumulate(scale.score(leads, crowd)[::-1])[::-1], scale)

    def _scale(self, documents: NDArray[np.int32], features: NDArray[np.float64]) -> Scale:
        """The scale for the candidates of one message: that of the best one's kind."""
        if len(documents) and self._index.forward.whole[documents[0]]:
            return self._model.texts
        return self._model.dated if features[:, _NEAR].any() else self._model.claims

    def _distinct(self, documents: NDArray[np.int32], top: int) -> list[int]:
        """The first ``top`` ranks whose corrections are no near copies of an earlier one."""
        kept: list[tuple[int, set[int]]] = []
        for rank, document in enumerate(documents.tolist()):
            if len(kept) == top:
                break
            terms = self._terms_of(document)
            if not any(_is_copy(terms, other) for _, other in kept):
                kept.append((rank, terms))
        return [rank for rank, _ in kept]

    def _terms_of(self, document: int) -> set[int]:
        forward = self._index.forward
        first, last = forward.bounds[FIELDS * document], forward.bounds[FIELDS * document + FIELDS]
        return set(forward.terms[first:last].tolist())


def leads_of(features: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """By how much each ranked candidate surpasses the crowd, and how strong that is; what is not there counts as 0.

    Without the feature "characters": it ranks short corrections well, but single characters are shared by chance.
    """
    plain = weights.copy()
    plain[_RANKS_ONLY] = 0.0
    values = features @ plain
    crowd = float(np.sort(values)[::-1][CROWD].sum()) / (CROWD.stop - CROWD.start)
    return values - crowd, crowd


def _is_copy(terms: set[int], other: set[int]) -> bool:
    shared = len(terms & other)
    return shared >= COPY * (len(terms) + len(other) - shared)
