"""The persons who were referred: who they are, how their first referral went, and when they would be asked."""

import numpy as np
import pandas as pd

from analysis.synthetic.referring import chosen, first_steps, last_steps, starts, unseen
from analysis.synthetic.seasons import referral_days
from analysis.synthetic.world import Unit, assumed, day

_AGES = {"65+": (77, 6.5, 65, 97), "chronisch": (64, 13, 30, 92), "psychosociaal": (52, 15, 19, 86)}
_REFERRERS = {
    "65+": {
        "huisarts": 0.30, "poh_ggz": 0.05, "wijkverpleegkundige": 0.17, "sociaal_wijkteam": 0.13,
        "ouderenadviseur": 0.19, "zelf": 0.10, "anders": 0.05, "9": 0.01,
    },
    "chronisch": {
        "huisarts": 0.44, "poh_ggz": 0.09, "wijkverpleegkundige": 0.14, "sociaal_wijkteam": 0.14,
        "ouderenadviseur": 0.04, "zelf": 0.09, "anders": 0.05, "9": 0.01,
    },
    "psychosociaal": {
        "huisarts": 0.33, "poh_ggz": 0.28, "wijkverpleegkundige": 0.03, "sociaal_wijkteam": 0.22,
        "ouderenadviseur": 0.01, "zelf": 0.08, "anders": 0.04, "9": 0.01,
    },
}  # fmt: skip
_ACTIVITIES = {
    "65+": {
        "wandelgroep": 0.19, "beweegmaatje": 0.17, "valpreventie": 0.16, "sportclub": 0.05, "inloop": 0.16,
        "koken": 0.09, "creatief": 0.09, "vrijwilliger": 0.05, "cursus": 0.04,
    },
    "chronisch": {
        "wandelgroep": 0.24, "beweegmaatje": 0.21, "valpreventie": 0.05, "sportclub": 0.13, "inloop": 0.12,
        "koken": 0.07, "creatief": 0.07, "vrijwilliger": 0.05, "cursus": 0.06,
    },
    "psychosociaal": {
        "wandelgroep": 0.17, "beweegmaatje": 0.12, "valpreventie": 0.00, "sportclub": 0.11, "inloop": 0.14,
        "koken": 0.09, "creatief": 0.11, "vrijwilliger": 0.12, "cursus": 0.14,
    },
}  # fmt: skip
_PRIME, _STEP = 9_999_991, 5_648_957  # a walk over all seven-digit numbers below the prime: no order can be read


def recruit(unit: Unit, rng: np.random.Generator, n: int | None = None, *, cut: bool = True) -> pd.DataFrame:
    """`n` referred persons of a municipality (default: its share of the study), one row each.

    With `cut` steps after the last day of the study are not there yet; without it the same persons with all steps.

    Columns: who they are (`person, age, sex, education, alone`), `waits` (waiting group), `consent`, the steps of
    the first referral with `ended, reason, referrer, activity`, `t0, t1, t2` (day of the form, were it filled in),
    `has_t0`, and `in_study` (consent, a first form, and a start or waiting). Nothing here depends on wellbeing.
    """
    n = unit.people if n is None else n
    people = _persons(unit, n, rng)
    steps = first_steps(referral_days(n, rng), rng)
    waits = (rng.random(n) < assumed()["funnel"]["waiting"]) & steps["intake"].notna().to_numpy()
    forms = _forms(steps["intake"].to_numpy(), n, rng)
    steps["started"] = starts(steps, waits, forms["t1"].to_numpy(), rng)
    steps = last_steps(steps, waits, rng)
    steps = unseen(steps) if cut else steps
    people = pd.concat([people, steps, forms], axis=1).assign(waits=waits, **_choices(unit, steps, rng))
    consent = rng.random(n) < assumed()["funnel"]["consent"] - 0.002 * (people["age"].to_numpy() - 70)
    filled = rng.random(n) < np.where(steps["started"].notna() | waits, assumed()["funnel"]["first_form"], 0.5)
    has_t0 = consent & filled & (people["t0"] < day(assumed()["recruitment"]["closes"])).to_numpy()
    return people.assign(consent=consent, has_t0=has_t0, in_study=has_t0 & (waits | steps["started"].notna()))


def again(people: pd.DataFrame, unit: Unit, rng: np.random.Generator) -> pd.DataFrame:
    """Second referrals, with the columns of the first: of persons whose first one ended, and whose place in the
    effect study cannot change by it (already started, or never with a form)."""
    able = people["ended"].notna() & ~people["waits"] & (people["started"].notna() | ~people["has_t0"])
    able &= people["reason"] != 7
    back = people.loc[able & (rng.random(len(people)) < assumed()["funnel"]["again"])].reset_index(drop=True)
    n = len(back)
    latest = back[["ended", "feedback"]].max(axis=1).to_numpy()
    referred = latest + np.floor(14 + rng.gamma(2, 45, n))
    steps = first_steps(referred, rng)
    nobody = np.zeros(n, bool)
    steps["started"] = starts(steps, nobody, np.full(n, np.nan), rng)
    steps = unseen(last_steps(steps, nobody, rng))
    found = pd.concat([back[["person"]], steps], axis=1).assign(**_choices(unit, steps, rng))
    return found[found["referred"].notna()]


def _persons(unit: Unit, n: int, rng: np.random.Generator) -> pd.DataFrame:
    mean, sd, low, high = _AGES[unit.group]
    age = np.minimum(np.round(rng.normal(mean, sd, n)), high)
    age = np.where(age < low, np.floor(rng.uniform(low, mean, n)), age)  # spread, not heaped on the bound
    number = (np.arange(unit.before, unit.before + n) + 1) * _STEP % _PRIME
    return pd.DataFrame(
        {
            "person": [f"D{each:07d}" for each in number],
            "age": age,
            "sex": chosen({1: 0.355, 2: 0.628, 3: 0.005, 9: 0.012}, n, rng),
            "education": chosen({1: 0.50, 2: 0.31, 3: 0.15, 9: 0.04}, n, rng),
            "alone": rng.random(n) < np.clip(0.30 + 0.012 * (age - 55), 0.2, 0.75),
            "alone_known": rng.random(n) < 0.97,
        }
    )


def _forms(intake: np.ndarray, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Days of the three forms: T0 at the intake or within days, T1 and T2 six and twelve months on, some early, some
    late, none after the study."""
    t0 = intake + np.floor(6 * rng.random(n))
    late = np.floor(rng.normal(4, 9, (n, 2)) + (rng.random((n, 2)) < 0.15) * rng.gamma(2, 15, (n, 2)))
    return pd.DataFrame(
        {
            "t0": t0,
            "t1": t0 + 183 + np.clip(late[:, 0], -28, 90),
            "t2": np.minimum(t0 + 365 + np.clip(late[:, 1], -28, 75), day(assumed()["window"]["last"])),
        }
    )


def _choices(unit: Unit, steps: pd.DataFrame, rng: np.random.Generator) -> dict:
    """Who referred, and to which activity (known from the handover or the start)."""
    n = len(steps)
    activity = chosen(_ACTIVITIES[unit.group], n, rng)
    known = (steps["handover"].notna() | steps["started"].notna()).to_numpy()
    return {"referrer": chosen(_REFERRERS[unit.group], n, rng), "activity": np.where(known, activity, "")}
