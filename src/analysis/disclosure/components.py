"""Numbers that hang together: a matrix of relations taken apart in one go."""

from collections.abc import Iterator

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components


def together(links: sparse.csr_matrix) -> np.ndarray:
    """Group of each column of `links`: columns that share a row, directly or through others, have one (0, 1, ...)."""
    used = links[np.flatnonzero(np.diff(links.indptr))]
    if not used.shape[0]:
        return np.arange(links.shape[1])
    _, label = connected_components(sparse.bmat([[None, used], [used.T, None]]), directed=False)
    return np.unique(label[used.shape[0] :], return_inverse=True)[1]


def members(group: np.ndarray) -> list[np.ndarray]:
    """Positions of the members of groups 0, 1, ... (-1: of none), each in order."""
    order = np.argsort(group, kind="stable")[np.count_nonzero(group < 0) :]
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(order) else []


def split(matrix: sparse.csr_matrix, group: np.ndarray) -> Iterator[tuple[np.ndarray, sparse.csr_matrix]]:
    """Rows and the matrix of each group of columns 0, 1, ... without empty rows; other columns (-1) are left out.

    No row may have columns of two groups. Slices of the whole matrix, one a group, would each go through all of it.
    """
    owned = group[matrix.indices] >= 0
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[owned]
    column, data = matrix.indices[owned], matrix.data[owned]
    own = group[column]
    order = np.lexsort((row, own))  # stable: entries keep their order in a row
    row, column, data = row[order], column[order], data[order]
    sizes = np.bincount(group[group >= 0])
    place = np.zeros(len(group), dtype=matrix.indices.dtype)
    for columns in members(group):
        place[columns] = np.arange(len(columns))
    ends = np.concatenate([[0], np.cumsum(np.bincount(own, minlength=len(sizes)))])
    for i, size in enumerate(sizes):
        inside = slice(ends[i], ends[i + 1])
        rows, entries = np.unique(row[inside], return_counts=True)
        starts = np.concatenate([[0], np.cumsum(entries)]).astype(matrix.indptr.dtype)
        parts = (data[inside], place[column[inside]], starts)
        yield rows, sparse.csr_matrix(parts, shape=(len(rows), size))
