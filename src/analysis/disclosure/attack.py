"""The attack: the narrowest interval that an outsider can derive for a number that is not shown."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

FIXED = 1e-9
FUZZ = 1e-6
MANY = 10**9
FAR = 1e5  # stands for "no bound" in counts of people; keeps every programme bounded


@dataclass(frozen=True)
class Interval:
    """What can be derived for unknown `target`: bounds, and the prices of the relations that prove each bound."""

    target: int
    lower: float
    upper: float
    lower_prices: np.ndarray
    upper_prices: np.ndarray
    relations: np.ndarray

    @classmethod
    def seen(cls, target: int, lower: float, upper: float) -> "Interval":
        """An interval known from solutions only: the true one is at least as wide."""
        none = np.zeros(0)
        return cls(int(target), float(lower), float(upper), none, none, none.astype(int))

    @property
    def width(self) -> float:
        """Upper minus lower bound."""
        return self.upper - self.lower


def protects(interval: Interval | None, threshold: float, floor: float = 0.0) -> bool:
    """Whether a derivable interval leaves a number safe: known to reach the threshold, or wide and reaching above it.

    Whole numbers only; both are counted from `floor`, the value that everyone knows anyway.
    """
    if interval is None:
        return False
    return wide_enough(interval.lower - floor, interval.upper - floor, threshold) or (
        np.ceil(interval.lower - FUZZ) - floor >= threshold
    )


def wide_enough(lower: float, upper: float, threshold: float) -> bool:
    """Whether the whole numbers from `lower` to `upper` span the threshold and reach it."""
    low, high = np.ceil(lower - FUZZ), np.floor(upper + FUZZ)
    return bool(high >= threshold and high - low >= threshold)


@dataclass(frozen=True)
class Reached:
    """Lowest and highest value seen of each unknown of a block, and the targets for which that does not settle it."""

    low: np.ndarray
    high: np.ndarray
    unsettled: np.ndarray


@dataclass(frozen=True)
class Block:
    """Unknowns that hang together once the known ones are filled in: A x = b, lower <= x <= upper."""

    columns: np.ndarray
    relations: np.ndarray
    matrix: sparse.csr_matrix
    constant: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def extreme(self, cost: np.ndarray):
        """Solution of min cost @ x (HiGHS), None when the relations contradict each other."""
        bounds = np.column_stack([self.lower, self.upper])
        found = linprog(cost, A_eq=self.matrix, b_eq=self.constant, bounds=bounds, method="highs")
        return found if found.status == 0 else None

    def interval(self, target: int) -> Interval | None:
        """Bounds of `target` (position in `columns`); None when the relations contradict each other."""
        if len(self.columns) == 1:
            return self._alone()
        cost = np.zeros(len(self.columns))
        cost[target] = 1.0
        low, high = self.extreme(cost), self.extreme(-cost)
        if low is None or high is None:
            return None
        prices = (low.eqlin.marginals, high.eqlin.marginals)
        return Interval(int(self.columns[target]), low.fun, -high.fun, *prices, self.relations)

    def hull(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Exact bounds of every unknown where no two relations share more than one unknown and none hang together in
        a ring; else None. Lower bounds above upper ones say that the relations contradict each other.

        Bounds that follow from single relations, until none changes, are the narrowest ones in such a tree (hull
        consistency: Freuder 1982, Journal of the ACM 29: 24-32), without any programme.
        """
        if self.matrix.nnz != len(self.columns) + len(self.relations) - 1:
            return None
        entries = self.matrix.tocoo()
        row, column, factor = entries.row, entries.col, entries.data
        low, high = self.lower.astype(float), self.upper.astype(float)
        for _ in range(len(self.relations) + 1):
            least = np.where(factor > 0, factor * low[column], factor * high[column])
            most = np.where(factor > 0, factor * high[column], factor * low[column])
            rest = self.constant[row]
            above = rest - (np.bincount(row, least, len(self.relations))[row] - least)
            below = rest - (np.bincount(row, most, len(self.relations))[row] - most)
            before = low.copy(), high.copy()
            np.maximum.at(low, column, np.where(factor > 0, below, above) / factor)
            np.minimum.at(high, column, np.where(factor > 0, above, below) / factor)
            if np.allclose(before[0], low, rtol=0, atol=FIXED) and np.allclose(before[1], high, rtol=0, atol=FIXED):
                break
        return low, high

    def reach(
        self, start: np.ndarray, threshold: np.ndarray, above: np.ndarray, targets: np.ndarray, most: int = MANY
    ) -> Reached:
        """How far targets can move in a few common programmes, and those that need two programmes of their own.

        `start` is a solution, `above` adds to it the true value over what everyone knows. A programme moves many
        targets up (or down) together as far as their threshold; a set of which none moves is halved; the search ends
        once `most` are left alone. What is reached is never outside the true interval, so nobody is called safe who
        is not.
        """
        if (exact := self.hull()) is not None:
            return Reached(*exact, _narrow(targets, exact[0] + above, exact[1] + above, threshold))
        low, high, queue, single = start.copy(), start.copy(), [targets], []
        while queue and len(single) < most:
            open_ = _narrow(queue.pop(), low + above, high + above, threshold)
            if len(open_) < 2:
                single.extend(open_)
                continue
            for sign in (1.0, -1.0):
                found = self._together(start, threshold, open_, sign)
                low, high = (low, high) if found is None else (np.minimum(low, found), np.maximum(high, found))
            still = _narrow(open_, low + above, high + above, threshold)
            queue += [still] if len(still) < len(open_) else [still[::2], still[1::2]]
        alone = _narrow(np.array(single, dtype=int), low + above, high + above, threshold)
        return Reached(low, high, alone)

    def _together(self, start: np.ndarray, step: np.ndarray, targets: np.ndarray, sign: float) -> np.ndarray | None:
        """Solution in which targets move in direction `sign` as far as they can, each counted up to its step."""
        width, many = len(self.columns), len(targets)
        moved = sparse.csr_matrix((np.full(many, -sign), (np.arange(many), targets)), shape=(many, width))
        bounds = np.vstack([
            np.column_stack([self.lower, self.upper]), np.column_stack([np.full(many, -FAR), step[targets]]),
        ])  # fmt: skip
        found = linprog(
            np.concatenate([np.zeros(width), -np.ones(many)]),
            A_ub=sparse.hstack([moved, sparse.eye(many)], format="csr"), b_ub=-sign * start[targets],
            A_eq=sparse.hstack([self.matrix, sparse.csr_matrix((len(self.relations), many))], format="csr"),
            b_eq=self.constant, bounds=bounds, method="highs",
        )  # fmt: skip
        return found.x[:width] if found.status == 0 else None

    def _alone(self) -> Interval | None:
        """Bounds of the only unknown: its relations give its value, or its own bounds are all there is."""
        low, high = self.lower[0], self.upper[0]
        prices = np.zeros(len(self.relations))
        if len(self.relations):
            factors = self.matrix.toarray()[:, 0]
            given = self.constant / factors
            if np.ptp(given) > FUZZ * (1 + abs(given[0])) or not low - FUZZ <= given[0] <= high + FUZZ:
                return None
            low = high = float(given[0])
            prices[0] = 1 / factors[0]
        return Interval(int(self.columns[0]), low, high, prices, -prices, self.relations)


