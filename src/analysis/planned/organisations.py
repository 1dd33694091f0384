"""The network of organisations: its measures at each moment, its change, who stands between, who takes part."""

import numpy as np
import pandas as pd

from analysis import process
from analysis.planned import voices
from analysis.study import Study

NETWORK = {
    "organisations": "count",
    "ties": "count",
    "density": "rate",
    "centralisation": "rate",
    "cross_domain_share": "rate",
    "ei_index": "rate",
    "ei_expected": "rate",
    "reciprocity": "rate",
    "trust": "mean",
    "value": "mean",
    "answered": "rate",
    "betweenness_centralisation": "rate",
    "isolates": "rate",  # of the network as a whole: no group of organisations is told apart
    "components": "rate",
    "density_confirmed": "rate",
    "cross_domain_confirmed": "rate",
}
_MEASURES = {
    "organisations": "organisations",
    "ties": "ties",
    "isolates": "isolates",
    "components": "components",
    "betweenness centralisation": "betweenness_centralisation",
    "density": "density",
    "degree centralisation": "centralisation",
    "cross-domain share": "cross_domain_share",
    "E-I index": "ei_index",
    "reciprocity": "reciprocity",
    "trust": "trust",
    "value": "value",
    "response": "answered",
}
CHANGE = ["unit", "indicator", "estimate", "lower", "upper", "p_value", "n", "note"]
_CONFIRMED = {"density": "density_confirmed", "cross-domain share": "cross_domain_confirmed"}
_CHANGES = {name: _MEASURES[name] for name in ("density", "degree centralisation", "cross-domain share", "E-I index")}


def moments(study: Study, table: pd.DataFrame) -> list[str]:
    """The moments that a table knows, in the order of the plan's levels; several, one or none."""
    found = set(table["moment"].dropna().astype(str)) if "moment" in table else set()
    listed = [level.level for level in study.levels("moment")]
    return [*(moment for moment in listed if moment in found), *sorted(found - set(listed))]


