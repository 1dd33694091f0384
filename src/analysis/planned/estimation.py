"""How each specification is estimated: the functions of `effect`, given the data in the shape that they take.

Every model gives one row a follow-up wave: the change since the first, or the difference in change where the design
compares arms.
"""

from collections.abc import Callable

import pandas as pd

from analysis import effect
from analysis.planned.outcome_data import Primary
from analysis.planned.regression import regression
from analysis.planned.specification import Specification


def estimated(data: Primary, one: Specification) -> pd.DataFrame:
    """Estimates of one specification, a row a follow-up wave (`contrast` is `later - first`); made once for `data`."""
    if one not in data.estimates:
        data.estimates[one] = _estimated(data, one)
    return data.estimates[one]


def _estimated(data: Primary, one: Specification) -> pd.DataFrame:
    if one.inference != "people" and not data.unit:
        known = effect.estimates.not_estimable("there is one cluster in unit", n_clusters=1)
        return effect.estimates.frame([known | {"contrast": data.contrast(wave)} for wave in data.later])
    data = data.on_time if one.forms == "on_time" else data
    return _MODELS[one.model](data, one).reset_index(drop=True)


def _mixed(data: Primary, one: Specification) -> pd.DataFrame:
    """The mixed model of all waves; without covariates it is the one that was planned."""
    return _mixed_rows(data, one, [*data.unit, *one.given(data.covariates)])


def _mixed_rows(data: Primary, one: Specification, covariates: list[str], by: str | None = None) -> pd.DataFrame:
    """Terms of a later wave, or of its interaction with the arm where arms are compared."""
    found = effect.mixed_change(
        _rows(data, one), "value", time="wave", person="person", group=data.arm, covariates=covariates, by=by
    )
    wave = found["contrast"].str.split(" : ").str[0]
    wanted = wave.isin([data.contrast(later) for later in data.later])
    return found[wanted & (found["contrast"].str.contains(" : ") == bool(data.arm))].assign(contrast=wave)


def _rows(data: Primary, one: Specification) -> pd.DataFrame:
    """The long rows with the covariates that are asked for, the reference arm first."""
    names, design = one.given(data.covariates), data.study.design
    rows = data.long.merge(data.persons[["person", *names]], on="person") if names else data.long
    if not data.arm:
        return rows.dropna(subset=names)
    order = pd.CategoricalDtype([design.reference, design.treated], ordered=True)
    return rows.assign(**{data.arm: rows[data.arm].astype(order)}).dropna(subset=[data.arm, *names])


def _gee(data: Primary, one: Specification) -> pd.DataFrame:
    """Generalised estimating equations over all waves, exchangeable within a person."""
    rows = _rows(data, one).dropna(subset=["value"])
    later = {f"later_{at}": wave for at, wave in enumerate(data.later)}
    rows = rows.assign(**{term: (rows["wave"] == wave).astype(float) for term, wave in later.items()})
    if data.arm:
        rows = rows.assign(treated=(rows[data.arm] == data.study.design.treated).astype(float))
    crossed = " + treated + " + " + ".join(f"treated:{term}" for term in later) if data.arm else ""
    others = "".join(f" + {name}" for name in [*(f"C({unit})" for unit in data.unit), *one.given(data.covariates)])
    formula = f"value ~ {' + '.join(later)}{crossed}{others}"
    found = effect.gee_change(rows, formula, person="person", family="gaussian", dependence="exchangeable")
    prefix = "treated:" if data.arm else ""
    contrasts = {prefix + term: data.contrast(wave) for term, wave in later.items()}
    wanted = found[found["contrast"].isin(contrasts)]
    return wanted.assign(contrast=wanted["contrast"].map(contrasts))


def _unit_models(data: Primary, one: Specification) -> pd.DataFrame:
    """The mixed model in each unit apart, then the mean over units like these."""
    found = _mixed_rows(data, one, one.given(data.covariates), by="unit").assign(outcome="")
    if one.inference == "random_effects":
        return effect.random_effects(found)
    parts = []
    for contrast, rows in found.groupby("contrast", sort=False):
        usable = rows.dropna(subset=["estimate"])
        mean = effect.cluster_summaries(usable[["unit", "estimate"]], "estimate", cluster="unit")
        parts.append(mean.assign(contrast=contrast, n=usable["n"].sum()))
    return pd.concat(parts, ignore_index=True)


_MODELS: dict[str, Callable[[Primary, Specification], pd.DataFrame]] = {
    "mixed": _mixed, "gee": _gee, "unit_models": _unit_models, "change_score": regression, "ancova": regression,
}  # fmt: skip
