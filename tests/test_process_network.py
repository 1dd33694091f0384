"""Networks of organisations: published values, a network of five by hand, and what small or broken networks give."""

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.process import network, network_change, sociogram
from analysis.process.moments import _values


def pick(table, measure, rule="maximum", **where):
    rows = table[(table["measure"] == measure) & table["rule"].isin([rule, ""])]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows.squeeze()


def tables(graph):
    """A networkx graph as ties and organisations without domains."""
    ties = pd.DataFrame(list(graph.edges()), columns=["source", "target"])
    return ties, pd.DataFrame({"organisation": list(graph), "domain": "club"})


@pytest.mark.parametrize(
    ("graph", "ties", "density", "degree", "betweenness", "closeness"),
    [
        (nx.karate_club_graph(), 78, 0.13903743315508021, 0.3996212121212121, 0.4055571953299228, 0.298194891208297),
        # closeness as an exact fraction (igraph agrees): the reference file prints .32245227761, one digit too many
        (nx.florentine_families_graph(), 20, 4 / 21, 0.27472527472527475, 0.43681318681318687, 1946636781 / 6036976400),
    ],
)  # fmt: skip
def test_zacharys_club_and_the_florentine_families(graph, ties, density, degree, betweenness, closeness):
    table = network(*tables(graph), directed=False)
    expected = {
        "ties": ties, "density": density, "degree centralisation": degree, "betweenness centralisation": betweenness,
        "closeness centralisation": closeness, "components": 1, "isolates": 0,
    }  # fmt: skip
    for measure, value in expected.items():
        assert pick(table, measure)["estimate"] == pytest.approx(value, abs=1e-9)


def test_ties_across_the_two_clubs_and_the_betweenness_of_a_named_role():
    karate, florence = nx.karate_club_graph(), nx.florentine_families_graph()
    ties, nodes = tables(karate)
    nodes["domain"] = [karate.nodes[node]["club"] for node in nodes["organisation"]]
    assert pick(network(ties, nodes, directed=False), "cross-domain share")["estimate"] == pytest.approx(11 / 78)
    ties, nodes = tables(florence)
    nodes["role"] = np.where(nodes["organisation"] == "Medici", "banker", "family")
    banker = pick(network(ties, nodes, directed=False), "betweenness", role="banker")
    assert banker["estimate"] == pytest.approx(0.521978021978022, abs=1e-9) and banker["n"] == 1


# a, b: welfare; c, d: sport; e: care. a-b and a-c are said by both, c-d by c only, d-e by d only (e did not answer);
# a names itself, b names somebody outside the list.
ORGANISATIONS = pd.DataFrame(
    {
        "organisation": list("abcde"),
        "domain": ["welfare", "welfare", "sport", "sport", "care"],
        "role": ["coach", "provider", "provider", "provider", "referrer"],
        "answered": ["yes", "yes", "yes", "yes", "no"],
        "invited": True,
    }
)
TIES = pd.DataFrame(
    [
        ("a", "b", 4),
        ("b", "a", 2),
        ("a", "c", 3),
        ("c", "a", 3),
        ("c", "d", 1),
        ("d", "e", 2),
        ("a", "a", 4),
        ("b", "x", 4),
    ],
    columns=["source", "target", "trust"],
)


@pytest.fixture(scope="module")
def five():
    return network(TIES, ORGANISATIONS, answered="answered", invited="invited")


def test_either_says_so_or_both_say_so(five):
    assert pick(five, "ties")["estimate"] == 4 and pick(five, "density")["estimate"] == 4 / 10
    assert pick(five, "ties", "confirmed")["estimate"] == 2 and pick(five, "density", "confirmed")["estimate"] == 2 / 10
    assert "1 ties with one side silent cannot be confirmed" in pick(five, "ties", "confirmed")["note"]
    assert pick(five, "reciprocity")["estimate"] == pytest.approx(2 / 3)  # of a-b, a-c, c-d; e did not answer


def test_what_was_left_out_is_said(five):
    note = pick(five, "organisations")["note"]
    assert "1 ties with oneself left out" in note and "1 ties with organisations outside the list left out" in note


def test_ties_across_domains_beside_what_chance_gives(five):
    """Within: a-b and c-d; between: a-c and d-e. Of the ten pairs two lie within a domain, so chance gives E-I .6."""
    assert pick(five, "cross-domain share")[["estimate", "expected"]].tolist() == pytest.approx([0.5, 0.8])
    assert pick(five, "E-I index")[["estimate", "expected"]].tolist() == pytest.approx([0, 0.6])
    assert pick(five, "E-I index", "confirmed")["estimate"] == 0


def test_the_line_b_a_c_d_e(five):
    """Degrees 2 1 2 2 1: (0+1+0+0+1) / (4 x 3). Betweenness of c is 4 of 6 pairs, of a and d 3, of b and e 0."""
    assert pick(five, "degree centralisation")["estimate"] == pytest.approx(2 / 12)
    assert pick(five, "betweenness centralisation")["estimate"] == pytest.approx((1 / 6 + 1 / 6 + 4 / 6 + 4 / 6) / 4)
    assert pick(five, "betweenness", role="coach")["estimate"] == pytest.approx(3 / 6)
    assert pick(five, "betweenness", role="provider")["estimate"] == pytest.approx((0 + 4 / 6 + 3 / 6) / 3)


