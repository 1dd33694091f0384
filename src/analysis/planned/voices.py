"""What helped and what hindered, whether coders agree, what was planned and done, and whose voice was heard."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from analysis import process
from analysis.study import Study

FIDELITY = ("count", "percent", "lower", "upper")
# limits give the count back to who knows the denominator: they rest on the count and are hidden with it
FIDELITY_N = {"count": "n", "percent": "n", "lower": "count", "upper": "count"}
PLANS = {"count": "count", "done": "count", "percent": "percent", "late": "count", "delay": "days",
         "open_delay": "days", "in_periods": "rate"}  # fmt: skip
EXPERIENCE = ("estimate", "lower", "upper")
VOLUNTEERS = {"count": "count", "of": "count", "percent": "percent", "mean": "mean"}
VOLUNTEERS_N = {"count": "n", "of": "of", "percent": "n", "mean": "n"}
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
    found = found[(found["position"] % 10 == 0) | (found["position"] == 1)]  # 0: nothing was coded
    return found.assign(sources=found["position"].astype(int).astype(str), count=found["known"], n=found["position"])


def action_plans(study: Study, points: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Action plans from policy to practice: per phase the actions made, done and late, how many days after their due
    date the done ones came and the late ones wait, and the share of the planned time within the periods of the plan.
    """
    phases = [level.level for level in study.levels("phase")]
    found = process.action_plans(points, phases=phases, periods=periods(study), as_of=as_of)
    return found.assign(
        count=found["denominator"], done=found["n"], n=found["denominator"], in_periods=100 * found["in_periods"]
    )


def by_quarter(study: Study, points: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Action points made, done and due per quarter (`2021-Q3`), quarters without any included."""
    if points.empty:
        return absent(["quarter", "event"], ["count"], "no action point was made")
    done = points["closed"].where(points["status"] != "dropped")
    return quarters({"made": points["opened"], "due": points["due"], "done": done}, as_of)


def quarters(dates: Mapping[str, pd.Series], as_of=None) -> pd.DataFrame:
    """How often each event happened per quarter (`quarter, event, count`), from the first to the last date (at most
    `as_of`), quarters in which nothing happened included.
    """
    days = pd.concat(list(dates.values())).dropna()
    last = days.max() if as_of is None else min(days.max(), pd.Timestamp(as_of))
    every = pd.period_range(days.min(), last, freq="Q")
    parts = [
        pd.DataFrame({"quarter": every.strftime("%Y-Q%q"), "event": event,
                      "count": column.dt.to_period("Q").value_counts().reindex(every, fill_value=0).to_numpy()})
        for event, column in dates.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True).assign(note="")


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


def experience(study: Study, marks: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Mean mark that people gave, with its interval, for all and (where the table has it) per role."""
    if not study.has("experience"):
        return absent(["role"], EXPERIENCE)
    found = process.experience(marks, role="role" if "role" in marks else None, as_of=as_of)
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
    found = process.dose(activities, people=started, contacts=study.contacts, as_of=as_of)
    return found.assign(received=found["measure"], percent_enough=found["percent"]).drop(columns=["measure", "percent"])


def volunteers(study: Study, people: pd.DataFrame, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """People who help: how many, trained, matched, active, stopped, still there after months, and families of each."""
    plan = study.volunteers
    if plan is None or not study.has(plan.table):
        return absent(["indicator"], VOLUNTEERS)
    found = process.volunteers(
        people, referrals, volunteer=plan.key, since=plan.since, until=plan.until, trained=plan.trained,
        matched=plan.matched, as_of=as_of,
    )  # fmt: skip
    found = found[found["measure"] != "volunteers"]  # the number that the others are a part of
    return found.assign(
        indicator=found["measure"].str.replace(" ", "_"), count=found["n"].where(found["mean"].isna()),
        of=found["denominator"], n=found["denominator"],
    )  # fmt: skip


def absent(dims: Iterable[str], measures: Iterable[str], why: str = "the study has no such table") -> pd.DataFrame:
    """One row that says why there is nothing; by default that the study does not have the table that this is about."""
    row = dict.fromkeys(dims, "all") | dict.fromkeys([*measures, "n"], float("nan"))
    return pd.DataFrame([row | {"note": f"not estimable, because {why}"}])


def periods(study: Study) -> pd.DataFrame:
    """The periods of public measures as a frame with `start` and `end`."""
    rows = [(pd.Timestamp(period.start), pd.Timestamp(period.end)) for period in study.periods]
    return pd.DataFrame(rows, columns=["start", "end"])
