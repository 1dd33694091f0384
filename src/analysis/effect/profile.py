"""The likelihood of a mixed model at given variances, profiled over beta and sigma^2, with exact derivatives.

Matrix calculus on the sums of `likelihood`: with J = (I + Z'Z Psi)^-1 per pattern, Z'V^-1 [X y] = J T, so that the
derivative of [X y]'V^-1 [X y] in direction E is the sum of -T'J'E J T, and that of log |V| the trace of E J Z'Z.
"""

from dataclasses import dataclass

import numpy as np

from analysis.effect.likelihood import CrossProducts


@dataclass(frozen=True)
class Profile:
    """The likelihood at one Psi. Derivatives are in the entries of Psi (m of them: 1, or 3 with a slope).

    `deviance` is -2 log likelihood; `inverse` (p, p) is (X'V^-1 X)^-1 / sigma^2; `slopes` (m, p, p) is the derivative
    of X'V^-1 X; `gradient` (m,) and `hessian` (m, m) are those of the deviance at fixed sigma^2; `drss` (m,) is that of
    the residual sum of squares; `dof` is n - p (REML) or n (ML).
    """

    deviance: float
    beta: np.ndarray
    sigma2: float
    inverse: np.ndarray
    slopes: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    drss: np.ndarray
    dof: int


def deviance(products: CrossProducts, psi: np.ndarray, *, reml: bool) -> np.ndarray:
    """-2 log likelihood (REML or ML) at each of `psi` (m, r, r), profiled over beta and sigma^2."""
    several = max(1, int(5e6 // products.p**2))  # bounds the memory of one batch of (p, p) matrices
    batches = [psi[start : start + several] for start in range(0, len(psi), several)]
    return np.concatenate([_deviance(products, batch, reml) for batch in batches])


def _deviance(products: CrossProducts, psi: np.ndarray, reml: bool) -> np.ndarray:
    solve, logdet = _solve(products, psi[:, None])
    factor = np.linalg.cholesky(products.gram - products.contract(psi[:, None] @ solve))
    p, dof = products.p, products.n - products.p * reml
    diagonal = np.diagonal(factor, axis1=1, axis2=2)
    rss = diagonal[:, p] ** 2
    found = dof * (1 + np.log(2 * np.pi * rss / dof)) + logdet
    return found + 2 * np.log(diagonal[:, :p]).sum(axis=1) if reml else found


def _solve(products: CrossProducts, psi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(I + Z'Z Psi)^-1 per pattern, and log |I + Z'Z Psi| summed over persons; written out, as numpy is slow here."""
    inner = np.eye(psi.shape[-1]) + products.zz @ psi
    if psi.shape[-1] == 1:
        return 1 / inner, np.log(inner[..., 0, 0]) @ products.persons
    determinant = inner[..., 0, 0] * inner[..., 1, 1] - inner[..., 0, 1] * inner[..., 1, 0]
    adjugate = np.stack([inner[..., 1, 1], -inner[..., 0, 1], -inner[..., 1, 0], inner[..., 0, 0]], axis=-1)
    return adjugate.reshape(inner.shape) / determinant[..., None, None], np.log(determinant) @ products.persons


def profile(products: CrossProducts, psi: np.ndarray, *, reml: bool) -> Profile:
    """The likelihood at one `psi` (r, r) with exact first and second derivatives."""
    basis, p = products.directions, products.p
    m, dof = len(basis), products.n - p * reml
    solve, logdet = _solve(products, psi)
    turn, cov = solve.swapaxes(1, 2), solve @ products.zz
    first = [-turn @ e @ solve for e in basis]
    second = [turn @ (e @ cov @ f + f @ cov @ e) @ solve for e in basis for f in basis]
    sums = products.contract(np.stack([-psi @ solve, *first, *second]))
    total, d1, d2 = products.gram + sums[0], sums[1 : m + 1], sums[m + 1 :].reshape(m, m, p + 1, p + 1)
    inverse = np.linalg.inv(total[:p, :p])
    beta = inverse @ total[:p, p]
    v = np.append(-beta, 1.0)
    score = d1 @ v
    rss, drss = total[p] @ v, score @ v
    d2rss = d2 @ v @ v - 2 * score[:, :p] @ inverse @ score[:, :p].T
    sigma2 = rss / dof
    traces = np.array([np.einsum("kab,kba,k->", cov, np.broadcast_to(e, cov.shape), products.persons) for e in basis])
    curves = [np.einsum("kab,kba,k->", cov @ e, cov @ f, products.persons) for e in basis for f in basis]
    gradient, hessian = drss / sigma2 + traces, d2rss / sigma2 - np.reshape(curves, (m, m))
    value = dof * (1 + np.log(2 * np.pi * sigma2)) + logdet
    if reml:
        half = inverse @ d1[:, :p, :p]
        value += np.linalg.slogdet(total[:p, :p])[1]
        gradient = gradient + np.trace(half, axis1=1, axis2=2)
        hessian = hessian + np.einsum("ij,abji->ab", inverse, d2[..., :p, :p]) - np.einsum("aij,bji->ab", half, half)
    return Profile(float(value), beta, float(sigma2), inverse, d1[:, :p, :p], gradient, hessian, drss, dof)
