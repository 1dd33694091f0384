"""Profiled likelihood of a linear mixed model with random effects per person, from sums that do not grow with n.

The model is y = X beta + Z b + e with b ~ N(0, sigma^2 Psi) per person; Z is a column of ones, or ones and time. All
the likelihood needs of the data are cross-products, summed over persons who share the same Z'Z ("patterns": with a
random intercept, persons with equally many measurements). An evaluation costs the same at 1,000 and 500,000 persons.
Formulas: Bates et al. 2015, J Stat Softw 67(1), sections 3.4 and 5.4; derivatives by matrix calculus on the same form.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from analysis.effect.terms import Terms


@dataclass(frozen=True)
class CrossProducts:
    """Sums over the data for q columns [X, y] and r random effects.

    n rows; `gram` (q, q) is [X y]'[X y]; per pattern k: `zz` (K, r, r) is Z'Z of one person, `persons` (K,) how many,
    `outer` (K, r, r, q, q) the sum over those persons of T[a]' T[b] with T = Z'[X y].
    """

    n: int
    gram: np.ndarray
    zz: np.ndarray
    persons: np.ndarray
    outer: np.ndarray

    @property
    def p(self) -> int:
        """Number of fixed-effect columns."""
        return self.gram.shape[0] - 1

    @cached_property
    def directions(self) -> np.ndarray:
        """Symmetric basis of Psi: (1, 1, 1) for an intercept, (3, 2, 2) for intercept, covariance, slope."""
        pairs = [(a, b) for a in range(self.zz.shape[1]) for b in range(a + 1)]
        basis = np.zeros((len(pairs), *self.zz.shape[1:]))
        for k, (a, b) in enumerate(pairs):
            basis[k, a, b] = basis[k, b, a] = 1.0
        return basis

    def contract(self, weights: np.ndarray) -> np.ndarray:
        """Sum over patterns of weights (m, K, r, r) times `outer`: (m, q, q)."""
        q = self.gram.shape[0]
        return (weights.reshape(len(weights), -1) @ self.outer.reshape(-1, q * q)).reshape(-1, q, q)

    def without(self, terms: np.ndarray) -> "CrossProducts":
        """The same sums with the marked (p,) columns left out."""
        if not terms.any():
            return self
        kept = np.flatnonzero(np.append(~terms, True))
        grid = np.ix_(kept, kept)
        outer = np.ascontiguousarray(self.outer[..., grid[0], grid[1]])
        return CrossProducts(self.n, self.gram[grid], self.zz, self.persons, outer)


def cross_products(terms: Terms, y: np.ndarray, person: np.ndarray, z: np.ndarray | None = None) -> CrossProducts:
    """Sums for the columns of `terms` and y; `person` holds codes 0..G-1; `z` (n,) is time for a random slope."""
    dense = np.vstack([terms.values, y])
    sizes = np.bincount(person)
    sums = [_sums(dense, person)] if z is None else [_sums(dense, person), _sums(dense * z, person)]
    zz = sizes[:, None, None].astype(float) if z is None else _zz(sizes, person, z)
    patterns, which = _patterns(zz)
    counts = None
    if terms.absorbed is not None:
        shape = (len(sizes), int(terms.absorbed.max()) + 1)
        counts = sparse.csr_array((np.ones(len(y)), (person, terms.absorbed)), shape=shape)
    outer = _outer(np.concatenate(sums, axis=1), counts, which, len(patterns), len(sums))
    gram = dense @ dense.T
    if counts is not None:
        gram = _with_levels(gram, *_level_products(dense, terms.absorbed))
    return CrossProducts(len(y), gram, patterns, np.bincount(which), outer)


def _sums(columns: np.ndarray, person: np.ndarray) -> np.ndarray:
    return np.column_stack([np.bincount(person, weights=column) for column in columns])


def _zz(sizes: np.ndarray, person: np.ndarray, z: np.ndarray) -> np.ndarray:
    first, second = np.bincount(person, weights=z), np.bincount(person, weights=z * z)
    return np.stack([sizes, first, first, second], axis=1).reshape(-1, 2, 2).astype(float)


def _patterns(zz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct Z'Z and the pattern of every person; the common case of one shared pattern is found without a sort."""
    if (zz == zz[0]).all():
        return zz[:1], np.zeros(len(zz), dtype=np.intp)
    flat = zz.reshape(len(zz), -1)
    distinct, which = np.unique(flat if flat.shape[1] > 1 else flat[:, 0], axis=0, return_inverse=True)
    return distinct.reshape(-1, *zz.shape[1:]), which


def _outer(sums: np.ndarray, counts: sparse.csr_array | None, which: np.ndarray, k: int, r: int) -> np.ndarray:
    """Per pattern the sum of outer products of the persons' sums; `counts` are sums of the absorbed levels' columns."""
    q = sums.shape[1] // r
    blocks = []
    order = np.argsort(which, kind="stable") if k > 1 else slice(None)
    sums, counts = sums[order], counts if counts is None or k == 1 else counts[order]
    edges = np.concatenate([[0], np.cumsum(np.bincount(which))])
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        part = sums[start:stop]
        block = part.T @ part
        if counts is not None:
            own = counts[start:stop]
            block = _with_levels(block, (own.T @ part).T, (own.T @ own).toarray())
        blocks.append(block)
    size = q if counts is None else blocks[0].shape[0]
    return np.ascontiguousarray(np.stack(blocks).reshape(k, r, size, r, size).swapaxes(2, 3))


def _level_products(dense: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sums = np.stack([np.bincount(codes, weights=column) for column in dense])
    return sums, np.diag(np.bincount(codes).astype(float))


def _with_levels(dense: np.ndarray, cross: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Insert the absorbed levels (without the reference) between the terms and y."""
    cross, levels, last = cross[:, 1:], levels[1:, 1:], len(dense) - 1
    top = np.hstack([dense[:last, :last], cross[:last], dense[:last, last:]])
    middle = np.hstack([cross[:last].T, levels, cross[last:].T])
    bottom = np.hstack([dense[last:, :last], cross[last:], dense[last:, last:]])
    return np.vstack([top, middle, bottom])
