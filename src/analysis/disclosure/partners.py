"""Which further numbers to hide, so that the hidden ones cannot be calculated back, at the least loss.

Source: Fischetti and Salazar-Gonzalez (2001), Solving the cell suppression problem on tabular data with linear
constraints, Management Science 47(7): an integer programme chooses the cells, the attacker's linear programmes either
confirm the choice or give, through their prices, an inequality that every protecting choice meets and this one does
not.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.disclosure.attack import MANY, Block, Interval, blocks, protects
from analysis.disclosure.components import members, split
from analysis.disclosure.spread import Spread, largest_first

_PER_NUMBER = ("values", "floor", "threshold", "large", "derived", "sensitive", "forced", "cost", "far")
ROUNDS = 100
FREE_ROUNDS = 3  # after these, numbers once chosen stay chosen: a little more is lost, and the search ends
CUTS = 150  # inequalities added a round, before the choice is made again
GAP = 0.01  # the loss may exceed the least possible one by this share


Cut = tuple[np.ndarray, float]  # row @ hidden >= need


@dataclass(frozen=True)
class Problem:
    """One set of numbers that hang together; positions are columns of `relations`.

    values, floor, threshold  true value, what everyone knows it to be at least, protection that it needs when hidden
    large      numbers so large that they may even be calculated when they are hidden
    derived    numbers that no row publishes: always unknown, never chosen
    sensitive  derived numbers that must not follow from what is shown
    forced     numbers that must be hidden
    cost, far  information lost with each number; a value so large that it means no upper bound
    publishers, row_hidden  rows x columns: which row shows what; rows that are hidden whatever is chosen
    """

    relations: sparse.csr_matrix
    values: np.ndarray
    floor: np.ndarray
    threshold: np.ndarray
    large: np.ndarray
    derived: np.ndarray
    sensitive: np.ndarray
    forced: np.ndarray
    cost: np.ndarray
    far: np.ndarray
    publishers: sparse.csr_matrix
    row_hidden: np.ndarray

    @property
    def key(self) -> bytes:
        """Equal for problems that are the same in every number."""
        arrays = [getattr(self, name) for name in (*_PER_NUMBER, "row_hidden")]
        for matrix in (self.relations, self.publishers):
            arrays += [matrix.indptr, matrix.indices, matrix.data]
        return b"|".join(array.tobytes() for array in arrays)

    def parts(self, group: np.ndarray) -> list[tuple[np.ndarray, "Problem"]]:
        """The same problem on the numbers of each group only (-1: of none), and which numbers these are.

        No relation and no row may be about numbers of two groups.
        """
        labels, group = np.unique(group, return_inverse=True)
        group = group - (labels[0] < 0)  # 0, 1, ... in the order of the labels
        columns_of, found = members(group), []
        split_up = zip(columns_of, split(self.relations, group), split(self.publishers, group), strict=True)
        for columns, (_, relations), (rows, publishers) in split_up:
            taken = {name: getattr(self, name)[columns] for name in _PER_NUMBER}
            part = Problem(**taken, relations=relations, publishers=publishers, row_hidden=self.row_hidden[rows])
            found.append((columns, part))
        return found

    def up_to(self, kept: np.ndarray, hidden: np.ndarray) -> "Problem":
        """The same problem with relations among `kept` numbers only, and with `hidden` already decided."""
        outside = (abs(self.relations) @ (~kept).astype(float)) > 0
        inside = self.relations[np.flatnonzero(~outside)]
        return replace(self, relations=inside, forced=hidden & kept, sensitive=self.sensitive & kept)

    def unknown(self, hidden: np.ndarray) -> np.ndarray:
        """Numbers that no shown row publishes when `hidden` are hidden: a row goes when any of its numbers does."""
        gone = self.row_hidden | ((self.publishers @ hidden.astype(float)) > 0)
        return self.derived | ((self.publishers.T @ (~gone).astype(float)) == 0)


def choose_all(works: list[tuple[Problem, float]]) -> list[np.ndarray | None]:
    """`choose` for each problem, with its deadline."""
    return [choose(problem, deadline) for problem, deadline in works]


def choose(problem: Problem, deadline: float) -> np.ndarray | None:
    """Numbers to hide (mask), so that all that need it are protected; None when impossible or out of time.

    `deadline` is a time of `time.monotonic`, which all processes of a machine share.
    """
    matrix, least = _room(problem)
    for attempt in range(ROUNDS):
        if time.monotonic() >= deadline:
            return None
        hidden = _cheapest(problem, matrix, least, deadline - time.monotonic())
        if hidden is None:
            return None
        open_ = exposed(problem, hidden, CUTS)
        if not open_:
            return hidden
        if attempt >= FREE_ROUNDS:
            problem = replace(problem, forced=hidden)
        cuts = [cut for target, interval in open_ for cut in _cuts(problem, hidden, target, interval)]
        rows = sparse.csr_matrix(np.array([row for row, _ in cuts]))
        matrix, least = sparse.vstack([matrix, rows], format="csr"), np.concatenate([least, [need for _, need in cuts]])
    return None


def _cheapest(problem: Problem, matrix: sparse.csr_matrix, least: np.ndarray, seconds: float) -> np.ndarray | None:
    if not matrix.shape[0] and not (problem.forced & problem.derived).any():
        return problem.forced.copy()  # every further number only costs
    lower = problem.forced.astype(float)
    upper = np.where(problem.derived, 0.0, 1.0)
    constraints = LinearConstraint(matrix, least, np.inf) if matrix.shape[0] else ()
    found = milp(
        problem.cost, integrality=np.ones(len(lower)), bounds=Bounds(lower, upper), constraints=constraints,
        options={"time_limit": max(seconds, 0.1), "mip_rel_gap": GAP},
    )  # fmt: skip
    return None if found.x is None else found.x > 0.5


def _room(problem: Problem) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Inequalities that every hidden number of a relation has room in it: the first, cheap, part of the protection.

    For a number to be as high as its threshold, numbers on its side of the relation must fall (to what is known at
    least) or one on the other side must be hidden; and no relation has exactly one hidden number.
    """
    above, rows = problem.values - problem.floor, []
    for relation in range(problem.relations.shape[0]):
        inside = slice(problem.relations.indptr[relation], problem.relations.indptr[relation + 1])
        own, side = problem.relations.indices[inside], problem.relations.data[inside]
        derived, real = problem.derived[own], ~problem.derived[own]
        if problem.sensitive[own[derived]].all():
            for i in np.flatnonzero(derived) if derived.any() else np.flatnonzero(real & ~problem.large[own]):
                need = max(problem.threshold[own[i]] - above[own[i]], 1.0)
                least = 1.0 if need == 1.0 else 0.0
                room = np.where(side == side[i], np.clip(above[own], least, need), need)
                others = real & (np.arange(len(own)) != i)
                rows.append((own[others], room[others], own[i], need))
    return _inequalities(problem, rows)


