"""The calendar of the study: when people were referred, when the country was closed, when it opened again."""

from functools import cache

import numpy as np

from analysis.synthetic.world import assumed, day

_MARGIN = 400  # days before and after the window, so that a look back or ahead never leaves the calendar


@cache
def closed() -> np.ndarray:
    """For each day of the calendar (with its margins) 1 in a lockdown, 0 outside."""
    days = np.zeros(2 * _MARGIN + day(assumed()["window"]["last"]) + 1)
    for first, last in assumed()["lockdowns"]:
        days[_MARGIN + day(first) : _MARGIN + day(last) + 1] = 1
    return days


@cache
def _share_closed() -> np.ndarray:
    width = assumed()["exposure_days"]
    total = np.concatenate([np.zeros(width), np.cumsum(closed())])
    return (total[width:] - total[:-width]) / width


@cache
def _open_again() -> np.ndarray:
    number = np.arange(len(closed()), dtype=float)
    number[closed() == 1] = np.inf
    return np.minimum.accumulate(number[::-1])[::-1]


def _place(days: np.ndarray) -> np.ndarray:
    return np.clip(np.nan_to_num(days, nan=-_MARGIN).astype(int) + _MARGIN, 0, len(closed()) - 1)


def exposure(days: np.ndarray) -> np.ndarray:
    """Share of the four weeks up to each day that was locked down, 0 to 1."""
    return _share_closed()[_place(days)]


def locked(days: np.ndarray) -> np.ndarray:
    """Whether each day lies in a lockdown; a day that never came does not."""
    return closed()[_place(days)] == 1


def reopened(days: np.ndarray) -> np.ndarray:
    """The first open day from each day on."""
    return np.where(locked(days), _open_again()[_place(days)] - _MARGIN, days)


def referral_days(n: int, rng: np.random.Generator) -> np.ndarray:
    """Days of referral of `n` persons: few in a lockdown, a tail after the study closed."""
    plan = assumed()["recruitment"]
    first, closes, last = day(plan["first"]), day(plan["closes"]), day(plan["last"])
    days = np.arange(first, last + 1)
    weight = np.where(locked(days), plan["in_lockdown"], 1.0)
    late = days >= closes
    weight[late] *= plan["after_closing"] / weight[late].sum()
    weight[~late] *= (1 - plan["after_closing"]) / weight[~late].sum()
    return days[np.searchsorted(np.cumsum(weight), rng.random(n) * weight.sum())].astype(float)
