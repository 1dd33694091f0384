"""Funnel, times and reach against what really happened: the generator's own events, also after the last day.

Counting is done here, by hand; nothing of `process` is used to find what must come out.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import planned, prepare, process, store, synthetic, validated

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # validation/ is no part of the installed package

from validation import referral  # noqa: E402

STUDY = store.study("samen_in_beweging")
LAST = pd.Timestamp(STUDY.window[1])
EARLY = pd.Timestamp("2021-06-30")  # referred two years before the last day: all they did but feedback is known
STEPS = [step for step in STUDY.referral_steps if step != "feedback"]
BEFORE = {step: STUDY.referral_of.get(step, STEPS[at - 1]) for at, step in enumerate(STEPS) if at}


@pytest.fixture(scope="module")
def tables() -> dict:
    return prepare.prepare(STUDY).tables


@pytest.fixture(scope="module")
def latent() -> pd.DataFrame:
    return synthetic.latent_referrals()


@pytest.fixture(scope="module")
def early(latent) -> pd.DataFrame:
    found = latent[latent["referred"] <= EARLY]
    assert len(found) > 500 and not (found[STEPS] > LAST).any(axis=None), "somebody's way was not at its end"
    return found


def known(tables: dict, people: pd.DataFrame) -> pd.DataFrame:
    """The referrals of these people as they came in, further ones included."""
    return tables["referrals"][tables["referrals"]["person"].isin(people["person"])]


def test_what_came_in_is_what_happened_up_to_the_last_day(tables, latent):
    first = tables["referrals"].sort_values("referred").drop_duplicates("person").set_index("person").sort_index()
    real = latent.set_index("person").sort_index()
    steps = [*STUDY.referral_steps, "ended"]
    assert (first.index == real.index).all() and (real[steps] > LAST).any(axis=None)
    pd.testing.assert_frame_equal(first[steps], real[steps].where(real[steps] <= LAST), check_dtype=False)


@pytest.mark.parametrize("unit", [None, "unit"])
def test_where_nothing_is_censored_the_funnel_is_the_truth(tables, early, unit):
    found = planned.funnel(STUDY, known(tables, early), by=unit, as_of=STUDY.as_of)
    for name, rows in found.groupby(unit or (lambda _: "all")):
        people = early if unit is None else early[early["unit"] == name]
        rows = rows.set_index("step")
        for step in STEPS[1:]:
            taken, base = people[step].notna(), people[BEFORE[step]].notna()
            assert rows.loc[step, "n"] == taken.sum()
            assert rows.loc[step, "percent"] == pytest.approx(100 * (taken & base).sum() / base.sum())
            assert rows.loc[step, "percent_first"] == pytest.approx(100 * taken.mean())


def test_a_step_that_is_still_open_counts_once_it_is_known(tables, latent):
    """Everybody, on the last day: who has the step is who had it by then, and open is who took it later or may yet."""
    found = planned.funnel(STUDY, tables["referrals"], as_of=STUDY.as_of).set_index("step")
    for step in STUDY.referral_steps:
        assert found.loc[step, "n"] == (latent[step] <= LAST).sum()
    late = latent["kept_6m"].isna() | (latent["kept_6m"] > LAST)
    wait = pd.Timedelta(days=STUDY.referral_follow_up["kept_6m"])
    begun = latent["started"] <= LAST
    assert found.loc["kept_6m", "n_open"] == (begun & late & (latent["started"] > LAST - wait)).sum() > 0


@pytest.mark.parametrize("step", ["reached", "intake", "started"])
def test_where_nothing_is_censored_times_are_the_truth(tables, early, step):
    found = process.time_to_step(
        known(tables, early), "referred", step, as_of=LAST, person="person", competing="ended", horizons=[30, 91, 183]
    )
    days = np.sort((early[step] - early["referred"]).dt.days.fillna(np.inf))
    for row in found[found["measure"] == "reached"].itertuples():
        assert row.estimate == pytest.approx((days <= row.horizon).mean())
    for name, share in (("q25", 0.25), ("median", 0.5)):
        assert found.set_index("measure").loc[name, "estimate"] == np.quantile(
            days, share, method="averaged_inverted_cdf"
        )


def test_reach_is_who_really_started(tables, latent):
    """Of 65 and older by the age that was drawn, per 1,000 of the public number of the municipality; some started
    after a second referral only, which the generator draws apart.
    """
    found = planned.reach(STUDY, tables["persons"], tables["context"]).set_index("unit")
    public = tables["context"].query("indicator == 'aged_65_plus' and population == '65_plus' and year == 2020")
    public = public.set_index("unit")["value"]
    again = pd.concat([sample.further for sample in synthetic.units(synthetic.World())])
    again = latent["person"].isin(again.loc[again["started"].notna(), "person"])
    started = latent[((latent["started"] <= LAST) | again) & (latent["age"] >= 65)].groupby("unit").size()
    assert found.loc[started.index, "count"].to_dict() == started.to_dict()
    for unit in started.index:
        assert found.loc[unit, "per_1000"] == pytest.approx(1000 * started[unit] / public[unit])
    assert found.loc["all", "per_1000"] == pytest.approx(1000 * started.sum() / public[started.index].sum())


# ---- the validation run: what was known on an early day against the truth


def test_the_chances_of_the_steps_are_what_very_many_people_show():
    many = synthetic.latent_referrals(synthetic.World(people=300_000, seed=8))
    chances = synthetic.step_chances()
    for step in chances.index:
        error = np.sqrt(chances.loc[step, "first"] * (1 - chances.loc[step, "first"]) / len(many))
        assert many[step].notna().mean() == pytest.approx(chances.loc[step, "first"], abs=4 * error)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(referral.TABLE)


def test_the_committed_table_says_that_nobody_is_misled(table):
    assert set(table["replications"]) == {500} and referral.failures(table).empty
    funnel = table[table["estimator"] == "funnel"]
    assert (funnel["bias"].abs() < np.maximum(2 * funnel["bias_mcse"], 0.5)).all() and len(funnel) == 12
    assert funnel["coverage"].between(0.93, 0.98).all()
    assert (funnel["truth"] + funnel["bias"]).to_numpy() == pytest.approx(funnel["mean"].to_numpy(), abs=2e-4)


def test_the_committed_table_shows_what_recent_referrals_as_failures_do(table):
    naive = table[table["estimator"] == "naive"].set_index(["measure", "step"])
    assert naive.loc[("share of all referred", "kept_6m"), "bias"] < -10
    assert naive.loc[("median", "started"), "bias"] > 5
    assert (naive.loc[["share of previous step", "share of all referred"], "bias"] < 0).all()


def test_the_notebook_shows_the_table(table):
    shown = validated.funnel_bias(table).set_index(["measure", "step"])
    naive = table[table["estimator"] == "naive"].set_index(["measure", "step"])["bias"]
    assert shown["naive"].to_dict() == naive[shown.index].to_dict() and len(shown) == 14
    told = " ".join(validated.referral_conclusions(table))
    assert f"at kept 6m the share of all referred is {-naive['share of all referred', 'kept_6m']:.0f} points" in told


def test_the_table_is_of_this_code():
    """The first replications are run anew: other rules of censoring would give other numbers."""
    found = referral.run(8).set_index(referral.KEYS)
    committed = pd.read_csv(referral.TABLE).set_index(referral.KEYS)
    assert (found.index == committed.index).all()
    error = committed["empirical_se"] / np.sqrt(8)
    assert ((found["mean"] - committed["mean"]).abs() < 5 * error + 0.5).all()
    assert not len(referral.failures(found.reset_index()).query("abs(bias) > 3"))


def test_broken_censoring_is_found(monkeypatch):
    """A funnel that judges everybody, and times that end with those who finished, do not pass."""
    from analysis.process import funnel, times

    kept = funnel._Steps.__init__
    monkeypatch.setattr(funnel._Steps, "__init__", lambda self, names, of, wait: kept(self, names, of, 0 * wait))
    honest = times._clocked

    def finished(*given) -> pd.DataFrame:
        found = honest(*given)
        return found.assign(why=found["why"].mask(found["status"] == times.OPEN, "open"))

    monkeypatch.setattr(times, "_clocked", finished)
    failed = referral.failures(referral.run(8)).set_index(["estimator", "measure", "step"])
    for step in ("started", "kept_3m", "kept_6m"):
        assert ("funnel", "share of all referred", step) in failed.index
    assert (referral.SHUFFLED, "within 365 days", "started") in failed.index
