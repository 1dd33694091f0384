"""What an outsider can derive of numbers that no row shows, and whether that is too much."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from analysis.disclosure.attack import Block, Reached, Span, blocks, protects
from analysis.disclosure.naming import Named
from analysis.disclosure.problem import MAY_BE_NOBODY
from analysis.disclosure.profiles import Profile
from analysis.disclosure.spread import Spread, largest_first
from analysis.disclosure.system import System

How = Literal["exact", "seen", "failed"]  # exact bounds, bounds seen on the way to the verdicts, those that fail only
TINY = 1e-6


def hidden_numbers(
    found: System, named: Named, lower, upper, unknown, floor, profile: Profile, how: How, spread: Spread
) -> pd.DataFrame:
    """The interval of each hidden or derived number that a rule protects, and the verdict on it (see `audit`)."""
    threshold = named.threshold
    sums = [q is not None and q.role.startswith("sum:") for q in named.quantity]
    needed = unknown & ((threshold > 0) | np.array(sums, dtype=bool))
    attacks = [
        _Attack(block, threshold[block.columns], floor[block.columns], targets, how)
        for block in blocks(_near(found, unknown, lower, upper), lower, upper)
        if len(targets := np.flatnonzero(needed[block.columns]))
    ]
    sizes, rows = [len(attack.threshold) for attack in attacks], []
    for attack, spans in zip(attacks, largest_first(spread, _Attack.__call__, attacks, sizes), strict=True):
        for column, span in zip(attack.block.columns[attack.targets], spans, strict=True):
            # A derived number that follows from shown ones only is left open by their rounding alone.
            rounded = bool(named.derived[column]) and not unknown[named.follows_from(column)].any()
            judged = _judged(named, column, span, floor[column], profile, rounded)
            if how != "failed" or judged["verdict"] == "fail":
                rows.append(named.text(column) | judged)
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class _Attack:
    """On the `targets` of one block, with the threshold of each number and what everyone knows it to be at least."""

    block: Block
    threshold: np.ndarray
    floor: np.ndarray
    targets: np.ndarray
    how: How

    def __call__(self) -> list[Span | None]:
        """What can be derived of each target; None where the relations contradict each other."""
        seen, block = self._seen(), self.block
        if seen is None:
            return [block.reaches(i) for i in self.targets]
        alone = set(seen.unsettled.tolist())
        return [block.reaches(i) if i in alone else (seen.low[i], seen.high[i]) for i in self.targets.tolist()]

    def _seen(self) -> Reached | None:
        """Bounds without two programmes each; None when all need them, as when relations contradict each other."""
        if (hull := self.block.hull()) is not None:
            return None if (hull[0] > hull[1] + TINY).any() else Reached(*hull, np.array([], dtype=int))
        if self.how == "exact":
            return None
        any_ = self.block.programme(np.zeros(len(self.block.columns)))
        start = any_.steady() if self.how == "seen" else any_.quick()
        if start is None:
            return None
        found = self.block.reach(start, self.threshold, -self.floor, self.targets, report=self.how == "seen")
        return replace(found, unsettled=np.union1d(found.unsettled, self.targets[self.threshold[self.targets] == 0]))


def _near(found: System, unknown: np.ndarray, lower: np.ndarray, upper: np.ndarray):
    """Relations that matter for unknown numbers: all of them when shown values are exact; else those two steps around.

    With rounded values every relation of the study is slack and none separates; programmes over all at once take hours.
    """
    relations = found.relations
    if (unknown | (upper - lower < 0.5)).all():
        return relations
    touched = (abs(relations) @ unknown.astype(float)) > 0
    around = (abs(relations).T @ touched.astype(float)) > 0
    return relations[np.flatnonzero((abs(relations) @ around.astype(float)) > 0)]


def _judged(named: Named, column: int, span: Span | None, floor: float, profile: Profile, rounded: bool) -> dict:
    quantity, derived, threshold = named.quantity[column], named.derived[column], float(named.threshold[column])
    if span is None:
        verdict, reason, low, high = "fail", "relations contradict each other", np.nan, np.nan
    else:
        low, high = _whole(*span)
        if not derived and quantity.role.startswith("sum:"):
            threshold = profile.p_share * high
            safe = span[1] - span[0] >= threshold
        else:
            safe = protects(span, threshold, floor) or (
                bool(derived) and _harmless(derived, low, high, profile, threshold, rounded)
            )
        verdict, reason = ("pass" if safe else "fail"), ("" if safe else "derivable")
    return {
        "derived": derived, "lower": low, "upper": high, "required": threshold, "verdict": verdict, "reason": reason,
    }  # fmt: skip


def _whole(lower: float, upper: float) -> tuple[float, float]:
    """The whole numbers between two bounds; the nearest one when rounded values leave none."""
    low, high = float(np.ceil(lower - TINY)) + 0.0, float(np.floor(upper + TINY)) + 0.0  # no -0.0
    return (low, high) if low <= high else (float(np.round((lower + upper) / 2)),) * 2


def _harmless(derived: str, low: float, high: float, profile: Profile, threshold: float, rounded: bool) -> bool:
    """Derived numbers that tell of nobody, or that rounding leaves open (the rules judged the true value).

    Differences of estimated shares are no whole persons: between nobody and one is nobody.
    """
    nobody = high == 0 and (derived in MAY_BE_NOBODY or profile.all != "hide")
    nobody |= derived == "estimated" and low <= 0 and high <= 1
    open_ = low <= 0 and rounded and derived in MAY_BE_NOBODY
    return nobody or open_ or (profile.round_base > 0 and (high >= threshold or low <= 0))
