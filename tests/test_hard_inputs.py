"""Inputs that no analysis can answer, for every estimator of `effect`: each is stated, and its neighbour is estimated.

`ESTIMATORS` calls each estimator on a small world; `HARD` turns the world into each hard input and into the nearest one
that can be estimated. A pair without meaning is named in `OUTSIDE` with its reason, so that nothing
is left out in silence.
"""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis import effect

REFUSED = "not estimable, because "
TOP = 10.0
TREND = pd.DataFrame(
    {"scale": "score", "cutoff": 5.0, "date": pd.to_datetime(["2019-06-01", "2021-06-01"]), "share": [0.30, 0.34]}
)


def world(people: int = 48) -> pd.DataFrame:
    """Scores 0-10 of people in six towns at two waves; those in the arm rise by 2, the others by 0.5."""
    rng = np.random.default_rng(3)
    who = pd.DataFrame({"person": np.arange(people), "town": np.arange(people) % 6})
    who = who.assign(arm=who["person"] // 6 % 2, z=rng.normal(size=people), start=np.inf)
    who["start"] = who["start"].where(who["arm"] == 0, 1.0)
    level = 4 + who["z"] + rng.normal(size=people) / 2
    waves = []
    for wave in (0, 1):
        score = level + wave * (0.5 + 1.5 * who["arm"]) + rng.normal(size=people) / 2
        day = pd.Timestamp("2020-01-01") + pd.Timedelta(days=183 * wave)
        waves.append(who.assign(wave=f"T{wave}", period=wave, date=day, y=np.clip(np.round(score), 0, TOP)))
    found = pd.concat(waves, ignore_index=True)
    return found.assign(high=(found["y"] >= 5).astype(float))


def wide(data: pd.DataFrame) -> pd.DataFrame:
    """One row a person: `T0`, `T1`, `change`, whether seen at T1."""
    scores = data.pivot(index="person", columns="wave", values="y").reindex(columns=["T0", "T1"])
    who = data.drop_duplicates("person").set_index("person")[["town", "arm", "z"]]
    return who.join(scores).assign(change=scores["T1"] - scores["T0"], seen=scores["T1"].notna()).reset_index()


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def towns(data: pd.DataFrame) -> pd.DataFrame:
    """Changes in twelve clusters: each town and arm."""
    return wide(data).assign(place=lambda rows: 2 * rows["town"] + rows["arm"])


def imputed(data: pd.DataFrame) -> pd.DataFrame:
    return effect.impute(wide(data)[["T0", "T1", "z"]], m=3, iterations=2, rng=rng())


def mean_change(data: pd.DataFrame) -> pd.DataFrame:
    rows = data.assign(person=np.arange(len(data))).melt(["person"], ["T0", "T1"], var_name="wave", value_name="y")
    return effect.paired_change(rows, "y", **WAVES)


def per_town(data: pd.DataFrame) -> pd.DataFrame:
    return effect.paired_change(data, "y", by="town", **WAVES)


WAVES = {"time": "wave", "person": "person"}
UNTRUE = {"treatment": "arm", "covariates": ["z"]}

# the row that answers, by the start of its `contrast` (and its method where several rows share it), and the call
ESTIMATORS: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame]]] = {
    "mixed_change": ("T1", lambda d: effect.mixed_change(d, "y", **WAVES)),
    "gee_change": ("period", lambda d: effect.gee_change(
        d, "y ~ period", person="person", family="gaussian", dependence="exchangeable")),
    "gee_change, logit": ("period", lambda d: effect.gee_change(
        d, "high ~ period", person="person", family="logit", dependence="exchangeable")),
    "paired_change": ("T1", lambda d: effect.paired_change(d, "y", **WAVES)),
    "standardised_change": ("T1", lambda d: effect.standardised_change(d, "y", **WAVES)),
    "responders": ("T1", lambda d: effect.responders(d, "y", mid=1, **WAVES)),
    "difference_in_differences": ("arm:period", lambda d: effect.difference_in_differences(
        d, "y", treated="arm", post="period", cluster="town")),
    "staggered_effect": ("simple", lambda d: effect.staggered_effect(
        d, "y", person="person", time="period", start="start", cluster="town")),
    "weighted_effect": ("arm", lambda d: effect.weighted_effect(wide(d), "T1", cluster="town", **UNTRUE)),
    "g_formula": ("arm", lambda d: effect.g_formula(
        wide(d), "T1 ~ arm + z", treatment="arm", cluster="town", draws=99, rng=rng())),
    "g_formula, logit": ("arm", lambda d: effect.g_formula(
        d[d["period"] == 1], "high ~ arm", treatment="arm", family="logit", cluster="town", draws=99, rng=rng())),
    "ancova": ("arm", lambda d: effect.ancova(wide(d), "T1", baseline="T0", group="arm", cluster="town")),
    "cluster_robust": ("Intercept", lambda d: effect.cluster_robust(wide(d), "change ~ 1", cluster="town")),
    "wild_bootstrap": ("Intercept", lambda d: effect.wild_bootstrap(
        wide(d), "change ~ 1", cluster="town", term="Intercept", draws=999, rng=rng())),
    "sign_flip": ("Intercept", lambda d: effect.sign_flip(wide(d), "change ~ 1", cluster="town")),
    "randomisation_test": ("arm", lambda d: effect.randomisation_test(
        towns(d), "change", cluster="place", treatment="arm", draws=999, rng=rng())),
    "leave_one_out": ("Intercept", lambda d: effect.leave_one_out(wide(d), "change ~ 1", cluster="town")),
    "cluster_summaries": ("Intercept", lambda d: effect.cluster_summaries(wide(d), "change ~ 1", cluster="town")),
    "pool": ("T1", lambda d: effect.pool(pd.concat([
        mean_change(rows).assign(imputation=number) for number, rows in imputed(d).groupby("imputation")
    ]), df_complete=d["person"].nunique() - 1)),
    "tipping_point": ("T1", lambda d: effect.tipping_point(
        imputed(d), wide(d)[["T0", "T1", "z"]], "T1", estimate=mean_change, deltas=[-0.1, 0.0],
        df_complete=d["person"].nunique() - 1)),
    "random_effects": ("", lambda d: effect.random_effects(per_town(d))),
    "partial_pooling": ("", lambda d: effect.partial_pooling(per_town(d))),
    "regression_to_mean": ("T1", lambda d: effect.regression_to_mean(
        d, "y", reliability=0.9, reference_mean=5, **WAVES)),
    "national_trend": ("T1", lambda d: effect.national_trend(
        d, "y", time="wave", date="date", scale="score", cutoff=5.0, trend=TREND)),
    "balance": ("", lambda d: effect.balance(wide(d), **UNTRUE)),
    "attrition_table": ("", lambda d: effect.attrition_table(
        wide(half_at_t1(d)).assign(z=lambda rows: rows["z"] + rows["seen"]), observed="seen", covariates=["z"])),
}  # fmt: skip


