"""Maximum of the profiled likelihood, with its exact derivatives, and Satterthwaite degrees of freedom."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize

from analysis.effect.likelihood import CrossProducts
from analysis.effect.profile import Profile, deviance, profile

RATIOS = np.concatenate([[0.0], np.geomspace(1e-4, 1e6, 21)])
"""Grid of var_person / var_residual on which the global optimum of the random-intercept likelihood is located."""

QUADRATIC = {
    1: np.array([[[2.0]]]),
    2: np.array([np.diag([2.0, 0, 0]), [[0, 1.0, 0], [1.0, 0, 0], [0, 0, 0]], np.diag([0, 2.0, 2.0])]),
}
"""Psi = L L' as quadratic forms in theta, the entries of L: psi_k = theta' QUADRATIC[r][k] theta / 2."""


@dataclass(frozen=True)
class Fit:
    """Estimated theta (entries of L in Psi = L L', relative to sigma), the likelihood there; do optimisers agree."""

    theta: np.ndarray
    psi: np.ndarray
    at: Profile
    agreed: bool = True

    @property
    def singular(self) -> bool:
        """Whether a variance is zero or a correlation is 1 in absolute value."""
        r = len(self.psi)
        return bool(np.linalg.det(self.psi) <= 1e-8 * max(np.prod(np.diag(self.psi)), 1e-8**r))


def fit_intercept(products: CrossProducts, *, reml: bool) -> Fit:
    """Random intercept: global grid, then a bracketed Newton search for the root of the exact profile derivative."""
    values = deviance(products, RATIOS[:, None, None], reml=reml)
    best = int(np.argmin(values))
    low, high = RATIOS[max(best - 1, 0)], RATIOS[min(best + 1, len(RATIOS) - 1)]
    ratio = _vertex(best, values)
    for _ in range(100):
        at = profile(products, np.array([[ratio]]), reml=reml)
        if ratio == 0 and at.gradient[0] >= 0:
            break
        low, high = (low, ratio) if at.gradient[0] > 0 else (ratio, high)
        step = _newton_in_log(ratio, at)
        step = step if low < step < high else (low + high) / 2
        if abs(step - ratio) <= 3e-8 * ratio:
            break
        ratio = step
    return Fit(np.sqrt([ratio]), np.array([[ratio]]), at)


def _vertex(best: int, values: np.ndarray) -> float:
    """Lowest point of the parabola, in log(ratio), through the best point of the grid and its neighbours."""
    if not 2 <= best < len(RATIOS) - 1:
        return RATIOS[best]
    before, at, after = values[best - 1 : best + 2]
    bend = before - 2 * at + after
    shift = (before - after) / (2 * bend) if bend > 0 else 0.0
    return RATIOS[best] * (RATIOS[best + 1] / RATIOS[best]) ** shift


def _newton_in_log(ratio: float, at: Profile) -> float:
    """One Newton step for the profile deviance in log(ratio); out of range (-1) where that is not convex."""
    curve = at.hessian[0, 0] - at.drss[0] ** 2 / (at.dof * at.sigma2**2)
    slope, bend = ratio * at.gradient[0], ratio * at.gradient[0] + ratio**2 * curve
    return ratio * np.exp(np.clip(-slope / bend, -3, 3)) if bend > 0 else -1.0


def fit_slope(products: CrossProducts, *, reml: bool) -> Fit:
    """Random intercept and slope: two optimisers of different kind from different starts must agree on the deviance.

    A trust region with exact gradient and Hessian, and Nelder-Mead on the deviance alone.
    """

    @lru_cache(maxsize=2)
    def at(theta: tuple) -> Profile:
        return profile(products, _psi(np.array(theta))[0], reml=reml)

    def value(theta: np.ndarray) -> float:
        return float(deviance(products, _psi(theta)[0][None], reml=reml)[0])

    tight = {"xatol": 1e-6, "fatol": 1e-8, "maxiter": 2000}
    found = [
        optimize.minimize(
            lambda theta: at(tuple(theta)).deviance, [1.0, 0.0, 1.0], method="trust-exact", options={"gtol": 1e-7},
            jac=lambda theta: at(tuple(theta)).gradient @ _psi(theta)[1],
            hess=lambda theta: _curvature(at(tuple(theta)), theta, profiled=True),
        ),
        optimize.minimize(value, [0.3, 0.1, 0.3], method="Nelder-Mead", options=tight),
    ]  # fmt: skip
    finite = [one for one in found if np.isfinite(one.fun)]
    theta = min(finite, key=lambda one: one.fun).x
    agreed = len(finite) == 2 and abs(found[0].fun - found[1].fun) < 1e-5
    return Fit(theta, _psi(theta)[0], at(tuple(theta)), agreed)


def _curvature(at: Profile, theta: np.ndarray, *, profiled: bool) -> np.ndarray:
    """Second derivatives of the deviance in theta, at fixed sigma^2 or with sigma^2 at its best for each theta."""
    jacobian = _psi(theta)[1]
    hessian = at.hessian - np.outer(at.drss, at.drss) / (at.dof * at.sigma2**2) if profiled else at.hessian
    return jacobian.T @ hessian @ jacobian + np.tensordot(at.gradient, QUADRATIC[1 if len(theta) == 1 else 2], 1)


def _psi(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Psi (r, r) and the derivative of its entries (m, m) from the entries of its Cholesky factor."""
    r = 1 if len(theta) == 1 else 2
    jacobian = QUADRATIC[r] @ theta
    entries = jacobian @ theta / 2
    return entries.reshape(1, 1) if r == 1 else entries[[0, 1, 1, 2]].reshape(2, 2), jacobian


def satterthwaite(fit: Fit, contrasts: np.ndarray) -> np.ndarray:
    """Degrees of freedom of each row of `contrasts` (c, p): 2 C^2 / var(C), delta method on (theta, log sigma^2).

    As lmerTest (Kuznetsova et al. 2017, J Stat Softw 82(13)) with exact instead of numerical derivatives; a parameter
    on its boundary drops out, as its derivative is zero there.
    """
    at, jacobian = fit.at, _psi(fit.theta)[1]
    joint = np.zeros((len(jacobian) + 1,) * 2)
    joint[:-1, :-1] = _curvature(at, fit.theta, profiled=False)
    joint[-1, :-1] = joint[:-1, -1] = -(at.drss @ jacobian) / at.sigma2
    joint[-1, -1] = at.dof
    values, vectors = np.linalg.eigh(joint)
    kept = values > 1e-9 * values.max()
    covariance = 2 * (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    u = contrasts @ at.inverse
    variance = np.einsum("ci,ci->c", u, contrasts)
    turn = -np.einsum("ci,aij,cj->ca", u, at.slopes, u) @ jacobian
    gradient = np.column_stack([turn, variance])
    return 2 * variance**2 / np.einsum("ci,ij,cj->c", gradient, covariance, gradient)
