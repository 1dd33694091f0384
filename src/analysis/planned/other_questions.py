"""Analyses that stand beside the planned one and answer another question: what if, compared with whom, what to expect.

Every function takes the data of a primary outcome and gives one row, of the first follow-up.
"""

import pandas as pd

from analysis import effect
from analysis.planned.design import important
from analysis.planned.estimation import estimated
from analysis.planned.outcome_data import Primary
from analysis.planned.regression import shifted
from analysis.planned.specification import Specification

_TERM = "C({arm}, Treatment('{reference}'))"


def _without(reason: str) -> pd.DataFrame:
    return effect.estimates.frame([effect.estimates.not_estimable(reason)])


def tipped(data: Primary) -> pd.DataFrame:
    """The pooled change if all who were not measured again did worse than imputed, by the least that matters."""
    worse = important(data.study, data.outcome, data.long) * (-1 if data.outcome.better == "high" else 1)
    return shifted(data, Specification("change_score", "imputed"), worse)


def predicted(data: Primary) -> pd.DataFrame:
    """Where the change in one more unit of the same kind is expected: the prediction interval of `random_effects`."""
    found = estimated(data, Specification("unit_models", inference="random_effects")).head(1)
    if "predict_lower" not in found:
        return found
    note = found["note"].where(found["note"].ne(""), "too narrow where units differ: few units say little about that")
    return found.assign(lower=found["predict_lower"], upper=found["predict_upper"], p_value=float("nan"), note=note)


def waited(data: Primary) -> pd.DataFrame:
    """Difference in change between those who took part and the waiting group, given the first score."""
    design = data.study.design
    both = data.across(data.both) if data.both is not None and design.arm else pd.DataFrame()
    if both.empty or both[design.arm].nunique() < 2:
        return _without("there is no waiting group")
    both = both.assign(change=both[data.later[0]] - both[data.first]).dropna(subset=["change"])
    if both[design.arm].nunique() < 2:
        return _without("nobody of the waiting group was measured again")
    term = _TERM.format(arm=design.arm, reference=design.reference)
    clusters = "unit" if data.study.cluster else None
    found = effect.cluster_robust(both, f"change ~ {term} + {data.first}", cluster=clusters, kind="CR2")
    return found[found["contrast"] == f"{term}[T.{design.treated}]"]


def regressed(data: Primary) -> pd.DataFrame:
    """What is left of the change beyond the regression to the mean that is to be expected."""
    norm = data.study.norms.get(data.outcome.id)
    if norm is None:
        return _without("the plan names no population mean and reliability")
    found = effect.regression_to_mean(
        data.long, "value", time="wave", person="person", reliability=norm.reliability, reference_mean=norm.mean
    )
    found = found[found["contrast"].str.startswith(f"{data.later[0]} ")]
    beyond = found[found["method"].str.contains("beyond")]
    return beyond if len(beyond) else found.tail(1)


def exposed(data: Primary) -> pd.DataFrame:
    """The change of people without a day of lockdown between their two forms: a line through change and those days.

    With a comparison of arms: the difference in change, given the days. It describes who happened to start when.
    """
    if data.study.time != "date" or not data.study.periods:
        return _without("the plan names no lockdown periods, or times are days since the start")
    dates = data.long.pivot(index="person", columns="wave", values="date")[[data.first, data.later[0]]]
    dates = dates.set_axis(["start", "end"], axis=1).dropna()
    periods = pd.DataFrame([{"start": period.start, "end": period.end} for period in data.study.periods])
    days = effect.lockdown_exposure(dates, periods, start="start", end="end")["lockdown_days"]
    rows = data.wide.assign(days=data.wide["person"].map(days), change=data.wide[data.later[0]] - data.wide[data.first])
    rows = rows.dropna(subset=["change", "days"])
    if rows["days"].nunique() < 2:
        return _without("everybody had the same number of lockdown days")
    if not data.arm and not rows["days"].eq(0).any():
        return _without("nobody was without lockdown days")
    if not data.arm:
        found = effect.cluster_robust(rows, "change ~ days", cluster=None, kind="HC2")
        return found[found["contrast"] == "Intercept"]
    term = _TERM.format(arm=data.arm, reference=data.study.design.reference)
    found = effect.cluster_robust(rows, f"change ~ {term} + days", cluster=None, kind="HC2")
    return found[found["contrast"] == f"{term}[T.{data.study.design.treated}]"]
