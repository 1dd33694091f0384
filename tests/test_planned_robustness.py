"""The specification curve of 04: its planned analysis is that of 03, its levels the plan's, gaps stated."""

import numpy as np
import pandas as pd
import pytest

from analysis import effect, planned, prepare, store
from analysis.planned.specification import CHOICES, Specification, combinations, labelled

STUDY = "samen_in_beweging"


@pytest.fixture(scope="module")
def data():
    study = store.study(STUDY)
    tables = prepare.prepare(study).tables
    people = planned.population(study, tables["measures"], tables["persons"])
    both = planned.population(study, tables["measures"], tables["persons"], both_arms=True)
    return study, people, tables["persons"], both, tables["context"]


@pytest.fixture(scope="module")
def primaries(data):
    study, people, persons, both, _ = data
    return planned.primaries(study, people, persons, both)


@pytest.fixture(scope="module")
def curve(data, primaries):
    return planned.specifications(data[0], primaries)


def at(table: pd.DataFrame, outcome: str, contrast: str, **choices: str) -> pd.Series:
    wanted = labelled(Specification(**choices))
    rows = table[(table["outcome"] == outcome) & (table["contrast"] == contrast)]
    (row,) = [row for _, row in rows.iterrows() if all(row[name] == level for name, level in wanted.items())]
    return row


def test_every_combination_once_for_every_primary_outcome_and_follow_up(data, curve):
    assert len(curve) == len(combinations(data[0])) * 2 * 2
    assert not curve.duplicated(["outcome", "contrast", *CHOICES]).any()
    assert curve[["estimate", "lower", "upper"]].notna().all(axis=None)
    assert ((curve["lower"] < curve["estimate"]) & (curve["estimate"] < curve["upper"])).all()


def test_the_planned_analysis_is_the_one_of_03(data, curve):
    study, people, *_ = data
    wanted = planned.changes(study, people).set_index(["outcome", "contrast"])
    for outcome in planned.primary(study):
        for contrast in ("t1 - t0", "t2 - t0"):
            found, row = at(curve, outcome, contrast), wanted.loc[(outcome, contrast)]
            assert found[["estimate", "lower", "upper"]].tolist() == pytest.approx(
                row[["estimate", "lower", "upper"]].tolist()
            )


def test_analyses_equal_plain_calls_of_the_estimators(data, curve):
    """Each short cut (matrices instead of a formula, a model by unit) beside the call that a student would make."""
    study, people, persons, *_ = data
    rows = people[people["outcome"] == "mhi5"].dropna(subset=["unit"])
    wide = rows.assign(wave=rows["wave"].astype(str)).pivot(index=["person", "unit"], columns="wave", values="value")
    pairs = wide.reset_index().assign(change=lambda t: t["t1"] - t["t0"]).dropna(subset=["change"])
    calls = {
        ("change_score", "pairs", "people"): effect.cluster_robust(pairs, "change ~ 1", cluster=None, kind="HC2"),
        ("change_score", "pairs", "CR2"): effect.cluster_robust(pairs, "change ~ 1", cluster="unit", kind="CR2"),
        ("change_score", "pairs", "cluster_means"): effect.cluster_summaries(pairs, "change", cluster="unit"),
        ("change_score", "pairs", "wild_bootstrap"): effect.wild_bootstrap(
            pairs, "change ~ 1", cluster="unit", term="Intercept", rng=np.random.default_rng(1)
        ),
    }  # fmt: skip
    for (model, missing, inference), row in calls.items():
        found = at(curve, "mhi5", "t1 - t0", model=model, missing=missing, inference=inference)
        wanted = row[["estimate", "lower", "upper"]].iloc[0].tolist()
        assert found[["estimate", "lower", "upper"]].tolist() == pytest.approx(wanted, rel=1e-9), inference
    six = [effect.mixed_change(part, "value", time="wave", person="person").assign(unit=unit)
           for unit, part in rows.groupby("unit")]  # fmt: skip
    six = pd.concat(six)
    pooled = effect.random_effects(six[six["contrast"] == "t1 - t0"])
    found = at(curve, "mhi5", "t1 - t0", model="unit_models", inference="random_effects")
    assert found["estimate"] == pytest.approx(pooled["estimate"].iloc[0], rel=1e-9)


def test_centred_covariates_give_the_mean_prediction_for_everybody_at_the_start(data, curve):
    """The adjusted change of complete pairs is the change that a plain regression predicts for all who started."""
    study, people, persons, *_ = data
    rows = people[people["outcome"] == "mhi5"]
    wide = rows.assign(wave=rows["wave"].astype(str)).pivot(index="person", columns="wave", values="value")
    wide = wide.reset_index().merge(persons, on="person").dropna(subset=["t0", *study.covariates])
    formula = "change ~ age + C(sex) + C(education) + C(lives_alone)"
    import statsmodels.formula.api as smf

    pairs = wide.assign(change=wide["t1"] - wide["t0"]).dropna(subset=["change"])
    expected = smf.ols(formula, pairs).fit().predict(wide).mean()
    found = at(curve, "mhi5", "t1 - t0", model="change_score", missing="pairs", covariates="planned")
    assert found["estimate"] == pytest.approx(expected, rel=1e-6)


