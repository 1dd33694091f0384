"""Covariance of least squares with clustered rows, and the degrees of freedom that go with it.

Sources: Bell & McCaffrey 2002 and Pustejovsky & Tipton 2018 (CR2, Satterthwaite); Cameron, Gelbach & Miller 2011 (two
ways); MacKinnon, Nielsen & Webb 2023 (CR3 as jackknife). No matrix of rows x rows is made: a cluster enters through the
k columns of its design, and clusters of one size are handled together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.effect.linear import Fit


@dataclass(frozen=True)
class Variance:
    """Variance and df per term (k); `lost` tells for which terms leaving out one cluster loses the term (CR3 only)."""

    variance: np.ndarray
    df: np.ndarray
    lost: np.ndarray


def heteroscedastic(fit: Fit, kind: str) -> Variance:
    """Classical, or HC0 to HC3 (MacKinnon & White 1985), with t on n - k."""
    d = fit.design
    left = d.n - d.parameters
    if kind == "classical":
        variance = np.diag(fit.bread) * np.sum(d.weights * fit.residuals**2) / left
    else:
        leverage = d.weights * np.einsum("ij,jk,ik->i", d.x, fit.bread, d.x)
        power = {"HC0": 0.0, "HC1": 0.0, "HC2": 1.0, "HC3": 2.0}[kind]
        weighted = d.weights * fit.residuals / np.maximum(1 - leverage, 1e-12) ** (power / 2)
        influence = (d.x * weighted[:, None]) @ fit.bread
        variance = np.sum(influence**2, axis=0) * (d.n / left if kind == "HC1" else 1.0)
    return Variance(variance, np.full(len(variance), float(left)), np.zeros(len(variance), bool))


def clustered(fit: Fit, cluster: np.ndarray, kind: str, nested: int = 0) -> Variance:
    """One-way cluster-robust variance of every term; CR1N does not count the `nested` fixed effects."""
    if kind == "CR2":
        return _bell_mccaffrey(fit, cluster)
    if kind == "CR3":
        return _jackknife(fit, cluster)
    d, groups = fit.design, cluster.max() + 1
    influence = cluster_sums(d.x * (d.weights * fit.residuals)[:, None], cluster) @ fit.bread
    scale = 1.0 if kind == "CR0" else groups / (groups - 1)
    if kind == "CR1S":
        scale *= (d.n - 1) / (d.n - d.parameters)
    if kind == "CR1N":
        scale *= (d.n - 1) / (d.n - d.parameters + nested)
    variance = scale * np.sum(influence**2, axis=0)
    return Variance(variance, np.full(len(variance), groups - 1.0), np.zeros(len(variance), bool))


def cluster_sums(values: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Sums of the rows of `values` (n x k) per cluster (G x k)."""
    groups = cluster.max() + 1
    return np.column_stack([np.bincount(cluster, weights=column, minlength=groups) for column in values.T])


def _by_size(cluster: np.ndarray) -> Iterator[np.ndarray]:
    """Row numbers of clusters of equal size, as (clusters x size), so that they can be handled as one stack."""
    order = np.argsort(cluster, kind="stable")
    sizes = np.bincount(cluster)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    for size in np.unique(sizes):
        yield order[starts[sizes == size][:, None] + np.arange(size)]


