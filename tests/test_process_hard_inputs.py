"""Inputs that have no answer, each a stated result, and beside each the nearest input that has one, with that answer.

A line is a name, a call, what it must state, and the nearest estimable call with its value by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from analysis import process

REFUSED = "not estimable, because "
STEPS = ["referred", "intake", "started"]
ORGANISATIONS = pd.DataFrame({"organisation": list("abcd"), "domain": ["sport", "sport", "care", "care"]})
NOBODY = pd.DataFrame({"source": [], "target": []}, dtype=str)


@dataclass(frozen=True)
class Line:
    """A hard input: what is called, the words that must stand in its note, the near call and its value."""

    call: Callable[[], object]
    states: str
    near: Callable[[], float]
    value: float


def paths(*rows: tuple) -> pd.DataFrame:
    """Referrals: person, unit, then days of referral, intake and start in January 2021 (None: not taken)."""
    frame = pd.DataFrame(rows, columns=["person", "unit", *STEPS])
    first = pd.Timestamp("2021-01-01")
    return frame.assign(**{s: first + pd.to_timedelta(frame[s].astype(float) - 1, unit="D") for s in STEPS})


def step(data: pd.DataFrame, name: str, column: str = "percent", **options):
    """One cell of the funnel of unit x (or of all)."""
    table = process.referral_funnel(data, STEPS, **options)
    found = table[(table["step"] == name) & (table["entry"] == "referred")]
    return found[found["unit"].isin(["x", "all"])].iloc[0][column]


def tied(*pairs: str, **options) -> pd.DataFrame:
    ties = pd.DataFrame([tuple(pair) for pair in pairs], columns=["source", "target"]) if pairs else NOBODY
    return process.network(ties, ORGANISATIONS, directed=False, **options).set_index("measure")


def coded(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["fragment", "coder", "factor"])


def coefficient(rows: pd.DataFrame, code: str = "all codes", column: str = "estimate"):
    found = process.agreement(rows)
    return found[(found["outcome"] == code) & (found["method"] == "Krippendorff's alpha")].iloc[0][column]


def cost(prices: tuple, column: str = "per_person"):
    spent = pd.DataFrame({"step": "intake", "resource": ["hours", "room"], "volume": [10.0, 2.0], "unit_price": prices,
                          "price_year": [2021, 2022]})  # fmt: skip
    found = process.cost_per_step(spent, pd.DataFrame({"step": ["intake"], "n": [10]}))
    return found[found["step"] == "intake"].iloc[0][column]


def waited(data: pd.DataFrame, as_of: str, column: str = "estimate"):
    return process.time_to_step(data, "referred", "started", as_of=as_of).iloc[0][column]


STRAIGHT = [("p", "x", 1, 5, 9), ("q", "x", 2, 6, None)]
TWO_CODERS = [(1, "a", "time"), (1, "b", "time"), (2, "a", "trust"), (2, "b", "trust")]

LINES = {
    "step dates out of order": Line(
        lambda: step(paths(("p", "x", 9, 5, 9)), "intake", "note"), "1 with intake dated before referred",
        lambda: step(paths(("p", "x", 5, 9, 9)), "intake"), 100.0,
    ),
    "a start before the referral has no waiting time": Line(
        lambda: waited(paths(("p", "x", 9, 5, 5)), "2021-01-31", "note"), REFUSED + "nobody was followed to started",
        lambda: waited(paths(("p", "x", 5, 9, 9)), "2021-01-31"), 4.0,
    ),
    "a step without the previous one": Line(
        lambda: step(paths(("p", "x", 1, None, 9)), "started", "note"), REFUSED + "nobody had intake long enough ago",
        lambda: step(paths(*STRAIGHT), "started"), 50.0,
    ),
    "a unit with no referral": Line(
        lambda: step(paths(("p", "y", 1, 5, 9)), "intake", "note", by="unit", levels=["x", "y"]),
        REFUSED + "nobody was referred",
        lambda: step(paths(("p", "y", 1, 5, 9), ("q", "x", 1, 5, 9)), "intake", by="unit", levels=["x", "y"]), 100.0,
    ),
    "as_of before the first referral": Line(
        lambda: step(paths(*STRAIGHT), "intake", "note", as_of="2020-12-31"),
        REFUSED + "nobody was referred on or before 2020-12-31",
        lambda: step(paths(*STRAIGHT), "intake", as_of="2021-01-05", follow_up=3), 50.0,  # p of p and q
    ),
    "times as_of before the first referral": Line(
        lambda: waited(paths(*STRAIGHT), "2020-12-31", "note"), REFUSED + "nobody was followed to started",
        lambda: waited(paths(*STRAIGHT), "2021-01-31"), 8.0,  # half of two after eight days; the other stays open
    ),
    "a network with isolates has no closeness": Line(
        lambda: tied("ab", "bc").loc["closeness centralisation", "note"], REFUSED + "some organisations cannot reach",
        lambda: tied("ab", "ac", "ad").loc["closeness centralisation", "estimate"], 1.0,  # a star
    ),
    "a network of self-ties only": Line(
        lambda: tied("aa", "bb").loc["cross-domain share", "note"], REFUSED + "no tie between organisations of known",
        lambda: tied("aa", "bb", "ac").loc["cross-domain share", "estimate"], 1.0,
    ),
    "a network without a tie": Line(
        lambda: tied().loc["E-I index", "note"], REFUSED + "no tie between organisations of known domain",
        lambda: tied("ab").loc["E-I index", "estimate"], -1.0,
    ),
    "one coder only": Line(
        lambda: coefficient(coded(*TWO_CODERS[::2]), column="note"), REFUSED + "1 coder coded; agreement needs two",
        lambda: coefficient(coded(*TWO_CODERS)), 1.0,
    ),
    "a code used once": Line(
        lambda: coefficient(coded(*TWO_CODERS, (3, "a", "time"), (3, "b", "time")), "trust", "note"),
        REFUSED + "the code was used in fewer than 2 units",
        lambda: coefficient(coded(*TWO_CODERS, (3, "a", "time"), (3, "b", "time")), "time"), 1.0,
    ),
    "a price missing for one year": Line(
        lambda: cost((50.0, np.nan), "note"), REFUSED + "price, volume or index is missing for room 2022",
        lambda: cost((50.0, 20.0)), 54.0,  # (10 x 50 + 2 x 20) / 10
    ),
    "no fragment coded": Line(
        lambda: process.factors(coded().assign(valence=[], document=[])).iloc[0]["note"],
        REFUSED + "no fragment was coded",
        lambda: process.factors(coded((1, "a", "time")).assign(valence=-1.0, document="d")).iloc[0]["hindering"], 1,
    ),
    "no element of embedding scored": Line(
        lambda: process.embedding(pd.DataFrame({"element": ["budget"], "score": [np.nan], "moment": ["t0"]}))
        .iloc[-1]["note"], REFUSED + "nothing was scored",
        lambda: process.embedding(pd.DataFrame({"element": ["budget"], "score": [1.0], "moment": ["t0"]}))
        .iloc[-1]["percent"], 50.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_a_hard_input_states_why_and_its_neighbour_gives_the_estimate(name):
    line = LINES[name]
    assert line.states in line.call()
    assert line.near() == pytest.approx(line.value)


def test_what_has_no_previous_step_still_counts_as_a_person():
    """The share is not estimable, the number is: nobody is lost because a step was not written down."""
    assert step(paths(("p", "x", 1, None, 9)), "started", "n") == 1
    assert step(paths(("p", "x", 1, None, 9)), "started", "n_without_previous") == 1


def test_self_ties_and_isolates_leave_the_density_as_it_is():
    table = tied("aa", "ab")
    assert table.loc["density", "estimate"] == pytest.approx(1 / 6) and table.loc["isolates", "estimate"] == 2
    assert table.loc["organisations", "note"] == "1 ties with oneself left out"


def test_known_costs_are_added_up_where_a_price_is_missing():
    assert cost((50.0, np.nan), "known_cost") == 500 and np.isnan(cost((50.0, np.nan)))
