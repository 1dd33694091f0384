"""The attack: the narrowest interval that an outsider can derive for a number that is not shown."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from analysis.disclosure.components import members, split, together
from analysis.disclosure.programme import Pair, Programme

Span = tuple[float, float]  # lower and upper bound of one number
FIXED = 1e-9
ROUNDS = 30  # so often single relations are looked at before a programme is asked
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


def protects(span: Span | None, threshold: float, floor: float = 0.0) -> bool:
    """Whether derivable bounds leave a number safe: known to reach the threshold, or wide and reaching above it.

    Whole numbers only; both are counted from `floor`, the value that everyone knows anyway.
    """
    if span is None:
        return False
    lower, upper = span
    enough = wide_enough(lower - floor, upper - floor, threshold)
    return bool(enough or np.ceil(lower - FUZZ) - floor >= threshold)


def wide_enough(lower, upper, threshold):
    """Whether the whole numbers from `lower` to `upper` span the threshold and reach it (also of arrays)."""
    low, high = np.ceil(lower - FUZZ), np.floor(upper + FUZZ)
    return (high >= threshold) & (high - low >= threshold)


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

    def programme(self, cost: np.ndarray) -> Programme:
        """Lowest cost @ x."""
        return Programme(cost, self.matrix, (self.constant, self.constant), (self.lower, self.upper))

    def reaches(self, target: int) -> Span | None:
        """Bounds of `target` (position in `columns`); None when the relations contradict each other."""
        if len(self.columns) == 1:
            alone = self._alone()
            return None if alone is None else (alone.lower, alone.upper)
        width, cost = len(self.columns), _one(target, len(self.columns))
        found = self.programme(cost).beside(self.programme(-cost)).quick()
        return None if found is None else (float(found[target]), float(found[width + target]))

    def interval(self, target: int) -> Interval | None:
        """Bounds of `target` with the prices that prove them; None when the relations contradict each other."""
        if len(self.columns) == 1:
            return self._alone()
        bounds, found = np.column_stack([self.lower, self.upper]), []
        for cost in (_one(target, len(self.columns)), -_one(target, len(self.columns))):
            found.append(linprog(cost, A_eq=self.matrix, b_eq=self.constant, bounds=bounds, method="highs"))
            if found[-1].status != 0:
                return None
        low, high = found
        prices = (low.eqlin.marginals, high.eqlin.marginals)
        return Interval(int(self.columns[target]), low.fun, -high.fun, *prices, self.relations)

    def hull(self) -> Pair | None:
        """Exact bounds of every unknown where no two relations share more than one unknown and none hang together in
        a ring; else None. Lower bounds above upper ones say that the relations contradict each other.

        Bounds that follow from single relations, until none changes, are the narrowest ones in such a tree (hull
        consistency: Freuder 1982, Journal of the ACM 29: 24-32), without any programme.
        """
        tree = self.matrix.nnz == len(self.columns) + len(self.relations) - 1
        return self.outer(len(self.relations) + 1) if tree else None

    def outer(self, rounds: int) -> Pair:
        """Bounds that follow from single relations, so often applied: never inside the exact ones."""
        entries = self.matrix.tocoo()
        own = entries.data != 0  # a number that the outsider knows stands in its relation without counting
        row, column, factor = entries.row[own], entries.col[own], entries.data[own]
        low, high = self.lower.astype(float), self.upper.astype(float)
        for _ in range(rounds):
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
        self,
        start: np.ndarray,
        threshold: np.ndarray,
        above: np.ndarray,
        targets: np.ndarray,
        most: int = MANY,
        *,
        report: bool = False,
    ) -> Reached:
        """How far targets can move in a few common programmes, and those that need two programmes of their own.

        `start` is a solution, `above` adds to it the true value over what everyone knows. A programme moves many
        targets up (or down) together as far as their threshold; a set of which none moves is halved; the search ends
        once `most` are left alone. What is reached is never outside the true interval, so nobody is called safe who
        is not. Bounds from single relations come first: who is surely at least the threshold needs no programme (and
        gets those bounds), who is surely confined needs one of their own. To `report` how far all others reach, these
        are left out, and solved by the solver that always gives the same of equal solutions.
        """
        if (exact := self.hull()) is not None:
            return Reached(*exact, _narrow(targets, exact[0] + above, exact[1] + above, threshold))
        low, high, queue, single = start.copy(), start.copy(), [targets], []
        if not report:
            least, most_ = self.outer(ROUNDS)
            sure = targets[np.ceil(least + above - FUZZ)[targets] >= threshold[targets]]
            confined = np.setdiff1d(_narrow(targets, least + above, most_ + above, threshold), sure)
            queue, single = [np.setdiff1d(targets, np.concatenate([sure, confined]))], list(confined)
        while queue and len(single) < most:
            open_ = _narrow(queue.pop(), low + above, high + above, threshold)
            if len(open_) < 2:
                single.extend(open_)
                continue
            up, down = (self._moved(start, threshold, open_, sign) for sign in (1.0, -1.0))
            for found in self._both(up, down, report):
                low, high = np.minimum(low, found), np.maximum(high, found)
            still = _narrow(open_, low + above, high + above, threshold)
            queue += [still] if len(still) < len(open_) else [still[::2], still[1::2]]
        alone = _narrow(np.array(single, dtype=int), low + above, high + above, threshold)
        if not report:
            low[sure], high[sure] = least[sure], most_[sure]
        return Reached(low, high, alone)

    def _moved(self, start: np.ndarray, step: np.ndarray, targets: np.ndarray, sign: float) -> Programme:
        """Targets move in direction `sign` as far as they can: each has a number that is at most its move and its step,
        and these are made large.
        """
        width, many = len(self.columns), len(targets)
        own, each = self.matrix.tocoo(), np.arange(many)
        entries = np.concatenate([np.full(many, -sign), np.ones(many), own.data])
        rows = np.concatenate([each, each, many + own.row])
        columns = np.concatenate([targets, width + each, own.col])
        matrix = sparse.csr_array((entries, (rows, columns)), shape=(many + len(self.relations), width + many))
        least = np.concatenate([np.full(many, -np.inf), self.constant])
        most = np.concatenate([-sign * start[targets], self.constant])
        lower = np.concatenate([self.lower, np.full(many, -FAR)])
        upper = np.concatenate([self.upper, step[targets]])
        return Programme(np.concatenate([np.zeros(width), -np.ones(many)]), matrix, (least, most), (lower, upper))

    def _both(self, up: Programme, down: Programme, steady: bool) -> list[np.ndarray]:
        """What the numbers of the block are in a solution of each."""
        width, half = len(self.columns), len(up.cost)
        if steady:
            return [found[:width] for found in (up.steady(), down.steady()) if found is not None]
        found = up.beside(down).quick()
        return [] if found is None else [found[:width], found[half : half + width]]

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


def _one(target: int, width: int) -> np.ndarray:
    cost = np.zeros(width)
    cost[target] = 1.0
    return cost


def _narrow(targets: np.ndarray, low: np.ndarray, high: np.ndarray, threshold: np.ndarray) -> np.ndarray:
    return targets[~wide_enough(low[targets], high[targets], threshold[targets])]


def blocks(relations: sparse.csr_matrix, lower: np.ndarray, upper: np.ndarray) -> Iterator[Block]:
    """The independent parts of `relations @ x = 0, lower <= x <= upper` once every x with equal bounds is filled in."""
    fixed = upper - lower < FIXED
    free = np.flatnonzero(~fixed)
    constant = -relations[:, fixed] @ lower[fixed]
    left = relations[:, free]
    group = together(left)
    for columns, (rows, matrix) in zip(members(group), split(left, group), strict=True):
        own = free[columns]
        yield Block(own, rows, matrix, constant[rows], lower[own], upper[own])
