"""The arithmetic of learning to match: weights of features, scales of scores, ranking out of fold.

Everything is by Newton's method on a few numbers, in a fixed order: the same input gives the same result. Knows nothing
of files or languages.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.matching.evidence import FEATURES
from tocsin.engine.matching.matcher import CANDIDATES, Matcher, leads_of
from tocsin.engine.matching.model import Scale

LISTED = 5
PENALTY = 2.0
REMOVED_SHARE = 0.1

_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Weighed:
    """Features of the candidates of some queries: float64 of shape (queries, CANDIDATES, features), padded with zeros.

    documents: numbers of corrections, -1 where there is no candidate.  right: bool, which of them answer.
    """

    documents: NDArray[np.int64]
    features: NDArray[np.float64]
    right: NDArray[np.bool_]


def weigh(matcher: Matcher, texts: list[str], right: list[set[int]]) -> Weighed:
    """The features of all candidates of some queries."""
    documents = np.full((len(texts), CANDIDATES), -1, np.int64)
    features = np.zeros((len(texts), CANDIDATES, len(FEATURES)))
    for row, text in enumerate(texts):
        found, values = matcher.features(text)
        documents[row, : len(found)], features[row, : len(found)] = found, values
    hits = [[document in wanted for document in row] for row, wanted in zip(documents.tolist(), right, strict=True)]
    return Weighed(documents, features, np.array(hits, dtype=np.bool_).reshape(documents.shape))


def fit_weights(weighed: Weighed, importance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The worth of each feature: maximum likelihood of the right candidate under a softmax over all candidates, with
    PENALTY on the squares, by Newton's method. importance: of each query."""
    some = weighed.right.any(axis=1)
    features, importance = weighed.features[some], importance[some]
    absent = weighed.documents[some] < 0
    wanted = weighed.right[some] / weighed.right[some].sum(axis=1, keepdims=True)
    weights = np.zeros(features.shape[2])
    for _ in range(30):
        values = np.where(absent, -np.inf, np.einsum("qcf,f->qc", features, weights))
        shares = np.exp(values - values.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        gradient = np.einsum("q,qc,qcf->f", importance, shares - wanted, features) + PENALTY * weights
        means = np.einsum("qc,qcf->qf", shares, features)
        curvature = np.einsum("q,qc,qcf,qcg->fg", importance, shares, features, features, optimize=True)
        curvature -= np.einsum("q,qf,qg->fg", importance, means, means)
        step = np.linalg.solve(curvature + PENALTY * np.eye(len(weights)), gradient)
        weights = weights - step * min(1.0, 2.0 / np.abs(step).max())
        if np.abs(step).max() < 1e-9:
            break
    return weights


@dataclass(frozen=True, slots=True)
class Ranked:
    """The listed candidates of each query: leads (-inf where there is none), the strength of the crowd, whether each is
    right, and the average precision of the list."""

    leads: NDArray[np.float64]
    crowd: NDArray[np.float64]
    right: NDArray[np.bool_]
    precision: NDArray[np.float64]


def rank(weighed: Weighed, weights: NDArray[np.float64], totals: list[int]) -> Ranked:
    """List the best LISTED candidates of each query; ``totals`` are the numbers of right answers, one where copies are
    merged."""
    leads = np.full((len(weighed.documents), LISTED), -np.inf)
    crowd = np.zeros(len(weighed.documents))
    right = np.zeros((len(weighed.documents), LISTED), np.bool_)
    for row, documents in enumerate(weighed.documents):
        there = int((documents >= 0).sum())
        features = weighed.features[row, :there]
        order = np.argsort(-(features @ weights), kind="stable")
        listed = min(there, LISTED)
        ranked, crowd[row] = leads_of(features[order], weights)
        if there:
            leads[row, :listed] = np.maximum.accumulate(ranked[::-1])[::-1][:listed]
        right[row, :listed] = weighed.right[row, order[:listed]]
    gains = right * right.cumsum(axis=1) / np.arange(1, LISTED + 1)
    return Ranked(leads, crowd, right, gains.sum(axis=1) / np.minimum(np.array(totals), LISTED))


def cross_validate(judged: Weighed, alike: Weighed, other: Weighed, totals: list[int], worth: float) -> Ranked:
    """Rank the queries of ``judged`` by weights that were fitted without them.

    alike: the same queries as the weights are fitted on.  other: more queries, that are all fitted on.  worth: how much
    one of ``alike`` counts where one of ``other`` counts 1.
    """
    folds = np.random.default_rng(7).permutation(len(judged.documents)) % _FOLDS
    parts, places = [], []
    for fold in range(_FOLDS):
        inside, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        joined, importance = join((_choose(alike, inside), worth), (other, 1.0))
        # the penalty is for queries that count at least 1
        weights = fit_weights(joined, importance / min(1.0, worth))
        parts.append(rank(_choose(judged, out), weights, [totals[row] for row in out]))
        places.append(out)
    order = np.argsort(np.concatenate(places))
    return Ranked(
        np.concatenate([part.leads for part in parts])[order],
        np.concatenate([part.crowd for part in parts])[order],
        np.concatenate([part.right for part in parts])[order],
        np.concatenate([part.precision for part in parts])[order],
    )


def _choose(weighed: Weighed, rows: NDArray[np.int64]) -> Weighed:
    return Weighed(weighed.documents[rows], weighed.features[rows], weighed.right[rows])


def join(*parts: tuple[Weighed, float]) -> tuple[Weighed, NDArray[np.float64]]:
    """The queries of all parts, and the importance of each."""
    joined = Weighed(
        np.concatenate([part.documents for part, _ in parts]),
        np.concatenate([part.features for part, _ in parts]),
        np.concatenate([part.right for part, _ in parts]),
    )
    return joined, np.concatenate([np.full(len(part.documents), worth) for part, worth in parts])


def fit_scale(answered: Ranked, unrelated: Ranked, removed: Ranked, value: NDArray[np.float64], loss: float) -> Scale:
    """A logistic scale by which the best candidate scores how sure it is that the answer is listed, and the threshold
    that costs at most ``loss`` of ``value``, which is what each answered query is worth.

    Answered queries count as much as what has no answer. Of the latter, unrelated messages count most: next to a query
    whose answers were removed there often is a correction of the same matter, which is no bad thing to be told.
    """
    parts = (answered, unrelated, removed)
    worths = (1.0, 1.0 - REMOVED_SHARE, REMOVED_SHARE)
    columns = np.concatenate([_columns(part) for part in parts])
    listed = answered.right.any(axis=1).astype(np.float64)
    right = np.concatenate([listed, np.zeros(len(unrelated.crowd) + len(removed.crowd))])
    importance = np.concatenate(
        [np.full(len(part.crowd), worth / len(part.crowd)) for part, worth in zip(parts, worths, strict=True)]
    )
    by_lead, by_crowd, offset = _fit_logistic(columns, right, importance).tolist()
    scale = Scale(by_lead, by_crowd, offset, 0.0)
    best = best_scores(answered, scale)
    threshold = max(score for score in best if value[best < score].sum() <= loss * len(value))
    # cut off below, so that rounding cannot turn the edge into a loss
    return replace(scale, threshold=float(np.floor(1000 * threshold) / 1000))


def _columns(ranked: Ranked) -> NDArray[np.float64]:
    """What the score of the best candidate is computed from; where there is none, as if it had no lead."""
    return np.stack([np.maximum(ranked.leads[:, 0], 0.0), ranked.crowd, np.ones(len(ranked.crowd))], axis=1)


def best_scores(ranked: Ranked, scale: Scale) -> NDArray[np.float64]:
    """The score of the best candidate of each query, 0 where there is none."""
    scores = scale.score(np.maximum(ranked.leads[:, 0], 0.0), ranked.crowd)
    return np.where(np.isfinite(ranked.leads[:, 0]), scores, 0.0)


def _fit_logistic(
    columns: NDArray[np.float64], right: NDArray[np.float64], importance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The coefficients of a logistic regression, by Newton's method."""
    found = np.zeros(columns.shape[1])
    for _ in range(100):
        shares = 1 / (1 + np.exp(-(columns @ found)))
        gradient = np.einsum("n,n,nf->f", importance, shares - right, columns)
        curvature = np.einsum("n,n,nf,ng->fg", importance, shares * (1 - shares), columns, columns)
        step = np.linalg.solve(curvature + 1e-9 * np.eye(len(found)), gradient)
        found = found - step * min(1.0, 1.0 / np.abs(step).max())
        if np.abs(step).max() < 1e-10:
            break
    return found


def without_answers(weighed: Weighed) -> Weighed:
    """The same queries against corrections that lack their answers."""
    documents = np.where(weighed.right, -1, weighed.documents)
    order = np.argsort(documents < 0, axis=1, kind="stable")
    return Weighed(
        np.take_along_axis(documents, order, axis=1),
        np.take_along_axis(weighed.features, order[:, :, None], axis=1),
        np.zeros_like(weighed.right),
    )