def test_trust_is_the_mean_over_reported_relations(five):
    assert pick(five, "trust")[["estimate", "n"]].tolist() == [15 / 6, 6]


def test_response_is_shown_and_low_response_said(five):
    assert pick(five, "response")["estimate"] == 0.8 and pick(five, "response")["note"] == ""
    fewer = ORGANISATIONS.assign(answered=["yes", "yes", "yes", "no", "no"])
    assert "response below 80 %" in pick(network(TIES, fewer, answered="answered"), "response")["note"]


def test_closeness_is_refused_with_an_isolate_and_given_without():
    alone = pd.concat([ORGANISATIONS, pd.DataFrame({"organisation": ["f"], "domain": ["care"]})])
    refused, given_ = (pick(network(TIES, nodes), "closeness centralisation") for nodes in (alone, ORGANISATIONS))
    assert np.isnan(refused["estimate"]) and "cannot reach each other" in refused["note"]
    assert given_["estimate"] > 0
    table = network(TIES, alone)
    assert pick(table, "isolates")["estimate"] == 1 and pick(table, "components")["estimate"] == 2


def test_no_ties_and_two_organisations_are_stated_results():
    none = network(TIES.iloc[:0], ORGANISATIONS)
    assert pick(none, "density")["estimate"] == 0 and "no tie" in pick(none, "E-I index")["note"]
    assert "not estimable, because no tie was reported" in pick(none, "reciprocity")["note"]
    two = network(TIES, ORGANISATIONS.head(2))
    assert pick(two, "density")["estimate"] == 1
    assert "fewer than three" in pick(two, "degree centralisation")["note"]


def test_a_unit_without_ties_at_a_moment_has_an_empty_network_there():
    ties = TIES.assign(unit="x", moment="t1")
    nodes = pd.concat([ORGANISATIONS.assign(unit="x"), ORGANISATIONS.assign(unit="y", organisation=list("vwxyz"))])
    table = network(ties, nodes, by="unit", moment="moment")
    assert pick(table, "density", unit="x", moment="t1")["estimate"] == 0.4
    assert pick(table, "density", unit="y", moment="t1")["estimate"] == 0


def test_a_large_network_is_sampled_only_with_given_random_numbers():
    graph = nx.gnm_random_graph(60, 200, seed=4)
    exact = network(*tables(graph), directed=False)
    refused = network(*tables(graph), directed=False, exact_below=50)
    sampled = network(*tables(graph), directed=False, exact_below=50, rng=np.random.default_rng(1))
    name = "betweenness centralisation"
    assert "need sampling: give rng" in pick(refused, name)["note"] and np.isnan(pick(refused, name)["estimate"])
    assert pick(sampled, name)["estimate"] == pytest.approx(pick(exact, name)["estimate"])  # all 60 are pivots
    assert "random pivots" in pick(sampled, name)["note"]


arcs = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 8)), max_size=40)


@settings(max_examples=50, deadline=None)
@given(arcs, st.lists(st.sampled_from(["x", "y", None]), min_size=8, max_size=8))
def test_measures_stay_within_their_bounds_and_confirmed_ties_are_among_all(rows, domain):
    ties = pd.DataFrame(rows, columns=["source", "target"], dtype=int)
    table = network(ties, pd.DataFrame({"organisation": range(8), "domain": domain}))
    shares = table[
        table["measure"].isin(["density", "degree centralisation", "betweenness centralisation", "reciprocity"])
    ]
    assert shares["estimate"].dropna().between(-1e-12, 1 + 1e-12).all()
    assert table.loc[table["measure"] == "E-I index", "estimate"].dropna().between(-1, 1).all()
    assert pick(table, "ties", "confirmed")["estimate"] <= pick(table, "ties")["estimate"]
    missing = table[table["estimate"].isna()]
    assert missing["note"].str.contains("not estimable, because").all()


# Two moments of the five: at t1 b-c joins, c-d is gone and a newcomer f is tied to all.
LATER = pd.DataFrame(
    [("a", "b"), ("a", "c"), ("b", "c"), ("d", "e"), *[("f", o) for o in "abcde"]], columns=["source", "target"]
)
MOMENTS = pd.concat([TIES.assign(moment="t0"), LATER.assign(moment="t1")])
SIX = pd.concat([ORGANISATIONS, pd.DataFrame({"organisation": ["f"], "domain": ["care"]})]).assign(
    t0=["yes"] * 5 + ["no"], t1="yes"
)


def changed(**options):
    table = network_change(MOMENTS, SIX, rng=np.random.default_rng(0), draws=199, **options)
    return table.set_index("outcome")


