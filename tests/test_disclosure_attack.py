"""The attack on a release: bounds without programmes are the programmes' bounds; what is withheld stays consistent."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import linprog
from statsmodels.stats.proportion import proportion_confint

from analysis.disclosure import Meta, audit, profile, suppress
from analysis.disclosure.attack import blocks
from analysis.disclosure.links import resolve
from analysis.disclosure.system import truthful


def random_tree(rng, relations):
    """Relations total = parts in which each next total is a part of an earlier one, or shares one: no rings."""
    rows, width = [], 1
    for _ in range(relations):
        shared, parts = rng.integers(width), int(rng.integers(2, 5))
        new = np.arange(width, width + parts)
        width += parts
        rows.append((new[0], [shared, *new[1:]]) if rng.random() < 0.5 else (shared, list(new)))
    matrix = np.zeros((relations, width))
    for i, (total, parts) in enumerate(rows):
        matrix[i, total], matrix[i, parts] = 1, -1
    return matrix


def programmes(matrix, lower, upper):
    bounds = np.column_stack([lower, upper])
    for target in range(matrix.shape[1]):
        cost = np.zeros(matrix.shape[1])
        cost[target] = 1
        found = [linprog(sign * cost, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=bounds) for sign in (1, -1)]
        yield (found[0].fun, -found[1].fun)


@pytest.mark.parametrize("seed", range(12))
def test_bounds_without_programmes_are_those_of_two_programmes_each(seed):
    rng = np.random.default_rng(seed)
    matrix = random_tree(rng, relations=int(rng.integers(1, 7)))
    reach = [1, 2, 40]  # narrow ones among wide ones: what one relation tells goes on through the next
    lower, upper = (sign * rng.choice(reach, matrix.shape[1]) for sign in (-1, 1))
    (block,) = blocks(sparse.csr_matrix(matrix), lower.astype(float), upper.astype(float))
    low, high = block.hull()
    expected = np.array(list(programmes(matrix, lower, upper)))[block.columns]
    assert np.allclose(np.column_stack([low, high]), expected, atol=1e-6)


def test_relations_in_a_ring_are_left_to_the_programmes():
    """Two relations over the same two numbers: single relations leave 0 to 9, together they leave one value."""
    ring = sparse.csr_matrix([[1.0, -1.0, -1.0, 0.0], [0.0, -1.0, 1.0, 1.0]])
    found = list(blocks(ring, np.zeros(4), np.full(4, 9.0)))
    assert [block.hull() for block in found] == [None]


def place(part, n, unit):
    low, high = proportion_confint(part, n, method="wilson")
    rows = [("count", part, n), ("percent", 100 * part / n, n), ("lower", 100 * low, part), ("upper", 100 * high, part)]
    total = [("count", 2 * part, 2 * n), ("percent", 100 * part / n, 2 * n), ("lower", np.nan, np.nan)]
    cells = [(level, *row) for level, own in (("x", rows), ("y", rows), ("both", total)) for row in own]
    kinds = {"count": "count", "percent": "percent", "lower": "lower", "upper": "upper"}
    meta = Meta(("what",), {"what": "both"}, "persons", "samen10_30", kinds, unit=unit, ladder=("unit",))
    return pd.DataFrame(cells, columns=["what", "measure", "value", "n"]), meta


def test_units_that_are_withheld_contradict_nothing_that_is_shown():
    """What could not be estimated is not among what is withheld: nobody could tell the two apart."""
    sizes = {"north": (8, 40), "east": (30, 35), "west": (60, 90)}
    tables = {f"{unit}/t": place(*size, unit) for unit, size in sizes.items()}
    tables["all/t"] = place(98, 165, "all")
    rules = profile("samen10_30")
    out, log = suppress(tables, rules)
    assert set(log.loc[log["collapsed"].eq("unit"), "table"]) >= {"north/t", "east/t"}
    assert out["north/t"][0]["reason"].eq("coarser").all()
    assert len(out["north/t"][0]) == tables["north/t"][0]["value"].notna().sum()
    assert (audit(out, rules)["verdict"] == "pass").all()


def test_the_limits_of_a_share_do_not_blur_the_count_beside_them():
    """North and the total are shown with their limits: the 8 of the west are their difference."""
    sizes = {"all": (98, 165), "north": (90, 125), "west": (8, 40)}
    tables = {f"{unit}/t": place(*size, unit) for unit, size in sizes.items()}
    rules = profile("samen10_30")
    tables = {name: (table[table["what"].ne("both")], meta) for name, (table, meta) in tables.items()}
    linked, _ = truthful(resolve(tables), rules)
    hidden = linked["west/t"][0].assign(value=np.nan, n=np.nan, status="hidden")
    shown = {name: (table.assign(status="shown"), meta) for name, (table, meta) in linked.items()}
    found = audit(shown | {"west/t": (hidden, linked["west/t"][1])}, rules)
    counts = found[found["role"].eq("count") & found["levels"].eq("unit=west what=x")]
    assert counts[["lower", "upper", "verdict"]].to_numpy().tolist() == [[8.0, 8.0, "fail"]]


def test_a_table_of_counts_needs_no_column_of_contributors():
    table = pd.DataFrame({"place": ["a", "b", "c", "all"], "measure": "count", "value": [30.0, 4.0, 50.0, 84.0]})
    out, _ = suppress({"t": (table, Meta(("place",), {"place": "all"}, "persons", "samen10_30", {"count": "count"}))},
                      profile("samen10_30"))  # fmt: skip
    assert out["t"][0]["value"].isna().tolist() == [True, True, False, False]
