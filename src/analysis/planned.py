"""The analyses that a study plans: the estimators of `effect` and `process`, applied to what study.yaml names.

Each function takes the open study and processed tables and returns a frame ready for `store.release`, one row a
combination of its dimensions, with `n` and `note`. Nothing here estimates; nothing here knows a study by name.
"""

from collections.abc import Callable, Iterable

import pandas as pd

from analysis import effect, process
from analysis.study import Outcome, Study

MEANS = ("mean", "sd", "count")
ESTIMATES = ("estimate", "std_error", "df", "lower", "upper", "p_value", "p_adjusted")
TABLE_ONE = ("count", "percent", "mean", "sd")
FUNNEL = ("count", "percent_previous", "percent_first")
REFERRERS = ("count", "percent", "percent_started", "days")
FUNNEL_N = {"count": "n_first", "percent_previous": "n_previous", "percent_first": "n_first"}
REFERRERS_N = {"count": "n_count", "percent": "n", "percent_started": "n_started", "days": "n_count"}
DIFFERENCE = "difference"
ALL = "all"


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


def means(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Per outcome and wave (and arm, where arms are compared): number of people with a score, mean and spread.

    Missing scores have a table of their own (`missingness`): a small number of them must not hide the mean beside it.
    """
    arm = _arm(study)
    keys = ["outcome", "wave", *arm]
    values = measures.groupby(keys, sort=False, observed=False)["value"]
    table = values.agg(n="count", count="count", mean="mean", sd="std").reset_index()
    return _in_order(table.astype({"wave": "str"}), outcome=[o.id for o in study.outcomes], wave=[w.id for w in study.waves])


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
    return terms[terms["contrast"].str.contains(" - ") & ~terms["contrast"].str.startswith(tuple(covariates) or ("\0",))]


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
    """The headline contrast of `changes` for every unit apart and for all together (`unit` = all), per outcome."""
    parts = [changes(study, measures).assign(unit=ALL)]
    if measures["unit"].nunique() > 1:
        parts += [
            changes(study, measures[measures["unit"] == unit]).assign(unit=unit)
            for unit in study.units if (measures["unit"] == unit).any()
        ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    return table[table["arm"] == DIFFERENCE].drop(columns="arm") if "arm" in table else table


def corrected(study: Study, changes: pd.DataFrame) -> pd.DataFrame:
    """Changes with `p_adjusted`: the primary outcomes as one confirmatory family, the others as the secondary family."""
    role = changes["outcome"].map({outcome.id: outcome.role for outcome in study.outcomes})
    main = changes["arm"] == DIFFERENCE if "arm" in changes else pd.Series(True, index=changes.index)
    adjusted = pd.Series(float("nan"), index=changes.index)
    for name, method in (("primary", study.multiplicity.confirmatory), ("secondary", study.multiplicity.secondary)):
        rows, column = changes[main & (role == name)], {"benjamini_hochberg": "bh"}.get(method, method)
        adjusted.loc[rows.index] = effect.multiplicity(rows, methods=(column,))[f"p_{column}"]
    return changes.assign(p_adjusted=adjusted)


def standardised(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Hedges g (average SD) and standardised response mean of each wave against the first, per outcome and arm."""
    table = _within_arms(study, measures, lambda outcome, rows: effect.standardised_change(
        rows, "value", time="wave", person="person"))  # fmt: skip
    kept = table["method"].isin(["Hedges g (average SD)", "SRM"])
    return table[kept].rename(columns={"estimate": "standardised"}).reset_index(drop=True)


def responses(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Share improved, unchanged and worse by the minimal important difference of the plan, per outcome, wave and arm.

    Where no minimal important difference is agreed, half a standard deviation at the first wave stands in for it.
    """
    table = _within_arms(study, measures, lambda outcome, rows: effect.responders(
        rows, "value", time="wave", person="person", mid=important(study, outcome, rows), better=f"{outcome.better}er"))  # fmt: skip
    return table.assign(percent=100 * table["estimate"])


def important(study: Study, outcome: Outcome, rows: pd.DataFrame) -> float:
    """The minimal important difference of an outcome: the plan's, else half a standard deviation at the first wave."""
    spread = rows.loc[rows["wave"] == study.first, "value"].std()
    return outcome.mid or (0.5 * spread if spread > 0 else 1.0)


def _within_arms(study: Study, measures: pd.DataFrame, estimate: Callable[[Outcome, pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    arm = _arm(study)
    parts = []
    for outcome in study.outcomes:
        rows = measures[measures["outcome"] == outcome.id]
        groups = rows.groupby(arm[0]) if arm else [(None, rows)]
        for level, part in groups:
            found = estimate(outcome, part).assign(outcome=outcome.id)
            parts.append(found.assign(arm=level) if arm else found)
    return pd.concat(parts, ignore_index=True)


def _per_outcome(study: Study, measures: pd.DataFrame, estimate: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    parts = [
        estimate(measures[measures["outcome"] == outcome.id]).assign(outcome=outcome.id) for outcome in study.outcomes
    ]
    return pd.concat(parts, ignore_index=True)


def _arm(study: Study) -> list[str]:
    return [study.design.arm] if study.design.kind == "comparison" else []


def primary(study: Study) -> list[str]:
    """Ids of the primary outcomes, in the plan's order."""
    return [outcome.id for outcome in study.outcomes if outcome.role == "primary"]


def missingness(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """Per outcome and wave: forms filled in (`n`), and the number and percentage without a usable score."""
    table = measures.groupby(["outcome", "wave"], sort=False)["value"].agg(n="size", count="count").reset_index()
    table = table.assign(missing=table["n"] - table["count"]).assign(percent=lambda t: 100 * t["missing"] / t["n"])
    return _in_order(table, outcome=[o.id for o in study.outcomes], wave=[w.id for w in study.waves])


def dims(study: Study, *names: str) -> list[str]:
    """The dimensions of a table of changes: those named, and the arm where the design compares arms."""
    return [*names, *(["arm"] if study.design.kind == "comparison" else [])]


def totals(study: Study) -> dict[str, str]:
    """The total level of the arm dimension: the difference rests on the people of both arms together."""
    return {"arm": DIFFERENCE} if study.design.kind == "comparison" else {}


def _in_order(table: pd.DataFrame, **orders: Iterable[str]) -> pd.DataFrame:
    ranks = {column: {level: place for place, level in enumerate(order)} for column, order in orders.items()}
    return table.sort_values(list(orders), key=lambda column: column.map(ranks[column.name]), kind="stable").reset_index(drop=True)


# --- who took part, and how they came -------------------------------------------------------------------------------


def flow(study: Study, persons: pd.DataFrame) -> pd.DataFrame:
    """From everybody received to the effect study: one row a step, with the people left and those excluded at it."""
    left, rows = len(persons), [("received", len(persons))]
    for reason in [level.level for level in study.levels("excluded")]:
        out = int((persons["excluded"] == reason).sum())
        left -= out
        rows += [(reason, out)]
    rows += [("in_study", left)]
    return pd.DataFrame(rows, columns=["step", "count"])


def attrition(study: Study, measures: pd.DataFrame) -> pd.DataFrame:
    """People measured at each wave, as a number and as a share of those measured at the first, per arm where arms are compared."""
    arm = _arm(study)
    answered = measures.dropna(subset=["value"]).drop_duplicates(["person", "wave"])
    counts = answered.groupby([*arm, "wave"], observed=False)["person"].nunique().rename("count").reset_index()
    first = counts[counts["wave"] == study.first].set_index(arm)["count"] if arm else counts.loc[counts["wave"] == study.first, "count"]
    counts["n"] = counts[arm[0]].map(first) if arm else int(first.sum())
    return counts.assign(percent=100 * counts["count"] / counts["n"].where(counts["n"] > 0)).astype({"wave": "str"})


def participants(study: Study, persons: pd.DataFrame) -> pd.DataFrame:
    """The people of the effect study that the estimand is about."""
    rows = persons[persons["in_study"].astype(bool)]
    design = study.design
    return rows[rows[design.arm] == design.treated] if design.kind == "pre_post" and design.arm else rows


def dropout(study: Study, measures: pd.DataFrame, included: pd.DataFrame) -> pd.DataFrame:
    """Standardised differences between those measured at the last wave and those who were not, per characteristic and level."""
    last = measures.loc[(measures["wave"] == study.waves[-1].id) & measures["value"].notna(), "person"]
    marked = included.assign(observed=included["person"].isin(last).astype(int))
    found = effect.attrition_table(marked, observed="observed", covariates=characteristics(study, included))
    level = found["contrast"].where(found["contrast"] != found["outcome"], ALL)
    return found.assign(variable=found["outcome"], level=level, standardised=found["estimate"])


def characteristics(study: Study, persons: pd.DataFrame) -> list[str]:
    """The columns of Table 1: the covariates of the plan and every other category of a person that is not a key or a flag."""
    skip = {"unit", study.group, study.design.arm, "consent", "excluded"}
    named = [v.name for v in study.columns("persons") if v.type in ("category", "integer", "number") and v.name not in skip and v.name != "started"]
    return [name for name in dict.fromkeys([*study.covariates, *named]) if name in persons]


def funnel(study: Study, referrals: pd.DataFrame, *, by: str | None = None, as_of=None) -> pd.DataFrame:
    """Conditional and cumulative referral funnel in the plan's own steps (see `process.referral_funnel`)."""
    levels = [level.level for level in study.levels(by)] if by and by != "period" else None
    rows = referrals.dropna(subset=[study.referral_until]) if study.referral_until else referrals
    table = process.referral_funnel(
        rows, list(study.referral_steps), by=by, levels=levels, as_of=as_of if study.time == "date" else None,
    )  # fmt: skip
    table = table[table["entry"] == "referred"].rename(columns={"unit": by or "unit"})
    return table.assign(
        count=table["n"], percent_previous=table["percent"], n_previous=table["denominator"],
        percent_first=table["percent_first"], n_first=table["denominator_first"],
    )  # fmt: skip


def times(study: Study, referrals: pd.DataFrame, *, by: str | None = None, as_of=None) -> pd.DataFrame:
    """Time from the first step to each later one up to taking part, open cases censored, withdrawal competing."""
    last = list(study.referral_steps).index(study.referral_start)
    rows = referrals.dropna(subset=[study.referral_until]) if study.referral_until else referrals
    parts = [
        process.time_to_step(
            rows, study.referral_steps[0], step, until=study.referral_until, by=by, person="person",
            as_of=as_of if study.time == "date" else None, competing=study.referral_end,
        ).assign(step=step)
        for step in study.referral_steps[1 : last + 1]
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def table_one(study: Study, included: pd.DataFrame) -> pd.DataFrame:
    """Table 1 of the people in the study, long (`variable, level, measure, value, n`); the total of a variable is `all`."""
    typed = included.assign(**{
        name: included[name].astype(pd.CategoricalDtype([level.level for level in study.levels(name)]))
        for name in characteristics(study, included) if study.levels(name)
    })  # fmt: skip
    table = effect.table_one(typed, characteristics(study, included))
    table = table[table["measure"].isin(TABLE_ONE)]
    return table.assign(level=table["level"].replace("", ALL).fillna(ALL).astype(str)).drop(columns="group")


def with_period(study: Study, referrals: pd.DataFrame) -> pd.DataFrame:
    """Referrals with `period`: during public measures (`lockdown`) or not (`open`), by the day of the referral; one period without them."""
    if study.time != "date" or not study.periods:
        return referrals.assign(period="all_time")
    day = referrals[study.referral_steps[0]]
    within = pd.concat([day.between(pd.Timestamp(p.start), pd.Timestamp(p.end)) for p in study.periods], axis=1).any(axis=1)
    return referrals.assign(period=within.map({True: "lockdown", False: "open"}))


def referrers(study: Study, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Who referred, the share of their referrals that led to taking part, and the median days until then; empty without referrers."""
    if "referrer" not in referrals:
        return pd.DataFrame(columns=["referrer", *REFERRERS, "n", "n_started", "note"])
    table = process.referrer_mix(
        referrals, "referrer", referred=study.referral_steps[0], started=study.referral_start, as_of=as_of,
        levels=[level.level for level in study.levels("referrer")],
    )  # fmt: skip
    return table.assign(count=table["n"], days=table["median_days"], n=table["denominator"], n_count=table["n"], n_started=table["denominator_started"])


def stop_reasons(study: Study, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Why people stopped, by the fixed list of the study; empty when the study has no reasons."""
    if "stop_reason" not in referrals:
        return pd.DataFrame(columns=["stop_reason", "count", "percent", "n", "note"])
    table = process.stop_reasons(
        referrals, "stop_reason", stopped=study.referral_end, as_of=as_of, reasons=[level.level for level in study.levels("stop_reason")],
    )  # fmt: skip
    return table.assign(stop_reason=table["reason"], count=table["n"], n=table["denominator"])


def months(study: Study, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Share of people who reached a step within so many months, per step, with open cases counted as open."""
    found = times(study, referrals, as_of=as_of)
    found = found[found["measure"] == "reached"]
    return found.assign(month=(found["horizon"] / 30.44).round().astype(int).astype(str), percent=100 * found["estimate"])
