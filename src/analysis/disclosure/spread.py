"""Independent works given to several processes: what comes back does not depend on how many there are."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

Spread = Callable[[Callable, Iterable], Iterable]  # `map`, or that of a pool: calls in any order, answers in order
BATCHES = 64  # works are handed over in about so many batches: to hand one over can take longer than to do it


def batches(sizes: Sequence[int]) -> list[np.ndarray]:
    """Positions of consecutive works, put together until they are a fair share of all; a large one stands alone."""
    sizes = np.asarray(sizes, dtype=float)
    if not len(sizes):
        return []
    share = (np.cumsum(sizes) - sizes / 2) / max(sizes.sum(), 1)  # of all works, until the middle of each
    return np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(np.floor(share * BATCHES))) + 1)


def largest_first(spread: Spread, call: Callable, works: Sequence, sizes: Sequence[int]) -> list:
    """`call` of each of `works`, in their order; the largest begin first, so that nobody waits for one at the end."""
    order = np.argsort(-np.asarray(sizes, dtype=int), kind="stable")
    groups = [order[own] for own in batches([sizes[i] for i in order])]
    answers = spread(_Each(call), [[works[i] for i in own] for own in groups])
    found = {i: answer for own, made in zip(groups, answers, strict=True) for i, answer in zip(own, made, strict=True)}
    return [found[i] for i in range(len(works))]


class _Each:
    """`call` of each of a batch; a class because a function made on the spot cannot go to another process."""

    def __init__(self, call: Callable):
        self.call = call

    def __call__(self, works: Iterable) -> list:
        return [self.call(work) for work in works]
