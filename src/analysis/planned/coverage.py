"""Whom the programme reached of those it is for, whether they are alike, and the five dimensions of RE-AIM."""

from collections.abc import Iterator, Mapping

import pandas as pd

from analysis import process
from analysis.planned import change, organisations, synthesis, voices
from analysis.planned.design import ALL
from analysis.planned.people import participants, population
from analysis.planned.referral import funnel
from analysis.study import PublicFigure, Study, TargetPopulation

REACH = {"count": "count", "population_size": "rate", "per_1000": "rate", "lower": "lower", "upper": "upper"}
ALIKE = {
    "percent": "percent",
    "public_percent": "rate",
    "standardised_difference": "estimate",
    "equity_ratio": "estimate",
    "equity_lower": "lower",
    "equity_upper": "upper",
}
REAIM = {"count": "count", "of": "count", "percent": "percent", "lower": "lower", "upper": "upper"}
# limits and ratios give the count back to who knows the denominator: they rest on the count and are hidden with it
ALIKE_N = {name: "n" if name in ("percent", "public_percent") else "count" for name in ALIKE}
REAIM_N = {"count": "n", "of": "of", "percent": "n", "lower": "count", "upper": "count"}


def reach(study: Study, persons: pd.DataFrame, context: pd.DataFrame) -> pd.DataFrame:
    """People who took part per 1,000 of each target population of the plan, per unit and (with several) for all.

    `persons` and `context` hold the unit, or all units; the public count is taken as known and its year and table stand
    beside it. Without public figures, or without a target population in the plan, one row says so.
    """
    units = _units(study, persons)
    parts = [_reached(study, part, persons, context, units) for part in study.target_population if study.has("context")]
    if not parts:
        return voices.absent(["unit", "population", "year", "table_id"], REACH)
    table = pd.concat(parts, ignore_index=True)
    return table.assign(count=table["n"], population_size=table["denominator"], per_1000=table["rate"])


def _reached(
    study: Study, part: TargetPopulation, persons: pd.DataFrame, context: pd.DataFrame, units: list[str]
) -> pd.DataFrame:
    sizes = _figures(context, part, units)
    people = _among(_took_part(persons), part.among)
    population = sizes.reindex(columns=["unit", "value"]).rename(columns={"value": "population"})
    found = process.reach(people, population, by="unit", size="population", source="none")
    found = found[found["unit"].isin([*units, *([ALL] if len(units) > 1 else [])])]
    return found.assign(population=part.population, **_where_from(sizes))


def _took_part(persons: pd.DataFrame) -> pd.DataFrame:
    """Those who started; without a step that counts as starting, those of the effect study."""
    return persons[persons["started"].notna() if "started" in persons else persons["in_study"].astype(bool)]


