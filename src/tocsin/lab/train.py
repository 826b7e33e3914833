"""``tocsin engine train``: everything from labelled rows to a model and its card on disk."""

from collections.abc import Callable
from pathlib import Path

from tocsin.engine.classify import MODEL_PATH
from tocsin.engine.detector import Gatherer
from tocsin.engine.model import rules_hash, save_model
from tocsin.lab.card import CARD_PATH, write_card
from tocsin.lab.evaluate import Report, evaluate
from tocsin.lab.learning import learn, prepare


def train(data: Path | None, output: Path, say: Callable[[str], None]) -> Report:
    """Train a model and write it with its card into a folder.

    data: folder of public corpora, or None for the bundled rows alone. say: called with one line for each step.
    Raises CorpusError, PatternError or OSError.
    """
    gatherer = Gatherer.load()
    material = prepare(data, gatherer)
    say(f"{len(material.rows)} rows, {len(gatherer.patterns)} patterns")
    learned = learn(material, gatherer)
    model = learned.shipped
    report = evaluate(material, gatherer, learned)
    path = output / MODEL_PATH.name
    save_model(path, model)
    (output / CARD_PATH.name).write_text(write_card(material, model, report, rules_hash(path)), encoding="utf-8")
    for share in report.sums:
        say(f"{share.name}: {share.part} of {share.total} flagged, {share.percent:.2f} %")
    for share in report.independent.sums:
        say(f"independent hold-out, {share.name}: {share.part} of {share.total} flagged, {share.percent:.2f} %")
    say(f"threshold {model.weights.threshold:.2f}, written to {path}")
    return report
