"""A table as it may leave: emptied, rounded, percentages from what is shown, one mark for everything that is hidden."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.disclosure.blurring import INTERIM, blurred
from analysis.disclosure.meta import Meta
from analysis.disclosure.profiles import Profile
from analysis.disclosure.rounding import round_counts, round_percent
from analysis.disclosure.rules import contributors, emptied

WITHHELD = "withheld"
COARSER = "coarser"  # shown for all units together only
OPEN_REASONS = ["extreme", COARSER, INTERIM]  # hidden by a rule that everyone knows, whatever the value


def released(checked: pd.DataFrame, meta: Meta, profile: Profile, hidden: np.ndarray) -> tuple[pd.DataFrame, Meta]:
    """The checked table with `hidden` rows emptied, then rounded as the profile says, and its description.

    Order: suppress, round, compute shares. Reasons of hidden cells become `withheld`; rounded counts say `rounded`.
    """
    mask = pd.Series(hidden, checked.index)
    base = profile.round_base if meta.counts_of == "persons" else 0
    out = emptied(checked, mask)
    kind = out["measure"].map(dict(meta.kinds))
    if meta.counts_of == "persons":
        out = _shares(_rounded(out, kind, base), contributors(checked, kind)["part"], kind, profile, base)
    if base:
        out = blurred(out, checked, meta, base)
    if base and profile.totals == "sum_of_rounded":
        out = _totals_again(out, kind, meta)
    shown = out["reason"].mask(out["reason"].eq("") & bool(base) & kind.eq("count"), "rounded")
    reason = shown.mask(mask & ~out["reason"].isin(OPEN_REASONS), WITHHELD)
    return out.assign(reason=reason), replace(meta, base=base, profile=profile.name)


def _rounded(out: pd.DataFrame, kind: pd.Series, base: int) -> pd.DataFrame:
    counts = pd.Series(round_counts(out["value"], base), out.index)
    return out.assign(value=out["value"].mask(kind.eq("count"), counts), n=round_counts(out["n"], base))


def _shares(out: pd.DataFrame, part: pd.Series, kind: pd.Series, profile: Profile, base: int) -> pd.DataFrame:
    """Percentages from rounded counts where the profile rounds, at the places that their denominator allows."""
    raw = out["value"]
    if base:
        raw = (
            (100 * pd.Series(round_counts(part, base), out.index) / out["n"])
            .where(out["value"].notna())
            .clip(upper=100)
        )
    percent = pd.Series(round_percent(raw, out["n"], profile.whole_percent_below), out.index)
    return out.assign(value=out["value"].mask(kind.eq("percent"), percent))


def _totals_again(out: pd.DataFrame, kind: pd.Series, meta: Meta) -> pd.DataFrame:
    """Totals of counts as sums of the rounded counts that are shown: they tell nothing that the parts do not."""
    value = out["value"]
    for dim, total in meta.totals.items():
        if "overlap" in {how for name, how in meta.adds.items() if name.partition(":")[0] == dim}:
            continue
        others = [name for name in (*meta.dims, "measure") if name != dim]
        parts = out.assign(value=value)[out[dim] != total].groupby(others)["value"].sum(min_count=1)
        again = out[others].join(parts, on=others)["value"]
        value = value.mask(kind.eq("count") & out[dim].eq(total) & value.notna() & again.notna(), again)
    return out.assign(value=value)
