"""How somebody is doing at each form: traits that belong to the person, passing states, the shock, the programme.

A trait at a wave = common wellbeing (person + state) and something of its own (person + state), in SD of the
population, higher = better, + fixed differences by age, living alone and target group - lockdown + programme.
Referral selects on low common wellbeing at the moment of referral; the part of that low point that passes is what
regresses to the mean between T0 and T1.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from analysis.synthetic.seasons import exposure
from analysis.synthetic.world import WAVES, Unit, World, assumed, traits


def trait_levels(world: World, unit: Unit, people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Levels of the traits, shape (people, 3 waves, traits). Draws do not depend on the knobs, so that two worlds
    with one stream hold the same people."""
    common, n = _common(len(people), rng), len(people)
    own = traits()["common"].to_numpy()
    stability = assumed()["population"]["stability"]
    person = np.sqrt(stability) * rng.standard_normal((n, 1, len(own)))
    specific = person + np.sqrt(1 - stability) * rng.standard_normal((n, len(WAVES), len(own)))
    level = own * common[:, :, None] + np.sqrt(1 - own**2) * specific + _differences(unit, people)[:, None, :]
    shock = world.shock * exposure(people[list(WAVES)].to_numpy())
    gain = world.effect * unit.response * dose(people)
    return level - shock[:, :, None] * traits()["shock"].to_numpy() + gain[:, :, None] * traits()["effect"].to_numpy()


def dose(people: pd.DataFrame) -> np.ndarray:
    """Share of the full effect at each form, shape (people, 3): grows over three months from the start, fades a
    little by T2, nothing before a start."""
    plan = assumed()["programme"]
    since = people[list(WAVES)].to_numpy() - people["started"].to_numpy()[:, None]
    grown = np.clip(np.nan_to_num(since, nan=0.0) / plan["full_after"], 0, 1)
    return grown * np.array([1.0, 1.0, plan["lasting"]])


def _common(n: int, rng: np.random.Generator) -> np.ndarray:
    """Common wellbeing at the three waves of people who were referred because it was low: exact draws from the
    normal distribution cut off at the threshold (probit selection)."""
    plan = assumed()["population"]
    person, state, noise = plan["stability"], 1 - plan["stability"], plan["referral_noise"]
    spread = np.sqrt(1 + noise)
    seen = spread * ndtri(ndtr(plan["threshold"]) * rng.random(n))  # all that decides on a referral, wellbeing included
    draws = rng.standard_normal((n, 2)) * np.sqrt([person, state])
    rest = draws.sum(axis=1) + np.sqrt(noise) * rng.standard_normal(n)
    stable, passing = (draws + np.outer(seen - rest, [person, state]) / spread**2).T
    carry = plan["carry_over"]
    fresh = np.sqrt(state) * rng.standard_normal((n, len(WAVES)))
    fresh[:, 0] = carry * passing + np.sqrt(1 - carry**2) * fresh[:, 0]
    return stable[:, None] + fresh


def _differences(unit: Unit, people: pd.DataFrame) -> np.ndarray:
    table = traits()
    decades = (people["age"].to_numpy() - 70) / 10
    alone = people["alone"].to_numpy(float)
    return np.outer(decades, table["age"]) + np.outer(alone, table["alone"]) + table[unit.group].to_numpy()
