"""One group at one period: the doubly robust effect of those who started together, with its influence function."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.effect.linear import as_terms, identified, matrices
from analysis.effect.logistic import logistic


@dataclass(frozen=True)
class Panel:
    """Balanced panel: outcomes (persons x periods), first treated period a person (infinite: never), clusters."""

    outcomes: np.ndarray
    periods: np.ndarray
    start: np.ndarray
    persons: pd.Index
    cluster: np.ndarray | None
    dropped: int


@dataclass(frozen=True)
class Effect:
    """An effect and its influence function (one number a person); `reason` when it cannot be estimated.

    `lost` counts the group-time effects that an average does without, because they cannot be estimated.
    """

    group: float
    time: float
    value: float
    influence: np.ndarray
    reason: str = ""
    lost: int = 0


@dataclass(frozen=True)
class Covariates:
    """Covariates as formula terms, to be read from the long `data` at any period."""

    data: pd.DataFrame
    person: str
    time: str
    names: Sequence[str]

    def terms(self, period: float, persons: pd.Index) -> tuple[np.ndarray, np.ndarray]:
        """Identified columns (a constant first) of those persons who have them, and which persons these are."""
        if not self.names:
            return np.ones((len(persons), 1)), np.ones(len(persons), bool)
        rows = self.data[self.data[self.time] == period].set_index(self.person).reindex(persons)
        found = matrices(rows, "~ " + " + ".join(as_terms(self.names, self.data)))[1]
        x, present = found.to_numpy(float), np.zeros(len(rows), bool)
        present[found.index.to_numpy()] = True
        return x[:, identified(x)[0]], present


def balanced(data: pd.DataFrame, outcome: str, person: str, time: str, start: str, cluster: str | None) -> Panel:
    """The panel of persons observed in every period and not treated from the first; others are counted as dropped."""
    if data.duplicated([person, time]).any():
        raise ValueError(
            f"{person} and {time}: {int(data.duplicated([person, time]).sum())} rows repeat a person's period"
        )
    started = data[start].astype("Float64").astype(float).replace(0, np.inf).fillna(np.inf)
    fixed = [started.groupby(data[person]).nunique(), *([data.groupby(person)[cluster].nunique()] if cluster else [])]
    for name, counts in zip([start, cluster], fixed, strict=False):
        if (counts > 1).any():
            raise ValueError(
                f"{name}: differs between rows of {int((counts > 1).sum())} persons. Give one value a person"
            )
    wide = data.pivot(index=person, columns=time, values=outcome).sort_index(axis=1)
    first = started.groupby(data[person]).first().reindex(wide.index).to_numpy()
    periods = wide.columns.to_numpy(float)
    complete = wide.notna().all(axis=1).to_numpy()
    members = data.groupby(person)[cluster].first().reindex(wide.index) if cluster else None
    complete = complete if members is None else complete & members.notna().to_numpy()
    first = np.where(first > periods[-1], np.inf, first) if len(periods) else first
    kept = complete & (first > periods[0]) if len(periods) else complete
    numbers = None if members is None else pd.factorize(members[kept])[0]
    return Panel(wide.to_numpy(float)[kept], periods, first[kept], wide.index[kept], numbers, int((~kept).sum()))


def group_time(
    panel: Panel, covariates: Covariates, group: float, at: int, control: str, anticipation: float
) -> Effect:
    """ATT(g, t), t the period at position `at`, and its influence function over all persons of the panel."""
    now = panel.periods[at]
    earlier = np.flatnonzero(panel.periods < group - anticipation)
    treated = panel.start == group
    blank = np.zeros(len(panel.start))
    if not len(earlier):
        return Effect(group, now, np.nan, blank, "no period before the start is observed")
    base = int(earlier[-1]) if now >= group - anticipation else at - 1
    latest = max(now, panel.periods[base]) + anticipation
    compared = np.isinf(panel.start) if control == "never" else (panel.start > latest) & ~treated
    if treated.sum() < 2 or compared.sum() < 2:
        who = f"group {group:g}" if treated.sum() < 2 else "the comparison group"
        return Effect(group, now, np.nan, blank, f"{who} has fewer than two persons")
    used = treated | compared
    change = panel.outcomes[used, at] - panel.outcomes[used, base]
    x, present = covariates.terms(panel.periods[base], panel.persons[used])
    if not present.all():
        return Effect(group, now, np.nan, blank, "covariates are missing at the base period")
    value, influence, reason = _doubly_robust(change, treated[used].astype(float), x)
    blank[used] = influence * len(panel.start) / used.sum()
    return Effect(group, now, value, blank, reason)


def _doubly_robust(change: np.ndarray, d: np.ndarray, x: np.ndarray) -> tuple[float, np.ndarray, str]:
    """Sant'Anna & Zhao 2020, panel, equation 3.1: logit propensity and least squares among the untreated."""
    n = len(d)
    fit = logistic(x, d)
    odds = fit.probabilities / (1 - fit.probabilities)
    if fit.failure:
        return np.nan, np.zeros(n), fit.failure
    gram = (x * (1 - d)[:, None]).T @ x
    if np.linalg.matrix_rank(gram) < x.shape[1]:
        return np.nan, np.zeros(n), "the comparison group cannot carry the covariates"
    slope = np.linalg.solve(gram, x.T @ ((1 - d) * change))
    rest = change - x @ slope
    by_slope = ((1 - d) * rest)[:, None] * x @ np.linalg.inv(gram) * n
    by_odds = (d - fit.probabilities)[:, None] * x @ fit.covariance * n
    w = odds * (1 - d)
    gain, loss = np.mean(d * rest) / d.mean(), np.mean(w * rest) / w.mean()
    treated = (d * (rest - gain) - by_slope @ np.mean(d[:, None] * x, axis=0)) / d.mean()
    moved = by_odds @ np.mean((w * (rest - loss))[:, None] * x, axis=0) - by_slope @ np.mean(w[:, None] * x, axis=0)
    return gain - loss, treated - (w * (rest - loss) + moved) / w.mean(), ""
