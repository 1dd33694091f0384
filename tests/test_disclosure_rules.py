"""Primary rules: every worked case of the rules that neighbouring systems use, written out by hand."""

import numpy as np
import pandas as pd
import pytest

from analysis.disclosure import Meta, Nesting, check, primary, profile


def meta(*dims, counts_of="persons", totals=None, **more):
    same = ["count", "percent", "mean", "sd", "quantile", "median", "sum", "min", "max", "estimate", "lower", "df"]
    own = dict.fromkeys(("t0", "t1", "pairs"), "count") | {"wild_df": "inference_df"}
    kinds = dict(zip(same, same, strict=True)) | own
    return Meta(dims, totals or {}, counts_of, "samen10_30", kinds, **more)


def cells(dims, *rows):
    return pd.DataFrame(rows, columns=[*dims, "measure", "value", "n"])


def percent(part, whole):
    return cells([], ("percent", 100 * part / whole, whole))


def verdict(table, about, name):
    return list(zip(*(check(table, about, profile(name))[column] for column in ("status", "reason")), strict=True))


@pytest.mark.parametrize(
    ("part", "whole", "name", "expected"),
    [
        (27, 30, "ggd30_5", ("fail", "small_complement")),
        (25, 30, "ggd30_5", ("pass", "")),
        (24, 29, "ggd30_5", ("fail", "small_denominator")),
        (4, 30, "ggd30_5", ("fail", "small_cell")),
        (0, 30, "ggd30_5", ("fail", "all_or_none")),
        (40, 40, "ggd30_5", ("fail", "all_or_none")),
        (40, 40, "samen10_30", ("fail", "all_or_none")),
        (10, 40, "samen10_30", ("pass", "")),
        (9, 40, "samen10_30", ("fail", "small_cell")),
        (31, 40, "samen10_30", ("fail", "small_complement")),
        (15, 29, "samen10_30", ("fail", "small_denominator")),
        (50, 99, "gmjv100_10", ("fail", "small_denominator")),
        (3, 10, "tabellenboek10", ("pass", "")),
        (0, 10, "tabellenboek10", ("pass", "")),
        (10, 10, "tabellenboek10", ("pass", "")),
        (3, 9, "tabellenboek10", ("fail", "small_denominator")),
        (7, 60, "opensafely", ("fail", "small_cell")),
        (8, 60, "opensafely", ("pass", "")),
        (0, 60, "opensafely", ("review", "all_or_none")),
        (60, 60, "opensafely", ("fail", "all_or_none")),
        (0, 60, "acro10", ("fail", "all_or_none")),
        (60, 60, "acro10", ("review", "all_or_none")),
    ],
)
def test_a_share_is_judged_on_cell_complement_and_denominator(part, whole, name, expected):
    assert verdict(percent(part, whole), meta(), name) == [expected]


def test_the_profiles_hold_the_published_thresholds():
    keys = ["min_denominator", "min_cell", "min_complement", "round_base"]
    found = {name: [getattr(profile(name), key) for key in keys] for name in
             ("ggd30_5", "gmjv100_10", "opensafely", "acro10", "tabellenboek10", "samen10_30")}  # fmt: skip
    assert found == {
        "ggd30_5": [30, 5, 5, 0], "gmjv100_10": [100, 10, 10, 0], "opensafely": [8, 8, 8, 5],
        "acro10": [10, 10, 10, 5], "tabellenboek10": [10, 1, 0, 0], "samen10_30": [30, 10, 10, 0],
    }  # fmt: skip
    assert {profile(name).min_df for name in found} == {10}
    assert profile().name == "samen10_30" and profile(interim=True).round_base == 5 and profile().round_base == 0
    with pytest.raises(KeyError, match="acro10"):
        profile("nivel")


def test_any_small_answer_hides_the_question_in_its_column():
    counts = {"a": 40, "b": 30, "c": 24, "d": 20, "e": 6}
    rows = [("x", answer, "percent", 100 * count / 120, 120) for answer, count in counts.items()]
    rows += [("y", answer, "percent", 20.0, 120) for answer in counts]
    table = cells(["column", "answer"], *rows)
    found = check(table, meta("column", "answer"), profile("gmjv100_10"))
    assert found.groupby("column")["status"].agg(set).to_dict() == {"x": {"fail"}, "y": {"pass"}}
    assert list(found["reason"][:5]) == ["question"] * 4 + ["small_cell"]
    assert (check(table, meta("column", "answer"), profile())["status"] == "fail").sum() == 1


def test_counts_are_judged_against_their_totals():
    table = cells(["sex"], ("f", "count", 37, np.nan), ("m", "count", 3, np.nan), ("all", "count", 40, np.nan))
    found = check(table, meta("sex", totals={"sex": "all"}), profile())
    assert list(found["reason"]) == ["small_complement", "small_cell", ""]


def test_a_total_that_is_100_percent_by_construction_is_not_disclosive():
    rows = [(level, measure, value, 80) for level, count in (("f", 50), ("m", 30), ("all", 80))
            for measure, value in (("count", count), ("percent", 100 * count / 80))]  # fmt: skip
    found = check(cells(["sex"], *rows), meta("sex", totals={"sex": "all"}), profile())
    assert set(found["status"]) == {"pass"}


