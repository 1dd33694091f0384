"""The attack on what is published: what can an outsider derive from all released tables, and is that too much."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.disclosure.attack import FAR, Block, Reached, Span, blocks, full, protects
from analysis.disclosure.meta import Meta
from analysis.disclosure.naming import Named
from analysis.disclosure.problem import MAY_BE_NOBODY
from analysis.disclosure.profiles import Profile
from analysis.disclosure.releases import differencing, history
from analysis.disclosure.spread import Spread, largest_first
from analysis.disclosure.stacks import Tables
from analysis.disclosure.system import System, system
from analysis.disclosure.together import checked

COLUMNS = ["table", "population", "role", "levels", "derived", "lower", "upper", "required", "verdict", "reason"]
SHARE_RULES = ["small_cell", "small_complement", "all_or_none", "question"]
TINY = 1e-6


def audit(
    tables: Tables, profile: Profile, previous: Tables | None = None, *, exact: bool = True, spread: Spread = map
) -> pd.DataFrame:
    """Every number that is hidden or follows from shown ones, with the narrowest interval that can be derived.

    tables    released tables (name -> (frame, description)) as `suppress` gives them or a folder holds them
    previous  the release before, whose exact numbers bound the present ones from below; differences are judged as well
    exact     two linear programmes (HiGHS) for every number; otherwise only for those that common programmes, which
              move many numbers at once, do not show to be safe: the same verdicts, but `lower` and `upper` may lie
              inside the interval
    spread    calls the attack on independent groups of numbers, in their order; such as `map` of a pool of processes

    The outsider knows all shown values, that a rounded one is an interval, that shares, denominators, sums over
    levels, units, funnels and nested populations are relations, the profile, and that people are whole. `derived`
    names numbers that no row holds (complement, residual, loss, difference). `required` is the threshold; `verdict`
    is fail when the interval lies below it or is narrower than it. Rows about shown cells name the broken rule in
    `reason`; sound ones are left out.
    """
    found = system(tables, profile)
    named = Named.of(found)
    lower, upper, unknown = _bounds(found, tables, profile)
    floor = history(found.unknowns, previous or {}, profile)["floor"].to_numpy()
    lower = np.where(unknown & found.unknowns["derived"].eq("").to_numpy(), np.maximum(lower, floor), lower)
    parts = [
        _hidden(found, named, lower, upper, unknown, floor, profile, exact, spread),
        _shown(named, lower, upper, unknown, profile),
    ]
    parts.append(_broken_rules(tables, profile))
    if previous:
        between = differencing(tables, previous, profile)
        parts.append(between.assign(table="", derived="difference", required=between["threshold"], reason="releases"))
    parts = [part.reindex(columns=COLUMNS) for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def _bounds(found: System, tables: Tables, profile: Profile) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the shown rows say of each unknown (the narrowest of all), and which unknowns no row shows."""
    by_table = found.rows.groupby("table", sort=False)
    frames = [_row_bounds(rows, *tables[name], profile) for name, rows in by_table]
    rows = pd.concat(frames).dropna(subset=["low", "high"])
    size = len(found.unknowns)
    low = rows.groupby("unknown")["low"].max().reindex(range(size))
    high = rows.groupby("unknown")["high"].min().reindex(range(size))
    unknown = low.isna().to_numpy()
    signed = np.array([q is not None and q.role.startswith("sum:") for q in found.unknowns["quantity"]], dtype=bool)
    lower = low.fillna(0.0).to_numpy(copy=True)
    lower[unknown & signed & bool((lower[signed] < 0).any())] = -FAR
    upper = high.fillna(max(FAR, 10 * high.abs().fillna(0).max())).to_numpy()
    slack = found.unknowns["slack"].to_numpy(float)
    lower, upper = np.where(slack > 0, -slack, lower), np.where(slack > 0, slack, upper)
    return np.minimum(lower, upper), np.maximum(lower, upper), unknown


def _row_bounds(rows: pd.DataFrame, table: pd.DataFrame, meta: Meta, profile: Profile) -> pd.DataFrame:
    """True values that each shown value can stand for: rounding, decimals, totals that only repeat."""
    cells = table.reset_index(drop=True).loc[rows["row"]].set_index(rows.index)
    kind = rows["measure"].map(dict(meta.kinds))
    percent = rows["slot"].eq("part") & kind.eq("percent")
    sums = rows["slot"].eq("part") & kind.eq("sum")
    places = np.where(cells["n"] >= profile.whole_percent_below, 0.05, 0.5) * (meta.counts_of == "persons")
    exact = cells["value"].where(rows["slot"].eq("part"), cells["n"])
    middle = exact.mask(percent, cells["value"] / 100 * cells["n"])
    half = (places * cells["n"] / 100).where(percent, (TINY * exact.abs()).where(sums, 0.0))
    base = meta.base * ~sums
    low, high = middle - half - base // 2, middle + half + (base - (base > 0)) // 2
    repeated = pd.Series(False, rows.index)
    if meta.base and profile.totals == "sum_of_rounded":
        for dim, total in meta.totals.items():
            repeated |= kind.eq("count") & cells[dim].eq(total)
    # What a mean or a limit tells of a number follows from the n and the percentage beside it.
    use = ~repeated & (rows["slot"].eq("n") | kind.isin(["count", "percent", "sum"]))
    return rows.assign(low=low.where(use).clip(lower=low.where(sums, 0.0)), high=high.where(use))


