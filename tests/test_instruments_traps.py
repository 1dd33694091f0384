"""The mistakes that scoring of these questionnaires is known for, one test each."""

import numpy as np
import pandas as pd
import pytest

from analysis.instruments import instruments, load, score


def scored(name: str, *answers: float, convention: str | None = None) -> pd.Series:
    return score(name, pd.DataFrame([answers], columns=load(name).items), convention=convention).iloc[0]


def test_mhi5_of_60_changes_class_between_ggd_and_cbs():
    never = [6] * 5
    assert scored("mhi5", *never, convention="ggd")["mhi5_class"] == "unhealthy"
    assert scored("mhi5", *never, convention="cbs")["mhi5_class"] == "healthy"


@pytest.mark.parametrize("name", ["de_jong_gierveld_6", "de_jong_gierveld_11"])
def test_the_neutral_answer_is_lonely_on_both_subscales(name):
    neutral = scored(name, *[2] * len(load(name).items))
    definition = load(name)
    for scale in definition.scales:
        assert neutral[scale.column] == len(scale.items)


def test_three_subscale_cut_offs_are_in_use():
    def lowest_lonely(name, convention):
        bands = load(name).conventions[convention].bands["emotional"]
        return next(value for value in range(7) if value >= bands[0].bound)

    assert lowest_lonely("de_jong_gierveld_11", "vzinfo") == 3
    assert lowest_lonely("de_jong_gierveld_11", "eenzaamnl") == 2
    assert lowest_lonely("de_jong_gierveld_6", "manual") == 1


def test_one_missing_loneliness_item_is_left_out_and_not_scaled_up():
    assert scored("de_jong_gierveld_6", 3, np.nan, 1, 3, 3, 1)["de_jong_gierveld_6"] == 3  # scaled up it would be 3.6


def test_who5_codes_run_opposite_to_the_form_and_have_two_scales():
    always = scored("who5", *[1] * 5)
    assert (always["who5"], always["who5_100"]) == (25, 100)


def test_mastery_reverses_its_two_positive_items():
    assert scored("mastery", *[1] * 7)["mastery"] == 15


def test_tfi_gives_a_point_for_no_on_1_12_and_15_and_for_sometimes_by_item():
    answers = pd.DataFrame([[0] * 15], columns=load("tfi").items)
    assert score("tfi", answers)["tfi"].item() == 3
    gained = {n: score("tfi", answers.assign(**{f"tfi_{n}": 2}))["tfi"].item() - 3 for n in (9, 10, 11, 14)}
    assert gained == {9: 0, 10: 1, 11: 1, 14: 1}


def test_eq5d5l_takes_the_constant_once_and_has_equal_levels_4_and_5():
    assert scored("eq5d5l_nl", 1, 1, 1, 1, 1)["eq5d5l_nl"] == 1
    one, two = scored("eq5d5l_nl", 2, 1, 1, 1, 1)["eq5d5l_nl"], scored("eq5d5l_nl", 2, 2, 1, 1, 1)["eq5d5l_nl"]
    assert one == pytest.approx(1 - 0.047 - 0.035) and two == pytest.approx(one - 0.038)
    for dimension in (1, 2):
        four, five = [1] * 5, [1] * 5
        four[dimension], five[dimension] = 4, 5
        assert scored("eq5d5l_nl", *four)["eq5d5l_nl"] == scored("eq5d5l_nl", *five)["eq5d5l_nl"]


@pytest.mark.parametrize("name", ["eq5d3l_nl_2006", "eq5d3l_nl_2026"])
def test_a_three_level_value_set_refuses_five_level_answers(name):
    with pytest.raises(ValueError, match="mobility: not declared: 4"):
        scored(name, 4, 1, 1, 1, 1)


def test_the_guideline_counts_from_3_met_at_every_age_and_says_so():
    note = load("beweegrichtlijn_2017").note
    assert "3 MET" in note.en and "3 MET" in note.nl
    assert load("beweegrichtlijn_2017").items == ("beweegrichtlijn_2017_1", "beweegrichtlijn_2017_2")  # age is no input


def test_swemwbs_is_the_metric_score_beside_the_raw_sum():
    middle = scored("swemwbs", *[3] * 7)
    assert (middle["swemwbs"], middle["swemwbs_raw"]) == (19.25, 21)


def test_an_undeclared_9_is_not_counted_as_not_lonely():
    with pytest.raises(ValueError, match=r"de_jong_gierveld_6_4: not declared: 9 \(1 row\)"):
        scored("de_jong_gierveld_6", 3, 9, 1, 1, 3, 3)


def test_ons4_has_no_sum_and_what_must_not_be_summed_is_not_here():
    found = scored("ons4", 7, 7, 7, 2)
    assert not {"ons4", "ons4_class"} & set(found.index)
    assert not load("ons4").has_total
    assert not {"user_participation", "positive_health", "mijn_positieve_gezondheid"} & set(instruments())


def test_the_convention_used_goes_with_the_scores():
    answers = pd.DataFrame([[6] * 5], columns=load("mhi5").items)
    assert score("mhi5", answers).attrs == {"instrument": "mhi5", "convention": "ggd", "status": "conflicting"}
    assert score("mhi5", answers, convention="cbs").attrs["convention"] == "cbs"
