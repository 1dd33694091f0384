"""The referral funnel, counted by hand from ten referrals of eight people."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from analysis.process import referral_funnel, referrer_mix, stop_reasons

STEPS = ["referred", "intake", "started"]

# p1 took all steps; p2 was referred twice and counts once, with the first that led to nothing; p3 skipped the intake;
# p4 has the intake dated before the referral; p5 and p6 came to nothing; p7 came on own initiative; p8 is recent;
# one row has no person, one no date at all.
REFERRALS = pd.DataFrame(
    [
        ("p1", "gp", "2020-01-01", "2020-01-11", "2020-02-01"),
        ("p2", "nurse", "2020-03-01", "2020-03-05", None),
        ("p2", "gp", "2020-01-05", None, None),
        ("p3", "gp", "2020-01-10", None, "2020-02-10"),
        ("p4", "nurse", "2020-01-20", "2020-01-15", None),
        ("p5", "nurse", "2020-01-25", None, None),
        ("p6", "nurse", "2020-02-01", "2020-02-20", None),
        ("p7", "self", None, "2020-01-20", "2020-01-30"),
        ("p8", "gp", "2020-12-01", None, None),
        (None, "gp", "2020-01-01", None, None),
        ("p9", "gp", None, None, None),
    ],
    columns=["person", "referrer", *STEPS],
).astype(dict.fromkeys(STEPS, "datetime64[s]"))


def row(table, step, entry="referred", unit="all"):
    return table[(table["step"] == step) & (table["entry"] == entry) & (table["unit"] == unit)].squeeze()


def test_every_step_has_its_count_its_denominator_and_both_percentages():
    funnel = referral_funnel(REFERRALS, STEPS)
    referred, intake, started = (row(funnel, step) for step in STEPS)
    assert referred["n"] == 7 and referred["percent_first"] == 100  # p1-p6 and p8, p2 once
    assert (intake["n"], intake["denominator"], intake["percent"]) == (3, 7, pytest.approx(300 / 7))  # p1, p4, p6
    # p1 and p3 started, but only p1 of the three with an intake
    assert (started["n"], started["n_judged"], started["denominator"]) == (2, 1, 3)
    assert started["percent"] == pytest.approx(100 / 3) and started["percent_first"] == pytest.approx(200 / 7)
    assert list(funnel["denominator_step"].head(3)) == ["", "referred", "intake"]


def test_odd_rows_are_counted_and_said():
    funnel = referral_funnel(REFERRALS, STEPS)
    referred, intake, started = (row(funnel, step) for step in STEPS)
    assert started["n_without_previous"] == 1 and "1 with started but without intake" in started["note"]
    assert intake["n_out_of_order"] == 1 and "1 with intake dated before referred" in intake["note"]
    assert referred["n_further"] == 1 and intake["n_further"] == 1 and started["n_further"] == 0
    assert "1 rows left out, without a person" in referred["note"]
    assert "1 rows left out, without any date" in referred["note"]


def test_own_initiative_is_no_loss_but_a_line_of_its_own():
    own = referral_funnel(REFERRALS, STEPS).query("entry == 'own initiative'").set_index("step")
    assert list(own["n"]) == [0, 1, 1]
    assert own.loc["started", "percent"] == 100 and own.loc["started", "denominator"] == 1
    assert own.loc["intake", "note"].startswith("not estimable, because nobody had referred")
    assert own.loc["intake", "percent_first"] == 100


def test_limits_are_wilsons():
    started = row(referral_funnel(REFERRALS, STEPS), "started")
    expected = proportion_confint(2, 7, method="wilson")
    assert [started["lower_first"], started["upper_first"]] == pytest.approx([100 * limit for limit in expected])


def test_recent_referrals_are_open_not_lost():
    at = {"as_of": "2020-12-31", "follow_up": 60}
    intake = row(referral_funnel(REFERRALS, STEPS, **at), "intake")
    assert (intake["n"], intake["n_judged"], intake["denominator"], intake["n_open"]) == (3, 3, 6, 1)  # p8 waits
    assert "1 still open on 2020-12-31" in intake["note"]


def test_a_quick_starter_is_not_judged_before_a_slow_one():
    """On 15 February p1 (45 days) and p2 are judged after 40 days; p4's intake does not count before its time."""
    intake = row(referral_funnel(REFERRALS, STEPS, as_of="2020-02-15", follow_up=40), "intake")
    assert (intake["n"], intake["n_judged"], intake["denominator"]) == (2, 1, 2)
    assert intake["n_open"] == 3  # p3, p5 and p6; p4 has the step already


