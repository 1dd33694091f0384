"""Linear programmes of the attack, solved by HiGHS: so many small ones that to prepare them costs most."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

Pair = tuple[np.ndarray, np.ndarray]  # lower and upper bounds


@dataclass(frozen=True)
class Programme:
    """min cost @ x with matrix @ x between the two `sums` and x between the two `bounds`."""

    cost: np.ndarray
    matrix: sparse.csr_matrix
    sums: Pair
    bounds: Pair

    def beside(self, other: "Programme") -> "Programme":
        """Both programmes as one, with the numbers of `other` after those of this one."""
        one, two = self.matrix, other.matrix
        parts = (
            np.concatenate([one.data, two.data]),
            np.concatenate([one.indices, two.indices + one.shape[1]]),
            np.concatenate([one.indptr, two.indptr[1:] + one.indptr[-1]]),
        )
        return Programme(
            np.concatenate([self.cost, other.cost]),
            sparse.csr_array(parts, shape=(one.shape[0] + two.shape[0], one.shape[1] + two.shape[1])),
            _joined(self.sums, other.sums),
            _joined(self.bounds, other.bounds),
        )

    def quick(self) -> np.ndarray | None:
        """A solution, if there is one. `milp` without whole numbers takes half the time of `linprog`."""
        found = milp(self.cost, bounds=Bounds(*self.bounds), constraints=LinearConstraint(self.matrix, *self.sums))
        return found.x if found.status == 0 else None

    def steady(self) -> np.ndarray | None:
        """As `quick`, by the dual simplex of `linprog`: among equal solutions it keeps to one."""
        equal = self.sums[0] == self.sums[1]
        found = linprog(
            self.cost, A_ub=self.matrix[~equal], b_ub=self.sums[1][~equal], A_eq=self.matrix[equal],
            b_eq=self.sums[1][equal], bounds=np.column_stack(self.bounds), method="highs",
        )  # fmt: skip
        return found.x if found.status == 0 else None


def _joined(one: Pair, two: Pair) -> Pair:
    return np.concatenate([one[0], two[0]]), np.concatenate([one[1], two[1]])
