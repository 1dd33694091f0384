"""The search for further numbers to hide: group by group, from totals to crossings, then attacked as a whole."""

import time
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from analysis.disclosure.components import together
from analysis.disclosure.exposed import all_exposed, exposed
from analysis.disclosure.partners import choose_all
from analysis.disclosure.problem import Problem
from analysis.disclosure.spread import Spread, batches

WIDENINGS = 8  # attacks after the search, each followed by hiding more, before everything is hidden


@dataclass(frozen=True)
class Choice:
    """Masks of numbers: to hide, without an answer in time, added around what the last attack opened; its verdict."""

    hidden: np.ndarray
    failed: np.ndarray
    opened: np.ndarray
    attack: str


@dataclass(frozen=True)
class Search:
    """How a choice is searched for.

    deadline  time of `time.monotonic` at which it ends
    spread    calls a function on independent works, in their order: `map`, or that of a pool of processes
    known     groups of numbers solved before, by `Problem.key`
    safe      blocks of numbers attacked before in vain
    """

    deadline: float
    spread: Spread = map
    known: dict[bytes, np.ndarray | None] = field(default_factory=dict)
    safe: set[bytes] = field(default_factory=set)

    def choice(self, whole: Problem, depth: np.ndarray) -> Choice:
        """Choose from totals to crossings: what is shown at one depth stays shown, so that tables come apart.

        Source of the order: the modular approach of tau-Argus (HiTaS, de Wolf 2002), here with linked tables in one
        problem.
        """
        hidden, failed = whole.forced.copy(), np.zeros(len(depth), dtype=bool)
        stages = np.unique(depth)
        for i, stage in enumerate(stages):
            until = time.monotonic() + (self.deadline - time.monotonic()) / (len(stages) - i)
            now = whole.up_to(depth <= stage, hidden)
            chosen, lost = self._stage(now, (depth > stage) | ((depth < stage) & ~hidden), until)
            hidden, failed = hidden | chosen, failed | lost
        return self._checked(whole, hidden, failed, depth == 0)

    def _stage(self, now: Problem, fixed: np.ndarray, until: float) -> tuple[np.ndarray, np.ndarray]:
        """Solve group by group, and again with the shown numbers next to an unsolved group free: hidden, unsolved."""
        while True:
            group, hidden, failed = _groups(now, fixed), now.forced.copy(), np.zeros(len(fixed), dtype=bool)
            wanted = np.unique(group[(now.forced | now.sensitive) & (group >= 0)])
            parts = sorted(now.parts(np.where(np.isin(group, wanted), group, -1)), key=lambda part: len(part[0]))
            keys = [part.key for _, part in parts]
            new = {key: part for key, (_, part) in zip(keys, parts, strict=True) if key not in self.known}
            self.known.update(zip(new, self._chosen(list(new.values()), until), strict=True))
            for key, (columns, _) in zip(keys, parts, strict=True):
                if self.known[key] is None:
                    failed[columns] = True
                else:
                    hidden[columns] = self.known[key]
            around = _neighbours(now, failed) & fixed
            if not around.any() or time.monotonic() > until:
                return hidden, failed
            fixed = fixed & ~around

    def _chosen(self, parts: list[Problem], until: float) -> list[np.ndarray | None]:
        """What is chosen in each part, small ones first: time is shared by size, what they leave is the large ones'."""
        sizes = [len(part.values) for part in parts]
        begun, share = time.monotonic(), np.cumsum(sizes) / max(sum(sizes), 1)
        ends = (begun + (until - begun) * share).tolist()
        works = [[(parts[i], ends[i]) for i in own] for own in batches(sizes)]
        return [chosen for found in self.spread(choose_all, works) for chosen in found]

    def _checked(self, whole: Problem, hidden: np.ndarray, failed: np.ndarray, totals: np.ndarray) -> Choice:
        """The choice with all cells hidden where none was found, and more around what the last attack still opens."""
        hidden = hidden | (failed & ~whole.derived & ~totals)
        opened = np.zeros(len(hidden), dtype=bool)
        for _ in range(WIDENINGS):
            targets = [target for target, _ in all_exposed(whole, hidden, self.spread, self.safe)]
            if not targets:
                return Choice(hidden, failed, opened, "pass")
            around = np.isin(np.arange(len(hidden)), targets)
            while not (around & ~hidden & ~whole.derived).any() and not (_neighbours(whole, around) <= around).all():
                around = around | _neighbours(whole, around)
            opened = opened | around
            hidden = hidden | (around & ~whole.derived)
        everything = ~whole.derived
        return Choice(everything, failed, everything, "fail" if exposed(whole, everything, 1) else "pass")


def _groups(whole: Problem, fixed: np.ndarray) -> np.ndarray:
    """Group of each number: numbers of one relation or one row belong together; fixed ones to none (-1)."""
    free = np.flatnonzero(~fixed)
    links = sparse.vstack([whole.relations[:, free], whole.publishers[:, free]], format="csr")
    group = np.full(len(fixed), -1)
    group[free] = together(links)
    return group


def _neighbours(whole: Problem, mask: np.ndarray) -> np.ndarray:
    """Numbers that share a relation with a number in `mask`."""
    touched = (abs(whole.relations) @ mask.astype(float)) > 0
    return (abs(whole.relations).T @ touched.astype(float)) > 0
