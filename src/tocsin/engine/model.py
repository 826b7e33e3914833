"""The bundled model as a file: weights of the classifier and of the layer that combines, and the hash that names a
rule set.

Written by ``lab.train``, read by ``engine.detector``. No message and no label is in it.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin.engine.classify import MODEL_PATH, Classifier
from tocsin.engine.closer import Closer
from tocsin.engine.combine import COLUMNS, HARMS, Weights
from tocsin.engine.patterns import FOLDER
from tocsin.engine.structure import STRUCTURE, SecondLook
from tocsin.engine.trees import Trees

_TABLES = Path(__file__).parent / "tables"
_LINKS = Path(__file__).parent / "links" / "tables"
_RULES_LENGTH = 16


class ModelError(Exception):
    """The model file does not fit this version of the engine."""


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that was learned."""

    classifier: Classifier
    weights: Weights
    second: SecondLook


def save_model(path: Path, model: Model) -> None:
    """Write a model; the same weights always give the same bytes."""
    weights, second = model.weights, model.second
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
        structure_names=np.array(STRUCTURE),
        closer=second.closer.table,
        tree_column=second.trees.column,
        tree_limit=second.trees.limit,
        tree_leaf=second.trees.leaf,
        second=np.array([second.closer.scale, second.trees.base, second.slope, second.offset, second.gate]),
    )


def load_model(path: Path = MODEL_PATH) -> Model:
    """Read a model. Raises ModelError where it was made for other harms or evidence, OSError where it is missing."""
    with np.load(path) as stored:
        data = {name: stored[name] for name in stored.files}
    names = {"harm_names": tuple(map(str, HARMS)), "column_names": COLUMNS, "structure_names": STRUCTURE}
    if any(tuple(data.get(name, ())) != wanted for name, wanted in names.items()):
        raise ModelError(f"{path}: made for another version of the engine, train it again")
    alarm_scale, kinds_scale = data["scales"].tolist()
    temperature, strong, hint = data["kind_weights"].tolist()
    closer_scale, base, slope, offset, gate = data["second"].tolist()
    trees = Trees(data["tree_column"], data["tree_limit"], data["tree_leaf"], base)
    return Model(
        Classifier(data["alarm"], np.ascontiguousarray(data["kinds"]), alarm_scale, kinds_scale),
        Weights(data["columns"], temperature, strong, hint, float(data["threshold"][0])),
        SecondLook(Closer(data["closer"], closer_scale), trees, slope, offset, gate),
    )


def rules_hash(model_path: Path = MODEL_PATH, patterns: Path = FOLDER) -> str:
    """Hash of every table and of the model: two engines with the same one say the same of every message."""
    digest = hashlib.sha256()
    for folder in (patterns, _TABLES, _LINKS):
        for path in sorted(path for path in folder.rglob("*") if path.suffix in {".toml", ".txt", ".npz"}):
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    digest.update(model_path.read_bytes())
    return digest.hexdigest()[:_RULES_LENGTH]