def _hidden(
    found: System, named: Named, lower, upper, unknown, floor, profile: Profile, exact: bool, spread: Spread
) -> pd.DataFrame:
    """The interval of each hidden or derived number that a rule protects, and the verdict on it."""
    threshold = named.threshold
    sums = [q is not None and q.role.startswith("sum:") for q in named.quantity]
    needed = unknown & ((threshold > 0) | np.array(sums, dtype=bool))
    attacks = [
        _Attack(block, threshold[block.columns], floor[block.columns], targets, exact)
        for block in blocks(_near(found, unknown, lower, upper), lower, upper)
        if len(targets := np.flatnonzero(needed[block.columns]))
    ]
    sizes, rows = [len(attack.threshold) for attack in attacks], []
    for attack, spans in zip(attacks, largest_first(spread, _Attack.__call__, attacks, sizes), strict=True):
        for column, span in zip(attack.block.columns[attack.targets], spans, strict=True):
            # A derived number that follows from shown ones only is left open by their rounding alone.
            rounded = bool(named.derived[column]) and not unknown[named.follows_from(column)].any()
            rows.append(_judged(named, column, span, floor[column], profile, rounded))
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class _Attack:
    """On the `targets` of one block, with the threshold of each number and what everyone knows it to be at least."""

    block: Block
    threshold: np.ndarray
    floor: np.ndarray
    targets: np.ndarray
    exact: bool

    def __call__(self) -> list[Span | None]:
        """What can be derived of each target; None where the relations contradict each other."""
        seen, block = self._seen(), self.block
        if seen is None:
            return [block.reaches(i) for i in self.targets]
        alone = set(seen.unsettled.tolist())
        return [block.reaches(i) if i in alone else (seen.low[i], seen.high[i]) for i in self.targets.tolist()]

    def _seen(self) -> Reached | None:
        """Bounds without two programmes each; None when all need them, as when relations contradict each other."""
        if (hull := self.block.hull()) is not None:
            return None if (hull[0] > hull[1] + TINY).any() else Reached(*hull, np.array([], dtype=int))
        start = None if self.exact else self.block.extreme(np.zeros(len(self.block.columns)), full)
        if start is None:
            return None
        found = self.block.reach(start, self.threshold, -self.floor, self.targets, report=True)
        return replace(found, unsettled=np.union1d(found.unsettled, self.targets[self.threshold[self.targets] == 0]))


def _near(found: System, unknown: np.ndarray, lower: np.ndarray, upper: np.ndarray):
    """Relations that matter for unknown numbers: all of them when shown values are exact; else those two steps around.

    With rounded values every relation of the study is slack and none separates; programmes over all at once take hours.
    """
    relations = found.relations
    if (unknown | (upper - lower < 0.5)).all():
        return relations
    touched = (abs(relations) @ unknown.astype(float)) > 0
    around = (abs(relations).T @ touched.astype(float)) > 0
    return relations[np.flatnonzero((abs(relations) @ around.astype(float)) > 0)]


def _judged(named: Named, column: int, span: Span | None, floor: float, profile: Profile, rounded: bool) -> dict:
    quantity, derived, threshold = named.quantity[column], named.derived[column], float(named.threshold[column])
    if span is None:
        verdict, reason, low, high = "fail", "relations contradict each other", np.nan, np.nan
    else:
        low, high = _whole(*span)
        if not derived and quantity.role.startswith("sum:"):
            threshold = profile.p_share * high
            safe = span[1] - span[0] >= threshold
        else:
            safe = protects(span, threshold, floor) or (
                bool(derived) and _harmless(derived, low, high, profile, threshold, rounded)
            )
        verdict, reason = ("pass" if safe else "fail"), ("" if safe else "derivable")
    return named.text(column) | {
        "derived": derived, "lower": low, "upper": high, "required": threshold, "verdict": verdict, "reason": reason,
    }  # fmt: skip


def _whole(lower: float, upper: float) -> tuple[float, float]:
    """The whole numbers between two bounds; the nearest one when rounded values leave none."""
    low, high = float(np.ceil(lower - TINY)) + 0.0, float(np.floor(upper + TINY)) + 0.0  # no -0.0
    return (low, high) if low <= high else (float(np.round((lower + upper) / 2)),) * 2


def _harmless(derived: str, low: float, high: float, profile: Profile, threshold: float, rounded: bool) -> bool:
    """Derived numbers that tell of nobody, or that rounding leaves open (the rules judged the true value).

    Differences of estimated shares are no whole persons: between nobody and one is nobody.
    """
    nobody = high == 0 and (derived in MAY_BE_NOBODY or profile.all != "hide")
    nobody |= derived == "estimated" and low <= 0 and high <= 1
    open_ = low <= 0 and rounded and derived in MAY_BE_NOBODY
    return nobody or open_ or (profile.round_base > 0 and (high >= threshold or low <= 0))


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


def _broken_rules(tables: Tables, profile: Profile) -> pd.DataFrame:
    """Shown cells that break a primary rule (denominators, quantiles, extremes, degrees of freedom, counts)."""
    rows = []
    for name, judged in checked(tables, profile).items():
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