def _inequalities(problem: Problem, rows: list[tuple]) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Rows (others, room, number, need) as `room @ others >= need * number`; a derived number is always unknown."""
    matrix = sparse.lil_matrix((len(rows), len(problem.values)))
    least = np.zeros(len(rows))
    for i, (others, room, number, need) in enumerate(rows):
        matrix[i, others] = room
        if problem.derived[number]:
            least[i] = need
        else:
            matrix[i, number] = -need
    return matrix.tocsr(), least


Exposed = tuple[int, Interval | None]  # a number that is unprotected, and what proves it (as deviation from the truth)


def exposed(problem: Problem, hidden: np.ndarray, most: int = MANY) -> list[Exposed]:
    """Attack a choice: numbers that it leaves unprotected, `most` at most."""
    found: list[Exposed] = []
    for attack in _attacks(problem, hidden, most):
        found += attack()
        if len(found) >= most:
            break
    return found[:most]


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

    def __call__(self) -> list[Exposed]:
        """The targets that are unprotected, at least `most` of them if there are as many."""
        found, block = [], self.block
        start = np.zeros(len(self.threshold))
        for i in block.reach(start, self.threshold, self.above, self.targets, 2 * self.most).unsettled:
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


def _cuts(problem: Problem, hidden: np.ndarray, target: int, interval: Interval | None) -> list[Cut]:
    """Inequalities on the choice that follow from the prices of a bound that is too narrow.

    The last resort (no price helps, for the interval is narrow only in whole persons) asks for any further number.
    """
    further, threshold = ((~hidden & ~problem.derived).astype(float), 1.0), problem.threshold[target]
    if interval is None:
        return [further]
    down, up = (_reach(problem, interval, prices, sign) for prices, sign in
                ((interval.lower_prices, 1.0), (interval.upper_prices, -1.0)))  # fmt: skip
    value = problem.values[interval.target] - problem.floor[interval.target]
    needs = [(down + up, threshold)] + ([(up, threshold - value)] if value < threshold else [])
    cuts = []
    for reach, need in needs:
        need -= reach[problem.derived].sum()
        row = np.where(problem.derived, 0.0, np.minimum(reach, max(need, 0.0)))
        if row @ hidden < need - 1e-6:
            cuts.append((row, need))
    return cuts or [further]


def _reach(problem: Problem, interval: Interval, prices: np.ndarray, sign: float) -> np.ndarray:
    """How far each number, if unknown, can move the bound (weak duality: at most their sum)."""
    gradient = -(problem.relations[interval.relations].T @ prices)
    gradient[interval.target] += sign
    gradient[np.abs(gradient) < 1e-9] = 0.0
    return np.where(gradient > 0, gradient * (problem.values - problem.floor), -gradient * problem.far)