def at_last(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last moment that the table knows."""
    return table[table["moment"].isin(moments(study, table)[-1:])]


def network(study: Study, ties: pd.DataFrame, organisations: pd.DataFrame) -> pd.DataFrame:
    """Measures of each unit's network at each moment, one row a unit and moment; a tie counts when either side reports
    it, and for `..._confirmed` only when both do. `ei_expected` is the E-I index of random mixing of the domains.
    """
    if not moments(study, ties):
        return voices.absent(["unit", "moment"], NETWORK, "the network was not asked yet")
    found = process.network(
        ties,
        organisations,
        moment="moment",
        by="unit",
        levels=units_in(study, organisations),
        invited="invited",
        answered=_answered(study, organisations),
    )
    found = found[found["role"] == ""]
    main, both = found[found["rule"] != "confirmed"], found[found["rule"] == "confirmed"]
    chance = main[main["measure"] == "E-I index"]
    parts = [
        main[main["measure"].isin(_MEASURES)].assign(measure=lambda rows: rows["measure"].map(_MEASURES)),
        both[both["measure"].isin(_CONFIRMED)].assign(measure=lambda rows: rows["measure"].map(_CONFIRMED)),
        chance.assign(measure="ei_expected", estimate=chance["expected"]),
    ]
    wide = pd.concat(parts).pivot_table(
        index=["unit", "moment"], columns="measure", values="estimate", sort=False, dropna=False
    )
    table = wide.reindex(columns=list(NETWORK)).dropna(how="all").reset_index()
    together = _together(table) if table["unit"].nunique() > 1 else table.iloc[:0]
    table = pd.concat([table, together], ignore_index=True)
    return table.assign(n=table["organisations"])


def unit_total(table: pd.DataFrame) -> dict[str, str]:
    """The total level of `unit`, where the table has one."""
    return {"unit": "all"} if (table["unit"] == "all").any() else {}


def _together(table: pd.DataFrame) -> pd.DataFrame:
    """All networks together per moment: organisations and ties added up, measures of a network as their mean."""
    how = {name: "sum" if kind == "count" else "mean" for name, kind in NETWORK.items()}
    return table.groupby("moment", sort=False).agg(how).reset_index().assign(unit="all")


def network_change(study: Study, ties: pd.DataFrame, organisations: pd.DataFrame) -> pd.DataFrame:
    """Change of each unit's network from the first to the last moment known, on the organisations that answered both,
    with bootstrap limits; with one moment a row that says so.
    """
    known, answered = moments(study, ties), _answered(study, organisations)
    if len(known) < 2:
        why = "not estimable, because the network was asked at one moment only"
        return pd.DataFrame([{"unit": "all", "indicator": "density", "note": why}]).reindex(columns=CHANGE)
    found = process.network_change(
        ties,
        organisations,
        rng=np.random.default_rng(study.seed),
        first=known[0],
        last=known[-1],
        by="unit",
        levels=units_in(study, organisations),
        answered={moment: answered[moment] for moment in (known[0], known[-1]) if moment in answered},
    )
    found = found[found["outcome"].isin(_CHANGES)]
    return found.assign(indicator=found["outcome"].map(_CHANGES)).reset_index(drop=True)


def positions(study: Study, ties: pd.DataFrame, organisations: pd.DataFrame) -> pd.DataFrame:
    """Who stands between the others: mean betweenness (0-1) of the organisations of each role at each moment, over the
    networks of all units; roles, never organisations.
    """
    found = process.network(ties, organisations, moment="moment", by="unit", levels=units_in(study, organisations))
    found = found[(found["measure"] == "betweenness") & (found["rule"] == "maximum")]
    if found.empty:
        return voices.absent(["role", "moment"], ["betweenness"], "the network was not asked yet")
    found = found.assign(total=found["estimate"] * found["n"])
    table = found.groupby(["role", "moment"], sort=False, as_index=False)[["total", "n"]].sum()
    return table.assign(betweenness=table["total"] / table["n"], note="")


def adoption(study: Study, ties: pd.DataFrame, organisations: pd.DataFrame) -> pd.DataFrame:
    """Adoption by organisations (RE-AIM), for all and per domain: with a tie at the last moment, of those invited; and
    answering at the last moment still, of those that answered at the first.
    """
    last, answered = at_last(study, ties), _answered(study, organisations)
    joined = organisations["organisation"].isin({*last["source"], *last["target"]})
    asked = organisations.assign(connected=joined.map({True: "yes", False: "no"}))
    known = [answered[moment] for moment in moments(study, ties) if moment in answered]
    pairs = [("organisations_connected", "connected", "invited")] if len(last) else []
    pairs += [("organisations_kept", known[-1], known[0])] if len(known) > 1 else []
    if not pairs:
        return voices.absent(["indicator", "domain"], ("count", "percent"), "the network was not asked yet")
    parts = [
        process.adoption(asked, adopted=took, invited=of, group="domain").assign(indicator=name)
        for name, took, of in pairs
    ]
    table = pd.concat(parts, ignore_index=True).rename(columns={"group": "domain"})
    return table.assign(count=table["n"], n=table["denominator"])


def sociogram(study: Study, ties: pd.DataFrame, organisations: pd.DataFrame) -> pd.DataFrame:
    """Ties between domains (never organisations) at each moment and unit; small domains are joined or left out."""
    if not moments(study, ties):
        dims = ["unit", "moment", "domain_1", "domain_2"]
        return voices.absent(dims, ["percent"], "the network was not asked yet")
    edges = process.sociogram(
        ties, organisations, by="unit", levels=units_in(study, organisations), moment="moment"
    ).edges
    return edges.assign(count=edges["ties"], n=edges["possible"], percent=100 * edges["density"])


def _answered(study: Study, organisations: pd.DataFrame) -> dict[str, str]:
    """Which organisations answered, by moment: the columns `answered_<moment>` that the study has."""
    columns = {level.level: f"answered_{level.level}" for level in study.levels("moment")}
    return {moment: column for moment, column in columns.items() if column in organisations}


def units_in(study: Study, table: pd.DataFrame) -> list[str]:
    """The units that the table is about, in the plan's order."""
    return [unit for unit in study.units if (table["unit"] == unit).any()]
