"""Perfect separation: does some combination of the terms split the outcome, so that no finite estimate exists?

Decided exactly by a linear programme (Konis 2007; Correia, Guimaraes & Zylkin 2019 for counts), not by looking at
fitted probabilities after the fact.
"""

import numpy as np
from scipy import optimize


def separates_binary(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a direction d has x d >= 0 where y = 1 and <= 0 where y = 0, not zero everywhere (logit, probit)."""
    return _improves(np.unique(np.where(y[:, None] > 0, x, -x), axis=0), np.empty((0, x.shape[1])))


def separates_counts(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a direction d has x d = 0 where y > 0 and <= 0 where y = 0, not zero everywhere (Poisson, log link)."""
    return _improves(np.unique(-x[y == 0], axis=0), np.unique(x[y > 0], axis=0))


def separates_ordered(x: np.ndarray, y: np.ndarray) -> bool:
    """As `separates_binary` for the cumulative indicators y > cut with one shared direction and free thresholds."""
    cuts = np.unique(y)[:-1]
    stacked = [np.column_stack([x, np.tile(np.arange(len(cuts)) == k, (len(y), 1))]) for k in range(len(cuts))]
    return separates_binary(np.vstack(stacked).astype(float), np.concatenate([y > cut for cut in cuts]).astype(float))


def _improves(gains: np.ndarray, fixed: np.ndarray) -> bool:
    """Is there -1 <= d <= 1 with gains d >= 0, fixed d = 0 and a positive total gain?"""
    size = np.abs(np.vstack([gains, fixed])).max(axis=0, initial=0.0)
    size = np.where(size > 0, size, 1.0)
    gains, fixed = gains / size, fixed / size
    if len(gains) == 0:
        return False
    found = optimize.linprog(
        -gains.sum(axis=0), A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=(-1, 1), method="highs",
        A_eq=fixed if len(fixed) else None, b_eq=np.zeros(len(fixed)) if len(fixed) else None,
    )  # fmt: skip
    return bool(found.status == 0 and -found.fun > 1e-7)