def at_first_wave(data: pd.DataFrame) -> pd.Series:
    return data["period"] == 0


def half_at_t1(data: pd.DataFrame) -> pd.DataFrame:
    """Half of the people have a second form."""
    return data[at_first_wave(data) | (data["person"] % 24 < 12)]


def rising(data: pd.DataFrame) -> pd.Series:
    """1 for who rises at T1: four of five in the arm, one of five of the others."""
    later = ~at_first_wave(data)
    return (later & np.where(data["arm"] == 1, data["person"] % 5 > 0, data["person"] % 5 == 1)).astype(float)


def ever(data: pd.DataFrame) -> pd.Series:
    """0/1, often at T1 in the arm, seldom elsewhere."""
    return ((rising(data) + (data["person"] % 7 == 0)) > 0).astype(float)


D = world()
# the hard input and the nearest estimable one
HARD: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {
    "one cluster": (D[D["town"] == 0], D),  # the neighbour has three towns, or as `FEWEST_TOWNS` says
    "one wave only": (D[at_first_wave(D)], half_at_t1(D)),
    "constant outcome": (D.assign(y=3.0, high=1.0), D.assign(y=3 + rising(D), high=ever(D))),
    "perfect separation": (D.assign(high=D["period"] * D["arm"], z=D["arm"] * 1.0), D.assign(high=ever(D))),
    "all missing at T2": (
        D.assign(y=D["y"].where(at_first_wave(D)), high=D["high"].where(at_first_wave(D))), half_at_t1(D)),
    "three in a unit": (D[D["person"].isin([0, 7, 14])], D[D["person"] < 24]),
    "identical values": (
        D.assign(y=3.0 + D["period"], high=D["period"] * 1.0), D.assign(y=3 + rising(D), high=ever(D))),
    "outcome at its ceiling": (
        D.assign(y=D["y"].where(at_first_wave(D), TOP - (D["person"] % 9 == 0) - 2 * (D["person"] % 11 == 0))), D),
}  # fmt: skip
FEWEST_TOWNS = {
    "partial_pooling": 4, "randomisation_test": 4, "sign_flip": 6,
}  # fmt: skip

