"""The door of the engine: text in, assessment out. Everything else in this room serves the two methods here.

    detector = Detector.load()
    table = detector.assess_batch(pa.array(["…"]))
    verdict = detector.assess("…")

The stages (fold, patterns, indicators, classifier, fingerprint) each have a module of their own; this one only runs
them in order over slices of a batch and puts the columns together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tocsin.engine import assembly
from tocsin.engine.classify import Classifier, Margins
from tocsin.engine.combine import (
    COLUMNS,
    PatternCounts,
    choose_kinds,
    confidence,
    count_patterns,
    evidence,
    indicator_columns,
    link_columns,
)
from tocsin.engine.detectors import Indicators, find_indicators
from tocsin.engine.features import LONGEST
from tocsin.engine.fingerprint import fingerprint_batch
from tocsin.engine.fold import fold_batch
from tocsin.engine.harms import Harm
from tocsin.engine.language import language_batch
from tocsin.engine.links import LinkFindings, LinkTables, count_findings, judge_links, load_tables
from tocsin.engine.model import Model, load_model, rules_hash
from tocsin.engine.patterns import Automaton, Hits, Pattern, Strength, automaton_for, read_folder
from tocsin.engine.schema import SCHEMA, Assessment, Indicator, Signal
from tocsin.engine.text import FoldedBatch, TextBatch

_STRONG, _LINK_STRONG = COLUMNS.index("strong"), COLUMNS.index("link_strong")
SLICE_ROWS = 8_192
"""Messages that are worked on at once: memory grows with this, not with the batch."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What every stage found in one slice of a batch, before anything is decided.

    table: float64 of shape (rows, `combine.COLUMNS`).
    """

    folded: FoldedBatch
    hits: Hits
    indicators: Indicators
    links: LinkFindings
    margins: Margins
    counts: PatternCounts
    table: NDArray[np.float64]


class Gatherer:
    """Runs the stages that gather evidence; the lab learns its weights from what this finds."""

    def __init__(self, patterns: tuple[Pattern, ...], automaton: Automaton, links: LinkTables) -> None:
        self.patterns = patterns
        self.statements = assembly.Statements.of(patterns)
        self._automaton = automaton
        self._links = links
        order = list(Strength)
        self._strengths = np.array([order.index(pattern.strength) for pattern in patterns], dtype=np.int8)

    @classmethod
    def load(cls, *, cache_folder: Path | None = None) -> "Gatherer":
        """Read and compile the bundled patterns. Raises PatternError where one is wrong."""
        patterns = read_folder()
        automaton = automaton_for([pattern.expression for pattern in patterns], cache_folder)
        return cls(patterns, automaton, load_tables(cache_folder))

    def gather(self, batch: TextBatch, classifier: Classifier) -> Evidence:
        """Everything known of each message of a batch."""
        folded = fold_batch(batch)
        looked_at = _clip(folded)
        hits = self._automaton.scan(looked_at)
        if looked_at is not folded:
            hits = _shift(hits, looked_at, folded)
        counts = count_patterns(hits, len(folded), self._strengths, self.statements.harms)
        indicators = find_indicators(batch, folded)
        margins = classifier.margins(folded)
        links = judge_links(batch, folded, indicators, self._links)
        columns = indicator_columns(len(folded), np.asarray(indicators.row), indicators.kind)
        columns |= link_columns(count_findings(links, len(folded)))
        return Evidence(folded, hits, indicators, links, margins, counts, evidence(margins, counts, columns))


class Detector:
    """Assesses messages. One detector may serve many threads at once: it holds nothing that a call changes."""

    def __init__(self, gatherer: Gatherer, model: Model, rules: str) -> None:
        self._gatherer = gatherer
        self._model = model
        self.rules = rules
        """Hash of all tables and the model; it is in every result."""

    @classmethod
    def load(cls, *, cache_dir: Path | None = None) -> "Detector":
        """Load the bundled tables and model.

        cache_dir: where compiled patterns are kept between runs, ``~/.cache/tocsin`` if None; a folder that
        cannot be written costs some seconds, nothing else. Raises PatternError, ModelError or OSError where the
        bundle is damaged.
        """
        return cls(Gatherer.load(cache_folder=cache_dir), load_model(), rules_hash())

    @property
    def threshold(self) -> float:
        """The shipped confidence from which a message is flagged."""
        return self._model.weights.threshold

    def assess_batch(
        self, texts: "pa.Array[Any] | pa.ChunkedArray[Any]", *, threshold: float | None = None
    ) -> pa.Table:
        """Assess a column of messages: one row of `schema.SCHEMA` for each, in order; null is an empty message.

        threshold: confidence from which a message is flagged, the shipped one if None. Of a message, patterns and
        classifier see the first `features.LONGEST` folded code points; indicators and fingerprint see all of it.
        Raises TypeError where texts is not a string column, ValueError where threshold is not between 0 and 1.
        """
        limit = self.threshold if threshold is None else threshold
        if not 0.0 <= limit <= 1.0:
            raise ValueError(f"threshold must be between 0 and 1, not {limit}")
        parts = [self._assess_slice(part, limit) for part in _slices(texts)]
        table = pa.concat_tables(parts) if parts else SCHEMA.empty_table()
        if table.num_rows != len(texts):
            raise RuntimeError(f"{len(texts)} messages went in, {table.num_rows} assessments came out")
        return table

    def assess(self, text: str, *, threshold: float | None = None) -> Assessment:
        """Assess one message: a batch of one, as a dataclass. Raises like `assess_batch`."""
        row = self.assess_batch(pa.array([text], pa.string()), threshold=threshold).to_pylist()[0]
        return Assessment(
            harm=Harm(row["harm"]) if row["harm"] else None,
            confidence=row["confidence"],
            signals=tuple(Signal(**signal) for signal in row["signals"]),
            indicators=tuple(Indicator(**indicator) for indicator in row["indicators"]),
            fingerprint=row["fingerprint"],
            language=row["language"],
            rules=row["rules"],
        )

    def _assess_slice(self, texts: "pa.Array[Any]", threshold: float) -> pa.Table:
        batch = TextBatch.from_arrow(texts)
        found = self._gatherer.gather(batch, self._model.classifier)
        count = len(batch)
        first = confidence(found.table, self._model.weights)
        certainty = self._model.second.look(batch, found.folded, found.table, found.counts, first)
        spoken = (found.margins.count > 0) | (found.table[:, _STRONG] > 0) | (found.table[:, _LINK_STRONG] > 0)
        rows = np.flatnonzero((certainty >= threshold) & spoken)
        scores = self._model.classifier.kind_scores(found.folded, rows)
        verdicts = assembly.Verdicts(rows, choose_kinds(scores, found.counts, rows, self._model.weights))
        columns: list[pa.Array[Any]] = [
            assembly.harm_column(count, verdicts),
            pa.array(certainty),
            self._signals(batch, found, verdicts),
            assembly.indicator_column(count, found.indicators),
            fingerprint_batch(found.folded),
            language_batch(found.folded).cast(pa.string()),
            pa.repeat(pa.scalar(self.rules, pa.string()), count),
        ]
        return pa.Table.from_arrays(columns, schema=SCHEMA)

    def _signals(self, batch: TextBatch, found: Evidence, verdicts: assembly.Verdicts) -> "pa.ListArray[Any]":
        """Signals of each flagged row: of patterns and links, and where no pattern speaks for the named harm, the
        model's own loudest passage.
        """
        statements = self._gatherer.statements
        shown = assembly.shown_hits(found.hits, verdicts, statements)
        silent = assembly.unspoken(shown, verdicts, statements)
        passages = self._model.classifier.passages(found.folded, silent.rows)
        of_links, statements = assembly.link_spans(found.links, verdicts, statements)
        spans = assembly.together(
            assembly.hit_spans(found.folded, shown, statements),
            of_links,
            assembly.passage_spans(batch, found.folded, silent, passages, statements),
        )
        return assembly.signal_column(batch, spans, statements)


def _slices(texts: "pa.Array[Any] | pa.ChunkedArray[Any]") -> Iterator["pa.Array[Any]"]:
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    for chunk in chunks:
        for begin in range(0, len(chunk), SLICE_ROWS):
            yield chunk.slice(begin, SLICE_ROWS)


def _clip(folded: FoldedBatch) -> FoldedBatch:
    """The batch with every message cut at `LONGEST` points; the batch itself where none is longer."""
    lengths = np.diff(folded.offsets)
    if not len(lengths) or lengths.max() <= LONGEST:
        return folded
    kept = np.minimum(lengths, LONGEST)
    within = np.arange(len(folded.points)) - np.repeat(folded.offsets[:-1], lengths)
    chosen = within < LONGEST
    offsets = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    return FoldedBatch(folded.points[chosen], offsets, folded.starts[chosen], folded.ends[chosen])


def _shift(hits: Hits, clipped: FoldedBatch, folded: FoldedBatch) -> Hits:
    """Hits in a clipped batch, counted in the points of the whole one."""
    move = (folded.offsets[:-1] - clipped.offsets[:-1])[hits.row]
    return Hits(hits.row, hits.pattern, hits.last + move)
