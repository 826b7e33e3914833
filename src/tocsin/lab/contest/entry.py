"""What a family brings to the contest when it has been trained: its scores, and itself to be timed and weighed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Assess = Callable[[Sequence[str]], NDArray[np.float32]]
"""From messages as given to their scores: all that a family has to do when it is used."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One family, trained.

    unseen: float32 scores of the rows of all folds, one fold after the other, each by a model that learned from the
    others.  held, independent: scores of `Arena.held` and `Arena.independent` by the model of all folds, which is also
    what `assess` uses.  Scores need no common scale: a greater one is likelier a harm, that is all.  size: bytes of
    what was learned, as the program holds it.
    """

    name: str
    unseen: NDArray[np.float32]
    held: NDArray[np.float32]
    independent: NDArray[np.float32]
    assess: Assess
    size: int