def test_an_observation_that_ends_with_the_step_is_refused_and_a_real_one_is_used():
    """Survival data keep one day for both; judged by it the quick would drop out and the share would be wrong."""
    data = pd.DataFrame(
        {"person": range(4), "referred": 0.0, "started": [20, 200, np.nan, np.nan], "last": [20, 200, 300, 50]}
    )
    with pytest.raises(ValueError, match="last: for 100% of the people who took a step the observation ends with it"):
        referral_funnel(data, ["referred", "started"], until="last")
    observed = data.assign(last=[300, 300, 300, 50])
    started = row(referral_funnel(observed, ["referred", "started"], until="last"), "started")
    assert (started["n_judged"], started["denominator"], started["n_open"]) == (2, 3, 1)


def test_what_was_not_yet_known_does_not_count():
    early, late = (row(referral_funnel(REFERRALS, STEPS, as_of=day), "started") for day in ("2020-02-05", "2021-12-31"))
    assert (early["n"], late["n"]) == (1, 2)


def test_before_the_first_referral_the_result_says_so_and_on_that_day_it_counts():
    none = referral_funnel(REFERRALS.iloc[:7], STEPS, as_of="2019-12-31")
    assert set(none["n"]) == {0} and none["percent"].isna().all()
    assert none["note"].str.startswith("not estimable, because nobody was referred on or before 2019-12-31").all()
    assert row(referral_funnel(REFERRALS, STEPS, as_of="2020-01-01"), "referred")["n"] == 1


def test_a_unit_without_referrals_is_reported_and_its_neighbour_estimated():
    funnel = referral_funnel(REFERRALS, STEPS, by="referrer", levels=["gp", "coach"])
    empty = funnel[funnel["unit"] == "coach"]
    assert len(empty) == 3 and empty["note"].str.contains("nobody was referred").all()
    assert row(funnel, "intake", unit="gp")["n"] == 1
    assert {"nurse", "self"} <= set(funnel["unit"])


def test_a_share_can_be_of_another_step_and_the_table_names_it():
    """Trap 1: percentages over different denominators are told apart by `denominator_step`."""
    funnel = referral_funnel(REFERRALS, STEPS, of={"started": "referred"})
    started = row(funnel, "started")
    assert started["denominator_step"] == "referred" and started["percent"] == started["percent_first"]
    with pytest.raises(ValueError, match="intake of started"):
        referral_funnel(REFERRALS, STEPS, of={"intake": "started"})


def test_the_order_of_the_rows_does_not_matter():
    for seed in range(5):
        shuffled = REFERRALS.sample(frac=1, random_state=seed)
        pd.testing.assert_frame_equal(referral_funnel(shuffled, STEPS), referral_funnel(REFERRALS, STEPS))


def test_days_since_baseline_work_like_dates():
    numbers = REFERRALS.copy()
    numbers[STEPS] = numbers[STEPS].apply(lambda dates: (dates - pd.Timestamp("2020-01-01")) / pd.Timedelta(days=1))
    by_date = referral_funnel(REFERRALS, STEPS, as_of="2020-03-01").drop(columns="note")
    pd.testing.assert_frame_equal(by_date, referral_funnel(numbers, STEPS, as_of=60).drop(columns="note"))
    with pytest.raises(TypeError, match="Give a date"):
        referral_funnel(REFERRALS, STEPS, as_of=60)
    with pytest.raises(TypeError, match="Give a number of days"):
        referral_funnel(numbers, STEPS, as_of="2020-03-01")


def test_all_absent_columns_are_named_at_once():
    with pytest.raises(KeyError, match="no column gone, also; the table has person"):
        referral_funnel(REFERRALS, ["referred", "gone"], by="also")


def test_the_argument_is_left_as_it_was():
    before = REFERRALS.copy(deep=True)
    referral_funnel(REFERRALS, STEPS, by="referrer", as_of="2020-06-01")
    pd.testing.assert_frame_equal(REFERRALS, before)


