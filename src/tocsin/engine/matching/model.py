"""What matching learned, as a file: the worth of each feature, the scale of the score, common terms of everyday talk.

Written by ``lab.matching``, read by ``matcher.py``. No message and no correction is in it.
"""

from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.matching.evidence import FEATURES
from tocsin.engine.matching.index import Everyday

MODEL_PATH = Path(__file__).parent / "model.npz"


class MatchingModelError(Exception):
    """The model file does not fit this version of the engine."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From a lead over the crowd to a score: ``1 / (1 + exp(-(lead * by_lead + crowd * by_crowd + offset)))``.

    threshold: a message whose best score is below it has no answer.
    """

    by_lead: float
    by_crowd: float
    offset: float
    threshold: float

    def score(self, leads: NDArray[np.float64], crowd: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Scores from 0 to 1."""
        return np.asarray(1 / (1 + np.exp(-(leads * self.by_lead + crowd * self.by_crowd + self.offset))))


@dataclass(frozen=True, slots=True)
class MatchingModel:
    """weights: float64, one for each of FEATURES.

    claims: the scale for corrections with the claim that they answer.  dated: the same where message and correction
    carry dates, which say much.  texts: for corrections that are one text, which shares fewer words with the messages
    that it answers.
    """

    weights: NDArray[np.float64]
    claims: Scale
    dated: Scale
    texts: Scale
    everyday: Everyday


def save_matching(path: Path, model: MatchingModel) -> None:
    """Write a model; the same one always gives the same bytes."""
    scales = [astuple(scale) for scale in (model.claims, model.dated, model.texts)]
    np.savez_compressed(
        path,
        features=np.array(FEATURES),
        weights=model.weights,
        scales=np.array(scales),
        everyday_keys=model.everyday.keys,
        everyday_shares=model.everyday.shares,
    )


def load_matching(path: Path = MODEL_PATH) -> MatchingModel:
    """Read a model. Raises MatchingModelError where it was made for other features, OSError where it is missing."""
    with np.load(path) as stored:
        data = {name: stored[name] for name in stored.files}
    if tuple(data["features"]) != FEATURES:
        raise MatchingModelError(f"{path}: made for another version of the engine, train it again")
    claims, dated, texts = (Scale(*map(float, row)) for row in data["scales"])
    return MatchingModel(
        data["weights"], claims, dated, texts, Everyday(data["everyday_keys"], data["everyday_shares"])
    )