PERSONS = ("mixed_change", "gee_change", "gee_change, logit", "paired_change", "standardised_change", "responders",
           "pool", "tipping_point", "regression_to_mean", "national_trend", "balance", "attrition_table")  # fmt: skip
LINEAR = [name for name in ESTIMATORS if "logit" not in name and name not in ("weighted_effect", "balance")]
ON_CHANGES = ("cluster_robust", "wild_bootstrap", "sign_flip", "randomisation_test", "leave_one_out",
              "cluster_summaries", "random_effects", "partial_pooling", "pool", "tipping_point")  # fmt: skip
OUTSIDE: dict[str, dict[str, str]] = {
    "one cluster": dict.fromkeys(PERSONS, "its sample is persons, not clusters"),
    "perfect separation": dict.fromkeys(LINEAR, "least squares and counting have a maximum under separation"),
    "outcome at its ceiling": dict.fromkeys(ON_CHANGES, "sees changes only; `mixed_change` beside it sees the scale")
    | dict.fromkeys(("gee_change, logit", "g_formula, logit", "national_trend"), "a share has bounds only"),
    "constant outcome": {"national_trend": "a share of everybody or nobody has its Wilson limits",
                         "responders": "nobody improved is a share with its Wilson limits"},
    "identical values": {"national_trend": "a share of everybody or nobody has its Wilson limits",
                         "responders": "everybody improved is a share with its Wilson limits"},
    "one wave only": {"national_trend": "one wave is enough: each has its row"},
}  # fmt: skip
for hard in HARD:  # these two look at covariates, not at the outcome
    if hard != "three in a unit":
        OUTSIDE.setdefault(hard, {}).update({"attrition_table": "does not look at the outcome"})
        if hard != "perfect separation":
            OUTSIDE[hard].update({"balance": "does not look at the outcome"})

PAIRS = [(hard, name) for hard in HARD for name in ESTIMATORS if name not in OUTSIDE.get(hard, {})]


def answers(name: str, data: pd.DataFrame) -> pd.DataFrame:
    """The rows that answer; all rows where the contrast is not known (one wave has none)."""
    start, call = ESTIMATORS[name]
    found = call(data)
    rows = found[found["contrast"].str.startswith(start)]
    return rows if len(rows) else found


def neighbour(hard: str, name: str) -> pd.DataFrame:
    near = HARD[hard][1]
    return near[near["town"] < FEWEST_TOWNS.get(name, 3)] if hard == "one cluster" else near


def widest(name: str) -> float:
    """Width of an interval from the lowest to the highest value that the scale allows.

    A change lies between -10 and 10, a difference of two changes between -20 and 20; log odds have no bounds.
    """
    if name == "gee_change, logit":
        return np.inf
    return 40.0 if name in ("difference_in_differences", "staggered_effect", "randomisation_test") else 20.0


