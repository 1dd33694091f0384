"""The learning network: meetings by role, action points, the checklist, work sessions, and residents who have a say."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.synthetic.forms import whole
from analysis.synthetic.network import DOMAINS
from analysis.synthetic.referring import chosen
from analysis.synthetic.seasons import locked
from analysis.synthetic.world import assumed, dates, day

if TYPE_CHECKING:
    from analysis.synthetic.study import Sample

_ROLES = {"bewoner": (3, 0.5), "uitvoering": (9, 0.65), "beleid": (4, 0.6), "onderzoek": (2, 0.85)}
_GOALS = dict.fromkeys(
    ["bekendheid", "aanbod", "vervoer", "terugkoppeling", "samenwerking", "borging", "bewoners"], 1.0
)
_PLANNED = [date(year, month, 10) for year in (2020, 2021, 2022) for month in (3, 6, 9, 11)]  # one a quarter


def meetings(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """Learning-network meetings, one row a meeting and role. In 2020 every second municipality met at all:
    three of six, as the project page says."""
    days = np.array([day(moment) for moment in _PLANNED]) + rng.integers(-8, 15, len(_PLANNED))
    early = np.array([moment.year == 2020 for moment in _PLANNED])
    meets = sample.unit.position % 2 == 0
    held = np.where(early, meets & (rng.random(len(days)) < 0.75), rng.random(len(days)) < 0.88)
    held[1] |= meets  # who met in 2020 met at least in its summer
    number, role = np.divmod(np.arange(len(days) * len(_ROLES)), len(_ROLES))
    invited = np.array([size for size, _ in _ROLES.values()])[role] + rng.integers(0, 3, len(role))
    comes = np.array([share for _, share in _ROLES.values()])[role] * np.where(locked(days)[number], 0.8, 1)
    attended = np.where(held[number], rng.binomial(invited, comes), 0)
    roles = np.array(list(_ROLES))[role]
    digital = locked(days) | (early & (rng.random(len(days)) < 0.4))
    return pd.DataFrame(
        {
            "bijeenkomst": [f"B{sample.unit.position + 1}{at + 1:02d}" for at in number],
            "gemeente": sample.unit.name, "datum": dates(days[number].astype(float)),
            "vorm": np.where(digital, "digitaal", "live")[number], "gepland": 1, "gehouden": held[number].astype(int),
            "rol": roles, "uitgenodigd": invited, "aanwezig": attended,
            "bewoners": np.where(roles == "bewoner", attended, 0),
        }
    )  # fmt: skip


def actions(sample: "Sample", rng: np.random.Generator, meetings: pd.DataFrame) -> pd.DataFrame:
    """Action points of the meetings that were held, and of the municipality's own plan, with what became of them."""
    held = meetings[meetings["gehouden"] == 1].drop_duplicates("bijeenkomst").reset_index(drop=True)
    origin = np.concatenate([np.repeat(np.arange(len(held)), rng.integers(1, 5, len(held))), np.full(5, -1)])
    n, last = len(origin), day(assumed()["window"]["last"])
    met = _day_numbers(held["datum"])
    opened = np.where(origin >= 0, met[origin], day(date(2020, 2, 3)) + rng.integers(0, 60, n)).astype(float)
    due = np.minimum(opened + rng.choice([60, 90, 120, 180, 270], n), last)
    ready = due + np.floor(rng.normal(5, 40, n))
    ready = np.maximum(ready, opened + 7)
    status = chosen({"gereed": 0.58, "vervallen": 0.10, "doorgeschoven": 0.14, "open": 0.18}, n, rng)
    status = np.where(np.isin(status, ["gereed", "vervallen"]) & (ready > last), "open", status)
    closed = np.where(np.isin(status, ["gereed", "vervallen"]), ready, np.nan)
    source = chosen({"beleid": 0.25, "bevinding": 0.40, "bewoner": 0.35}, n, rng)
    names = held["bijeenkomst"].to_numpy()
    return pd.DataFrame(
        {
            "actie": [f"A{sample.unit.position + 1}{at + 1:02d}" for at in range(n)],
            "gemeente": sample.unit.name,
            "bron": np.where(origin < 0, "beleid", source),
            "bijeenkomst": np.where(origin < 0, "", names[origin]),
            "doel": chosen(_GOALS, n, rng),
            "eigenaar": chosen({"coach": 3, "projectleider": 3, "beleid": 2, "uitvoerder": 2, "bewoner": 1}, n, rng),
            "geopend": dates(opened), "gereed_voor": dates(due), "afgesloten": dates(closed), "status": status,
            "fase": chosen({"beleid": 0.15, "plan": 0.25, "uitvoering": 0.40, "borging": 0.20}, n, rng),
        }
    )  # fmt: skip


