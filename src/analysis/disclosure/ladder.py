"""The next coarser crossing of a table that would otherwise hide too much."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from analysis.disclosure.blurring import INTERIM
from analysis.disclosure.meta import ALL, Meta, described
from analysis.disclosure.profiles import Profile
from analysis.disclosure.quantities import UNIT
from analysis.disclosure.release import COARSER
from analysis.disclosure.spread import Spread
from analysis.disclosure.stacks import Tables, stem
from analysis.disclosure.together import judge

ADDITIVE = ["count", "sum"]
POOLED = ["percent", "mean"]


def too_hidden(table: pd.DataFrame) -> float:
    """Share of a released table's cells that are hidden, 0 .. 1; what is always hidden (minima, maxima), or
    left out while counts are rounded, does not count.
    """
    cells = zip(table["status"].tolist(), table["reason"].tolist(), strict=True)
    counted = [status == "hidden" for status, reason in cells if reason not in ("extreme", INTERIM)]
    return sum(counted) / len(counted) if counted else 0.0


@dataclass(frozen=True)
class Crossings:
    """The tables of a release at the crossings that were chosen so far.

    tables     name -> (unsuppressed table, description)
    judged     name -> the table after the rules for one table (see `rules.ruled`)
    profile    the rules
    collapsed  name -> dimensions given up; `unit`: the table is shown for all units together only
    """

    tables: Tables
    judged: Mapping[str, pd.DataFrame]
    profile: Profile
    collapsed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Tables, profile: Profile, spread: Spread = map) -> "Crossings":
        """The finest crossings of which the rules for one table do not hide too much already."""
        at = cls(tables, judge(tables, profile, spread), profile)
        while (next_ := at.coarser(at.judged)).collapsed != at.collapsed:
            at = next_
        return at

    @property
    def apart(self) -> set[str]:
        """Names of tables of one unit that are not shown."""
        return {name for name, dims in self.collapsed.items() if UNIT in dims and self.tables[name][1].unit != ALL}

    def coarser(self, shown: Mapping[str, pd.DataFrame]) -> "Crossings":
        """The next coarser crossing, if it has one, of every table of which `shown` hides more than allowed."""
        apart, together = self.apart, {stem(name) for name, (_, about) in self.tables.items() if about.unit == ALL}
        tables, collapsed, changed, gone = dict(self.tables), dict(self.collapsed), {}, []
        for name in shown:
            crowded = name not in apart and too_hidden(shown[name]) > self.profile.max_hidden_share
            if crowded and (dim := self._next(name, stem(name) in together)):
                collapsed[name] = (*collapsed.get(name, ()), dim)
                withdrawn = dim == UNIT and tables[name][1].unit != ALL
                gone += [name] * withdrawn
                changed[name] = _valued(*tables[name]) if withdrawn else coarsen(*tables[name], dim)
        now = judge(changed, self.profile)
        now |= {name: now[name].assign(status="hidden", reason=COARSER) for name in gone}
        return Crossings(tables | changed, {**self.judged, **now}, self.profile, collapsed)

    def _next(self, name: str, together: bool) -> str:
        """The dimension to give up next, if any; a unit only where all are shown `together` in another table."""
        meta, left = self.tables[name][1], set(self.collapsed.get(name, ()))
        fits = [
            dim
            for dim in meta.ladder
            if dim not in left and (together if dim == UNIT and meta.unit != ALL else dim in meta.dims)
        ]
        return fits[0] if fits else ""


def _valued(table: pd.DataFrame, meta: Meta) -> tuple[pd.DataFrame, Meta]:
    """The cells that have a value: once all are hidden nobody could tell them from what could not be estimated."""
    return table[table["value"].notna()].reset_index(drop=True), meta


def coarsen(table: pd.DataFrame, meta: Meta, dim: str) -> tuple[pd.DataFrame, Meta]:
    """The (unsuppressed) table without `dim`, and its description; collapsed dimensions leave the ladder.

    Rows at the dimension's total are kept when there are any. Otherwise counts and sums are added up, percentages and
    means pooled over their n (percentages of one denominator are added up); what cannot be combined (medians,
    estimates) is dropped.
    """
    cells = described(table, meta)
    kept = tuple(name for name in meta.dims if name != dim)
    total = meta.totals.get(dim)
    at_total = cells[cells[dim].eq(total)]
    coarse = at_total.drop(columns=dim) if len(at_total) else _combined(cells, meta, kept)
    settled = dict.fromkeys(("adds", "part_of", "n_of", "n_over", "limits_of"), {}) | {"untrue": ()}
    named = {
        "totals": {name: level for name, level in meta.totals.items() if name != dim},
        "ladder": tuple(name for name in meta.ladder if name != dim),
        "steps": tuple(name for name in meta.steps if name != dim),
        "cumulative": tuple(name for name in meta.cumulative if name != dim),
        "answers": "" if meta.answers == dim else meta.answers,
    }
    return coarse.reset_index(drop=True), replace(meta, dims=kept, **named, **settled)


def _combined(cells: pd.DataFrame, meta: Meta, kept: tuple[str, ...]) -> pd.DataFrame:
    kind = cells["measure"].map(dict(meta.kinds))
    usable = cells[kind.isin([*ADDITIVE, *POOLED])].assign(kind=kind)
    groups = usable.groupby([*kept, "measure"], sort=False, dropna=False)
    return pd.DataFrame([_pooled(group, dict(zip([*kept, "measure"], key, strict=True))) for key, group in groups])


def _pooled(group: pd.DataFrame, key: dict[str, str]) -> dict:
    n, kind = group["n"].sum(min_count=1), group["kind"].iloc[0]
    one_denominator = kind == "percent" and group["n"].nunique() == 1 and group["value"].sum() <= 100 + 1e-9
    if kind in ADDITIVE or one_denominator:
        return {**key, "value": group["value"].sum(min_count=1), "n": group["n"].iloc[0] if one_denominator else n}
    return {**key, "value": (group["value"] * group["n"]).sum(min_count=1) / n, "n": n}
