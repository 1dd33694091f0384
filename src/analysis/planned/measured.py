"""What was measured, by the names that the logic model and the expected results of a study use (`analysis.logic`)."""

from collections.abc import Mapping

import pandas as pd

from analysis import process
from analysis.logic import SOURCES, Measured
from analysis.planned import collaboration, organisations, voices
from analysis.planned.change import changes
from analysis.planned.design import DIFFERENCE
from analysis.planned.referral import funnel
from analysis.planned.value import public_range
from analysis.study import Study

PERSONS = {"fidelity", "step", "outcome", "factor"}  # what counts people, or cases of one person each
NEEDS = {"step": "referrals", "factor": "fragments", "public": "context"}  # source: its table; scores there always are
NUMBERS = ("organisations", "interventions", "adaptations")  # things, of which the number is the measure
COLUMNS = ["measured", "measure", "value", "n", "lower", "upper", "note"]


def measurements(study: Study, people: pd.DataFrame, tables: Mapping[str, pd.DataFrame], *, as_of=None) -> pd.DataFrame:
    """One row for each measure of the study's logic model and expected results that can be computed: `measured` (its
    name), `measure, value, n, lower, upper, note`; public figures of several units have two.

    `measure` says what the value is: `percent` (0-100), `estimate` (a change, with limits), `mean` (a factor from -2
    hindering to 2 helping), `number` of things or days, `total` in euros
    (`at_least` where a price is missing), `lowest` and `highest` of public figures.
    `tables` are the processed tables by name; a measure whose tables the study does not have has no row. `n` is given
    where people are counted, so that a small group is hidden here as in its own table.
    """
    named = [one for node in study.nodes for one in node.measured]
    asked = list(dict.fromkeys([*named, *(promise.measured for promise in study.promises)]))
    of_source = {source: [one.about for one in asked if one.source == source] for source in _WHOLE}
    whole = {
        source: _WHOLE[source](study, people, tables, about, as_of)
        for source, about in of_source.items()
        if about and (source not in NEEDS or study.has(NEEDS[source]))
    }
    rows = [row for one in asked for row in _rows(study, one, whole, tables, as_of)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(study: Study, one: Measured, whole: Mapping[str, pd.DataFrame], tables: Mapping, as_of) -> list[dict]:
    """The rows of one measure; `whole` holds by source what was computed once for all measures of that source."""
    if one.source in _WHOLE:
        found = _OF_WHOLE[one.source](study, one, whole[one.source]) if one.source in whole else []
    else:
        there = all(study.has(table) for table in SOURCES[one.source])
        found = _process(study, one.source, tables, as_of) if there else []
    empty = {"measured": str(one), "n": float("nan"), "lower": float("nan"), "upper": float("nan"), "note": ""}
    kept = [empty | row for row in found if pd.notna(row["value"]) or row.get("note")]
    return kept if one.source in PERSONS else [row | {"n": float("nan")} for row in kept]


def _changes(study: Study, people: pd.DataFrame, tables: Mapping, about: list[str], as_of) -> pd.DataFrame:
    """Changes of the outcomes asked at all waves; between arms where the design compares them."""
    plan = study.model_copy(update={"outcomes": tuple(one for one in study.outcomes if one.id in about)})
    found = changes(plan, people)
    return found[found["arm"] == DIFFERENCE] if "arm" in found else found


def _outcome(study: Study, one: Measured, changed: pd.DataFrame) -> list[dict]:
    rows = changed[(changed["outcome"] == one.about) & changed["contrast"].str.startswith(f"{one.at} ")]
    return [
        {"measure": "estimate", "value": row.estimate, "n": row.n, "lower": row.lower, "upper": row.upper,
         "note": row.note}
        for row in rows.itertuples()
    ]  # fmt: skip


def _funnel(study: Study, people: pd.DataFrame, tables: Mapping, about: list[str], as_of) -> pd.DataFrame:
    return funnel(study, tables["referrals"], as_of=as_of)


def _step(study: Study, one: Measured, found: pd.DataFrame) -> list[dict]:
    return _shares(found[found["step"] == one.about], "percent_first", "n_first")


def _factors(study: Study, people: pd.DataFrame, tables: Mapping, about: list[str], as_of) -> pd.DataFrame:
    """Mean direction of all fragments of a factor, whoever spoke; n are the sources."""
    return process.factors(tables["fragments"], tree=pd.DataFrame({"factor": about}))


def _factor(study: Study, one: Measured, found: pd.DataFrame) -> list[dict]:
    row = found[found["factor"] == one.about].iloc[0]
    return [{"measure": "mean", "value": row["mean_valence"], "n": row["sources"]}]


def _context(study: Study, people: pd.DataFrame, tables: Mapping, about: list[str], as_of) -> pd.DataFrame:
    return tables["context"]


def _public(study: Study, one: Measured, context: pd.DataFrame) -> list[dict]:
    low, high = public_range(study, context, one.about, one.at)
    return [{"measure": "percent", "value": low}] if low == high else [
        {"measure": "lowest", "value": low}, {"measure": "highest", "value": high}]  # fmt: skip


def _process(study: Study, source: str, tables: Mapping[str, pd.DataFrame], as_of) -> list[dict]:
    """The headline of a table of the process evaluation."""
    if source in NUMBERS:
        column = {"organisations": "organisation", "interventions": "intervention"}.get(source)
        table = tables[source]
        return [{"measure": "number", "value": table[column].nunique() if column else len(table)}]
    if source == "measures_days":
        return [{"measure": "number", "value": _days(study, as_of)}] if study.periods else []
    if source == "costs":
        spent = tables["costs"]["volume"] * tables["costs"]["unit_price"]
        return [{"measure": "at_least" if spent.isna().any() else "total", "value": spent.sum()}]
    return _SHARES[source](study, tables, as_of)


def _days(study: Study, as_of) -> int:
    """Days with public measures until the cut-off date."""
    table = voices.periods(study)
    end = table["end"] if as_of is None else table["end"].clip(upper=pd.Timestamp(as_of))
    return int(((end - table["start"]).dt.days.clip(lower=-1) + 1).sum())


def _shares(found: pd.DataFrame, percent: str = "percent", n: str = "n") -> list[dict]:
    return [{"measure": "percent", "value": row[percent], "n": row[n]} for row in found.to_dict("records")]


def _fidelity(study: Study, tables: Mapping, as_of) -> list[dict]:
    return _shares(voices.fidelity(study, tables["fidelity"]).query("element == 'all'"))


def _sessions(study: Study, tables: Mapping, as_of) -> list[dict]:
    found = collaboration.work_sessions(study, tables["work_sessions"], as_of=as_of)
    return _shares(found[found["indicator"] == "wide"])


def _ties(study: Study, tables: Mapping, as_of) -> list[dict]:
    """Share of ties at the last moment that connect two domains, over the networks of all units."""
    found = organisations.at_last(study, organisations.network(study, tables["ties"], tables["organisations"]))
    last = found[found["unit"] != "all"]
    total = last["ties"].sum()
    crossing = (last["cross_domain_share"] * last["ties"]).sum()
    return [{"measure": "percent", "value": 100 * crossing / total if total else float("nan")}]


def _meetings(study: Study, tables: Mapping, as_of) -> list[dict]:
    found = collaboration.meetings(study, tables["meetings"], as_of=as_of)
    held = found[(found["indicator"] == "held") & (found["unit"] != "all")]
    n = held["n"].sum()
    return [{"measure": "percent", "value": 100 * held["count"].sum() / n if n else float("nan")}]


def _actions(study: Study, tables: Mapping, as_of) -> list[dict]:
    found = process.action_points(tables["actions"], as_of=as_of)
    return _shares(found[(found["measure"] == "done") & found["percent"].notna()], n="denominator")


def _embedding(study: Study, tables: Mapping, as_of) -> list[dict]:
    """Mean over the units of what is in place at the last moment."""
    elements = [level.level for level in study.levels("embedding")]
    found = process.embedding(tables["embedding"], by="unit", elements=elements)
    last = found[(found["element"] == "all") & (found["moment"] == found["moment"].iloc[-1])]
    return [{"measure": "percent", "value": last["percent"].mean()}]


def _involved(indicator: str):
    def share(study: Study, tables: Mapping, as_of) -> list[dict]:
        found = voices.involvement(study, tables["involvement"], as_of=as_of)
        return _shares(found[(found["indicator"] == indicator) & (found["level"] == "all")])

    return share


_WHOLE = {"outcome": _changes, "step": _funnel, "factor": _factors, "public": _context}
_OF_WHOLE = {"outcome": _outcome, "step": _step, "factor": _factor, "public": _public}
_SHARES = {
    "fidelity": _fidelity, "work_sessions": _sessions, "ties": _ties, "meetings": _meetings, "actions": _actions,
    "embedding": _embedding, "with_residents": _involved("with_residents"),
    "advising": _involved("at_least_advising"), "points_done": _involved("points_done"),
}  # fmt: skip