def test_pairs_hide_the_three_that_came_only_once():
    table = cells(["outcome"], ("mhi5", "t0", 40, np.nan), ("mhi5", "t1", 38, np.nan), ("mhi5", "pairs", 37, np.nan))
    about = meta("outcome", subsets=(("pairs", "t0"), ("pairs", "t1")))
    found = primary(table, about, profile()).set_index("measure")
    assert found.loc["pairs", "status"] == "hidden" and found["value"].notna().sum() == 2


def test_a_funnel_step_that_few_are_lost_at_is_hidden():
    steps = [("referred", 90), ("intake", 84), ("start", 60)]
    table = cells(["step"], *((step, "count", n, np.nan) for step, n in steps))
    found = check(table, meta("step", steps=("step",)), profile())
    assert list(found["reason"]) == ["", "small_complement", ""]


def test_moments_quantiles_and_extremes_rest_on_their_n():
    rows = [("a", measure, 5.0, 25) for measure in ("mean", "sd", "median", "quantile", "min", "max")]
    rows += [("b", "mean", 5.0, 9), ("c", "mean", 5.0, np.nan)]
    found = check(cells(["group"], *rows), meta("group"), profile())
    assert list(found["reason"]) == ["", "", "", "small_denominator", "extreme", "extreme", "small_cell", "n_unknown"]
    assert found["status"].iloc[-1] == "review"


def test_a_hidden_mean_takes_its_row_group_with_it_but_a_hidden_extreme_does_not():
    values = [("mean", 5.0), ("sd", 1.0), ("max", 9.0)]
    rows = [(g, m, v, n) for g, n in (("a", 25), ("b", 9)) for m, v in (("count", n), *values)]
    found = primary(cells(["group"], *rows), meta("group"), profile())
    assert list(found["status"]) == ["shown"] * 3 + ["hidden"] * 5
    assert found.loc[found["status"] == "hidden", ["value", "n"]].isna().all(axis=None)


def test_sums_that_one_high_user_makes_are_hidden_and_contributions_never_leave():
    table = cells([], ("sum", 1000.0, 40)).assign(largest=850.0, second_largest=60.0)
    found = primary(table, meta(), profile("acro10"))
    assert list(found["reason"]) == ["dominance"] and list(found["status"]) == ["hidden"]
    assert not {"largest", "second_largest"} & set(found)
    fair = table.assign(largest=100.0, second_largest=90.0)
    assert verdict(fair, meta(), "acro10") == [("pass", "")]
    # 700 + 100 is 80 %, within NK; the rest of 60 is under 10 % of the largest: only the p% rule sees it.
    close = cells([], ("sum", 900.0, 40)).assign(largest=700.0, second_largest=140.0)
    assert verdict(close, meta(), "acro10") == [("fail", "dominance")]
    assert verdict(table[["measure", "value", "n"]], meta(), "acro10") == [("review", "dominance_unchecked")]


def test_models_need_residual_degrees_of_freedom_and_tests_may_have_few():
    rows = [("a", "estimate", 1.0, 40), ("a", "lower", 0.0, 40), ("a", "df", 9, 40)]
    rows += [("b", "estimate", 1.0, 40), ("b", "wild_df", 5, 40), ("b", "df", 38, 40)]
    found = primary(cells(["outcome"], *rows), meta("outcome"), profile())
    assert list(found["reason"]) == ["low_df"] * 3 + [""] * 3
    small = cells(["outcome"], ("a", "estimate", 1.0, 9), ("a", "lower", 0.1, 9))
    assert set(primary(small, meta("outcome"), profile())["status"]) == {"hidden"}


def test_thresholds_for_persons_do_not_apply_to_organisations_meetings_and_events():
    table = cells(["domain"], ("care", "count", 2, np.nan), ("sport", "count", 3, np.nan), ("arts", "count", 0, np.nan))
    reasons = {counted: list(check(table, meta("domain", counts_of=counted), profile())["reason"])
               for counted in ("organisations", "meetings", "events")}  # fmt: skip
    assert reasons == {"organisations": ["few_organisations", "", ""], "meetings": [""] * 3, "events": [""] * 3}


def test_what_could_not_be_estimated_stays_a_shown_blank():
    rows = [(name, "estimate", np.nan, n) for name, n in (("a", 40), ("b", np.nan), ("c", 4))]
    table = cells(["outcome"], *rows)
    found = primary(table, meta("outcome"), profile())
    assert list(found["status"]) == ["shown", "shown", "hidden"] and list(found["n"].isna()) == [False, True, True]


def test_a_description_survives_its_file_and_lists_every_mistake():
    about = meta("unit", "sex", totals={"unit": "all"}, population="t0", subsets=(("pairs", "t0"),), ladder=("sex",),
                 nestings=(Nesting("unit", "group", {"kampen": "elderly"}),), n_over={"percent": ("sex",)})  # fmt: skip
    assert Meta.from_json(about.to_json()) == about
    with pytest.raises(ValueError, match="'mode'.*'people'.*'wave'"):
        Meta(("sex",), {"wave": "all"}, "people", "acro10", {"value": "mode"})
    with pytest.raises(ValueError, match="without a kind: odd.*1 cell"):
        check(cells(["g"], ("a", "odd", 1, 1), ("a", "odd", 2, 1)), meta("g"), profile())


def test_nothing_that_stands_beside_a_hidden_number_survives_it():
    table = cells(["group"], ("a", "mean", 5.0, 25), ("b", "mean", 5.0, 9))
    table = table.assign(n_clusters=[5, 9], note=["", "9 persons"])
    found = primary(table, meta("group"), profile())
    assert found["n_clusters"].isna().tolist() == [False, True] and found["note"].tolist() == ["", ""]
