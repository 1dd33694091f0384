"""Generalised estimating equations of a normal outcome, from sums per person: no loop goes over persons.

Given the working correlation alpha the equations are those of generalised least squares, and the inverse of an
exchangeable correlation matrix of n measurements is proportional to I - c J, c = alpha / (1 + (n - 1) alpha), J all
ones. Sources: Liang & Zeger 1986; scale and alpha are moments divided by n and by the number of pairs, as in geepack.
"""

from dataclasses import dataclass

import numpy as np

from analysis.effect.sandwich import cluster_sums

_ROUNDS = 200
_CLOSE = 1e-12  # of alpha


@dataclass(frozen=True)
class Fitted:
    """A marginal model: per term (k) its name, estimate and standard error; working correlation and scale."""

    names: tuple[str, ...]
    params: np.ndarray
    errors: np.ndarray
    alpha: float
    scale: float
    converged: bool


def normal_gee(y: np.ndarray, x: np.ndarray, person: np.ndarray, names: tuple[str, ...], *, dependent: bool) -> Fitted:
    """The model of y (n) on x (n x k) with the plain sandwich as covariance; `person` holds codes 0..G-1.

    `dependent` estimates an exchangeable alpha; without it alpha is 0. It has not converged when no alpha is reached
    or when terms cannot be told apart given it.
    """
    sizes = np.bincount(person)
    pairs = np.sum(sizes * (sizes - 1)) / 2
    own = cluster_sums(np.column_stack([x, y]), person)
    alpha, settled = 0.0, not (dependent and pairs)
    for _ in range(_ROUNDS):
        shared = alpha / (1 + (sizes - 1) * alpha)
        bread, params = _least_squares(x, y, own[:, :-1], own[:, -1], shared)
        left = y - x @ params
        scale, sums = left @ left / len(y), np.bincount(person, weights=left)
        if settled or bread is None:
            break
        before, alpha = alpha, (np.sum(sums**2) - left @ left) / 2 / scale / pairs
        settled = abs(alpha - before) < _CLOSE
    if bread is None:
        nothing = np.full(len(names), np.nan)
        return Fitted(names, nothing, nothing, alpha, scale, converged=False)
    scores = cluster_sums(x * left[:, None], person) - own[:, :-1] * (shared * sums)[:, None]
    errors = np.sqrt(np.sum((scores @ bread) ** 2, axis=0))
    return Fitted(names, params, errors, alpha, scale, converged=settled)


def _least_squares(
    x: np.ndarray, y: np.ndarray, own: np.ndarray, total: np.ndarray, shared: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray]:
    """(X'V^-1 X)^-1 and coefficients, V^-1 = I - `shared` J per person; `own` and `total` are the persons' sums."""
    gram = x.T @ x - own.T @ (own * shared[:, None])
    try:
        bread = np.linalg.inv(gram)
    except np.linalg.LinAlgError:
        return None, np.zeros(x.shape[1])
    return bread, bread @ (x.T @ y - own.T @ (shared * total))