def _narrow(targets: np.ndarray, low: np.ndarray, high: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    return np.array([i for i in targets if not wide_enough(low[i], high[i], threshold[i])], dtype=int)


def blocks(relations: sparse.csr_matrix, lower: np.ndarray, upper: np.ndarray) -> Iterator[Block]:
    """The independent parts of `relations @ x = 0, lower <= x <= upper` once every x with equal bounds is filled in."""
    fixed = upper - lower < FIXED
    free = np.flatnonzero(~fixed)
    constant = -relations[:, fixed] @ lower[fixed]
    left = relations[:, free]
    used = np.flatnonzero(np.diff(left.indptr))
    graph = (
        sparse.bmat([[None, left[used]], [left[used].T, None]]) if len(used) else sparse.csr_matrix((len(free),) * 2)
    )
    _, label = connected_components(graph, directed=False)
    columns_of = label[len(used) :] if len(used) else label
    order = np.argsort(columns_of, kind="stable")
    for columns in np.split(order, np.flatnonzero(np.diff(columns_of[order])) + 1):
        if len(columns):
            rows = used[label[: len(used)] == columns_of[columns[0]]] if len(used) else used
            own = free[columns]
            yield Block(own, rows, left[rows][:, columns], constant[rows], lower[own], upper[own])