NAMED_AS_WIDE = ("approximate at best", "the 95% confidence set is unbounded")


@pytest.mark.parametrize(("hard", "name"), PAIRS)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_hard_input_is_stated(hard: str, name: str):
    rows = answers(name, HARD[hard][0])
    assert len(rows) and (rows["note"] != "").all(), "nothing is said"
    assert rows.loc[rows["estimate"].isna(), "note"].str.startswith(REFUSED).all()
    named = rows["note"].str.contains("|".join(NAMED_AS_WIDE))
    assert not (rows["upper"] - rows["lower"] > widest(name))[~named].any(), "an interval wider than the scale"


@pytest.mark.parametrize(("hard", "name"), PAIRS)
def test_its_nearest_neighbour_is_estimated_with_the_right_sign(hard: str, name: str):
    row = answers(name, neighbour(hard, name)).iloc[0]
    assert np.isfinite(row[["estimate", "std_error", "lower", "upper"]].astype(float)).all(), row["note"]
    assert row["estimate"] > 0 and row["lower"] < row["upper"]
    assert row["upper"] - row["lower"] <= widest(name)


# ---- one rule for few degrees of freedom, few rows and few clusters

TOO_FEW = r"^not estimable, because it has 1\.\d degrees of freedom, and an interval would cover almost anything$"
BY_TOWN: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "cluster_robust": lambda d: effect.cluster_robust(wide(d), "change ~ 1", cluster="town"),
    "cluster_robust, CR1": lambda d: effect.cluster_robust(wide(d), "change ~ 1", cluster="town", kind="CR1"),
    "cluster_robust, two ways": lambda d: effect.cluster_robust(d, "y ~ 1", cluster=["town", "person"], kind="CR1"),
    "leave_one_out": lambda d: effect.leave_one_out(wide(d), "change ~ 1", cluster="town").iloc[:1],
    "cluster_summaries": lambda d: effect.cluster_summaries(wide(d), "change ~ 1", cluster="town"),
    "random_effects": lambda d: effect.random_effects(per_town(d)),
} | {
    name: lambda d, name=name: answers(name, d)
    for name in ("ancova", "staggered_effect", "weighted_effect", "g_formula")
} | {
    "difference_in_differences": lambda d: effect.difference_in_differences(
        d, "y", treated="arm", post="period", cluster="town", kind="CR1")
}  # fmt: skip


@pytest.mark.parametrize("name", BY_TOWN)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_two_towns_are_one_degree_of_freedom_and_three_are_named(name: str):
    rows, near = (BY_TOWN[name](D[D["town"].between(1, towns)]) for towns in (2, 3))
    assert rows["note"].str.match(TOO_FEW).all()
    assert rows[["estimate", "std_error", "lower", "upper", "p_value"]].isna().all(axis=None)
    assert near["estimate"].notna().all() and near["note"].str.contains("3 clusters|3 units").all()


def test_many_towns_can_leave_a_term_hardly_a_degree_of_freedom():
    apart = wide(D).assign(odd=lambda d: d["z"] + 100 * (d["town"] == 0))  # one town of six tells all there is to tell
    found = effect.cluster_robust(apart, "change ~ odd", cluster="town").set_index("contrast")
    assert re.match(TOO_FEW, found.loc["odd", "note"]) and found.loc["odd", "df"] < 1.5
    near = effect.cluster_robust(apart, "change ~ z", cluster="town").set_index("contrast")
    for row in (found.loc["Intercept"], near.loc["z"]):
        assert np.isfinite(row[["lower", "upper"]].astype(float)).all()