def _bell_mccaffrey(fit: Fit, cluster: np.ndarray) -> Variance:
    """CR2 with an identity working model (also with weights, as clubSandwich does) and Satterthwaite df.

    Residuals of cluster g are multiplied by B_g^(-1/2), B_g the block of (I-H)(I-H)'. With P_gh = v_g'[(I-H)(I-H)']_gh
    v_h the df are (sum P_gg)^2 / sum P_gh^2; the double sum is a trace of 2k x 2k matrices, so G may be large.
    """
    d, bread = fit.design, fit.bread
    spread = bread @ (d.x.T @ (d.x * d.weights[:, None] ** 2)) @ bread
    terms = len(bread)
    kernel = np.block([[spread, -bread], [-bread, np.zeros_like(bread)]])
    meat, trace, squares = np.zeros(terms), np.zeros(terms), np.zeros(terms)
    products = np.zeros((terms, 2 * terms, 2 * terms))
    for rows in _by_size(cluster):
        x, w = d.x[rows], d.weights[rows][..., None]
        values = np.concatenate([fit.residuals[rows][..., None], w * (x @ bread)], axis=2)
        adjusted = _inverse_root(x, w, bread, spread, values)
        meat += np.sum(np.sum(w * (x @ bread) * adjusted[..., :1], axis=1) ** 2, axis=0)
        for term in range(terms):
            v = adjusted[..., 1 + term]
            sums = np.concatenate([np.einsum("csk,cs->ck", x, v), np.einsum("csk,cs->ck", w * x, v)], axis=1)
            own, cross = np.sum(v**2, axis=1), np.einsum("ci,ij,cj->c", sums, kernel, sums)
            trace[term] += np.sum(own + cross)
            squares[term] += np.sum(own**2 + 2 * own * cross)
            products[term] += sums.T @ sums
    mixed = kernel @ products
    squares += np.einsum("tij,tji->t", mixed, mixed)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Variance(meat, trace**2 / squares, np.zeros(terms, bool))


def _inverse_root(
    x: np.ndarray, w: np.ndarray, bread: np.ndarray, spread: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """B_g^(-1/2) times `values` for a stack of clusters; directions in which B_g is zero (own dummies) give zero."""
    q, _ = np.linalg.qr(x if np.all(w == 1) else np.concatenate([x, w * x], axis=2))
    plain, weighted = q.swapaxes(1, 2) @ x, q.swapaxes(1, 2) @ (w * x)
    shared = plain @ bread @ weighted.swapaxes(1, 2)
    small = plain @ spread @ plain.swapaxes(1, 2) - shared - shared.swapaxes(1, 2)
    eigenvalues, vectors = np.linalg.eigh(small + np.eye(small.shape[1]))
    power = np.where(eigenvalues > 1e-11, np.maximum(eigenvalues, 1e-11) ** -0.5, 0.0) - 1
    basis = q @ vectors
    return values + basis @ (power[..., None] * (basis.swapaxes(1, 2) @ values))


def _jackknife(fit: Fit, cluster: np.ndarray) -> Variance:
    """CR3: (G-1)/G times the sum of squared changes when a cluster is left out, with t(G-1)."""
    d, groups = fit.design, cluster.max() + 1
    size = np.sqrt(np.sum(d.weights[:, None] * d.x**2, axis=0))
    x = d.x / size
    squares = np.empty((groups, len(size), len(size)))
    for rows in _by_size(cluster):
        squares[cluster[rows[:, 0]]] = x[rows].swapaxes(1, 2) @ (d.weights[rows][..., None] * x[rows])
    eigenvalues, vectors = np.linalg.eigh(squares.sum(axis=0) - squares)
    known = eigenvalues > 1e-9
    inverse = np.where(known, 1 / np.where(known, eigenvalues, 1.0), 0.0)
    scores = cluster_sums(x * (d.weights * fit.residuals)[:, None], cluster)
    change = (vectors @ (inverse[..., None] * (vectors.swapaxes(1, 2) @ scores[..., None])))[..., 0] / size
    lost = np.any(np.abs(vectors) * ~known[:, None, :] > 1e-6, axis=(0, 2))
    variance = (groups - 1) / groups * np.sum(change**2, axis=0)
    return Variance(variance, np.full(len(variance), groups - 1.0), lost)


def cautions(column: np.ndarray, members: Sequence[np.ndarray]) -> str:
    """What a reader must know of the clusters behind a term: fewer than ten, or only one of them treated."""
    notes = []
    for member in members:
        groups = member.max() + 1
        if groups < 10:
            notes.append(f"{groups} clusters, fewer than 10: read beside the other methods")
        if set(np.unique(column)) == {0.0, 1.0} and min(_treated(column, member), _treated(1 - column, member)) == 1:
            notes.append("one treated cluster: cluster-robust inference is unreliable (MacKinnon & Webb 2017)")
    return "; ".join(dict.fromkeys(notes))


def _treated(column: np.ndarray, member: np.ndarray) -> int:
    return int(np.sum(np.bincount(member, weights=column) > 0))
