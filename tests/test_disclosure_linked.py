"""Random studies with linked tables: an attacker who knows how everybody could be crossed finds nothing that is too
narrow.

The attacker here shares no code with the package: his unknowns are the people in each cell of the full crossing of all
dimensions, and every shown number of every table is a sum of them.
"""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from analysis.disclosure import Meta, audit, primary, profile, suppress

TOTAL = "all"
SEEDS = 200


def study(rng, units=3, dims=3, people=(40, 160), levels=(2, 5)):
    """People with a unit and some dimensions, unevenly spread."""
    sizes = rng.integers(*people, units)
    columns = {"unit": np.repeat([f"u{i}" for i in range(units)], sizes)}
    for dim in range(dims):
        count = rng.integers(*levels)
        columns[f"d{dim}"] = rng.choice(
            [f"l{i}" for i in range(count)], sizes.sum(), p=rng.dirichlet(np.full(count, 2.0))
        )
    return pd.DataFrame(columns)


def crossed(people, dims, unit, shares):
    """Counts, and shares over the first dimension, of a crossing with all margins."""
    own = people if unit == TOTAL else people[people["unit"] == unit]
    everyone = pd.concat([own.assign(**dict.fromkeys(subset, TOTAL)) for r in range(len(dims) + 1)
                          for subset in combinations(dims, r)])  # fmt: skip
    levels = [[*sorted(people[dim].unique()), TOTAL] for dim in dims]
    n = (
        everyone.groupby(list(dims))
        .size()
        .reindex(pd.MultiIndex.from_product(levels, names=dims), fill_value=0)
        .astype(float)
    )
    table = n.rename("value").reset_index().assign(measure="count", n=np.nan)
    if shares:
        whole = n.xs(TOTAL, level=dims[0]) if len(dims) > 1 else n[TOTAL]
        whole = (
            table[list(dims[1:])].merge(whole.rename("n").reset_index(), how="left")["n"] if len(dims) > 1 else whole
        )
        share = table.assign(measure="percent", n=np.asarray(whole), value=100 * table["value"] / whole)
        table = pd.concat([table, share[share["n"] > 0]], ignore_index=True)
    kinds = {"count": "count", "percent": "percent"}
    return table, Meta(tuple(dims), dict.fromkeys(dims, TOTAL), "persons", "samen10_30", kinds, unit=unit)


def release(rng, people, tables=3, shares=True):
    dims = [column for column in people if column != "unit"]
    crossings = [(dim,) for dim in dims] + list(combinations(dims, 2))
    taken = [crossings[i] for i in rng.choice(len(crossings), min(tables, len(crossings)), replace=False)]
    units = [*sorted(people["unit"].unique()), TOTAL]
    return {f"{unit}/{'_'.join(dims)}": crossed(people, dims, unit, shares) for unit in units for dims in taken}


def attack(people, released, threshold):
    """Interval of every hidden count by linear programmes over the full crossing; the cells that are too narrow."""
    dims = list(people.columns)
    joint = pd.DataFrame(list(product(*[sorted(people[dim].unique()) for dim in dims])), columns=dims)
    rows, known, asked = [], [], []
    for table, meta in released.values():
        for cell in table[table["measure"] == "count"].itertuples():
            member = np.ones(len(joint), dtype=bool) if meta.unit == TOTAL else (joint["unit"] == meta.unit).to_numpy()
            for dim in meta.dims:
                member = member & ((getattr(cell, dim) == TOTAL) | (joint[dim] == getattr(cell, dim)).to_numpy())
            (asked if cell.status == "hidden" else rows).append(member.astype(float))
            known += [] if cell.status == "hidden" else [cell.value]
    narrow = 0
    for target in np.unique(asked, axis=0) if asked else []:
        ends = [linprog(sign * target, A_eq=np.array(rows) if rows else None, b_eq=known or None) for sign in (1, -1)]
        assert {end.status for end in ends} <= {0, 3}
        low = ends[0].fun if ends[0].status == 0 else -np.inf
        high = -ends[1].fun if ends[1].status == 0 else np.inf
        narrow += not (low > threshold - 1e-6 or (high > threshold - 1e-6 and high - low > threshold - 1e-6))
    return narrow


def lost(released):
    return sum(int((table["status"] == "hidden").sum()) for table, _ in released.values())


def one_study(seed):
    """Cells that the independent attacker opens, unsafe cells shown, and the loss against two cruder ways."""
    rng = np.random.default_rng(seed)
    people = study(rng, units=int(rng.integers(2, 4)), dims=int(rng.integers(2, 4)))
    tables = release(rng, people, tables=int(rng.integers(2, 4)))
    out, _ = suppress(tables, profile())
    shown = pd.concat(
        [table[(table["status"] == "shown") & (table["measure"] == "count")]["value"] for table, _ in out.values()]
    )
    first = {name: (primary(*pair, profile()), pair[1]) for name, pair in tables.items()}
    alone = {name: suppress({name: pair}, profile())[0][name] for name, pair in tables.items()}
    return {
        "opened": attack(people, out, 10), "unsafe": int((shown < 10).sum()),
        "audit_fails": int((audit(out, profile())["verdict"] == "fail").sum()),
        "cells": sum(len(table) for table, _ in out.values()),
        "primary": lost(first), "linked": lost(out), "alone": lost(alone), "alone_opened": attack(people, alone, 10),
        "rows": sum(_rows_lost(*pair) for pair in first.values()),
    }  # fmt: skip


def _rows_lost(table, meta):
    """Cells lost when every row and column of a table that holds a hidden cell goes."""
    gone = table["status"].eq("hidden")
    for dim in meta.dims:
        others = [table[name] for name in meta.dims if name != dim] or [pd.Series(0, table.index)]
        gone |= gone.groupby(others).transform("any") & table[dim].ne(TOTAL)
    return int(gone.sum())


def summary(seeds):
    return pd.DataFrame([one_study(seed) for seed in seeds])


def test_three_random_studies_are_closed():
    found = summary(range(3))
    assert found["opened"].sum() == 0 and found["unsafe"].sum() == 0 and found["audit_fails"].sum() == 0
    assert found["linked"].sum() < found["rows"].sum()


@pytest.mark.slow
def test_two_hundred_random_studies_are_closed_and_lose_less_than_whole_rows(capsys):
    found = summary(range(SEEDS))
    with capsys.disabled():
        print("\n", found.sum().to_string())
    assert found["opened"].sum() == 0 and found["unsafe"].sum() == 0 and found["audit_fails"].sum() == 0
    assert found["linked"].sum() < found["rows"].sum() and found["alone_opened"].sum() > 0
