"""Reach, likeness and RE-AIM as the plan names them, by hand from tables of at most ten rows."""

import numpy as np
import pandas as pd
import pytest

from analysis import planned, store
from analysis.study import PublicFigure, TargetPopulation

STUDY = "samen_in_beweging"
PERSONS = pd.DataFrame(
    {
        "person": list("abcdefgh"),
        "unit": ["hardenberg"] * 5 + ["kampen"] * 3,
        "arm": "programme",
        "age_class": ["65_74", "65_74", "75_plus", "18_64", "75_plus", "65_74", "18_64", "18_64"],
        "sex": ["woman", "woman", "man", "man", None, "woman", "man", "man"],
        "started": pd.to_datetime(["2021-01-01"] * 4 + [None] + ["2021-01-01"] * 3),
        "in_study": [True] * 4 + [False] + [True] * 3,
    }
)
CONTEXT = pd.DataFrame(
    [
        ("hardenberg", "aged_65_plus", "65_plus", 2020, 600.0, "old"),
        ("hardenberg", "aged_65_plus", "65_plus", 2024, 1000.0, "new"),
        ("kampen", "aged_65_plus", "65_plus", 2024, 500.0, "new"),
        ("hardenberg", "lonely", "65_plus", 2020, 40.0, "monitor"),
        ("kampen", "lonely", "65_plus", 2020, 50.0, "monitor"),
        ("nederland", "lonely", "65_plus", 2020, 99.0, "monitor"),
    ],
    columns=["unit", "indicator", "population", "year", "value", "table_id"],
)
OLD = {"age_class": ("65_74", "75_plus")}


def study(**plan):
    return store.study(STUDY).model_copy(update=plan)


def target(**more) -> TargetPopulation:
    return TargetPopulation(indicator="aged_65_plus", population="65_plus", **more)


def test_reach_is_who_started_of_those_whom_the_public_number_counts():
    table = planned.reach(study(target_population=(target(among=OLD),)), PERSONS, CONTEXT).set_index("unit")
    # 65 and over and started: a, b, c of 1,000 in the one, f of 500 in the other; e never started
    assert table["count"].to_dict() == {"hardenberg": 3, "kampen": 1, "all": 4}
    assert table["per_1000"].to_dict() == pytest.approx({"hardenberg": 3, "kampen": 2, "all": 4000 / 1500})
    assert set(table["year"]) == {"2024"} and set(table["table_id"]) == {"new"}


def test_a_year_may_be_named_and_a_unit_without_the_figure_is_stated():
    table = planned.reach(study(target_population=(target(among=OLD, year=2020),)), PERSONS, CONTEXT).set_index("unit")
    assert table.loc["hardenberg", "per_1000"] == pytest.approx(5)
    assert np.isnan(table.loc["kampen", "per_1000"]) and "not known" in table.loc["kampen", "note"]
    assert table.loc["all", "population_size"] == 600 and "without kampen" in table.loc["all", "note"]


def test_one_unit_has_no_total():
    one = PERSONS[PERSONS["unit"] == "kampen"]
    assert planned.reach(study(target_population=(target(),)), one, CONTEXT)["unit"].tolist() == ["kampen"]


MEASURES = pd.DataFrame(
    {
        "person": list("abcfab"),
        "wave": ["t0"] * 4 + ["t1"] * 2,
        "outcome": "de_jong_gierveld_6",
        "value": [3.0, 0.0, 5.0, 2.0, 0.0, 0.0],
        "class": ["moderate", "not_lonely", "severe", "moderate", "not_lonely", "not_lonely"],
    }
)
LONELY = PublicFigure(
    characteristic="de_jong_gierveld_6", categories=("moderate", "severe"), indicator="lonely", population="65_plus",
    among=OLD,
)  # fmt: skip


def test_participants_beside_the_public_percentage_of_their_own_units():
    row = planned.representativeness(study(representative_of=(LONELY,)), PERSONS, MEASURES, CONTEXT).iloc[0]
    # at the first wave a, c and f of a, b, c, f are lonely; three live where 40 % are, one where 50 % are
    assert row["percent"] == pytest.approx(75) and row["n"] == 4
    assert row["public_percent"] == pytest.approx((3 * 40 + 1 * 50) / 4)
    assert row["equity_ratio"] == pytest.approx((3 / 0.425) / (1 / 0.575))
    assert (row["year"], row["table_id"]) == ("2020", "monitor")


def test_a_variable_of_persons_can_be_compared_and_unknown_is_left_out():
    asked = LONELY.model_copy(update={"characteristic": "sex", "categories": ("woman",), "among": {}})
    row = planned.representativeness(study(representative_of=(asked,)), PERSONS, MEASURES, CONTEXT).iloc[0]
    assert row["n"] == 7 and row["percent"] == pytest.approx(100 * 3 / 7)  # e is not in the study


def test_people_of_a_unit_without_a_figure_are_not_compared():
    there = CONTEXT[(CONTEXT["unit"] != "kampen") | (CONTEXT["indicator"] != "lonely")]
    row = planned.representativeness(study(representative_of=(LONELY,)), PERSONS, MEASURES, there).iloc[0]
    assert row["n"] == 3 and row["public_percent"] == 40


def test_no_figure_at_all_is_stated():
    row = planned.representativeness(study(representative_of=(LONELY,)), PERSONS, MEASURES, CONTEXT.iloc[:3]).iloc[0]
    assert row["n"] == 0 and row["note"].startswith("not estimable")


def test_reaim_counts_what_each_table_gives():
    from analysis import prepare

    tables = prepare.prepare(store.study(STUDY)).tables
    plan = store.study(STUDY)
    names = ("context", "referrals", "organisations", "ties", "fidelity", "embedding")
    found = planned.reaim(
        plan, tables["persons"], tables["measures"], as_of=plan.as_of, **{name: tables[name] for name in names}
    )
    rows = found.set_index(["dimension", "at", "indicator", "outcome"])
    assert (found["note"] == "").all()
    applied = tables["fidelity"].query("applicable == 'yes' and delivered.notna()")
    delivered = rows.loc[("implementation", "setting", "elements_delivered", "all")]
    assert (delivered["count"], delivered["of"]) == ((applied["delivered"] == "yes").sum(), len(applied))
    last = tables["embedding"].query("moment == 't1'")
    in_place = rows.loc[("maintenance", "setting", "in_place", "all")]
    assert (in_place["count"], in_place["of"]) == (last["score"].sum(), 2 * len(last))
    started = tables["persons"].query("started.notna() and age_class != '18_64'")
    assert rows.loc[("reach", "person", "took_part_65_plus", "all"), "count"] == len(started)
    better = rows.loc[("effectiveness", "person", "improved", "mhi5")]
    wide = (
        tables["measures"]
        .query("outcome == 'mhi5' and arm == 'programme'")
        .pivot(index="person", columns="wave", values="value")
    )
    wide = wide[wide.index.isin(tables["persons"].loc[tables["persons"]["in_study"], "person"])]
    change = (wide["t1"] - wide["t0"]).dropna()
    assert (better["count"], better["of"]) == ((change >= 5).sum(), len(change))  # the plan's smallest difference is 5
