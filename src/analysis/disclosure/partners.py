"""Which further numbers to hide, so that the hidden ones cannot be calculated back, at the least loss.

Source: Fischetti and Salazar-Gonzalez (2001), Solving the cell suppression problem on tabular data with linear
constraints, Management Science 47(7): an integer programme chooses the cells, the attacker's linear programmes either
confirm the choice or give, through their prices, an inequality that every protecting choice meets and this one does
not. In a large group that goes on for hundreds of rounds, each of which hides a few more; so after some rounds each
number that is still open is given what a linear programme finds to protect it: Kelly, Golden and Assad (1992), Cell
suppression: disclosure protection for sensitive tabular data, Networks 22(4).
"""

import time
from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from analysis.disclosure.attack import FUZZ, Interval
from analysis.disclosure.exposed import exposed, unsettled
from analysis.disclosure.problem import Problem
from analysis.disclosure.programme import Programme

ROUNDS = 100
FREE_ROUNDS = 3  # after these, numbers once chosen stay chosen: a little more is lost, and the search ends
CUT_ROUNDS = 8  # after these, or once so many numbers are open that hundreds would follow, ...
MUCH = 50  # ... what is open is protected without inequalities: a few parts in a hundred more are lost
TOGETHER = 100  # numbers protected by one programme
CUTS = 150  # inequalities added a round, before the choice is made again
GAP = 0.01  # the loss may exceed the least possible one by this share


Cut = tuple[np.ndarray, float]  # row @ hidden >= need


def choose_all(works: list[tuple[Problem, float]]) -> list[np.ndarray | None]:
    """`choose` for each problem, with its deadline."""
    return [choose(problem, deadline) for problem, deadline in works]


def choose(problem: Problem, deadline: float) -> np.ndarray | None:
    """Numbers to hide (mask), so that all that need it are protected; None when impossible or out of time.

    `deadline` is a time of `time.monotonic`, which all processes of a machine share.
    """
    matrix, least = _room(problem)
    slow = False
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
            slow = slow or attempt >= CUT_ROUNDS or len(open_) > MUCH
        if slow:
            targets = [target for target, _ in open_] if len(open_) < CUTS else unsettled(problem, hidden)
            problem = replace(problem, forced=_protected(problem, hidden, targets))
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


def _protected(problem: Problem, hidden: np.ndarray, targets: list[int]) -> np.ndarray:
    """What is `hidden`, and with it what protects the targets; one that cannot move gets nothing here."""
    queue = [targets[start : start + TOGETHER] for start in range(0, len(targets), TOGETHER)]
    while queue:
        some = queue.pop()
        moved = _moved(problem, hidden, some)
        if moved is not None:
            hidden = hidden | (moved & ~problem.unknown(hidden))
        elif len(some) > 1:
            queue += [some[::2], some[1::2]]
    return hidden


def _moved(problem: Problem, hidden: np.ndarray, targets: list[int]) -> np.ndarray | None:
    """The numbers that move when all targets go up together, and down together, as far as protects them, at the least
    loss; None if they cannot.

    Where all that move are hidden, each target may be any number between. What nobody is shown already moves for
    nothing, another number at its cost a person. Columns are rises and falls of all numbers, twice.
    """
    size, many = len(problem.values), len(targets)
    cost = np.where(problem.unknown(hidden), 0.0, problem.cost) + 1e-6  # no more moves than must
    above, need = (problem.values - problem.floor)[targets], problem.threshold[targets]
    most = np.tile(np.concatenate([problem.far, np.maximum(problem.values - problem.floor, 0.0)]), 2)
    least = np.zeros(4 * size)
    most[size + np.array(targets)] = most[2 * size + np.array(targets)] = 0.0
    least[targets] = np.maximum(need - above, 0.0)
    one = sparse.hstack([problem.relations, -problem.relations])
    pick = sparse.csr_matrix((np.ones(many), (np.arange(many), targets)), shape=(many, size))
    none = sparse.csr_matrix((many, size))
    matrix = sparse.vstack([sparse.block_diag([one, one]), sparse.hstack([pick, none, none, pick])], format="csr")
    rest = np.zeros(2 * problem.relations.shape[0])
    sums = np.concatenate([rest, need]), np.concatenate([rest, np.full(many, np.inf)])
    found = Programme(np.tile(cost, 4), matrix, sums, (least, most)).quick()
    return None if found is None else (found.reshape(4, size) > FUZZ).any(axis=0)


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
