"""Costs as the plan tells them, by hand: bounds where a price is missing, reasons where nothing can be said."""

import pandas as pd
import pytest
from present_cases import the_study

from analysis import planned, present
from analysis.planned.spending import CHEERS
from analysis.present.wording import fixed_texts

SPENT = pd.DataFrame(
    [("intake", "hours", 10, 50.0, 2022), ("started", "hours", 20, 50.0, 2022), ("started", "bus", 5, None, 2021)],
    columns=["step", "resource", "volume", "unit_price", "price_year"],
)


def referrals(intakes: int, starts: int, people: int = 40) -> pd.DataFrame:
    """People referred on one day, the first so many with an intake, of whom the first so many started and keep up."""
    day = pd.Timestamp("2021-01-01")
    dates = {step: [pd.NaT] * people for step in the_study().referral_steps}
    dates |= {"referred": [day] * people, "reached": [day] * people}
    dates |= {"intake": [day] * intakes + [pd.NaT] * (people - intakes)}
    dates |= {"started": [day] * starts + [pd.NaT] * (people - starts)}
    names = [f"p{place}" for place in range(people)]
    return pd.DataFrame({"referral": names, "person": names, "unit": "kampen", **dates, "ended": pd.NaT})


def costs(spent: pd.DataFrame, **people) -> pd.DataFrame:
    return planned.costs(the_study(), spent, referrals(**people), as_of="2023-01-01").set_index("step")


def test_a_missing_price_leaves_a_lower_bound_that_is_called_so():
    """Known: 10 x 50 + 20 x 50 = 1500; the bus of 2021 has no price."""
    table = costs(SPENT, intakes=25, starts=20)
    assert table.loc["intake", ["cost", "cost_per_person"]].tolist() == [500, 20]
    assert pd.isna(table.loc["started", "cost_per_person"]) and "bus 2021" in table.loc["started", "note"]
    assert table["all_per_person"].isna().all() and table.loc["all", "at_least"] == 1500
    assert table.loc[["referred", "intake", "started"], "at_least_per_person"].tolist() == [37.5, 60, 75]


def test_with_every_price_the_whole_is_known():
    """The bus at 4 euros: 1520 in all, 76 for each of the 20 who started, 1020 / 20 of that step itself."""
    table = costs(SPENT.fillna({"unit_price": 4.0}).assign(price_year=2022), intakes=25, starts=20)
    assert table.loc["started", ["cost", "cost_per_person", "all_per_person"]].tolist() == [1020, 51, 76]
    assert table.loc["all", "cost"] == 1520


def test_nine_who_started_have_no_cost_per_person_of_any_kind():
    few, enough = costs(SPENT, intakes=25, starts=9), costs(SPENT, intakes=25, starts=10)
    assert few.loc["started", list(planned.COSTS)].isna().all()
    assert enough.loc["started", "at_least_per_person"] == 150


def test_steps_that_are_told_are_those_with_costs_and_those_of_keeping_up():
    assert list(costs(SPENT, intakes=25, starts=20).index) == [
        "referred", "intake", "started", "kept_3m", "kept_6m", "all"]  # fmt: skip


def test_a_resource_by_price_year_with_the_volume_that_has_no_price():
    table = planned.resources(the_study(), SPENT).set_index(["resource", "price_year"])
    assert table.loc[("hours", "2022"), ["volume", "unpriced", "total"]].tolist() == [30, 0, 1500]
    assert table.loc[("bus", "2021"), ["volume", "unpriced"]].tolist() == [5, 5]
    assert pd.isna(table.loc[("bus", "2021"), "total"]) and "a price is missing" in table.loc[("bus", "2021"), "note"]


def test_why_there_is_no_ratio():
    """A change has no comparator; the trial compares and recorded no costs; one sum a unit is not a cost per person."""
    default, trial = the_study(), the_study("help")
    both = trial.model_copy(update={"tables": trial.tables | {"costs": default.tables["costs"]}})
    reasons = [planned.worth(study, SPENT)["note"].unique() for study in (default, trial, both)]
    assert [len(found) for found in reasons] == [1, 1, 1]
    assert "there is no comparator" in reasons[0][0]
    assert reasons[1][0] == "not estimable, because no costs were recorded in this study"
    assert "not recorded per person and arm" in reasons[2][0]


def test_the_guideline_has_28_items_each_answered_once_by_the_plan():
    default, trial = (planned.cheers(the_study(name)).set_index("cheers") for name in ("samen_in_beweging", "help"))
    assert list(default.index) == list(trial.index) == [str(item) for item in range(1, 29)]
    assert default.loc["7", "answer"] == "na_no_comparison" and trial.loc["7", "answer"] == "met_arms"
    assert default.loc["14", "met"] == 1 and trial.loc["14", "answer"] == "nr_no_costs"
    assert default.loc["13", "answer"] == "met_value_set" and trial.loc["13", "answer"] == "na_no_utilities"
    assert default.loc["21", "met"] == 1 and trial.loc["21", "met"] == 0


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_item_and_answer_has_words_and_none_of_them_names_a_cause(language):
    texts, words = fixed_texts(language), present.words(the_study(), language)
    answers = set(pd.read_csv(CHEERS, dtype=str)["answer"])
    for key in [*(f"levels.cheers.{item}" for item in range(1, 29)), *(f"levels.answer.{one}" for one in answers)]:
        present.refuse_causal(texts[key], words)


def test_the_rates_are_those_of_the_dated_table():
    rates = planned.discount_rates().set_index(["kind", "valid_from"])["annual_rate"]
    assert rates["costs", "2024-01-16"] == 3 and rates["costs", "2006-01-01"] == 4
    assert rates["effects", "2006-01-01"] == 1.5
