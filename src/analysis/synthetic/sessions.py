"""What people who started took part in, and the mark that they gave it."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.synthetic.forms import whole
from analysis.synthetic.referring import chosen
from analysis.synthetic.seasons import locked
from analysis.synthetic.world import assumed, dates, day

if TYPE_CHECKING:
    from analysis.synthetic.study import Sample

_MINUTES = {
    "wandelgroep": 75, "beweegmaatje": 60, "valpreventie": 90, "sportclub": 60, "inloop": 120, "koken": 150,
    "creatief": 120, "vrijwilliger": 180, "cursus": 120,
}  # fmt: skip
_WEEKS, _ATTENDANCE, _IN_LOCKDOWN = 26, 0.66, 0.25


def activities(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """Talks with the coach and sessions attended in the first half year, one row each."""
    both = pd.concat([sample.people, sample.further], ignore_index=True)
    started = both[both["started"].notna()].reset_index(drop=True)
    rows = pd.concat([_sessions(started, rng), _talks(started, rng)], ignore_index=True)
    rows = rows[rows["day"] <= day(assumed()["window"]["last"])].drop_duplicates(["person", "day", "contact"])
    rows = rows.sort_values(["person", "day", "contact"], ignore_index=True)
    minutes = np.where(rng.random(len(rows)) < 0.01, 999, rows["minutes"])
    return pd.DataFrame(
        {
            "respondent": rows["person"], "datum": dates(rows["day"].to_numpy()), "activiteit": rows["activity"],
            "minuten": whole(minutes), "contact": rows["contact"],
        }
    )  # fmt: skip


def _sessions(started: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Once a week from the start until stopping; in a lockdown a quarter goes on (outdoors, in pairs)."""
    n = len(started)
    days = started["started"].to_numpy()[:, None] + 7 * np.arange(_WEEKS)
    keen = np.clip(rng.normal(_ATTENDANCE, 0.15, (n, 1)), 0.2, 0.95)
    comes = rng.random(days.shape) < keen * np.where(locked(days), _IN_LOCKDOWN, 1)
    comes[:, 0] = True  # the start is the first session
    comes &= days <= np.nan_to_num(started["ended"].to_numpy(), nan=np.inf)[:, None]
    person, week = np.nonzero(comes)
    activity = started["activity"].to_numpy()[person]
    usual = pd.Series(activity).map(_MINUTES).to_numpy()
    return pd.DataFrame(
        {
            "person": started["person"].to_numpy()[person], "day": days[person, week], "activity": activity,
            "minutes": usual + 15 * rng.integers(-1, 2, len(person)), "contact": "sessie",
        }
    )  # fmt: skip


def _talks(started: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One to six talks: the intake, and then every few weeks until stopping or half a year."""
    number = 1 + rng.binomial(5, 0.4, len(started))
    person = np.repeat(np.arange(len(started)), number)
    turn = np.arange(len(person)) - np.repeat(np.cumsum(number) - number, number)
    intake = started["intake"].to_numpy()[person]
    days = intake + turn * 28 + np.where(turn > 0, rng.integers(-7, 8, len(person)), 0)
    rows = pd.DataFrame(
        {
            "person": started["person"].to_numpy()[person], "day": days,
            "activity": started["activity"].to_numpy()[person],
            "minutes": rng.choice([20, 30, 45, 60], len(person), p=[0.2, 0.35, 0.3, 0.15]), "contact": "coach",
        }
    )  # fmt: skip
    return rows[(turn == 0) | (days <= np.nan_to_num(started["ended"].to_numpy(), nan=np.inf)[person])]


def experience(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """Marks of who started, three to seven months on, by about six of ten."""
    people = sample.people[sample.people["started"].notna() & sample.people["consent"]]
    given = people[rng.random(len(people)) < 0.6].reset_index(drop=True)
    days = given["started"].to_numpy() + rng.integers(90, 210, len(given))
    marks = chosen({10: 0.06, 9: 0.20, 8: 0.38, 7: 0.21, 6: 0.08, 5: 0.04, 4: 0.02, 99: 0.01}, len(given), rng)
    frame = pd.DataFrame({"respondent": given["person"], "datum": dates(days.astype(float)), "cijfer": marks})
    return frame[days <= day(assumed()["window"]["last"])]
