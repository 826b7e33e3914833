"""Boosted trees: the layer that weighs the structure of a suspicious message, as flat arrays and one kernel.

Every tree is complete, of one depth: node n has the children 2n + 1 and 2n + 2, and a node that nothing splits sends
all rows to the left. How trees are grown is the task of ``lab.boosting``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tocsin.engine.kernels import kernel


@dataclass(frozen=True, slots=True)
class Trees:
    """A sum of trees over columns of numbers.

    column: int16 of shape (trees, 2^depth - 1), the column that a node looks at.  limit: float32 of the same shape; a
    row goes left where its value is not above it, infinity where all do.  leaf: float32 of shape (trees, 2^depth),
    log-odds.  base: log-odds to start from.
    """

    column: NDArray[np.int16]
    limit: NDArray[np.float32]
    leaf: NDArray[np.float32]
    base: float

    def log_odds(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sum for each row of a table of shape (rows, columns): float32."""
        return _log_odds(table, self.column, self.limit, self.leaf, np.float32(self.base))


@kernel("float32[::1](float32[:,::1], int16[:,::1], float32[:,::1], float32[:,::1], float32)")
def _log_odds(
    table: NDArray[np.float32],
    column: NDArray[np.int16],
    limit: NDArray[np.float32],
    leaf: NDArray[np.float32],
    base: np.float32,
) -> NDArray[np.float32]:
    """Walk every tree for every row."""
    inner = column.shape[1]
    sums = np.full(table.shape[0], base, dtype=np.float32)
    for row in range(table.shape[0]):
        for tree in range(column.shape[0]):
            node = 0
            while node < inner:
                node = 2 * node + 1 + (table[row, column[tree, node]] > limit[tree, node])
            sums[row] += leaf[tree, node - inner]
    return sums
