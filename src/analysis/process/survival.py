"""Time to an event with cases still open: Kaplan-Meier, Aalen-Johansen and the log-rank test on arrays of days."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

OPEN, REACHED, COMPETING = 0, 1, 2
_SAME = 1e-9  # survival probabilities that differ less are equal: products of fractions are not exact


@dataclass(frozen=True)
class Curve:
    """A step function on ordered distinct `times`: the `value` from each time on, its standard error and limits.

    `rises` says whether it counts those who reached the event (from 0 up) or those who wait (from 1 down); `closed`
    that nobody was left waiting at the last time, so that the last value holds for ever after.
    """

    times: np.ndarray
    value: np.ndarray
    std_error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    rises: bool
    closed: bool

    def at(self, time: float) -> dict[str, float]:
        """Value, standard error and limits at a time; NaN beyond the last time at which anybody was observed."""
        position = int(np.searchsorted(self.times, time, side="right")) - 1
        if len(self.times) == 0 or (time > self.times[-1] and not self.closed):
            return dict.fromkeys(("estimate", "std_error", "lower", "upper"), np.nan)
        if position < 0:
            start = 0.0 if self.rises else 1.0
            return {"estimate": start, "std_error": 0.0, "lower": start, "upper": start}
        return {
            "estimate": self.value[position], "std_error": self.std_error[position],
            "lower": self.lower[position], "upper": self.upper[position],
        }  # fmt: skip

    def quantile(self, share: float) -> dict[str, float]:
        """Time by which `share` reached the event, with limits where the limits of the curve cross; NaN if never."""
        waiting = [1 - part if self.rises else part for part in (self.value, self.lower, self.upper)]
        found, one, other = (crossing(self.times, part, 1 - share) for part in waiting)
        return {"estimate": found, "lower": other if self.rises else one, "upper": one if self.rises else other}


def crossing(times: np.ndarray, waiting: np.ndarray, level: float) -> float:
    """First time at which the curve falls to `level`; the midpoint of the step when it lies exactly on it.

    The convention of R's `survfit` (print method, Therneau): with S(t) = .5 from day 10 until it falls on day 20 the
    median is 15, as is the median of the same values without open cases. Some other programs print 10.
    """
    low = np.flatnonzero(waiting < level + _SAME)
    if not len(low):
        return np.nan
    first = low[0]
    later = np.flatnonzero(waiting < waiting[first] - _SAME)
    exact = abs(waiting[first] - level) < _SAME
    return float((times[first] + times[later[0]]) / 2 if exact and len(later) else times[first])


@dataclass(frozen=True)
class Counts:
    """Per distinct time: events, competing events and persons at risk just before it."""

    times: np.ndarray
    events: np.ndarray
    competing: np.ndarray
    at_risk: np.ndarray


def tally(time: np.ndarray, status: np.ndarray) -> Counts:
    """Events, competing events and people at risk at each distinct time; open cases leave after the events of a tie."""
    times, where = np.unique(time, return_inverse=True)
    per_status = [np.bincount(where, weights=status == code, minlength=len(times)) for code in (REACHED, COMPETING)]
    leaving = np.bincount(where, minlength=len(times))
    at_risk = len(time) - np.concatenate([[0], np.cumsum(leaving)[:-1]]) if len(times) else np.zeros(0)
    return Counts(times, *per_status, at_risk)


def _closed(counts: Counts) -> bool:
    """Everybody at risk at the last time had an event."""
    return len(counts.times) > 0 and bool(counts.events[-1] + counts.competing[-1] == counts.at_risk[-1])


def kaplan_meier(counts: Counts, *, level: float = 0.95) -> Curve:
    """Share still waiting for any event, Greenwood standard errors and limits on the log scale (R's default)."""
    events, risk = counts.events + counts.competing, counts.at_risk
    value = np.cumprod(1 - events / risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.sqrt(np.cumsum(events / (risk * (risk - events))))
        half = stats.norm.ppf(0.5 + level / 2) * relative
        lower, upper = value * np.exp(-half), np.minimum(value * np.exp(half), 1)
    gone = value <= 0
    error = np.where(gone, np.nan, value * np.where(gone, 0, relative))
    return Curve(
        counts.times,
        value,
        error,
        np.where(gone, np.nan, lower),
        np.where(gone, np.nan, upper),
        rises=False,
        closed=_closed(counts),
    )


def incidence(counts: Counts, *, competing: bool = False, level: float = 0.95) -> Curve:
    """Share that had the event (or the competing one) by each time: Aalen-Johansen, with delta-method standard
    errors.

    Without competing events it is one minus Kaplan-Meier. Limits on the log(-log) scale. Variance: Marubini and
    Valsecchi (1995, formula 10.12), as sums over the times so that a million rows cost no more than their distinct
    times.
    """
    own = counts.competing if competing else counts.events
    every, risk = counts.events + counts.competing, counts.at_risk
    before = np.concatenate([[1.0], np.cumprod(1 - every / risk)[:-1]]) if len(risk) else risk
    value = np.cumsum(before * own / risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(every < risk, every / (risk * (risk - every)), 0.0)
        chance = before**2 * own * (risk - own) / risk**3
        shared = before * own / risk**2
    total, first, second = np.cumsum(hazard), np.cumsum(hazard * value), np.cumsum(hazard * value**2)
    variance = value**2 * total - 2 * value * first + second + np.cumsum(chance)
    variance -= 2 * (value * np.cumsum(shared) - np.cumsum(shared * value))
    error = np.sqrt(np.maximum(variance, 0))
    lower, upper = _log_log(value, error, level)
    return Curve(counts.times, value, error, lower, upper, rises=True, closed=_closed(counts))


def _log_log(value: np.ndarray, error: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Limits of shares on the log(-log) scale, which keeps them within 0 and 1; a share of 0 or 1 has none of its
    own.
    """
    inner = (value > 0) & (value < 1)
    safe = np.where(inner, value, 0.5)
    half = stats.norm.ppf(0.5 + level / 2) * error / (safe * np.abs(np.log(safe)))
    lower, upper = safe ** np.exp(half), safe ** np.exp(-half)
    return np.where(inner, lower, value), np.where(inner, upper, value)


def log_rank(time: np.ndarray, event: np.ndarray, group: np.ndarray) -> tuple[float, int]:
    """Chi-square and degrees of freedom of the log-rank test (Mantel-Haenszel) over groups coded 0..k-1."""
    times, where = np.unique(time, return_inverse=True)
    groups = int(group.max()) + 1
    cell = where * groups + group
    shape = (len(times), groups)
    events = np.bincount(cell, weights=event, minlength=shape[0] * groups).reshape(shape)
    left = np.bincount(cell, minlength=shape[0] * groups).reshape(shape)
    risk = np.bincount(group, minlength=groups) - np.vstack([np.zeros((1, groups)), np.cumsum(left, axis=0)[:-1]])
    d, n = events.sum(1), risk.sum(1)
    portion = risk / n[:, None]
    surplus = (events - d[:, None] * portion).sum(0)
    weight = d * (n - d) / np.maximum(n - 1, 1)
    covariance = np.diag((weight[:, None] * portion).sum(0)) - (weight[:, None] * portion).T @ portion
    df = int(np.linalg.matrix_rank(covariance))
    return float(surplus @ np.linalg.pinv(covariance) @ surplus), df