def test_late_forms_are_left_out_by_the_months_of_the_plan(data, primaries):
    study, people, *_ = data
    kept, all_of_them = primaries[0].on_time.long, primaries[0].long
    dates = all_of_them.pivot(index="person", columns="wave", values="date")
    months = {wave: (dates[wave] - dates["t0"]).dt.days / 30.4375 for wave in ("t1", "t2")}
    late = int((months["t1"] - 6).abs().gt(1).sum() + (months["t2"] - 12).abs().gt(1).sum())
    assert 0 < late == len(all_of_them) - len(kept)


def test_the_number_of_people_is_that_of_the_smallest_analysis(curve):
    """Analyses that differ by a few late forms must not tell how many these were."""
    assert curve.groupby(["outcome", "contrast"])["n"].nunique().eq(1).all()


def test_one_unit_states_what_it_cannot_and_gives_the_rest(data):
    study, people, persons, both, _ = data
    one = people[people["unit"] == "zwartewaterland"]
    table = planned.specifications(study, planned.primaries(study, one, persons, both))
    clustered = table["inference"] != "people"
    assert table.loc[clustered, "note"].eq("not estimable, because there is one cluster in unit").all()
    assert table.loc[~clustered, "estimate"].notna().all()
    # 2 outcomes x 2 follow-ups x 2 kinds of forms; each of 4 analyses with and without covariates, imputed without
    assert (~clustered).sum() == 8 * (4 * 2 + 1)


def test_choices_follow_the_plan(data):
    study = data[0]
    bare = study.model_copy(update={"sensitivity": (), "cluster": None, "on_time": None})
    assert combinations(bare) == [
        Specification(), Specification("gee"), Specification("change_score", "pairs")
    ]  # fmt: skip
    help_study = store.study("help")
    found = combinations(help_study)
    assert {one.model for one in found} == {"mixed", "gee", "change_score", "ancova"}
    assert {one.inference for one in found} == {"people"}, "persons were randomised: substances are no clusters"


def test_prediction_stands_around_the_mean_and_is_wider(data, primaries):
    methods = planned.methods(data[0], primaries).set_index(["outcome", "method"])
    for outcome in planned.primary(data[0]):
        mean, new = methods.loc[(outcome, "random_effects")], methods.loc[(outcome, "prediction")]
        assert new["estimate"] == mean["estimate"]
        assert new["lower"] <= mean["lower"] and new["upper"] >= mean["upper"]


def test_change_without_lockdown_by_hand(data, primaries):
    """Intercept of change on days in lockdown, counted day by day."""
    study = data[0]
    data = primaries[0]
    closed = {day for period in study.periods for day in pd.date_range(period.start, period.end, inclusive="left")}
    dates = data.long.pivot(index="person", columns="wave", values="date")[["t0", "t1"]].dropna()
    between = [pd.date_range(start, end, inclusive="left") for start, end in zip(dates["t0"], dates["t1"], strict=True)]
    days = pd.Series([sum(day in closed for day in passed) for passed in between], index=dates.index)
    wide = data.wide.set_index("person")
    rows = pd.DataFrame({"days": days, "change": wide["t1"] - wide["t0"]}).dropna()
    slope = np.cov(rows["days"], rows["change"])[0, 1] / rows["days"].var()
    by_hand = rows["change"].mean() - slope * rows["days"].mean()
    methods = planned.methods(study, primaries).set_index(["outcome", "method"])
    assert methods.loc[("mhi5", "lockdown"), "estimate"] == pytest.approx(by_hand)


def test_the_national_trend_is_only_of_the_same_question(data):
    study, people, _, _, context = data
    table = planned.public_trend(study, people, context)
    own = table[table["outcome"] == "self_rated_health"].set_index("wave")
    rows = people[(people["outcome"] == "self_rated_health") & (people["wave"] == "t0")].dropna(subset=["value"])
    assert own.loc["t0", "percent"] == pytest.approx(100 * (rows["value"] <= 2).mean())
    years = {2016: 75.4, 2020: 78.4, 2022: 69.0, 2024: 72.8}  # RIVM 50150NED, the Netherlands, 18 and older
    points = [pd.Timestamp(f"{year}-07-01").toordinal() for year in years]
    public = np.interp([day.toordinal() for day in rows["date"]], points, list(years.values())).mean()
    assert own.loc["t0", "public_percent"] == pytest.approx(public, abs=1e-6)
    assert own["points"].to_numpy() == pytest.approx((own["percent"] - own["public_percent"]).to_numpy())
    refused = table[table["outcome"].isin(planned.primary(study))]
    assert refused["note"].str.startswith("not estimable, because").all() and refused["percent"].isna().all()


def test_a_plan_that_nothing_would_use_is_refused(data):
    from analysis import _study_rules

    study = data[0]
    changes = {
        "inference.level": {"inference": study.inference.model_copy(update={"level": 0.9})},
        "inference.few_clusters": {"cluster": None},
        "public_trends": {"public_trends": (study.public_trends[0].model_copy(update={"outcome": "mood"}),)},
    }
    assert not _study_rules.check(study)
    for key, change in changes.items():
        (problem,) = _study_rules.check(study.model_copy(update=change))
        assert problem.startswith(f"study.yaml: {key}: ")
