"""Who came in, who took part, who was measured again, and who they are."""

import pandas as pd

from analysis import effect
from analysis.planned.design import ALL, arms, in_order
from analysis.study import Study

TABLE_ONE = ("count", "percent", "mean", "sd")


def population(study: Study, measures: pd.DataFrame, persons: pd.DataFrame, *, both_arms: bool = False) -> pd.DataFrame:
    """Measures of the people that the estimand is about: in the effect study and, in a pre-post design, treated.

    `both_arms` keeps the reference group of a pre-post design, for the sensitivity analysis that compares. Waves become
    an ordered categorical, so that the first is the reference and a wave without answers is seen.
    """
    kept = persons.loc[persons["in_study"].astype(bool), "person"]
    rows = measures[measures["person"].isin(kept)]
    design = study.design
    if design.kind == "pre_post" and design.arm and not both_arms:
        rows = rows[rows[design.arm] == design.treated]
    waves = pd.CategoricalDtype([wave.id for wave in study.waves], ordered=True)
    return rows.assign(wave=rows["wave"].astype(waves))


def participants(study: Study, persons: pd.DataFrame) -> pd.DataFrame:
    """The people of the effect study that the estimand is about."""
    rows = persons[persons["in_study"].astype(bool)]
    design = study.design
    return rows[rows[design.arm] == design.treated] if design.kind == "pre_post" and design.arm else rows


def flow(study: Study, persons: pd.DataFrame) -> pd.DataFrame:
    """From everybody received to the effect study: one row a step, with the people left and those excluded at it."""
    left, rows = len(persons), [("received", len(persons))]
    for reason in [level.level for level in study.levels("excluded")]:
        out = int((persons["excluded"] == reason).sum())
        left -= out
        rows += [(reason, out)]
    rows += [("in_study", left)]
    return pd.DataFrame(rows, columns=["step", "count"])


def missingness(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Per outcome and wave: forms filled in (`n`), and the number and percentage without a usable score."""
    table = measures.groupby(["outcome", "wave"], sort=False)["value"].agg(n="size", count="count").reset_index()
    table = table.assign(missing=table["n"] - table["count"]).assign(percent=lambda t: 100 * t["missing"] / t["n"])
    return in_order(table, outcome=[o.id for o in study.outcomes], wave=[w.id for w in study.waves])


def attrition(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """People measured at each wave, as a number and as a share of those measured at the first, per arm where arms are
    compared.
    """
    arm = arms(study)
    answered = measures.dropna(subset=["value"]).drop_duplicates(["person", "wave"])
    counts = answered.groupby([*arm, "wave"], observed=False)["person"].nunique().rename("count").reset_index()
    first = (
        counts[counts["wave"] == study.first].set_index(arm)["count"]
        if arm
        else counts.loc[counts["wave"] == study.first, "count"]
    )
    counts["n"] = counts[arm[0]].map(first).astype("float64") if arm else float(first.sum())
    percent = 100 * counts["count"] / counts["n"].where(counts["n"] > 0)
    # the first wave is everybody by definition: it is a share of nothing, and would be hidden as `everybody`
    first = counts["wave"] == study.first
    return counts.assign(percent=percent.mask(first), n=counts["n"].mask(first)).astype({"wave": "str"})


def dropout(study: Study, measures: pd.DataFrame, included: pd.DataFrame) -> pd.DataFrame:
    """Standardised differences between those measured at the last wave and those who were not, per characteristic and
    level.
    """
    last = measures.loc[(measures["wave"] == study.waves[-1].id) & measures["value"].notna(), "person"]
    marked = included.assign(observed=included["person"].isin(last).astype(int))
    found = effect.attrition_table(marked, observed="observed", covariates=characteristics(study, included))
    level = found["contrast"].where(found["contrast"] != found["outcome"], ALL)
    return found.assign(variable=found["outcome"], level=level, standardised_difference=found["estimate"])


def characteristics(study: Study, persons: pd.DataFrame) -> list[str]:
    """The columns of Table 1: the covariates of the plan and every other category of a person that is not a key or a
    flag.
    """
    skip = {"unit", study.group, study.design.arm, "consent", "excluded"}
    named = [
        v.name
        for v in study.columns("persons")
        if v.type in ("category", "integer", "number") and v.name not in skip and v.name != "started"
    ]
    return [name for name in dict.fromkeys([*study.covariates, *named]) if name in persons]


def table_one(study: Study, included: pd.DataFrame) -> pd.DataFrame:
    """Table 1 of the people in the study, long (`variable, level, measure, value, n`); the total of a variable is
    `all`.
    """
    typed = included.assign(
        **{
            name: included[name].astype(pd.CategoricalDtype([level.level for level in study.levels(name)]))
            for name in characteristics(study, included)
            if study.levels(name)
        }
    )
    table = effect.table_one(typed, characteristics(study, included))
    table = table[table["measure"].isin(TABLE_ONE)]
    return table.assign(level=table["level"].replace("", ALL).fillna(ALL).astype(str)).drop(columns="group")
