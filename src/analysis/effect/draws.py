"""One draw for the missing values of one variable, in all m chains at once.

Shapes: m chains, n rows with a value, r rows without, q predictors (the first a constant, the others standardised).
Sources: Rubin 1987; van Buuren 2018, algorithms 3.1, 3.3 and 3.5 (mice); White, Daniel & Royston 2010 (separation).
"""

import numpy as np
from scipy.special import expit

_RIDGE = 1e-5
DONORS = 5


def linear(
    known: np.ndarray, wanted: np.ndarray, y: np.ndarray, rng: np.random.Generator, *, matched: bool
) -> np.ndarray:
    """Bayesian regression of y (n) on `known` (m x n x q): values for the rows of `wanted` (m x r x q), as (m x r).

    With `matched` the numbers returned are positions in y of the donors (predictive mean matching of type 1: observed
    rows by the estimate, missing ones by the draw), else draws from the normal model.
    """
    m, n, q = known.shape
    across = known.swapaxes(1, 2)
    gram, cross = across @ known, across @ y
    diagonal = np.einsum("mii->mi", gram)
    diagonal += _RIDGE * diagonal + 1e-10 * n
    half = np.linalg.inv(np.linalg.cholesky(gram))
    estimate = (half.swapaxes(1, 2) @ (half @ cross[..., None]))[..., 0]
    fitted = (known @ estimate[..., None])[..., 0]
    left = max(n - q, 1)
    sigma = np.sqrt(np.sum((y - fitted) ** 2, axis=1) / rng.chisquare(left, size=m))
    drawn = estimate + sigma[:, None] * (half.swapaxes(1, 2) @ rng.standard_normal((m, q, 1)))[..., 0]
    predicted = (wanted @ drawn[..., None])[..., 0]
    if matched:
        return _donors(fitted, predicted, rng)
    return predicted + sigma[:, None] * rng.standard_normal(predicted.shape)


def _donors(fitted: np.ndarray, predicted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For every predicted value one of the five observed rows with the nearest fitted value, each as likely.

    Chains are sorted as one vector, each shifted beyond the one before. The d nearest of a sorted vector are found by
    walking outward d steps; the walk stops at a step drawn beforehand.
    """
    m, n = fitted.shape
    low = np.minimum(fitted.min(axis=1), predicted.min(axis=1))[:, None]
    width = np.maximum(fitted.max(axis=1), predicted.max(axis=1))[:, None] - low
    width = np.where(width > 0, width, 1.0)
    shift = 2.0 * np.arange(m)[:, None]
    # rows that tie are shuffled: a jitter far below the spacing of different fitted values
    place = (fitted - low) / width + 1e-9 * rng.random((m, n))
    order = np.argsort(place, axis=1)
    line = np.concatenate([[-np.inf], (np.take_along_axis(place, order, axis=1) + shift).ravel(), [np.inf]])
    target = ((predicted - low) / width + shift).ravel()
    chain = np.repeat(np.arange(m), predicted.shape[1])
    first, last = chain * n + 1, (chain + 1) * n
    right = np.clip(np.searchsorted(line, target), first, last + 1)
    left, chosen = right - 1, right.copy()
    stop = rng.integers(0, min(DONORS, n), size=len(target))
    for step in range(min(DONORS, n)):
        below = np.where(left >= first, target - line[left], np.inf)
        above = np.where(right <= last, line[np.minimum(right, last)] - target, np.inf)
        down = below <= above
        chosen = np.where(stop == step, np.where(down, left, right), chosen)
        left, right = left - down, right + ~down
    return np.take_along_axis(order, (chosen - first).reshape(predicted.shape), axis=1)


def classes(
    known: np.ndarray, wanted: np.ndarray, y: np.ndarray, levels: int, rng: np.random.Generator, *, shared: bool
) -> np.ndarray:
    """Level numbers (m x r) drawn from sequential logits P(level = k | level >= k); binary is the case of two levels.

    `shared`: one slope for all steps (ordinal: continuation ratio), else one model a step (nominal).
    """
    steps = levels - 1
    if shared and steps > 1:
        chances = _shared_steps(known, wanted, y, steps, rng)
    else:
        rows = [np.flatnonzero(y >= step) for step in range(steps)]
        chances = [_chance(known[:, r], wanted, y[r] == step, rng) for step, r in enumerate(rows)]
    uniform = rng.random((steps, wanted.shape[0], wanted.shape[1]))
    stopped = np.stack(
        [u < chance for u, chance in zip(uniform, chances, strict=True)] + [np.ones_like(uniform[0], bool)]
    )
    return np.argmax(stopped, axis=0).astype(float)


def _shared_steps(
    known: np.ndarray, wanted: np.ndarray, y: np.ndarray, steps: int, rng: np.random.Generator
) -> list[np.ndarray]:
    rows = [np.flatnonzero(y >= step) for step in range(steps)]
    blocks = [_with_threshold(known[:, r], step, steps) for step, r in enumerate(rows)]
    success = np.concatenate([y[r] == step for step, r in enumerate(rows)])
    beta = _logit_draw(np.concatenate(blocks, axis=1), success, steps, rng)
    return [expit((_with_threshold(wanted, step, steps) @ beta[..., None])[..., 0]) for step in range(steps)]


def _with_threshold(x: np.ndarray, step: int, steps: int) -> np.ndarray:
    """Predictors with one constant a step instead of the single constant."""
    constants = np.zeros((*x.shape[:2], steps))
    constants[..., step] = 1.0
    return np.concatenate([constants, x[..., 1:]], axis=2)


def _chance(known: np.ndarray, wanted: np.ndarray, success: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return expit((wanted @ _logit_draw(known, success, 1, rng)[..., None])[..., 0])


def _logit_draw(x: np.ndarray, success: np.ndarray, constants: int, rng: np.random.Generator) -> np.ndarray:
    """Coefficients (m x q) drawn from the normal approximation around the maximum of the logit likelihood.

    A few weighted extra rows, half a unit from the centre in each predictor with either result, keep the estimate
    finite when a predictor separates the classes; together they weigh as much as one row a coefficient.
    """
    m, _, q = x.shape
    extra, results = _extra_rows(q, constants)
    x = np.concatenate([x, np.broadcast_to(extra, (m, *extra.shape))], axis=1)
    y = np.concatenate([success.astype(float), results])
    weight = np.concatenate([np.ones(len(success)), np.full(len(results), q / max(len(results), 1))])
    beta, across = np.zeros((m, q)), x.swapaxes(1, 2)
    for _ in range(25):
        p = expit((x @ beta[..., None])[..., 0])
        hessian = across @ (x * (weight * p * (1 - p))[..., None])
        np.einsum("mii->mi", hessian)[...] += 1e-8
        step = np.linalg.solve(hessian, across @ (weight * (y - p))[..., None])[..., 0]
        beta = beta + np.clip(step, -4.0, 4.0)
        if np.max(np.abs(step)) < 1e-4:
            break
    half = np.linalg.inv(np.linalg.cholesky(hessian))
    return beta + (half.swapaxes(1, 2) @ rng.standard_normal((m, q, 1)))[..., 0]


def _extra_rows(q: int, constants: int) -> tuple[np.ndarray, np.ndarray]:
    slopes = q - constants
    moves = np.concatenate([0.5 * np.eye(slopes), -0.5 * np.eye(slopes)]) if slopes else np.zeros((1, 0))
    rows = [np.hstack([np.tile(np.eye(constants)[step], (len(moves), 1)), moves]) for step in range(constants)]
    once = np.concatenate(rows)
    return np.concatenate([once, once]), np.repeat([0.0, 1.0], len(once))
