"""Change in the outcomes as the plan names them: the estimators of `effect`, per outcome, wave, arm and unit."""

from collections.abc import Callable

import pandas as pd

from analysis import effect
from analysis.planned.design import ALL, DIFFERENCE, arms, important, in_order
from analysis.study import Outcome, Study

MEANS = ("mean", "sd", "count")
ESTIMATES = ("estimate", "std_error", "df", "lower", "upper", "p_value", "p_adjusted")


def means(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Per outcome and wave (and arm, where arms are compared): number of people with a score, mean and spread.

    Missing scores have a table of their own (`missingness`): a small number of them must not hide the mean beside it.
    """
    arm = arms(study)
    keys = ["outcome", "wave", *arm]
    values = measures.groupby(keys, sort=False, observed=False)["value"]
    table = values.agg(n="count", count="count", mean="mean", sd="std").reset_index()
    return in_order(
        table.astype({"wave": "str"}), outcome=[o.id for o in study.outcomes], wave=[w.id for w in study.waves]
    )


def changes(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Adjusted change of each wave from the first, per outcome, by a linear mixed model with a person intercept.

    With several units in the data the units enter as fixed terms. Where the design compares arms there is a row per
    arm and one (`arm` = difference) for the difference in change, the only one that may be called an effect.
    """
    several = measures["unit"].nunique() > 1
    covariates = ["unit"] if several else []
    if study.design.kind != "comparison":
        return _per_outcome(study, measures, lambda rows: _model(rows, covariates))
    return _per_outcome(study, measures, lambda rows: _arms(study, rows, covariates))


def _model(rows: pd.DataFrame, covariates: list[str], group: str | None = None) -> pd.DataFrame:
    usable = rows.dropna(subset=[*covariates, *([group] if group else [])])
    terms = effect.mixed_change(usable, "value", time="wave", person="person", group=group, covariates=covariates)
    return terms[
        terms["contrast"].str.contains(" - ") & ~terms["contrast"].str.startswith(tuple(covariates) or ("\0",))
    ]


def _arms(study: Study, rows: pd.DataFrame, covariates: list[str]) -> pd.DataFrame:
    """Change within each arm, and the difference between them from one model with the arm x wave interaction."""
    design = study.design
    order = pd.CategoricalDtype([design.reference, design.treated], ordered=True)
    joint = _model(rows.assign(**{design.arm: rows[design.arm].astype(order)}), covariates, group=design.arm)
    joint = joint[joint["contrast"].str.contains(" : ")]
    joint = joint.assign(contrast=joint["contrast"].str.split(" : ").str[0], arm=DIFFERENCE)
    within = [
        _model(rows[rows[design.arm] == arm], covariates).assign(arm=arm) for arm in (design.treated, design.reference)
    ]
    return pd.concat([*within, joint], ignore_index=True)


def by_unit(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """The headline contrast of `changes` for every unit apart and for all together (`unit` = all), per outcome.

    Of measures of one unit only, that unit's row.
    """
    units = measures["unit"].dropna().unique()
    parts = [changes(study, measures).assign(unit=units[0] if len(units) == 1 else ALL)]
    if len(units) > 1:
        parts += [
            changes(study, measures[measures["unit"] == unit]).assign(unit=unit)
            for unit in study.units
            if (measures["unit"] == unit).any()
        ]
    table = pd.concat(parts, ignore_index=True)
    return table[table["arm"] == DIFFERENCE].drop(columns="arm") if "arm" in table else table


def corrected(study: Study, changes: pd.DataFrame) -> pd.DataFrame:
    """Changes with `p_adjusted`: the primary outcomes are one confirmatory family, the others the secondary family."""
    role = changes["outcome"].map({outcome.id: outcome.role for outcome in study.outcomes})
    main = changes["arm"] == DIFFERENCE if "arm" in changes else pd.Series(True, index=changes.index)
    adjusted = pd.Series(float("nan"), index=changes.index)
    for name, method in (("primary", study.multiplicity.confirmatory), ("secondary", study.multiplicity.secondary)):
        rows, column = changes[main & (role == name)], {"benjamini_hochberg": "bh"}.get(method, method)
        adjusted.loc[rows.index] = effect.multiplicity(rows, methods=(column,))[f"p_{column}"]
    return changes.assign(p_adjusted=adjusted)


def standardised(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Hedges g (average SD) and standardised response mean of each wave against the first, per outcome and arm."""
    table = _within_arms(
        study, measures, lambda outcome, rows: effect.standardised_change(rows, "value", time="wave", person="person")
    )
    kept = table["method"].isin(["Hedges g (average SD)", "SRM"])
    return table[kept].rename(columns={"estimate": "standardised"}).reset_index(drop=True)


def responses(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Share improved, unchanged and worse by the minimal important difference of the plan, per outcome, wave and arm.

    Where no minimal important difference is agreed, half a standard deviation at the first wave stands in for it.
    """
    # one difference for all arms, or the shares of the arms would not be comparable
    mids = {o.id: important(study, o, measures[measures["outcome"] == o.id]) for o in study.outcomes}
    table = _within_arms(
        study,
        measures,
        lambda outcome, rows: effect.responders(
            rows, "value", time="wave", person="person", mid=mids[outcome.id], better=f"{outcome.better}er"
        ),
    )
    return table.assign(percent=100 * table["estimate"])


def _within_arms(
    study: Study, measures: pd.DataFrame, estimate: Callable[[Outcome, pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    arm = arms(study)
    parts = []
    for outcome in study.outcomes:
        rows = measures[measures["outcome"] == outcome.id]
        groups = rows.groupby(arm[0]) if arm else [(None, rows)]
        for level, part in groups:
            found = estimate(outcome, part).assign(outcome=outcome.id)
            parts.append(found.assign(arm=level) if arm else found)
    return pd.concat(parts, ignore_index=True)


def _per_outcome(
    study: Study, measures: pd.DataFrame, estimate: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    parts = [
        estimate(measures[measures["outcome"] == outcome.id]).assign(outcome=outcome.id) for outcome in study.outcomes
    ]
    return pd.concat(parts, ignore_index=True)
