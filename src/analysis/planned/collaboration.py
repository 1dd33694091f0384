"""The network of organisations, the learning network, and sessions across domains."""

import numpy as np
import pandas as pd

from analysis import process
from analysis.study import Study

NETWORK = {
    "organisations": "count",
    "ties": "count",
    "density": "rate",
    "centralisation": "rate",
    "cross_domain_share": "rate",
    "ei_index": "rate",
    "reciprocity": "rate",
    "trust": "mean",
    "value": "mean",
    "answered": "rate",
}
_MEASURES = {
    "organisations": "organisations",
    "ties": "ties",
    "density": "density",
    "degree centralisation": "centralisation",
    "cross-domain share": "cross_domain_share",
    "E-I index": "ei_index",
    "reciprocity": "reciprocity",
    "trust": "trust",
    "value": "value",
    "response": "answered",
}
_CHANGES = {name: _MEASURES[name] for name in ("density", "degree centralisation", "cross-domain share", "E-I index")}
MOMENTS = ("t0", "t1")


def network(study: Study, ties: pd.DataFrame, organisations: pd.DataFrame) -> pd.DataFrame:
    """Measures of each unit's network at each moment, one row a unit and moment; a tie counts when either side
    reports it.
    """
    found = process.network(
        ties,
        organisations,
        moment="moment",
        by="unit",
        levels=_units(study, organisations),
        invited="invited",
        answered=_answered(),
    )
    found = found[found["rule"].isin(["maximum", ""]) & (found["role"] == "") & found["measure"].isin(_MEASURES)]
    wide = found.assign(measure=found["measure"].map(_MEASURES)).pivot_table(
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
    """Change of each unit's network between the moments, on the same organisations, with bootstrap limits."""
    found = process.network_change(
        ties,
        organisations,
        rng=np.random.default_rng(study.seed),
        first=MOMENTS[0],
        last=MOMENTS[1],
        by="unit",
        levels=_units(study, organisations),
        answered=_answered(),
    )
    found = found[found["outcome"].isin(_CHANGES)]
    return found.assign(indicator=found["outcome"].map(_CHANGES)).reset_index(drop=True)


def sociogram(study: Study, ties: pd.DataFrame, organisations: pd.DataFrame) -> pd.DataFrame:
    """Ties between domains (never organisations) at each moment and unit; small domains are joined or left out."""
    edges = process.sociogram(
        ties, organisations, by="unit", levels=_units(study, organisations), moment="moment"
    ).edges
    return edges.assign(count=edges["ties"], n=edges["possible"], percent=100 * edges["density"])


def meetings(study: Study, held: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Meetings held of those planned, with residents, by mode, and attendance by role: `unit, indicator, level,
    count, n, percent`.
    """
    found = process.meetings(held, by="unit", levels=_units(study, held), as_of=as_of)
    level = found["value"].replace("", "all").fillna("all")
    names = {"with residents": "with_residents", "levels with a meeting": "units_with_meeting"}
    return found.assign(
        indicator=found["measure"].replace(names), level=level, count=found["n"], n=found["denominator"]
    )


def checklist(answers: pd.DataFrame) -> pd.DataFrame:
    """The checklist of the partnership per item and moment: mean answer and share agreeing, of the people who
    answered.
    """
    found = process.checklist(answers)
    found = found[found["scope"] == "item"]
    return found.assign(item=found["name"].astype(str), n=found["denominator"])


def work_sessions(study: Study, sessions: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """How integral work sessions were: mean score, mean number of domains, share with each domain at the table."""
    domains = [level.level for level in study.levels("domain")]
    found = process.collaboration(sessions, known=domains, as_of=as_of)
    level = found["value"].where(found["measure"] == "present", "all").replace("", "all")
    n = found["denominator"].fillna(found["n"])
    return found.assign(indicator=found["measure"], level=level, count=found["n"].where(found["percent"].notna()), n=n)


def actions(study: Study, points: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Action points made, and of these done, dropped, late and open on the cut-off date."""
    found = process.action_points(points, as_of=as_of)
    found = found[found["percent"].notna()]
    return found.assign(state=found["measure"].str.replace(" ", "_"), count=found["n"], n=found["denominator"])


def _answered() -> dict[str, str]:
    return {moment: f"answered_{moment}" for moment in MOMENTS}


def _units(study: Study, table: pd.DataFrame) -> list[str]:
    """The units that the table is about, in the plan's order."""
    return [unit for unit in study.units if (table["unit"] == unit).any()]
