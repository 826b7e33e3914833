"""Learning and judging of matching, on the claims and queries that lie beside the project; ``learn`` is all of it.

What is learned: the share of everyday messages that hold a common term; what each feature is worth, by a softmax over
the candidates of a query, so that the right one comes first; the scales that turn leads into scores; the scores below
which nothing is said. Learned on train and dev of the English queries and on all Chinese ones, of which there are few;
dev-test is only ever measured on. All figures are out of fold. What a feature is stands in
``engine.matching.evidence``.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.matching.evidence import FEATURES
from tocsin.engine.matching.index import Everyday
from tocsin.engine.matching.matcher import Matcher
from tocsin.engine.matching.model import MODEL_PATH, MatchingModel, Scale, save_matching
from tocsin.engine.matching.reading import date_in
from tocsin.engine.matching.terms import terms_of
from tocsin.lab.corpora import CorpusError
from tocsin.lab.matching_data import (
    Queries,
    chinese_corrections,
    chinese_queries,
    english_corrections,
    english_queries,
    everyday_messages,
)
from tocsin.lab.matching_fit import (
    Ranked,
    Weighed,
    best_scores,
    cross_validate,
    fit_scale,
    fit_weights,
    join,
    rank,
    weigh,
    without_answers,
)

LEARNED_PARTS = ("train", "dev")
EVERYDAY_SHARE = 0.001
"""A term is common from this share of everyday messages on."""

CHINESE_WEIGHT = 3.0
"""A hundred queries against twelve hundred: without this, the feature that only Chinese has would hardly be learned."""

LOSS = 0.01
"""How much of the mean average precision, or of the hits of texts, the silence about doubtful answers may cost."""

_HELD_OUT = 4  # one everyday message in so many is left out of the counting, to measure false answers with
_UNRELATED = 1200
_DATES = tuple(FEATURES.index(name) for name in ("near", "early"))


@dataclass(frozen=True, slots=True)
class MatchingReport:
    """A model, and what was measured out of fold, in lines for a person."""

    model: MatchingModel
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """One kind of query: weighed, ranked out of fold, and unrelated messages weighed.

    totals: how many right answers each has; one where copies are merged.
    """

    name: str
    queries: Queries
    weighed: Weighed
    unrelated: Weighed
    totals: list[int]


def learn(data: Path, output: Path = MODEL_PATH, say: Callable[[str], None] = print) -> MatchingReport:
    """Learn a model from the data folder (holds claims/ and messages/) and write it.

    say: called with one line for each thing measured. Raises CorpusError or OSError where data are missing.
    """
    for name in ("claims", "messages"):
        if not (data / name).is_dir():
            raise CorpusError(f"{data}: has no folder {name}/")
    messages = everyday_messages(data / "messages")
    none = Scale(1.0, 0.0, 0.0, 0.0)
    blank = MatchingModel(np.zeros(len(FEATURES)), none, none, none, count_everyday(messages))
    dated, chinese = _english(data / "claims", messages["en"], blank), _chinese(data / "claims", messages["zh"], blank)
    model = replace(blank, weights=fit_weights(*join((dated.weighed, 1.0), (chinese.weighed, CHINESE_WEIGHT))))
    judged = [
        (side, cross_validate(side.weighed, alike.weighed, other.weighed, side.totals, worth))
        for side, alike, other, worth in (
            (_without_dates(dated), dated, chinese, 1 / CHINESE_WEIGHT),
            (dated, dated, chinese, 1 / CHINESE_WEIGHT),
            (chinese, chinese, dated, CHINESE_WEIGHT),
        )
    ]
    scales = {side.name: _scale(side, ranked, model) for side, ranked in judged}
    model = replace(model, claims=scales["claims"], dated=scales["dated"], texts=scales["texts"])
    lines = tuple(_describe(model, judged, scales))
    for line in lines:
        say(line)
    save_matching(output, model)
    return MatchingReport(model, lines)


def count_everyday(messages: dict[str, list[str]]) -> Everyday:
    """The common terms, with the largest share that any language gives them. Every fourth message is left out."""
    shares: dict[int, float] = {}
    for texts in messages.values():
        counted = [text for number, text in enumerate(texts) if number % _HELD_OUT]
        terms = terms_of(counted)
        holders = Counter[int]()
        for first, last in zip(terms.bounds, terms.bounds[1:], strict=False):
            holders.update(np.unique(terms.keys[first:last]).tolist())
        for key, count in holders.items():
            if count >= EVERYDAY_SHARE * len(counted):
                shares[key] = max(shares.get(key, 0.0), count / len(counted))
    keys = sorted(shares)
    return Everyday(np.array(keys, np.uint32), np.array([shares[key] for key in keys], np.float32))


def _english(claims: Path, messages: list[str], model: MatchingModel) -> _Side:
    """Dated tweets; an unrelated message gets the date of one of them, as if it had been forwarded like it."""
    corrections = english_corrections(claims)
    queries = english_queries(claims, corrections, LEARNED_PARTS)
    days = [day for text in queries.texts if (day := date_in(text))]
    dates = [datetime.date.fromordinal(day).isoformat() for day in days]
    unrelated = [f"{text} {dates[number % len(dates)]}" for number, text in enumerate(_sample(messages))]
    totals = [len(right) for right in queries.right]
    return _side("dated", Matcher.build(corrections, model), queries, unrelated, totals)


def _without_dates(side: _Side) -> _Side:
    """The same, as if no message and no correction had a date."""
    blind = []
    for weighed in (side.weighed, side.unrelated):
        features = weighed.features.copy()
        features[..., _DATES] = 0.0
        blind.append(replace(weighed, features=features))
    return replace(side, name="claims", weighed=blind[0], unrelated=blind[1])


def _chinese(claims: Path, messages: list[str], model: MatchingModel) -> _Side:
    corrections = chinese_corrections(claims)
    queries = chinese_queries(claims, corrections)
    return _side("texts", Matcher.build(corrections, model), queries, _sample(messages), [1] * len(queries.texts))


def _sample(messages: list[str]) -> list[str]:
    """Everyday messages that were not counted."""
    held_out = messages[::_HELD_OUT]
    return held_out[:: max(1, len(held_out) // _UNRELATED)]


def _side(name: str, matcher: Matcher, queries: Queries, unrelated: list[str], totals: list[int]) -> _Side:
    nothing: list[set[int]] = [set() for _ in unrelated]
    return _Side(
        name, queries, weigh(matcher, queries.texts, queries.right), weigh(matcher, unrelated, nothing), totals
    )


def _scale(side: _Side, ranked: Ranked, model: MatchingModel) -> Scale:
    """Scale and threshold of a side."""
    unrelated, removed = _rank_all(side.unrelated, model), _rank_all(without_answers(side.weighed), model)
    hits = np.asarray(ranked.right.any(axis=1), dtype=np.float64)
    value = hits if side.name == "texts" else ranked.precision
    return fit_scale(ranked, unrelated, removed, value, LOSS)


def _rank_all(weighed: Weighed, model: MatchingModel) -> Ranked:
    return rank(weighed, model.weights, [1] * len(weighed.documents))


def _describe(model: MatchingModel, judged: list[tuple[_Side, Ranked]], scales: dict[str, Scale]) -> Iterator[str]:
    """What was measured, for a person."""
    worth = ", ".join(f"{name} {weight:.2f}" for name, weight in zip(FEATURES, model.weights, strict=True))
    yield f"{len(model.everyday.keys)} everyday terms; weights: {worth}"
    for side, ranked in judged:
        scale = scales[side.name]
        for part in sorted(set(side.queries.part), reverse=True):
            chosen = np.array([each == part for each in side.queries.part])
            yield f"{side.name}, {part}: {_figures(ranked, chosen, scale, 0.0)} where all is answered"
            yield f"{side.name}, {part}: {_figures(ranked, chosen, scale, scale.threshold)} at the threshold"
        said = [
            (best_scores(_rank_all(weighed, model), scale) >= scale.threshold).mean()
            for weighed in (side.unrelated, without_answers(side.weighed))
        ]
        yield (
            f"{side.name}, threshold {scale.threshold:.3f}: answered are {said[0]:.1%} of "
            f"{len(side.unrelated.documents)} unrelated messages, {said[1]:.1%} of queries whose answers were removed"
        )


def _figures(ranked: Ranked, chosen: NDArray[np.bool_], scale: Scale, threshold: float) -> str:
    said = best_scores(ranked, scale) >= threshold
    precision = (ranked.precision * said)[chosen].mean()
    hits = (ranked.right.any(axis=1) & said)[chosen].mean()
    return f"MAP@5 {precision:.4f}, hit@5 {hits:.4f} of {chosen.sum()}"