def _day_numbers(moments: pd.Series) -> np.ndarray:
    return (moments - pd.Timestamp(assumed()["window"]["first"])).dt.days.to_numpy()


def checklist(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """Coordinated Action Checklist: 25 questions, nine to fourteen members at each moment, better at the end."""
    frames = []
    item = 0.4 * rng.standard_normal(25)
    for moment in (0, 1):
        members = int(rng.integers(9, 15))
        mood, luck = rng.standard_normal((members, 1)), rng.standard_normal((members, 25))
        answer = 1 + np.searchsorted(np.array([-1.9, -1.1, -0.2, 0.9]), item + 0.5 * mood + 0.8 * luck + 0.3 * moment)
        answer = np.where(rng.random(answer.shape) < 0.02, 9, answer)
        who, question = np.divmod(np.arange(answer.size), 25)
        frames.append(
            pd.DataFrame(
                {
                    "gemeente": sample.unit.name, "moment": moment,
                    "invuller": [f"I{sample.unit.position + 1}{moment}{each + 1:02d}" for each in who],
                    "item": question + 1, "antwoord": answer.ravel(),
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def work_sessions(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """Sessions in which policy and delivery of several domains sit at one table; the approach grows more integral."""
    n = int(rng.integers(5, 9))
    days = np.sort(rng.integers(day(date(2020, 2, 15)), day(date(2022, 12, 15)), n)).astype(float)
    days = np.where(locked(days), days + 150, days)
    late = (days - days.min()) / max(np.ptp(days), 1)
    domains = list(DOMAINS)
    here = rng.random((n, len(domains))) < (0.45 + 0.3 * late)[:, None]
    table = [" ".join(np.array(domains)[row]) for row in here]
    score = np.clip(np.round(2 + 1.8 * late + 0.7 * rng.standard_normal(n)), 1, 5).astype(int)
    return pd.DataFrame(
        {
            "gemeente": sample.unit.name, "datum": dates(days),
            "domeinen": [found or "welzijn gemeente" for found in table], "integratie": score,
        }
    )  # fmt: skip


def involvement(sample: "Sample", rng: np.random.Generator) -> pd.DataFrame:
    """Moments at which residents had a say: where, on which step of the ladder, what they raised and what was done."""
    n = int(rng.integers(9, 16))
    days = np.sort(rng.integers(day(date(2020, 2, 10)), day(date(2023, 3, 31)), n)).astype(float)
    raised = rng.poisson(3.2, n)
    residents = 1 + rng.poisson(3.5, n)
    return pd.DataFrame(
        {
            "gemeente": sample.unit.name, "datum": dates(days),
            "setting": chosen({"leernetwerk": 0.4, "werkgroep": 0.25, "adviesraad": 0.15, "bijeenkomst": 0.2}, n, rng),
            "trede": chosen({1: 0.2, 2: 0.35, 3: 0.25, 4: 0.15, 5: 0.05}, n, rng), "bewoners": whole(residents),
            "ingebracht": raised, "opgevolgd": rng.binomial(raised, 0.55),
        }
    )  # fmt: skip