def _among(persons: pd.DataFrame, among: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    for name, levels in among.items():
        persons = persons[persons[name].isin(levels)]
    return persons


def _figures(context: pd.DataFrame, asked: TargetPopulation | PublicFigure, units: list[str]) -> pd.DataFrame:
    """The public figure of each unit, of one year and table: those asked for, else the latest known."""
    rows = context[(context["indicator"] == asked.indicator) & (context["population"] == asked.population)]
    rows = rows[rows["unit"].isin(units)].dropna(subset=["value"]).sort_values(["year", "table_id"], kind="stable")
    year = asked.year or (rows["year"].max() if len(rows) else None)
    return rows[rows["year"] == year].drop_duplicates("unit", keep="last")


def _where_from(figures: pd.DataFrame) -> dict[str, str]:
    """Year and table of the figures, as text."""
    return {name: ", ".join(sorted(set(figures[name].astype(str)))) or "unknown" for name in ("year", "table_id")}


def _units(study: Study, persons: pd.DataFrame) -> list[str]:
    return [unit for unit in study.units if (persons["unit"] == unit).any()]


# --- are they alike? ---


def representativeness(
    study: Study, persons: pd.DataFrame, measures: pd.DataFrame, context: pd.DataFrame
) -> pd.DataFrame:
    """Participants at the first wave beside the public percentage of the same thing, as `representative_of` pairs them.

    For several units the public figure is the mean of those of the units, weighted by the participants of each: what
    would be found if everybody were as the residents of the own unit are. It describes; nothing is tested.
    """
    if not (study.has("context") and study.representative_of):
        return voices.absent(["indicator", "population", "year", "table_id"], ALIKE)
    first = measures[measures["wave"] == study.first]
    rows = [_alike(study, asked, persons, first, context) for asked in study.representative_of]
    table = pd.concat(rows, ignore_index=True)
    return table.assign(
        public_percent=table["target"], standardised_difference=table["d"], count=table["n"], n=table["denominator"]
    )


def _alike(
    study: Study, asked: PublicFigure, persons: pd.DataFrame, first: pd.DataFrame, context: pd.DataFrame
) -> pd.DataFrame:
    people = _among(participants(study, persons), asked.among)
    figures = _figures(context, asked, _units(study, persons))
    people = people.assign(inside=_inside(asked, people, first))
    # a person of a unit without a public figure has nothing to be compared with
    known = people[people["unit"].isin(figures["unit"])]
    weights = known.dropna(subset=["inside"])["unit"].value_counts()
    public = figures.set_index("unit")["value"].reindex(weights.index)
    percent = (public * weights).sum() / weights.sum() if len(weights) else float("nan")
    goal = pd.DataFrame([{"characteristic": "inside", "category": "yes", "percent": percent}])
    found = process.representativeness(known, goal)
    return found.assign(indicator=asked.indicator, population=asked.population, **_where_from(figures))


def _inside(asked: PublicFigure, people: pd.DataFrame, first: pd.DataFrame) -> pd.Series:
    """`yes` for who is in one of the categories, `no` for who is in another, missing for who is not known."""
    if asked.characteristic in people:
        value = people[asked.characteristic]
    else:
        scores = first[first["outcome"] == asked.characteristic].set_index("person")
        value = people["person"].map(scores["class"] if scores["class"].notna().any() else scores["value"])
    inside = value.astype("str").isin(asked.categories).map({True: "yes", False: "no"})
    return inside.where(value.notna())


# --- RE-AIM ---


def reaim(
    study: Study, persons: pd.DataFrame, measures: pd.DataFrame, *, as_of=None, **tables: pd.DataFrame
) -> pd.DataFrame:
    """RE-AIM: each indicator with its numerator and denominator; a dimension without an indicator is a row that says
    so.

    `tables` are the process tables by name (context, referrals, organisations, ties, fidelity, embedding); those that
    the study does not have give no indicator.
    """
    there = {name: table for name, table in tables.items() if study.has(name)}
    rows = [*_reach_rows(study, persons, there), *_effect_rows(study, measures, persons), *_setting_rows(study, there)]
    rows += _kept_rows(study, there, as_of)
    columns = ["dimension", "level", "indicator", "outcome", "numerator", "denominator"]
    found = process.reaim(pd.DataFrame(rows, columns=columns))
    named = found.assign(
        indicator=found["indicator"].fillna("none"), outcome=found["outcome"].fillna(ALL), at=found["level"]
    )
    return named.assign(count=named["n"], of=named["denominator"], n=named["denominator"])


def _reach_rows(study: Study, persons: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple]:
    if "context" in tables:
        found = reach(study, persons, tables["context"]).dropna(subset=["n"])
        for part in study.target_population:
            row = found[found["population"] == part.population].iloc[-1]  # the last row is the unit, or all units
            yield "reach", "person", f"took_part_{part.population}", ALL, row["n"], row["denominator"]


def _effect_rows(study: Study, measures: pd.DataFrame, persons: pd.DataFrame) -> Iterator[tuple]:
    """Better and worse on the primary outcomes at the first follow-up, of those measured twice: harm counts too."""
    primary = tuple(outcome for outcome in study.outcomes if outcome.role == "primary")
    plan = study.model_copy(update={"outcomes": primary})
    found = change.responses(plan, population(study, measures, persons))
    found = found[
        found["contrast"].str.startswith(f"{study.waves[1].id} ") & found["response"].isin(["improved", "worse"])
    ]
    found = found[found["arm"] == study.design.treated] if "arm" in found else found
    for row in found.dropna(subset=["estimate"]).to_dict("records"):
        yield "effectiveness", "person", row["response"], row["outcome"], row["count"], row["n"]


def _setting_rows(study: Study, tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple]:
    """Organisations with a tie at the last moment, essential elements delivered, embedding in place."""
    if {"ties", "organisations"} <= set(tables):
        ties = organisations.at_last(study, tables["ties"])
        joined = tables["organisations"]["organisation"].isin({*ties["source"], *ties["target"]})
        connected = tables["organisations"].assign(connected=joined.map({True: "yes", False: "no"}))
        row = process.adoption(connected, adopted="connected", group=None).iloc[0]
        yield "adoption", "setting", "organisations_connected", ALL, row["n"], row["denominator"]
    if "fidelity" in tables:
        found = voices.fidelity(study, tables["fidelity"])
        row = found[found["element"] == ALL].iloc[0]
        yield "implementation", "setting", "elements_delivered", ALL, row["count"], row["n"]
    if "embedding" in tables:
        found = synthesis.embedding(study, tables["embedding"])
        found = organisations.at_last(study, found[found["element"] == ALL])
        # points of the most that can be had: two for each element that was scored
        yield "maintenance", "setting", "in_place", ALL, found["score"].sum(), 2 * found["scored"].sum()


def _kept_rows(study: Study, tables: Mapping[str, pd.DataFrame], as_of) -> Iterator[tuple]:
    """The last step of keeping up, of those who started long enough ago to be judged."""
    kept = [step for step in study.referral_steps if study.referral_of.get(step) == study.referral_start]
    if kept and "referrals" in tables:
        found = funnel(study, tables["referrals"], as_of=as_of)
        for row in found[found["step"] == kept[-1]].itertuples():
            yield "maintenance", "person", kept[-1], ALL, row.n_judged, row.denominator
