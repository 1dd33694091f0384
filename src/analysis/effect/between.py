"""The variance between units: classical estimators, and its posterior on a grid."""

from functools import partial

import numpy as np
from scipy import optimize, special

PRIORS = ("uniform", "half-normal", "half-cauchy")
"""Priors of the standard deviation between units; see Gelman 2006, Bayesian Analysis 1(3)."""


def _dersimonian_laird(y: np.ndarray, v: np.ndarray) -> float:
    w = 1 / v
    q = w @ (y - w @ y / w.sum()) ** 2
    return max(0.0, (q - (len(y) - 1)) / (w.sum() - w @ w / w.sum()))


def _paule_mandel(y: np.ndarray, v: np.ndarray) -> float:
    def excess(t: float) -> float:
        w = 1 / (v + t)
        return w @ (y - w @ y / w.sum()) ** 2 - (len(y) - 1)

    if excess(0.0) <= 0:
        return 0.0
    return optimize.brentq(excess, 0.0, _upper(y, v), xtol=1e-14, rtol=1e-13)


def _upper(y: np.ndarray, v: np.ndarray) -> float:
    """A variance between units that no estimator exceeds."""
    return 10 * (np.sum((y - y.mean()) ** 2) + v.max())


def _likelihood(y: np.ndarray, v: np.ndarray, *, restricted: bool) -> float:
    """Maximum over a global grid, then the root of the score next to it (Viechtbauer 2005)."""

    def score(t: float) -> float:
        w = 1 / (v + t)
        residual = y - w @ y / w.sum()
        return w**2 @ residual**2 - w.sum() + restricted * (w @ w / w.sum())

    def loglik(t: np.ndarray) -> np.ndarray:
        w = 1 / (v + t[:, None])
        mean = w @ y / w.sum(axis=1)
        fit = (w * (y - mean[:, None]) ** 2).sum(axis=1)
        return (np.log(w).sum(axis=1) - fit - restricted * np.log(w.sum(axis=1))) / 2

    grid = np.concatenate([[0.0], np.geomspace(1e-6 * v.min(), _upper(y, v), 400)])
    best = int(np.argmax(loglik(grid)))
    if best == 0 and score(0.0) <= 0:
        return 0.0
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, 400)]
    return optimize.brentq(score, low, high, xtol=1e-14, rtol=1e-13)


TAU2 = {
    "REML": partial(_likelihood, restricted=True),
    "PM": _paule_mandel,
    "DL": _dersimonian_laird,
    "ML": partial(_likelihood, restricted=False),
}
"""Estimators of the variance between units from estimates y and their variances v (Viechtbauer 2005)."""


def posterior(
    y: np.ndarray, v: np.ndarray, prior: str, scale: float | None, points: int = 4000
) -> tuple[np.ndarray, np.ndarray]:
    """Grid of tau and posterior weights; tau = s t / (1 - t) with t uniform, so that the grid reaches to infinity."""
    t = (np.arange(points) + 0.5) / points
    size = np.sqrt(np.mean(v)) + y.std()
    tau = size * t / (1 - t)
    total = v + tau[:, None] ** 2
    w = 1 / total
    mean = (w @ y) / w.sum(axis=1)
    log = -0.5 * (np.log(total).sum(axis=1) + np.log(w.sum(axis=1)) + (w * (y - mean[:, None]) ** 2).sum(axis=1))
    log -= 2 * np.log1p(-t)
    if prior == "half-normal":
        log -= 0.5 * (tau / scale) ** 2
    if prior == "half-cauchy":
        log -= np.log1p((tau / scale) ** 2)
    weight = np.exp(log - log.max())
    return tau, weight / weight.sum()


def mixture_quantile(centre: np.ndarray, spread: np.ndarray, weight: np.ndarray, tail: float) -> float:
    """Quantile of a mixture of normal distributions."""
    reach = special.ndtri(tail)
    ends = np.sort([np.min(centre + reach * spread), np.max(centre + reach * spread)])
    if np.ptp(ends) == 0:
        return float(ends[0])
    return optimize.brentq(lambda x: weight @ special.ndtr((x - centre) / spread) - tail, ends[0], ends[1], xtol=1e-12)
