"""The attack on what is published: what can an outsider derive from all released tables, and is that too much."""

import numpy as np
import pandas as pd

from analysis.disclosure.bounds import shown_bounds
from analysis.disclosure.deriving import How, hidden_numbers
from analysis.disclosure.naming import Named
from analysis.disclosure.profiles import Profile
from analysis.disclosure.releases import differencing, history
from analysis.disclosure.spread import Spread
from analysis.disclosure.stacks import Tables
from analysis.disclosure.system import system
from analysis.disclosure.together import checked

COLUMNS = ["table", "population", "role", "levels", "derived", "lower", "upper", "required", "verdict", "reason"]
SHARE_RULES = ["small_cell", "small_complement", "all_or_none", "question"]


def audit(tables: Tables, profile: Profile, previous: Tables | None = None, *, exact: bool = True) -> pd.DataFrame:
    """Every number that is hidden or follows from shown ones, with the narrowest interval that can be derived.

    tables    released tables (name -> (frame, description)) as `suppress` gives them or a folder holds them
    previous  the release before, whose exact numbers bound the present ones from below; differences are judged as well
    exact     two linear programmes (HiGHS) for every number; otherwise only for those that common programmes, which
              move many numbers at once, do not show to be safe: the same verdicts, but `lower` and `upper` may lie
              inside the interval

    The outsider knows all shown values, that a rounded one is an interval, that shares, denominators, sums over
    levels, units, funnels and nested populations are relations, the profile, and that people are whole. `derived`
    names numbers that no row holds (complement, residual, loss, difference). `required` is the threshold; `verdict`
    is fail when the interval lies below it or is narrower than it. Rows about shown cells name the broken rule in
    `reason`; sound ones are left out.
    """
    return _audited(tables, profile, previous or {}, "exact" if exact else "seen", map)


def opened(tables: Tables, profile: Profile, previous: Tables | None = None, *, spread: Spread = map) -> pd.DataFrame:
    """The rows of `audit` that fail, without asking how safe the others are.

    `spread` calls the attack on independent groups of numbers, in their order: `map`, or that of a pool of processes.
    """
    found = _audited(tables, profile, previous or {}, "failed", spread)
    return found[found["verdict"].eq("fail")].reset_index(drop=True)


def _audited(tables: Tables, profile: Profile, previous: Tables, how: How, spread: Spread) -> pd.DataFrame:
    found = system(tables, profile)
    named = Named.of(found)
    lower, upper, unknown = shown_bounds(found, tables, profile)
    floor = history(found.unknowns, previous, profile)["floor"].to_numpy()
    lower = np.where(unknown & found.unknowns["derived"].eq("").to_numpy(), np.maximum(lower, floor), lower)
    parts = [
        hidden_numbers(found, named, lower, upper, unknown, floor, profile, how, spread),
        _shown(named, lower, upper, unknown, profile),
    ]
    parts.append(_broken_rules(tables, profile, spread))
    if previous:
        between = differencing(tables, previous, profile)
        parts.append(between.assign(table="", derived="difference", required=between["threshold"], reason="releases"))
    parts = [part.reindex(columns=COLUMNS) for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def _shown(named: Named, lower, upper, unknown, profile: Profile) -> pd.DataFrame:
    """Shown counts that are certainly below the smallest cell."""
    rows = []
    for column in np.flatnonzero(~unknown):
        persons = named.quantity[column].counts_of == "persons"
        least = profile.min_cell if persons else profile.min_organisations
        few = 0 < upper[column] < least and named.threshold[column] > 0
        nobody = upper[column] == 0 and profile.zero == "hide" and persons
        if few or nobody:
            interval = {"lower": lower[column], "upper": upper[column], "required": least}
            reason = "small_cell" if few else "all_or_none"
            rows.append(named.text(column) | interval | {"derived": "", "verdict": "fail", "reason": reason})
    return pd.DataFrame(rows)


def _broken_rules(tables: Tables, profile: Profile, spread: Spread) -> pd.DataFrame:
    """Shown cells that break a primary rule (denominators, quantiles, extremes, degrees of freedom, counts)."""
    rows = []
    for name, judged in checked(tables, profile, spread).items():
        if judged["status"].ne("fail").all():
            continue
        meta = tables[name][1]
        kind = judged["measure"].map(dict(meta.kinds))
        # A share's cells and complements are judged as numbers above: its rounded value blurs them here.
        blurred = judged["reason"].isin(SHARE_RULES) & (kind.eq("percent") | (meta.base > 0))
        for _, cell in judged[judged["status"].eq("fail") & ~blurred].iterrows():
            levels = " ".join(f"{dim}={cell[dim]}" for dim in meta.dims)
            rows.append({"table": name, "population": meta.population, "role": cell["measure"], "levels": levels,
                         "derived": "", "verdict": "fail", "reason": cell["reason"]})  # fmt: skip
    return pd.DataFrame(rows)
