"""What is done for many tables at once, or by several processes, is what is done one by one."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import sparse

from analysis.disclosure import Meta, audit, check, opened, primary, profile, suppress
from analysis.disclosure.components import members, split, together
from analysis.disclosure.programme import Programme
from analysis.disclosure.rules import ruled
from analysis.disclosure.spread import batches, largest_first
from analysis.disclosure.together import Known, checked, judge

KINDS = {"count": "count", "percent": "percent"}


def funnel(unit, steps, sizes, **more):
    """Counts and shares of the steps of a funnel, for two groups and both together."""
    rows = []
    for step, size in zip(steps, sizes, strict=True):
        for group, n in {"x": size, "y": 2 * size, "all": 3 * size}.items():
            rows += [(step, group, "count", float(n), np.nan), (step, group, "percent", 50.0, 2.0 * n)]
    meta = Meta(("step", "group"), {"group": "all"}, "persons", "samen10_30", KINDS, unit=unit, steps=("step",), **more)
    return pd.DataFrame(rows, columns=["step", "group", "measure", "value", "n"]), meta


def study():
    """The same table of three units, of which one has no second step and one another column; and a table of one."""
    tables = {
        "north/t": funnel("north", "abc", (40, 31, 9)),
        "west/t": funnel("west", "ac", (40, 36)),
        "east/t": funnel("east", "abc", (90, 88, 50)),
        "all/other": funnel("all", "ab", (30, 12), population="p"),
    }
    table, meta = tables["east/t"]
    return tables | {"east/t": (table.assign(note="so"), meta)}


@pytest.mark.parametrize("name", ["samen10_30", "gmjv100_10"])
def test_tables_judged_together_are_judged_as_each_alone(name):
    rules, tables = profile(name), study()
    alone = {key: check(*pair, rules) for key, pair in tables.items()}
    assert list(checked(tables, rules)) == list(judge(tables, rules)) == list(tables)
    for key, found in checked(tables, rules).items():
        assert_frame_equal(found, alone[key])
    for key, found in judge(tables, rules).items():
        assert_frame_equal(found, ruled(alone[key], tables[key][1]))
    assert any(found["status"].eq("fail").any() for found in alone.values())


def test_a_table_is_released_anew_only_where_it_or_what_is_hidden_changed():
    rules, known = profile(), Known()
    judged = {key: (table, study()[key][1]) for key, table in judge(study(), rules).items()}
    hidden = {key: table["status"].eq("hidden").to_numpy() for key, (table, _) in judged.items()}
    first = known.released(judged, rules, hidden)
    again = known.released(judged, rules, hidden | {"north/t": np.ones(len(hidden["north/t"]), dtype=bool)})
    assert again["north/t"][0]["status"].eq("hidden").all() and not first["north/t"][0]["status"].eq("hidden").all()
    assert all(again[key][0] is first[key][0] for key in judged if key != "north/t")


def square(number):
    return number**2


def test_works_come_back_in_their_order_and_the_largest_goes_first():
    begun = []

    def spread(call, works):
        works = list(works)
        begun.extend(works)
        return [call(work) for work in works]

    assert largest_first(spread, square, [3, 1, 2], [1, 5, 3]) == [9, 1, 4]
    assert begun == [[1], [2], [3]] and largest_first(map, square, [], []) == []
    assert [list(own) for own in batches([1000, *[1] * 20])][0] == [0] and len(batches([1] * 1000)) <= 64


@pytest.mark.skipif(sys.platform != "linux", reason="other systems release in one process")
def test_two_processes_release_what_one_does():
    tables = study()
    out, log = suppress(tables, profile())
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        other, other_log = suppress(tables, profile(), spread=pool.map)
        assert opened(other, profile(), spread=pool.map).empty
    assert_frame_equal(log, other_log)
    for name, (table, meta) in out.items():
        assert_frame_equal(table, other[name][0])
        assert meta == other[name][1]


def test_the_open_numbers_are_those_that_the_audit_fails():
    rules = profile()
    alone = {key: (primary(*pair, rules), pair[1]) for key, pair in study().items()}
    found = audit(alone, rules, exact=False)
    failed = found[found["verdict"].eq("fail")].reset_index(drop=True)
    assert len(failed) and len(failed) < len(found)
    assert_frame_equal(opened(alone, rules), failed)


@pytest.mark.parametrize("seed", range(5))
def test_a_matrix_taken_apart_is_its_slices(seed):
    rng = np.random.default_rng(seed)
    matrix = sparse.random(12, 20, density=0.06, format="csr", random_state=rng)
    matrix.data[::3] = 0.0  # a relation that knows a number without counting it still ties it to the others
    group = together(matrix)
    group[group == 1] = -1
    kept = np.unique(group[group >= 0], return_inverse=True)[1]
    group[group >= 0] = kept
    for columns, (rows, part) in zip(members(group), split(matrix, group), strict=True):
        own = matrix[:, columns]
        expected = np.flatnonzero(np.diff(own.indptr))
        assert rows.tolist() == expected.tolist() and part.nnz == own.nnz
        assert (part.toarray() == own[expected].toarray()).all()


def test_two_programmes_beside_one_another_are_each_solved():
    """By hand: x + y = 10, 0 <= x <= 4, 0 <= y <= 9; the least x is 1, the most is 4."""
    matrix, sums = sparse.csr_array(np.array([[1.0, 1.0]])), (np.array([10.0]), np.array([10.0]))
    bounds = (np.zeros(2), np.array([4.0, 9.0]))
    least, most = (Programme(np.array([sign, 0.0]), matrix, sums, bounds) for sign in (1.0, -1.0))
    assert least.beside(most).quick().tolist() == [1, 9, 4, 6]
    assert least.steady().tolist() == [1, 9] and most.steady().tolist() == [4, 6]
    impossible = Programme(least.cost, matrix, (sums[0] * 2, sums[1] * 2), bounds)
    assert least.beside(impossible).quick() is None and impossible.steady() is None
