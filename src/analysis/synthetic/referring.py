"""One referral's way: reached, intake, warm handover, start, three and six months, feedback; or where it stopped.

Days are numbers since the study window opened, NaN where the step was not taken (or not yet: see `unseen`).
Chances follow facts that are published where there are any (about 85 % of those with an intake take up an offer).
"""

import numpy as np
import pandas as pd

from analysis.synthetic.seasons import locked, reopened
from analysis.synthetic.world import assumed, day

STEPS = ["referred", "reached", "intake", "handover", "started", "kept_3m", "kept_6m", "feedback"]
_REASONS = {  # code of levels.csv: chance, for who stopped before the start and after it
    "before": {1: 0.22, 2: 0.30, 3: 0.16, 4: 0.10, 5: 0.10, 98: 0.06, 99: 0.06},
    "after": {1: 0.27, 2: 0.22, 3: 0.14, 4: 0.08, 5: 0.10, 7: 0.06, 98: 0.06, 99: 0.07},
}
_NOT_REACHED, _LOCKDOWN = 8, 6


def chosen(options: dict, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` draws from options with these weights."""
    weights = np.cumsum(list(options.values()))
    return np.array(list(options))[np.searchsorted(weights, rng.random(n) * weights[-1], side="right")]


def first_steps(referred: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Reached, intake and warm handover of referrals of these days."""
    n, chance = len(referred), assumed()["funnel"]
    reached = np.where(rng.random(n) < chance["reached"], referred + np.floor(1 + rng.gamma(1.6, 5, n)), np.nan)
    intake = np.where(rng.random(n) < chance["intake"], reached + np.floor(2 + rng.gamma(2, 6, n)), np.nan)
    handover = np.where(rng.random(n) < chance["handover"], intake + np.floor(6 + rng.gamma(2, 4, n)), np.nan)
    return pd.DataFrame({"referred": referred, "reached": reached, "intake": intake, "handover": handover})


def starts(steps: pd.DataFrame, waits: np.ndarray, form_t1: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Day of the first activity. Who waits starts after the day of the form at T1 at the earliest; in a lockdown
    three of four starts are put off until the country opens."""
    n = len(steps)
    ready = steps[["intake", "handover"]].max(axis=1).to_numpy()
    soon = ready + np.floor(6 + rng.gamma(2, 8, n))
    put_off = np.where(rng.random(n) < 0.75, reopened(soon) + locked(soon) * np.floor(rng.gamma(2, 6, n)), soon)
    later = np.fmax(form_t1, ready) + np.floor(5 + rng.gamma(2, 25, n))
    taken_up = rng.random(n) < assumed()["funnel"]["started"] * np.where(waits, 0.7, 1.0)
    return np.where(taken_up, np.where(waits, later, put_off), np.nan)


def last_steps(steps: pd.DataFrame, waits: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """`steps` (with `started`) and the rest of the way: kept up, stopped with a reason, feedback to the referrer."""
    n = len(steps)
    ended, reason = _stop(steps, waits, rng)
    kept = {f"kept_{month}m": _kept(steps["started"].to_numpy(), ended, days) for month, days in ((3, 91), (6, 183))}
    done = np.fmax(ended, kept["kept_6m"])
    chance = np.where(np.isnan(steps["started"]), 0.35, 0.62)
    feedback = np.where(rng.random(n) < chance, done + np.floor(2 + rng.gamma(2, 9, n)), np.nan)
    return steps.assign(**kept, feedback=feedback, ended=ended, reason=reason)


def _kept(started: np.ndarray, ended: np.ndarray, days: int) -> np.ndarray:
    return np.where(np.isnan(ended) | (ended >= started + days), started + days, np.nan)


def _stop(steps: pd.DataFrame, waits: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Day and reason of stopping: not reached, given up before a start, or after it (more slowly after six
    months)."""
    n, plan = len(steps), assumed()["stopping"]
    never = ~steps["started"].notna().to_numpy()
    latest = steps[["referred", "reached", "intake", "handover"]].max(axis=1).to_numpy()
    patience = np.where(waits, 190, 18) + np.floor(rng.gamma(2, 14, n))
    hazard = -np.log(1 - plan["six_months"]) / 183
    waited = rng.exponential(1 / hazard, n)
    after = np.where(waited <= 183, waited, 183 + (waited - 183) / plan["later"])
    ended = np.where(never, latest + patience, np.floor(steps["started"].to_numpy() + 1 + after))
    reason = np.where(never, chosen(_REASONS["before"], n, rng), chosen(_REASONS["after"], n, rng)).astype(float)
    reason[locked(ended) & (rng.random(n) < 0.6)] = _LOCKDOWN
    return ended, np.where(steps["reached"].isna(), _NOT_REACHED, reason)


def unseen(steps: pd.DataFrame) -> pd.DataFrame:
    """`steps` as they stand on the last day of the study: what would come later is not there yet."""
    last = day(assumed()["window"]["last"])
    moments = [*STEPS, "ended"]
    seen = steps.assign(**{step: steps[step].where(steps[step] <= last) for step in moments})
    return seen.assign(reason=seen["reason"].where(seen["ended"].notna()))
