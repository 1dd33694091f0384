"""The attack on a choice of hidden numbers while it is made: which of them it leaves unprotected."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.disclosure.attack import MANY, Block, Interval, blocks, protects
from analysis.disclosure.problem import Problem
from analysis.disclosure.spread import Spread, largest_first

Exposed = tuple[int, Interval | None]  # a number that is unprotected, and what proves it (as deviation from the truth)


def exposed(problem: Problem, hidden: np.ndarray, most: int = MANY) -> list[Exposed]:
    """Attack a choice: numbers that it leaves unprotected, `most` at most."""
    found: list[Exposed] = []
    for attack in _attacks(problem, hidden, most):
        found += attack()
        if len(found) >= most:
            break
    return found[:most]


def unsettled(problem: Problem, hidden: np.ndarray) -> list[int]:
    """Numbers that a choice may leave unprotected: all that it does, and some that only a closer look would clear."""
    return [int(attack.block.columns[i]) for attack in _attacks(problem, hidden, MANY) for i in attack.unsettled()]


def all_exposed(problem: Problem, hidden: np.ndarray, spread: Spread, safe: set[bytes]) -> list[Exposed]:
    """Every number that a choice leaves unprotected; `spread` is over independent blocks of numbers.

    `safe` holds, and gets, the blocks in which nothing was found.
    """
    new = [attack for attack in _attacks(problem, hidden, MANY) if attack.key not in safe]
    opened = largest_first(spread, _Attack.__call__, new, [len(attack.threshold) for attack in new])
    safe.update(attack.key for attack, found in zip(new, opened, strict=True) if not found)
    return [one for found in opened for one in found]


@dataclass(frozen=True)
class _Attack:
    """On the `targets` of one block, of which each needs `threshold` and lies `above` what everyone knows."""

    block: Block
    threshold: np.ndarray
    above: np.ndarray
    targets: np.ndarray
    most: int

    @property
    def key(self) -> bytes:
        """Equal for attacks that are the same but for where the numbers stand."""
        matrix, own = self.block.matrix, (self.block.lower, self.block.upper, self.threshold, self.above, self.targets)
        arrays = (matrix.indptr, matrix.indices, matrix.data, *own)
        return b"|".join(array.tobytes() for array in arrays)

    def unsettled(self, most: int = MANY) -> np.ndarray:
        """The targets that common programmes do not show to be safe, at least `most` of them if there are as many."""
        start = np.zeros(len(self.threshold))
        return self.block.reach(start, self.threshold, self.above, self.targets, most).unsettled

    def __call__(self) -> list[Exposed]:
        """The targets that are unprotected, at least `most` of them if there are as many."""
        found, block = [], self.block
        for i in self.unsettled(2 * self.most):
            if not protects(block.reaches(i), self.threshold[i], -self.above[i]):
                found.append((int(block.columns[i]), block.interval(i)))
            if len(found) >= self.most:
                break
        return found


def _attacks(problem: Problem, hidden: np.ndarray, most: int) -> Iterator[_Attack]:
    """The blocks of unknown numbers in which bounds from single relations do not settle all."""
    unknown = problem.unknown(hidden)
    lower = np.where(unknown, problem.floor - problem.values, 0.0)
    upper = np.where(unknown, problem.far, 0.0)
    for block in blocks(problem.relations, lower, upper):
        threshold, above = problem.threshold[block.columns], (problem.values - problem.floor)[block.columns]
        targets = np.flatnonzero((threshold > 0) & ~_idle(problem, block))
        if len(targets):
            yield _Attack(block, threshold, above, targets, most)


def _idle(problem: Problem, block: Block) -> np.ndarray:
    """A derived number that follows from shown ones and is large enough, or tells of nobody, needs no protection."""
    alone = len(block.columns) == 1
    return problem.derived[block.columns] & ~problem.sensitive[block.columns] & alone
