"""Two releases of one study: their difference is the people who joined in between, and is a cell too."""

import numpy as np
import pandas as pd

from analysis.disclosure.profiles import Profile
from analysis.disclosure.quantities import Names, Quantity
from analysis.disclosure.reading import published
from analysis.disclosure.rounding import round_counts
from analysis.disclosure.stacks import Tables


def shown_numbers(tables: Tables) -> pd.DataFrame:
    """Counts and n that released tables show, one row a quantity: quantity, value, base (0: exact)."""
    rows = published(tables, Names.of(tables))
    about = {name: meta for name, (_, meta) in tables.items()}
    pairs = list(zip(rows["table"], rows["measure"], strict=True))
    count = np.array([about[name].kinds[measure] == "count" for name, measure in pairs], dtype=bool)
    base = [about[name].base for name in rows["table"]]
    whole = rows["slot"].ne("part").to_numpy() | count
    found = rows.assign(base=base)[whole].dropna(subset="value")[["quantity", "value", "base"]]
    return found.sort_values("base", kind="stable").drop_duplicates("quantity", ignore_index=True)


def safe_difference(
    new: pd.Series, new_base: pd.Series, old: pd.Series, old_base: pd.Series, threshold: pd.Series
) -> pd.Series:
    """Whether the difference of a number between two releases tells of no group below the threshold.

    Two exact numbers: equal, or apart by the threshold. Otherwise the rounding of both must blur a difference over at
    least the threshold, or the smallest possible difference must reach it. Without threshold everything is safe.
    """
    difference, blur = (new - old).abs(), new_base + old_base
    exact = blur.eq(0) & difference.eq(0)
    return (
        exact
        | (difference - blur / 2 >= threshold)
        | ((blur >= threshold) & (new_base > 0) & (old_base > 0))
        | threshold.eq(0)
    )


def differencing(tables: Tables, previous: Tables, profile: Profile) -> pd.DataFrame:
    """Numbers that both releases show, with the verdict on their difference (never the difference itself).

    Columns: population, role, levels, rounding_before, rounding_now, threshold, verdict (pass | fail). Both are
    released tables.
    """
    both = shown_numbers(tables).merge(shown_numbers(previous), on="quantity", suffixes=("", "_before"))
    threshold = both["quantity"].map(lambda quantity: profile.threshold(quantity.counts_of)).astype(float)
    safe = safe_difference(both["value"], both["base"], both["value_before"], both["base_before"], threshold)
    return pd.DataFrame({
        "population": [q.population for q in both["quantity"]], "role": [q.role for q in both["quantity"]],
        "levels": [level_text(q) for q in both["quantity"]], "rounding_before": both["base_before"],
        "rounding_now": both["base"], "threshold": threshold, "verdict": np.where(safe, "pass", "fail"),
    })  # fmt: skip


def history(unknowns: pd.DataFrame, previous: Tables, profile: Profile) -> pd.DataFrame:
    """What the previous release says of each unknown: `floor` (at least this), `differs` (must be hidden now).

    People are added between releases, so an exact earlier number bounds the present one from below.
    """
    old, at = shown_numbers(previous), unknowns["quantity"]
    values = dict(zip(old["quantity"], old["value"], strict=True))
    bases = dict(zip(old["quantity"], old["base"], strict=True))
    before = pd.Series([values.get(quantity, np.nan) for quantity in at], unknowns.index, dtype=float)
    base = pd.Series([bases.get(quantity, 0.0) for quantity in at], unknowns.index, dtype=float)
    persons = pd.Series([q is not None and q.counts_of == "persons" for q in at], unknowns.index)
    now_base = persons.astype(float) * profile.round_base
    now = pd.Series(round_counts(unknowns["value"], profile.round_base), unknowns.index).where(
        persons, unknowns["value"]
    )
    unsafe = before.notna() & ~safe_difference(now, now_base, before, base, unknowns["threshold"])
    floor = before.where(base.eq(0) & (before <= unknowns["value"]), 0.0).fillna(0.0)
    return pd.DataFrame({"floor": floor, "differs": unsafe})


def level_text(quantity: Quantity | None) -> str:
    """Levels as text, `sex=f unit=north`; empty for a total of everybody."""
    return " ".join(f"{dim}={level}" for dim, level in sorted(quantity.levels)) if quantity is not None else ""
