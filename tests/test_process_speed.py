"""The sizes that a national register would bring, in seconds of one processor (a busy machine does not count)."""

import resource
import sys
import time

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from analysis.process import network, network_change, referral_funnel, time_to_step

STEPS = ["referred", "reached", "intake", "started", "kept"]


@pytest.fixture(scope="module")
def million():
    rng, n = np.random.default_rng(0), 1_000_000
    taken = np.cumprod(rng.random((n, 4)) < 0.8, axis=1).astype(bool)
    moments = rng.integers(0, 1000, n)[:, None] + np.cumsum(rng.integers(0, 60, (n, 5)), axis=1)
    dates = np.datetime64("2020-01-01", "s") + moments.astype("timedelta64[D]")
    data = pd.DataFrame(dates, columns=STEPS)
    data[STEPS[1:]] = data[STEPS[1:]].where(taken)
    people = [f"p{number}" for number in rng.integers(0, 850_000, n)]
    return data.assign(person=people, referrer=rng.choice(["gp", "nurse", "team", "adviser"], n))


@pytest.mark.slow
def test_funnel_and_times_of_a_million_referrals_take_under_five_seconds_and_two_gigabytes(million):
    begin = time.process_time()
    funnel = referral_funnel(million, STEPS, by="referrer", as_of="2022-06-30")
    times = time_to_step(million, "referred", "started", person="person", by="referrer", as_of="2022-06-30")
    assert time.process_time() - begin < 5
    assert funnel.loc[funnel["step"] == "referred", "n"].sum() > 500_000
    # .8^3 = .512 ever start, after three uniform times: P(sum > 59 s) = (3 - s)^3 / 6 = 1 - .5 / .512 at 146 days
    assert times.loc[times["measure"] == "median", "estimate"].between(144, 149).all()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
    assert peak < 2


@pytest.mark.slow
def test_a_network_of_five_thousand_organisations_takes_under_ten_seconds():
    rng, graphs = np.random.default_rng(0), [nx.gnm_random_graph(5000, 50_000, seed=seed) for seed in (1, 2)]
    nodes = pd.DataFrame({"organisation": range(5000), "domain": rng.choice(list("abcdef"), 5000)})
    ties = pd.concat(
        pd.DataFrame(list(graph.edges()), columns=["source", "target"]).assign(moment=f"t{at}")
        for at, graph in enumerate(graphs)
    )
    begin = time.process_time()
    table = network(ties[ties["moment"] == "t0"], nodes, rng=rng)
    assert time.process_time() - begin < 10
    assert table.loc[table["measure"] == "ties", "estimate"].max() == 50_000
    begin = time.process_time()
    network_change(ties, nodes, rng=rng)
    assert time.process_time() - begin < 10
