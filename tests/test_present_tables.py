"""A released table in words: marks instead of hidden values, labels instead of ids, notes that explain the marks."""

import json

import numpy as np
import pandas as pd
import pytest
from present_cases import SECRET, estimates_rows, long, means_rows, share_rows, table1_rows, tables, the_study, write

from analysis import present

NL, EN = present.words(the_study(), "nl"), present.words(the_study(), "en")


def test_a_table_by_hand():
    shown = present.wide(share_rows("referrer", {"gp": 45.04, "poh_ggz": 1.0}, hidden=("poh_ggz",)), NL)
    assert shown.to_dict("split") == {
        "index": ["Huisarts", "POH-GGZ"], "columns": ["Aantal", "Percentage"], "data": [["405", "45,0%"], ["*", "*"]],
    }  # fmt: skip
    assert shown.index.names == ["Verwijzer"]


def test_scores_have_the_decimals_of_their_outcome_and_shares_are_percentages():
    shown = present.wide(means_rows(), EN, across="wave", measures=["mean"])
    assert shown.loc["Quality of life (EQ-5D-5L, Dutch value set)", "Start (T0)"] == "0.710"
    assert shown.loc["Mental health (MHI-5)", "6 months (T1)"] == "63.0"
    assert shown.loc["Volunteering"].to_list() == ["21.0%", "22.1%", "*"]


def test_estimates_join_their_limits_and_say_why_one_is_absent():
    frame = estimates_rows()
    shown = present.wide(frame, NL, measures=["estimate", "interval", "p_value"])
    assert shown.index.names == [
        "Uitkomst",
        "Vergelijking",
    ]  # the method is the same throughout and stands in the caption
    first = shown.loc[("Vrijwilligerswerk", "6 maanden (T1) ten opzichte van Start (T0)")]
    assert first.to_list() == ["6,0 pp", "1,0 tot 11,0", "< 0,001"]
    assert shown.iloc[-1].to_list() == ["niet te schatten"] * 3
    assert shown.iloc[-2].to_list() == ["*"] * 3
    notes = present.footnotes(frame, NL)
    assert "Niet te schatten, omdat geen enkele rij volledig is." in notes
    assert any(note.startswith("pp: ") for note in notes) and any(note.startswith("* ") for note in notes)


def test_a_level_is_labelled_by_its_own_variable():
    shown = present.wide(table1_rows(), EN)
    assert shown.index.to_list() == [("Sex", "Man"), ("Sex", "Woman"), ("Sex", "Other"), ("Age", "-")]
    assert shown.iloc[-1].to_dict() == {"Number": "-", "Percentage": "-", "Mean": "71.3", "Spread (SD)": "9.9"}


def test_marks_are_explained_only_where_they_stand():
    clean = present.footnotes(share_rows("referrer", {"gp": 45.0}), NL)
    assert not any(note.startswith(("*", "-")) for note in clean)
    assert NL.text("profiles.samen10_30") in clean and NL.text("table.note_synthetic") in clean


@pytest.mark.parametrize("name", sorted(tables()))
@pytest.mark.parametrize("words", [NL, EN], ids=["nl", "en"])
def test_no_table_shows_a_hidden_value(name, words):
    frame = tables()[name]
    text = present.html_table(present.released(frame, {}, name=name), words) + present.wide(frame, words).to_string()
    assert not any(mark in text for mark in ("7777", "7.777", "7,777", "7.778", "7,778"))
    assert ("*" in text) == bool(frame["value"].eq(SECRET).any())
    assert "nan" not in text.lower().replace("financ", "")


def test_the_html_of_a_notebook_table_is_the_same_twice():
    assert present.wide(means_rows(), NL).to_html() == present.wide(means_rows(), NL).to_html()


def test_labels_are_escaped():
    frame = share_rows("<script>alert(1)</script>", {"a": 1.0}).rename(columns={"<script>alert(1)</script>": "factor"})
    frame["factor"] = "<script>alert('x')</script>"
    html = present.html_table(frame, EN, title='<b>"t"</b>')
    assert "<script" not in html and "<b>" not in html and "&lt;script&gt;" in html


def test_a_read_table_holds_no_hidden_value_and_knows_its_totals(tmp_path):
    folder = write(tmp_path)
    table = present.read(folder / "05_referrals__funnel.csv")
    assert (
        table.name == "05_referrals__funnel"
        and table.dims == ("step", "referrer")
        and table.totals == {"referrer": "all"}
    )
    assert not table.rows["value"].eq(SECRET).any() and not table.rows["n"].eq(SECRET).any()
    assert len(table.totals_but("step").rows) == 8 * 3 and table.as_of.isoformat() == "2023-06-30"


def test_levels_that_look_missing_or_like_numbers_stay_what_they_are(tmp_path):
    frame = long([{"factor": factor, "count": 12, "n": 12} for factor in ("NA", "null", "007", "")], ["factor"])
    frame.to_csv(tmp_path / "x__y.csv", index=False)
    (tmp_path / "x__y.json").write_text(json.dumps({"dims": ["factor"]}))
    assert present.read(tmp_path / "x__y.csv").levels("factor") == ("NA", "null", "007", "")


def test_a_table_apart_for_each_arm_without_a_total():
    rows = [
        {"wave": wave, "arm": arm, "count": 20.0, "n": 20} for wave in ("t0", "t1") for arm in ("programme", "waiting")
    ]
    parts = present.released(long(rows, ["wave", "arm"])).parts("wave")
    assert [part.apart for part in parts] == [(("arm", "programme"),), (("arm", "waiting"),)]
    assert [len(part.rows) for part in parts] == [2, 2]


def test_a_frame_that_is_not_released_is_refused():
    with pytest.raises(KeyError, match="no column measure, status"):
        present.wide(pd.DataFrame({"value": [np.nan]}), NL)


def test_what_waits_for_the_final_release_says_so():
    """A number left out while counts are rounded is not hidden for its size, and its table says when it comes."""
    frame = share_rows("referrer", {"gp": 45.04, "poh_ggz": 1.0}, hidden=("poh_ggz",))
    frame.loc[frame["status"] == "hidden", "reason"] = "interim"
    shown = present.wide(frame, NL)
    assert shown.loc["POH-GGZ"].to_list() == ["later", "later"]
    assert "eindrapportage" in present.footnotes(frame, NL)[0]
