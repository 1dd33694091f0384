"""What helped and what hindered, whether coders agree, what was planned and done, and whose voice was heard."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis import process
from analysis.study import Study

FIDELITY = ("count", "percent", "lower", "upper")
# limits give the count back to who knows the denominator: they rest on the count and are hidden with it
FIDELITY_N = {"count": "n", "percent": "n", "lower": "count", "upper": "count"}
ADAPTATIONS = ("count", "percent")
DOSE = {"mean": "mean", "median": "quantile", "q1": "quantile", "q3": "quantile", "percent_enough": "percent"}


def factors(study: Study, fragments: pd.DataFrame) -> pd.DataFrame:
    """Fragments per factor and role of the speaker, helping and hindering, and the number of sources that speak of
    it.
    """
    tree = pd.DataFrame({"factor": [level.level for level in study.levels("factor")]})
    found = process.factors(fragments, by="role", tree=tree)
    return found.assign(count=found["fragments"], n=found["sources"], mean=found["mean_valence"])


def agreement(study: Study, fragments: pd.DataFrame, *, draws: int = 500) -> pd.DataFrame:
    """Krippendorff's alpha and Cohen's kappa over all codes and per code, with bootstrap limits."""
    found = process.agreement(fragments, rng=np.random.default_rng(study.seed), draws=draws)
    names = {"Krippendorff's alpha": "alpha", "Cohen's kappa": "kappa"}
    found = found[found["method"].isin(names)]
    return found.assign(
        factor=found["outcome"].replace({"all codes": "all"}),
        method=found["method"].map(names),
        agreement=found["estimate"],
    )


def saturation(study: Study, fragments: pd.DataFrame) -> pd.DataFrame:
    """How many factors were known after each source, in steps of ten sources."""
    found = process.saturation(fragments, rng=np.random.default_rng(study.seed), draws=200)
    found = found[(found["position"] % 10 == 0) | (found["position"] == 1)]
    return found.assign(sources=found["position"].astype(int).astype(str), count=found["known"], n=found["position"])


def action_plans(study: Study, points: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Action plans from policy to practice: per phase the actions made, done and late, and how long the late ones
    wait.
    """
    phases = [level.level for level in study.levels("phase")]
    found = process.action_plans(points, phases=phases, periods=periods(study), as_of=as_of)
    return found.assign(count=found["denominator"], done=found["n"], n=found["denominator"])


def involvement(study: Study, moments: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """On which step of the ladder residents stood, where they took part, and what became of the points they raised."""
    found = process.involvement(
        moments,
        ladder=[level.level for level in study.levels("ladder")],
        settings=[level.level for level in study.levels("setting")],
        as_of=as_of,
    )
    names = {
        "with residents": "with_residents",
        "at least advising": "at_least_advising",
        "points done": "points_done",
        "step": "ladder",
    }
    level = found["value"].replace("", "all").fillna("all")
    return found.assign(
        indicator=found["measure"].replace(names), level=level, count=found["n"], n=found["denominator"]
    )


def experience(marks: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Mean mark that people gave, with its interval."""
    found = process.experience(marks, as_of=as_of)
    return found.assign(role=found["role"].replace("", "all"), estimate=found["mean"])


def fidelity(study: Study, cases: pd.DataFrame) -> pd.DataFrame:
    """Essential elements delivered, of those that applied, per element and for all of them together."""
    if not study.has("fidelity"):
        return absent(["element"], FIDELITY)
    found = process.fidelity(cases, elements=[level.level for level in study.levels("element")])
    return found.assign(count=found["n"], n=found["denominator"])


def adaptations(study: Study, log: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """What was adapted, why and by whom: every adaptation counted once per aspect of the log (`variable, level`)."""
    if not study.has("adaptations"):
        return absent(["variable", "level"], ADAPTATIONS)
    found = process.adaptations(log, as_of=as_of)
    return found.assign(variable=found["aspect"], level=found["value"], count=found["n"], n=found["denominator"])


def dose(study: Study, activities: pd.DataFrame, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Contacts, sessions and hours of everybody who took part, also who has none; kinds of movement apart."""
    if not study.has("activities"):
        return absent(["kind", "received"], DOSE)
    started = referrals.dropna(subset=[study.referral_start])
    found = process.dose(activities, people=started, contacts=("coach",), as_of=as_of)
    return found.assign(received=found["measure"], percent_enough=found["percent"]).drop(columns=["measure", "percent"])


def absent(dims: Iterable[str], measures: Iterable[str]) -> pd.DataFrame:
    """One row that says why there is nothing: the study does not have the table that this is about."""
    row = dict.fromkeys(dims, "all") | dict.fromkeys([*measures, "n"], float("nan"))
    return pd.DataFrame([row | {"note": "not estimable, because the study has no such table"}])


def periods(study: Study) -> pd.DataFrame:
    """The periods of public measures as a frame with `start` and `end`."""
    rows = [(pd.Timestamp(period.start), pd.Timestamp(period.end)) for period in study.periods]
    return pd.DataFrame(rows, columns=["start", "end"])
