"""Costs per step and cost-effectiveness, by hand and against the analytic limit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.process import acceptability_curve, cost_per_step, discount, icer, net_benefit, qaly

COSTS = pd.DataFrame(
    [
        ("intake", "coach_hours", 40, 50.0, 2020),
        ("intake", "travel", 100, 2.0, 2020),
        ("started", "coach_hours", 60, 50.0, 2020),
        ("coordination", "coordination_hours", 10, 80.0, 2020),
    ],
    columns=["step", "resource", "volume", "unit_price", "price_year"],
)
PEOPLE = pd.DataFrame({"step": ["intake", "started"], "n": [50, 20]})


def test_cost_of_a_step_and_of_everything_per_person():
    """Intake 40 x 50 + 100 x 2 = 2200, start 3000, coordination 800: 6000 in all."""
    table = cost_per_step(COSTS, PEOPLE).set_index("step")
    assert table.loc["intake", ["cost", "per_person", "total_per_person"]].tolist() == [2200, 44, 120]
    assert table.loc["started", ["cost", "per_person", "total_per_person"]].tolist() == [3000, 150, 300]
    assert table.loc["all", ["cost", "total"]].tolist() == [6000, 6000]


def test_a_missing_price_of_one_year_is_named_and_not_filled_in():
    later = COSTS.assign(price_year=[2020, 2020, 2021, 2020], unit_price=[50, 2, None, 80])
    table = cost_per_step(later, PEOPLE).set_index("step")
    assert np.isnan(table.loc["started", "per_person"]) and table.loc["intake", "per_person"] == 44
    assert (
        "not estimable, because price, volume or index is missing for coach_hours 2021" in table.loc["started", "note"]
    )
    assert np.isnan(table.loc["intake", "total_per_person"]) and table.loc["all", "known_cost"] == 3000


def test_prices_of_two_years_need_an_index_and_a_missing_year_in_it_is_named():
    mixed = COSTS.assign(price_year=[2020, 2020, 2021, 2021])
    assert "prices of 2020, 2021 added as they are" in cost_per_step(mixed, PEOPLE)["note"].iloc[-1]
    index = pd.DataFrame({"year": [2020, 2021], "index": [100.0, 110.0]})
    table = cost_per_step(mixed, PEOPLE, index=index, to_year=2021).set_index("step")
    assert table.loc["all", "cost"] == pytest.approx(2200 * 1.1 + 3800) and table.loc["all", "note"] == ""
    gap = cost_per_step(mixed, PEOPLE, index=index.head(1), to_year=2020).set_index("step")
    assert np.isnan(gap.loc["all", "cost"]) and "coach_hours 2021" in gap.loc["all", "note"]
    assert gap.loc["intake", "per_person"] == 44


def test_few_people_have_no_cost_per_person():
    """Trap 9: cost per start times starts is the total, so a cost per start gives a small number away."""
    few = cost_per_step(COSTS, PEOPLE.assign(n=[50, 9])).set_index("step").loc["started"]
    enough = cost_per_step(COSTS, PEOPLE.assign(n=[50, 10])).set_index("step").loc["started"]
    assert np.isnan(few["per_person"]) and np.isnan(few["total_per_person"])
    assert "fewer than 10 people reached it" in few["note"] and enough["per_person"] == 300


def test_a_step_or_unit_without_costs_is_said():
    people = pd.concat(
        [
            PEOPLE.assign(unit="x"),
            PEOPLE.assign(unit="y"),
            pd.DataFrame([("kept", 12, "x")], columns=["step", "n", "unit"]),
        ]
    )
    table = cost_per_step(COSTS.assign(unit="x"), people, by="unit").set_index(["unit", "step"])
    assert "nothing was recorded for it" in table.loc[("x", "kept"), "note"]
    assert table.loc[("x", "kept"), "total_per_person"] == 500
    assert np.isnan(table.loc[("y", "intake"), "per_person"])


def test_discounting_by_the_rate_in_force():
    data = pd.DataFrame({"cost": [100.0, 100.0, 100.0], "years": [0.5, 2, None]})
    now, before = discount(data, "cost", "years"), discount(data, "cost", "years", on="2023-06-01")
    assert now["present_value"].tolist()[:2] == pytest.approx([100, 100 / 1.03**2])
    assert before["present_value"].iloc[1] == pytest.approx(100 / 1.04**2) and now["present_value"].isna().iloc[2]
    effects = discount(data, "cost", "years", kind="effects", first_year=True)
    assert effects["present_value"].tolist()[:2] == pytest.approx([100 / 1.015**0.5, 100 / 1.015**2])
    with pytest.raises(ValueError, match="no discount rate for 'goals'"):
        discount(data, "cost", "years", kind="goals")


# Ten draws: the programme costs 100 more on average and adds .005 QALY: ICER 20,000 (not the mean of ten ratios).
EXTRA = pd.DataFrame(
    {
        "cost": [100, 200, 50, -50, 150, 100, 250, 0, 100, 100],
        "effect": [0.010, 0.008, 0.002, 0.004, -0.002, 0.006, 0.012, 0.005, -0.001, 0.006],
    }
)
DRAWS = pd.concat(
    [
        pd.DataFrame({"draw": range(10), "arm": "usual", "cost": 1000.0, "effect": 0.7}),
        pd.DataFrame(
            {"draw": range(10), "arm": "programme", "cost": 1000 + EXTRA["cost"], "effect": 0.7 + EXTRA["effect"]}
        ),
    ]
)


def test_the_ratio_is_of_means_and_the_quadrants_are_counted():
    row = icer(DRAWS, reference="usual").squeeze()
    assert row["estimate"] == pytest.approx(100 / 0.005) and row["contrast"] == "programme - usual"
    assert row[["ne", "se", "sw", "nw"]].tolist() == [0.7, 0.1, 0, 0.2]  # draws 4 and 8 north-west, draw 3 south-east
    assert np.isnan(row["lower"]) and "no limits" in row["note"]
    better = DRAWS.assign(effect=DRAWS["effect"].where(DRAWS["arm"] == "usual", DRAWS["effect"] + 0.01))
    assert icer(better, reference="usual")["lower"].notna().all()


def test_a_dominant_arm_has_no_ratio():
    cheaper = DRAWS.assign(cost=DRAWS["cost"].where(DRAWS["arm"] == "usual", DRAWS["cost"] - 500))
    assert "it dominates: more effect at less cost" in icer(cheaper, reference="usual")["note"].item()
    assert "it is dominated" in icer(cheaper, reference="programme")["note"].item()
    assert icer(DRAWS, reference="programme")["estimate"].item() == pytest.approx(20000)


def test_net_benefit_and_acceptability_by_hand():
    """At 20,000: extra effect x 20,000 - cost is 100 -40 -10 130 -190 20 -10 100 -120 20: mean 0, five above 0."""
    row = net_benefit(DRAWS, [20_000, 50_000], reference="usual").set_index("threshold").loc[20_000]
    assert row["estimate"] == pytest.approx(0, abs=1e-9) and row["positive"] == 0.5
    curve = acceptability_curve(DRAWS, [20_000, 50_000]).set_index(["threshold", "arm"])
    assert curve.loc[(20_000, "programme"), "probability"] == 0.5
    # knowing the best arm in each draw is worth the mean of the positive differences: 370 / 10
    assert curve.loc[(20_000, "programme"), "evpi"] == pytest.approx(37)
    # at 50,000: 400 200 50 250 -250 200 350 250 -150 200
    assert curve.loc[(50_000, "programme"), ["probability", "best"]].tolist() == [0.8, True]
    assert curve.loc[(50_000, "usual"), "evpi"] == pytest.approx(40)


def test_many_normal_draws_give_the_analytic_curve():
    rng, size = np.random.default_rng(7), 40_000
    extra = pd.DataFrame({"cost": rng.normal(500, 300, size), "effect": rng.normal(0.02, 0.02, size)})
    usual = pd.DataFrame({"draw": range(size), "arm": "usual", "cost": 0.0, "effect": 0.0})
    draws = pd.concat([usual, usual.assign(arm="programme", cost=extra["cost"], effect=extra["effect"])])
    curve = acceptability_curve(draws, [20_000, 80_000]).set_index(["threshold", "arm"])
    for threshold in (20_000, 80_000):
        mean, sd = threshold * 0.02 - 500, np.hypot(threshold * 0.02, 300)
        probability = stats.norm.cdf(mean / sd)
        found = curve.loc[(threshold, "programme")]
        assert found["probability"] == pytest.approx(probability, abs=4 * np.sqrt(0.25 / size))
        evpi = sd * stats.norm.pdf(mean / sd) - abs(mean) * stats.norm.cdf(-abs(mean) / sd)
        assert found["evpi"] == pytest.approx(evpi, rel=0.03)


def test_without_a_comparator_nothing_is_claimed():
    alone = DRAWS[DRAWS["arm"] == "programme"]
    for table in (
        icer(alone, reference="usual"),
        net_benefit(alone, [20_000], reference="usual"),
        acceptability_curve(alone, [0]),
    ):
        assert len(table) == 1 and "there is no comparator" in table["note"].item()
    assert "'waiting' is not among the arms" in icer(DRAWS, reference="waiting")["note"].item()


FORMS = pd.DataFrame(
    [
        ("a", 0, 0.6), ("a", 183, 0.8), ("a", 366, 0.7),
        ("b", 0, 0.5), ("b", 100, None), ("b", 400, 0.9),
        ("c", 0, 0.5), ("c", 183, 0.6),
        ("d", 0, None), ("d", 400, 0.9),
    ],
    columns=["person", "day", "value"],
)  # fmt: skip


def test_the_area_under_the_utilities():
    """a: 183 days at .7, then 182.25 days from .8 down to .8 - .1 x 182.25/183; b: .5 rising by .4 in 400 days."""
    table = qaly(FORMS).set_index("person")
    last = 0.8 - 0.1 * 182.25 / 183
    assert table.loc["a", "qaly"] == pytest.approx((183 * 0.7 + 182.25 * (0.8 + last) / 2) / 365.25)
    assert table.loc["b", "qaly"] == pytest.approx(0.5 + 0.4 * 365.25 / 400 / 2) and table.loc["b", "n_values"] == 2


def test_nothing_is_carried_beyond_the_last_value_or_before_the_first():
    table = qaly(FORMS).set_index("person")
    assert "no value at 365.25 days or later" in table.loc["c", "note"]
    assert "the first value is missing" in table.loc["d", "note"] and table.loc[["c", "d"], "qaly"].isna().all()
    assert qaly(FORMS, horizon=183).set_index("person").loc["c", "qaly"] == pytest.approx(0.55 * 183 / 365.25)


@settings(max_examples=40, deadline=None)
@given(st.floats(-0.4, 1), st.lists(st.integers(1, 700), min_size=1, max_size=6, unique=True))
def test_a_constant_utility_lasts_as_long_as_it_was_seen(utility, later):
    data = pd.DataFrame({"person": "a", "day": [0, *later], "value": utility})
    horizon = float(max(later))
    assert qaly(data, horizon=horizon)["qaly"].item() == pytest.approx(utility * horizon / 365.25, abs=1e-12)
