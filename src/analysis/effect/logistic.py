"""Logistic regression by Newton's method, told apart from a fit that runs away because the groups are separated."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit


@dataclass(frozen=True)
class Logistic:
    """Coefficients (k), fitted probabilities (n), covariance (k x k) and, where it failed, the reason."""

    coefficients: np.ndarray
    probabilities: np.ndarray
    covariance: np.ndarray
    failure: str = ""


def logistic(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> Logistic:
    """Maximum likelihood of P(y = 1) = expit(x b) for identified columns x (n x k), y in {0, 1}; Newton to 1e-12.

    `failure` names what is wrong: one class only, or separation (fitted probabilities of 0 or 1 within 1e-8).
    """
    w = np.ones(len(y)) if weights is None else weights
    size = np.sqrt(np.mean(x**2, axis=0))
    size = np.where(size > 0, size, 1.0)
    scaled, b = x / size, np.zeros(x.shape[1])
    failure = "every row has the same class" if np.ptp(y) == 0 else ""
    for _ in range(0 if failure else 60):
        p = expit(scaled @ b)
        hessian = scaled.T @ (scaled * (w * p * (1 - p))[:, None])
        step = np.linalg.lstsq(hessian, scaled.T @ (w * (y - p)), rcond=1e-14)[0]
        longest = np.max(np.abs(scaled @ step))
        b = b + step * min(1.0, 5.0 / longest) if longest > 0 else b
        if longest < 1e-12 or np.max(np.abs(scaled @ b)) > 30:
            break
    p = expit(scaled @ b)
    if not failure and np.min(np.minimum(p, 1 - p)) < 1e-8:
        failure = "the covariates separate the two classes perfectly"
    covariance = np.linalg.pinv(scaled.T @ (scaled * (w * p * (1 - p))[:, None]), hermitian=True)
    return Logistic(b / size, p, covariance / np.outer(size, size), failure)