def test_change_is_on_the_same_organisations():
    """Trap 4: with f density went from 4/15 to 9/15; on the five that answered twice it stayed 4/10."""
    same = changed(answered={"t0": "t0", "t1": "t1"})
    assert list(same.loc["density", ["first_value", "last_value", "estimate", "n", "n_listed"]]) == [0.4, 0.4, 0, 5, 6]
    assert changed().loc["density", "estimate"] == pytest.approx(5 / 15)
    assert list(same.loc[["ties kept", "ties gained", "ties lost"], "estimate"]) == [3, 1, 1]
    assert same.loc["cross-domain share", "estimate"] == pytest.approx(3 / 4 - 2 / 4)


def test_a_single_density_has_limits_and_no_p_value_and_mixing_has_both():
    table = changed(answered={"t0": "t0", "t1": "t1"})
    assert np.isnan(table.loc["density", "p_value"]) and table.loc["density", "lower"] < table.loc["density", "upper"]
    for name in ("cross-domain share", "E-I index"):
        assert table.loc[name, "p_floor"] == 1 / 200 <= table.loc[name, "p_value"] <= 1


def test_measures_of_a_redrawn_network_are_those_of_its_matrix():
    """Brute force: write out the matrix of the drawn organisations, leave out pairs of one with itself, and count."""
    rng, codes = np.random.default_rng(8), np.array([0, 0, 1, 1, 2, -1])
    a, b = np.array([(a, b) for b in range(6) for a in range(b) if rng.random() < 0.5]).T
    matrix = np.zeros((6, 6), bool)
    matrix[a, b] = matrix[b, a] = True
    for _ in range(20):
        pick_ = rng.integers(0, 6, 6)
        apart, drawn = pick_[:, None] != pick_, matrix[np.ix_(pick_, pick_)]
        degree, code = drawn.sum(0), codes[pick_]
        known = drawn & (code[:, None] >= 0) & (code >= 0)
        share = (known & (code[:, None] != code)).sum() / known.sum() if known.any() else np.nan
        expected = [drawn.sum() / apart.sum(), (degree.max() - degree).sum() / 20, share, 2 * share - 1]
        times = np.bincount(pick_, minlength=6).astype(float)
        assert _values((a, b), codes, times) == pytest.approx(expected, nan_ok=True)


def test_the_permutation_test_keeps_its_level_and_finds_a_real_change():
    """Random networks of 24 in two domains: about 1 in 10 below .10; when t1 is between domains only, all below .05."""
    rng = np.random.default_rng(5)
    nodes = pd.DataFrame({"organisation": range(24), "domain": ["x", "y"] * 12})
    pairs = np.array([(a, b) for a in range(24) for b in range(a)])
    between = pairs[(pairs[:, 0] - pairs[:, 1]) % 2 == 1]

    def p_value(later):
        parts = [rng.choice(pairs, 40, replace=False), rng.choice(later, 40, replace=False)]
        ties = pd.concat(
            pd.DataFrame(p, columns=["source", "target"]).assign(moment=m)
            for p, m in zip(parts, ["t0", "t1"], strict=True)
        )
        table = network_change(ties, nodes, rng=rng, draws=99).set_index("outcome")
        return table.loc["E-I index", "p_value"]

    null = np.array([p_value(pairs) for _ in range(60)])
    assert 1 <= (null <= 0.10).sum() <= 13  # binomial(60, .10): outside with probability .004
    assert max(p_value(between) for _ in range(5)) <= 0.05


def test_change_of_too_few_or_of_one_moment_is_not_estimable():
    few = network_change(MOMENTS, SIX.head(2), rng=np.random.default_rng(0), draws=9)
    one = network_change(TIES.assign(moment="t0"), SIX, rng=np.random.default_rng(0), draws=9)
    assert few["note"].str.contains("not estimable").all() and one["note"].str.contains("not estimable").all()


def test_the_sociogram_shows_domains_and_no_organisation():
    """Trap 7: the one care organisation is not a node; joined with sport (two) it makes three others."""
    drawn = sociogram(TIES, ORGANISATIONS.assign(domain=["welfare"] * 3 + ["sport", "care"]), minimum=2)
    assert list(drawn.nodes["domain"]) == ["other", "welfare"] and list(drawn.nodes["organisations"]) == [2, 3]
    edges = drawn.edges.set_index(["domain_1", "domain_2"])[["ties", "possible"]]
    assert edges.loc[("other", "other")].tolist() == [1, 1]  # d-e
    assert edges.loc[("other", "welfare")].tolist() == [1, 6]  # c-d
    assert edges.loc[("welfare", "welfare")].tolist() == [2, 3]  # a-b, a-c


def test_a_remainder_that_is_still_too_small_is_not_drawn():
    drawn = sociogram(TIES, ORGANISATIONS, minimum=2)
    care = drawn.nodes.set_index("domain").loc["other"]
    assert not care["shown"] and np.isnan(care["organisations"]) and "fewer than 2" in care["note"]
    assert "other" not in set(drawn.edges["domain_1"]) | set(drawn.edges["domain_2"])
    named = set(ORGANISATIONS["organisation"])
    assert not named & set(drawn.nodes["domain"].astype(str)) and not named & set(drawn.edges.to_numpy().ravel())