days = st.one_of(st.none(), st.integers(0, 300).map(float))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.sampled_from("abc"), days, days, days), max_size=25), st.integers(-5, 400)
)
def test_levels_add_up_and_shares_stay_shares(rows, as_of):
    data = pd.DataFrame(rows, columns=["person", "referrer", *STEPS]).astype(dict.fromkeys(STEPS, float))
    total = referral_funnel(data, STEPS, as_of=float(as_of))
    parts = referral_funnel(data, STEPS, by="referrer", as_of=float(as_of))
    counts = ["n", "n_judged", "denominator", "n_open", "denominator_first", "n_without_previous", "n_further"]
    summed = parts.groupby(["entry", "step"])[counts].sum()
    expected = total.set_index(["entry", "step"])[counts]
    if len(parts):
        pd.testing.assert_frame_equal(summed.reindex(expected.index, fill_value=0), expected, check_dtype=False)
    for end in ("", "_first"):
        shown = total.dropna(subset=[f"percent{end}"])
        assert (shown[f"lower{end}"] <= shown[f"percent{end}"] + 1e-9).all()
        assert (shown[f"percent{end}"] <= shown[f"upper{end}"] + 1e-9).all() and (shown[f"upper{end}"] <= 100).all()
    assert total.loc[total["percent"].isna() & (total["position"] > 0), "note"].str.contains("not estimable").all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_censored_share_is_that_of_everybody_followed_long_enough(seed):
    """With all starts within 60 days of referral, the share at any cut-off is that of an old enough cohort: no bias
    to the quick.
    """
    rng = np.random.default_rng(seed)
    referred = rng.integers(0, 365, 200).astype(float)
    started = np.where(rng.random(200) < 0.5, referred + rng.integers(0, 60, 200), np.nan)
    data = pd.DataFrame({"person": range(200), "referred": referred, "started": started})
    found = row(referral_funnel(data, ["referred", "started"], as_of=200.0, follow_up=60), "started")
    old = data["referred"] <= 140
    assert found["percent"] == pytest.approx(100 * data.loc[old, "started"].notna().mean())


def test_referrers_are_counted_with_what_became_of_their_referrals():
    mix = referrer_mix(REFERRALS, "referrer", minimum=3).set_index("referrer")
    assert list(mix.loc[["gp", "nurse"], "n"]) == [4, 3] and mix["percent"].sum() == pytest.approx(100)
    assert (mix.loc["gp", "n_started"], mix.loc["gp", "percent_started"]) == (2, 50)  # p1 and p3 of p1, p2, p3, p8
    assert mix.loc["nurse", "n_further"] == 1
    # p1 and p3 started after 31 days, p2 waits since 5 January, p8 since the last date in the data: S(31) = 1/3
    assert mix.loc["gp", "median_days"] == 31
    assert pd.isna(mix.loc["nurse", "median_days"]) and "fewer than half started" in mix.loc["nurse", "note"]


def test_who_gave_up_will_not_start_and_keeps_the_median_away():
    """Four of ten start on day 10, five gave up on day 5: as open cases they leave 4 of 5, as an end 4 of 10."""
    data = pd.DataFrame({"person": range(10), "referrer": "gp", "referred": 0.0, "started": [10.0] * 4 + [np.nan] * 6})
    data["gave_up"] = [np.nan] * 4 + [5.0] * 5 + [np.nan]
    data["last"] = data["gave_up"].fillna(400)
    open_, ended = (referrer_mix(data, "referrer", until="last", competing=column) for column in (None, "gave_up"))
    assert open_["median_days"].item() == 10 and np.isnan(ended["median_days"].item())


def test_a_share_of_few_referrals_is_not_given():
    few, enough = (referrer_mix(REFERRALS, "referrer", minimum=n).set_index("referrer") for n in (4, 3))
    assert np.isnan(few.loc["nurse", "percent_started"]) and "fewer than 4" in few.loc["nurse", "note"]
    assert enough.loc["nurse", "percent_started"] == 0
    assert few.loc["gp", "percent_started"] == 50


STOPS = pd.DataFrame(
    {
        "stop_reason": ["moved", "ill", "ill", None, "other", None],
        "stopped": pd.to_datetime(["2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01", "2020-05-01", None]),
    }
)


def test_reasons_are_shares_of_all_who_stopped_with_the_unknown_shown():
    table = stop_reasons(STOPS, "stop_reason", stopped="stopped", reasons=["ill", "moved", "died"]).set_index("reason")
    assert list(table["n"]) == [2, 1, 0, 1, 1] and list(table.index) == ["ill", "moved", "died", "other", "unknown"]
    assert set(table["denominator"]) == {5} and table.loc["ill", "percent"] == 40
    assert table.loc["other", "note"] == "not on the fixed list"
    assert set(stop_reasons(STOPS, "stop_reason", stopped="stopped", as_of="2020-02-01")["denominator"]) == {2}


def test_without_a_stop_date_the_table_says_that_unknown_stops_are_missing():
    table = stop_reasons(STOPS, "stop_reason")
    assert set(table["denominator"]) == {4} and table["note"].str.contains("not in the data").all()
    none = stop_reasons(STOPS, "stop_reason", stopped="stopped", reasons=["ill"], as_of="2019-01-01")
    assert none["note"].str.contains("not estimable, because nobody stopped").all()
