"""What cannot be scored is refused, with every problem of every column at once and nobody's answer in the message."""

import numpy as np
import pandas as pd
import pytest

from analysis.instruments import instruments, load, score

EVERY = pytest.mark.parametrize("name", instruments())


def complete(name: str, rows: int = 3) -> pd.DataFrame:
    first = {item.column: getattr(item.answers, "codes", (0,))[0] for item in load(name).questions}
    return pd.DataFrame([first] * rows)


def message(name: str, answers: pd.DataFrame, **options) -> str:
    with pytest.raises(ValueError) as raised:
        score(name, answers, **options)
    return str(raised.value)


@EVERY
def test_an_undeclared_code_in_any_item_raises(name):
    for column in load(name).items:
        found = message(name, complete(name).astype(object).assign(**{column: -7}))
        assert column in found and "3 rows" in found and "Remedy" in found


@pytest.mark.parametrize("code", [8, 9, 99, -1])
@pytest.mark.parametrize(
    "name", ["de_jong_gierveld_6", "de_jong_gierveld_11", "mhi5", "mastery", "ucla3", "volunteering"]
)
def test_codes_for_missing_that_are_not_declared_raise(name, code):
    assert f"{code} (3 rows)" in message(name, complete(name).assign(**{load(name).items[0]: code}))


def test_all_problems_of_all_columns_at_once():
    answers = complete("mhi5", 4).drop(columns=["mhi5_4", "mhi5_5"])
    answers = answers.assign(mhi5_1=[7, 7, 9, 1], mhi5_2=["vaak", "??", None, "2"])
    found = message("mhi5", answers)
    assert "absent columns: mhi5_4, mhi5_5" in found
    assert "mhi5_1: not declared: 7 (2 rows), 9 (1 row); allowed: 1 (voortdurend), 2 (meestal)" in found
    assert "mhi5_2: not declared: text or other numbers (1 row)" in found
    assert "mhi5_3" not in found


@pytest.mark.parametrize("entry", ["Jan Jansen", 111222333, "111222333", 1.5, np.inf, pd.Timestamp("1950-02-01")])
def test_what_may_name_a_person_is_counted_and_not_shown(entry):
    answers = complete("mhi5").astype(object).assign(mhi5_1=[entry, 1, 1])
    found = message("mhi5", answers)
    assert "mhi5_1: not declared: text or other numbers (1 row); allowed" in found
    assert not any(part in found for part in ("Jan", "111222", "1.5", "1950", "inf"))


def test_a_measured_value_is_counted_and_not_shown():
    found = message(
        "beweegrichtlijn_2017", pd.DataFrame({"beweegrichtlijn_2017_1": [-5, 20000], "beweegrichtlijn_2017_2": 2})
    )
    assert "text or other numbers (2 rows); allowed: numbers 0-10080" in found
    assert "-5" not in found and "20000" not in found


@pytest.mark.parametrize("entry", ["nan", "inf", "1_0", "٣", "1e0", "0x1"])
def test_text_that_python_would_read_as_a_number_is_refused(entry):
    assert "text or other numbers (3 rows)" in message("mhi5", complete("mhi5").astype(object).assign(mhi5_1=entry))


@pytest.mark.parametrize("value", [-1, 101, 75.5])
def test_eq_vas_outside_0_to_100_or_not_whole_raises(value):
    assert "whole numbers 0-100" in message("eq_vas", pd.DataFrame({"eq_vas_1": [value]}))


@pytest.mark.parametrize("level", [0, 6, "slecht"])
def test_eq5d_level_that_does_not_exist_raises(level):
    assert "pain_discomfort" in message("eq5d5l_nl", complete("eq5d5l_nl").astype(object).assign(pain_discomfort=level))


def test_a_doubled_column_is_refused():
    answers = complete("eq_vas")
    assert "eq_vas_1: 2 columns have this name" in message("eq_vas", pd.concat([answers, answers], axis=1))


def test_many_undeclared_codes_are_shortened():
    answers = pd.DataFrame({"eq_vas_1": range(101, 121)})
    assert "109 (1 row), text or other numbers (11 rows)" in message("eq_vas", answers)


def test_an_unknown_convention_names_those_there_are():
    assert "it has: ggd, cbs, uhce" in message("mhi5", complete("mhi5"), convention="rivm")
    assert "it has: none" in message("katz15", complete("katz15"), convention="any")


def test_an_unknown_instrument_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'mhi5'"):
        load("mhi_5")
    with pytest.raises(ValueError, match="There are: activity_weekly"):
        load("xyz")


@EVERY
def test_empty_cells_of_every_kind_are_missing(name):
    for empty in (np.nan, None, pd.NA, "", "  "):
        answers = complete(name).astype(object)
        answers[:] = empty
        scored = score(name, answers)
        assert (scored[f"{name}_missing"] == len(load(name).items)).all()
        assert scored[list(load(name).scores)].isna().all(axis=None)
