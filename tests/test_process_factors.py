"""Factors, saturation and agreement: published coefficients and fragments by hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.process import agreement, factors, saturation

FRAGMENTS = pd.DataFrame(
    [
        ("f1", "x", "resident", "d1", "trust", 2, "A"),
        ("f1", "x", "resident", "d1", "trust", 1, "B"),  # the same fragment and factor: once
        ("f2", "x", "policy", "d2", "trust", -1, "A"),
        ("f3", "x", "policy", "d2", "funding", -2, "A"),
        ("f4", "x", "policy", "d2", "funding", -1, "A"),
        ("f5", "y", "resident", "d3", "transport", None, "A"),
        ("f6", "y", "resident", "d3", "trust", 1, "B"),
    ],
    columns=["fragment", "unit", "role", "document", "factor", "valence", "coder"],
)
TREE = pd.DataFrame({"factor": ["trust", "funding", "leadership"], "parent": ["people", "setting", "setting"]})


def test_fragments_count_once_and_sources_beside_them():
    table = factors(FRAGMENTS, by="unit", tree=TREE).set_index(["unit", "factor"])
    trust = table.loc[("x", "trust")]
    assert trust[["fragments", "helping", "hindering", "sources", "coders"]].tolist() == [2, 1, 1, 2, 2]
    assert trust["mean_valence"] == pytest.approx((1.5 - 1) / 2) and trust["parent"] == "people"
    assert table.loc[("x", "funding"), ["fragments", "hindering", "sources"]].tolist() == [2, 2, 1]  # one voice


def test_every_factor_is_at_every_level_also_when_nobody_speaks_of_it():
    table = factors(FRAGMENTS, by="unit", tree=TREE).set_index(["unit", "factor"])
    assert table.loc[("y", "leadership"), "fragments"] == 0 and table.loc[("y", "transport"), "neutral"] == 1
    assert table.loc[("y", "transport"), "note"] == "not in the list of factors"
    assert len(table) == 2 * 4
    both = factors(FRAGMENTS, by=["unit", "role"])
    assert both["fragments"].sum() == 6 and len(both) == 2 * 2 * 3


def test_no_text_of_a_fragment_leaves():
    table = factors(FRAGMENTS.assign(text="a quote that identifies"))
    assert not table.astype(str).apply(lambda column: column.str.contains("quote")).any().any()


def test_saturation_counts_new_factors_per_source():
    table = saturation(FRAGMENTS, rng=np.random.default_rng(1))
    assert table["new"].tolist() == [1, 1, 1] and table["known"].tolist() == [1, 2, 3]
    assert table["mean"].iloc[-1] == 3 and table["lower"].iloc[-1] == 3
    # d1 {trust}, d2 {trust, funding}, d3 {transport, trust}: the first of a random order brings 5/3 on average
    assert table["mean"].iloc[0] == pytest.approx(5 / 3, abs=0.1)
    none = saturation(FRAGMENTS.assign(document=None))
    assert none["known"].tolist() == [0] and none["note"].item() == "not estimable, because no fragment was coded"


def long(ratings, missing=None):
    """Rows of ratings as the long table: a unit, a coder and a code a row."""
    table = (
        pd.DataFrame(ratings)
        .rename_axis("fragment")
        .reset_index()
        .melt("fragment", var_name="coder", value_name="factor")
    )
    return table.dropna()


def pick(table, method, outcome="all codes"):
    return table[(table["method"] == method) & (table["outcome"] == outcome)].squeeze()


KRIPPENDORFF_C = [
    [1, 1, None, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4],
    [4, 4, 4, 4], [1, 1, 2, 1], [2, 2, 2, 2], [None, 5, 5, 5], [None, None, 1, 1], [None, None, 3, None],
]  # fmt: skip


@pytest.mark.parametrize(
    ("scale", "alpha"),
    [
        ("nominal", 0.743421052631579),
        ("ordinal", 0.8153875037548814),
        ("interval", 0.8491071428571428),
        ("ratio", 0.7974027747116121),
    ],
)
def test_krippendorffs_data_c(scale, alpha):
    found = pick(agreement(long(KRIPPENDORFF_C), scale=scale, per_code=False), "Krippendorff's alpha")
    assert found["estimate"] == pytest.approx(alpha, abs=1e-9)
    assert found["n"] == 11 and "1 units of one coder" in found["note"]


COHEN = np.repeat(
    [(a, b) for a in range(3) for b in range(3)], np.ravel([[88, 14, 18], [10, 40, 10], [2, 6, 12]]), axis=0
)


def test_cohens_table_plain_weighted_and_with_his_own_weights():
    weights = np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]])
    table = agreement(long(COHEN), scale="ordinal", weights=weights)
    kappa = pick(table, "Cohen's kappa")
    assert kappa["estimate"] == pytest.approx(0.49152542372881347, abs=1e-8)
    assert kappa["std_error"] == pytest.approx(0.05100181557607786, abs=1e-8)
    assert pick(table, "linear weighted kappa")["estimate"] == pytest.approx(0.4736842105263158, abs=1e-8)
    assert pick(table, "quadratic weighted kappa")["estimate"] == pytest.approx(0.4545454545454546, abs=1e-8)
    assert round(pick(table, "weighted kappa")["estimate"], 2) == 0.35  # Cohen 1968


def test_bootstrap_limits_are_close_to_the_asymptotic_ones():
    table = agreement(long(COHEN), rng=np.random.default_rng(2), draws=400, per_code=False)
    kappa = pick(table, "Cohen's kappa")
    assert kappa["std_error"] == pytest.approx(0.0510, rel=0.15)
    assert kappa["lower"] == pytest.approx(0.3916, abs=0.03) and kappa["upper"] == pytest.approx(0.5915, abs=0.03)


def test_intraclass_correlations_of_shrout_and_fleiss():
    case = {
        case["method"]: case
        for case in json.loads((Path(__file__).parent / "reference" / "process_icc.json").read_text())
    }
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    table = agreement(long(ratings), scale="interval")
    for method, expected in case.items():
        found = pick(table, method)
        assert found[["estimate", "lower", "upper"]].tolist() == pytest.approx(
            [expected["estimate"], expected["lower"], expected["upper"]], abs=1e-6
        )


def test_a_category_that_nobody_used_leaves_its_distance():
    """Pairs 1-1, 1-4, 4-4, 2-1: squared distances 0 9 0 1 observed, 64 over the 16 pairs that chance makes."""
    table = agreement(long([(1, 1), (1, 4), (4, 4), (2, 1)]), scale="ordinal")
    assert pick(table, "quadratic weighted kappa")["estimate"] == pytest.approx(1 - (10 / 4) / (64 / 16))
    with pytest.raises(TypeError, match="needs numbers"):
        agreement(TWO, scale="ordinal")


def test_a_coder_of_other_units_only_does_not_hide_a_code():
    two = pd.DataFrame(
        [("1", "a", "x"), ("1", "b", "x"), ("2", "a", "y"), ("2", "b", "y"), ("3", "a", "x"), ("3", "b", "x")]
    )
    other = pd.concat([two, pd.DataFrame([("4", "c", "y")])]).set_axis(["fragment", "coder", "factor"], axis=1)
    assert pick(agreement(other), "Krippendorff's alpha", "x")["estimate"] == 1


def test_fleiss_of_three_coders_by_hand():
    """Units aab, aaa, bbb, abb: observed (1/3 + 1 + 1 + 1/3) / 4 = 2/3, chance 1/2, kappa 1/3."""
    table = agreement(long([list("aab"), list("aaa"), list("bbb"), list("abb")]), per_code=False)
    assert pick(table, "Fleiss' kappa")["estimate"] == pytest.approx(1 / 3)
    assert len(table[table["method"] == "Cohen's kappa"]) == 0


TWO = long([("a", "a"), ("a", "a"), ("b", "b"), ("b", "a"), ("c", "a"), ("a", "a")])


def test_per_code_shows_the_code_that_nobody_can_apply():
    """Code b: both 1, neither 4, one coder 1: observed 5/6, chance 2/6 x 1/6 + 4/6 x 5/6 = 22/36, kappa 8/14."""
    table = agreement(TWO, minimum=1)
    assert pick(table, "Cohen's kappa", "b")["estimate"] == pytest.approx(8 / 14)
    assert pick(table, "Cohen's kappa", "b")["note"].startswith("units with the code: 0 2, 1 1")


def test_a_code_that_one_coder_never_used_or_that_was_used_once_has_no_kappa():
    """Trap 5; beside it the same code used twice by both, which has one."""
    never = pick(agreement(TWO), "Cohen's kappa", "c")
    assert np.isnan(never["estimate"]) and "a coder never used this code (0 1, 1 0)" in never["note"]
    one_sided = pick(agreement(long([("c", "a"), ("c", "a"), ("c", "a"), ("b", "b")])), "Cohen's kappa", "c")
    assert np.isnan(one_sided["estimate"]) and "a coder never used this code (0 3, 1 0)" in one_sided["note"]
    once = pick(agreement(long([("a", "a"), ("a", "a"), ("b", "b")])), "Cohen's kappa", "b")
    assert np.isnan(once["estimate"]) and "used in fewer than 2 units" in once["note"]
    twice = pick(agreement(long([("a", "a"), ("b", "b"), ("b", "b")])), "Cohen's kappa", "b")
    assert twice["estimate"] == 1


def test_one_coder_or_one_code_is_not_estimable_and_two_are():
    one = agreement(TWO[TWO["coder"] == 0])
    assert len(one) == 1 and "not estimable, because 1 coder coded" in one["note"].item()
    same = agreement(long([("a", "a"), ("a", "a")]), per_code=False)
    assert same["estimate"].isna().all() and same["note"].str.contains("all units have the same code").all()
    assert (
        "no unit was coded by two coders" in agreement(long([("a", None), (None, "b")]), per_code=False)["note"].iloc[0]
    )


def test_units_with_two_codes_of_one_coder_are_kept_per_code():
    extra = pd.concat([TWO, pd.DataFrame({"fragment": [0], "coder": [0], "factor": ["b"]})])
    table = agreement(extra, minimum=1)
    assert "1 units with several codes of a coder left out" in pick(table, "Cohen's kappa")["note"]
    assert pick(table, "Cohen's kappa")["n"] == 5 and pick(table, "Cohen's kappa", "b")["n"] == 6


codes = st.one_of(st.none(), st.sampled_from("abc"))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(codes, codes, codes), min_size=2, max_size=12))
def test_coefficients_never_exceed_one_and_a_missing_one_says_why(rows):
    table = agreement(long(rows))
    assert (table["estimate"].dropna() <= 1 + 1e-12).all()
    assert table.loc[table["estimate"].isna(), "note"].str.contains("not estimable, because").all()
