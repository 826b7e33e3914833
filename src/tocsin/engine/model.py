"""The bundled model as a file: weights of the classifier and of the layer that combines, and the hash that names a
rule set.

Written by ``lab.train``, read by ``engine.detector``. No message and no label is in it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin.engine.classify import MODEL_PATH, Classifier
from tocsin.engine.combine import COLUMNS, HARMS, Weights
from tocsin.engine.patterns import FOLDER

_TABLES = Path(__file__).parent / "tables"
_RULES_LENGTH = 16


class ModelError(Exception):
    """The model file does not fit this version of the engine."""


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that was learned."""

    classifier: Classifier
    weights: Weights


def save_model(path: Path, model: Model) -> None:
    """Write a model; the same weights always give the same bytes."""
    weights = model.weights
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        alarm=model.classifier.alarm,
        kinds=model.classifier.kinds,
        scales=np.array([model.classifier.alarm_scale, model.classifier.kinds_scale]),
        columns=weights.columns,
        column_names=np.array(COLUMNS),
        harm_names=np.array([str(harm) for harm in HARMS]),
        kind_weights=np.array([weights.kind_temperature, weights.kind_strong, weights.kind_hint]),
        threshold=np.array([weights.threshold]),
    )


def load_model(path: Path = MODEL_PATH) -> Model:
    """Read a model. Raises ModelError where it was made for other harms or evidence, OSError where it is missing."""
    with np.load(path) as stored:
        data = {name: stored[name] for name in stored.files}
    if tuple(data["harm_names"]) != tuple(str(harm) for harm in HARMS) or tuple(data["column_names"]) != COLUMNS:
        raise ModelError(f"{path}: made for another version of the engine, train it again")
    alarm_scale, kinds_scale = data["scales"].tolist()
    temperature, strong, hint = data["kind_weights"].tolist()
    return Model(
        Classifier(data["alarm"], np.ascontiguousarray(data["kinds"]), alarm_scale, kinds_scale),
        Weights(data["columns"], temperature, strong, hint, float(data["threshold"][0])),
    )


def rules_hash(model_path: Path = MODEL_PATH, patterns: Path = FOLDER) -> str:
    """Hash of every table and of the model: two engines with the same one say the same of every message."""
    digest = hashlib.sha256()
    for folder in (patterns, _TABLES):
        for path in sorted(path for path in folder.rglob("*") if path.suffix in {".toml", ".txt", ".npz"}):
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    digest.update(model_path.read_bytes())
    return digest.hexdigest()[:_RULES_LENGTH]