@pytest.mark.parametrize("kind", ["classical", "HC0", "HC1", "HC2", "HC3"])
def test_three_rows_are_named_and_with_one_degree_of_freedom_refused(kind: str):
    three = pd.DataFrame({"y": [1.0, 2.0, 4.0], "x": [0.0, 1.0, 3.5]})
    ten = pd.concat([three, three + 0.5, three - 0.5, three + 1], ignore_index=True).iloc[:10]
    mean = effect.cluster_robust(three, "y ~ 1", cluster=None, kind=kind)
    line = effect.cluster_robust(three, "y ~ x", cluster=None, kind=kind)
    assert mean["note"].tolist() == ["warning: only 3 rows"] and mean["lower"].notna().all()
    assert line["note"].str.match(TOO_FEW).all() and line["lower"].isna().all()
    assert not effect.cluster_robust(ten, "y ~ x", cluster=None, kind=kind)["note"].any()


# ---- those that give no estimates frame

CHECKED_BELOW = {"impute", "imputation_traces", "attrition_weights", "table_one", "standardised_difference", "e_value",
                 "multiplicity"}  # fmt: skip
NO_OUTCOME = {"lockdown_exposure": "counts days between two dates; has no outcome, person or cluster to go wrong"}


def test_every_public_estimator_stands_in_a_table():
    named = {name.split(",")[0] for name in ESTIMATORS}
    assert named | CHECKED_BELOW | set(NO_OUTCOME) == set(effect.__all__)
    assert all(set(names) <= set(ESTIMATORS) for names in OUTSIDE.values())
    for hard in HARD:
        left = [name for name in ESTIMATORS if name not in OUTSIDE.get(hard, {})]
        assert len(left) >= 2, f"{hard} is tried on hardly anything"


def test_a_column_without_any_value_stays_missing_and_is_named():
    hard = imputed(HARD["all missing at T2"][0])
    assert hard["T1"].isna().all() and hard.attrs["note"].startswith(REFUSED + "T1: no value observed")
    near = imputed(HARD["all missing at T2"][1])
    assert near["T1"].between(0, TOP).all() and not near.attrs["note"]
    assert near.groupby("imputation").size().eq(48).all()


def test_traces_are_of_what_was_imputed():
    waves = wide(half_at_t1(D))[["T0", "T1", "z"]]
    traces = effect.imputation_traces(waves, m=2, iterations=3, rng=rng())
    assert set(traces["variable"]) == {"T1"} and len(traces) == 6 and traces["mean"].between(0, TOP).all()
    assert effect.imputation_traces(wide(D)[["T0", "T1"]], m=2, iterations=3, rng=rng()).empty


@pytest.mark.parametrize("hard", ["nobody was seen", "separated"])
def test_weights_that_cannot_be_estimated_say_why(hard: str):
    rows = wide(half_at_t1(D))
    data = rows.assign(seen=False) if hard == "nobody was seen" else rows.assign(z=rows["seen"] * 1.0)
    found = effect.attrition_weights(data, observed="seen", covariates=["z"])
    assert found["weight"].isna().all() and found["note"].str.startswith(REFUSED).all()
    near = effect.attrition_weights(rows, observed="seen", covariates=["z"])
    assert near.loc[rows["seen"], "weight"].gt(0).all() and not near["note"].any()


@pytest.mark.parametrize("hard", HARD)
def test_a_table_has_no_number_without_a_reason(hard: str):
    for data in HARD[hard]:
        for found in (effect.table_one(wide(data), ["T0", "T1"], by="arm"),
                      effect.standardised_difference(wide(data), ["T0", "T1"], by="arm")):  # fmt: skip
            assert (found["value"].notna() | found["note"].str.startswith(REFUSED)).all()
    assert effect.standardised_difference(wide(D), ["T1"], by="arm")["value"].iloc[0] > 0


def test_what_was_not_estimable_stays_so_in_what_is_made_of_it():
    hard, near = (answers("paired_change", data) for data in HARD["constant outcome"])
    both = pd.concat([hard, near], ignore_index=True)
    for found in (effect.multiplicity(both), effect.e_value(both, measure="standardised_difference")):
        assert (
            found["note"].iloc[0].startswith(REFUSED)
            and found.iloc[0][found.columns.difference(both.columns)].isna().all()
        )
    assert effect.e_value(near, measure="standardised_difference")["e_value"].iloc[0] > 1
