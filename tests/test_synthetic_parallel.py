"""The same people in other worlds: parts that add up, agree with a million others, and vanish where a knob is zero."""

from time import perf_counter

import numpy as np
import pandas as pd
import pytest

from analysis import synthetic
from analysis.lessons import playground

OUTCOME = "mhi5"


@pytest.fixture(scope="module")
def study():
    return synthetic.make_study()


def test_what_is_on_the_forms_is_what_the_study_measured(study):
    people = synthetic.same_people(study, OUTCOME)
    there = study.measures.query("outcome == @OUTCOME")[["person", "wave", "value"]].astype({"wave": str})
    both = people.astype({"wave": str}).merge(there, on=["person", "wave"], suffixes=("", "_measured"))
    assert len(both) == len(there)
    pd.testing.assert_series_equal(both["value"], both["value_measured"], check_names=False)
    absent = people[~people.set_index(["person", "wave"]).index.isin(both.set_index(["person", "wave"]).index)]
    assert absent["value"].isna().all() and len(absent) > 0
    filled = people["value"].notna()
    assert people.loc[filled, "value"].eq(people.loc[filled, "lived"]).all()


def test_parts_add_up_and_agree_with_many_others(study):
    """For 737 people the mean change has a standard error of about 0.7 points; the truth of a million is committed."""
    found = synthetic.true_change(study, OUTCOME)
    assert np.allclose(found["change"], found[["regression", "shock", "effect"]].sum(axis=1))
    many = {"t1": (2.77, -0.38, 4.17), "t2": (2.76, 0.15, 3.84)}  # studies/samen_in_beweging/truth.yaml, unit all
    for wave, parts in many.items():
        assert np.allclose(found.loc[wave, ["regression", "shock", "effect"]].astype(float), parts, atol=1.5)
        assert found.loc[wave, "effect"] == pytest.approx(parts[2], abs=0.4)  # the same luck in both worlds: precise


def test_a_knob_at_zero_has_no_part():
    quiet = synthetic.true_change(synthetic.make_study(effect=0, shock=0, seed=3), OUTCOME)
    assert (quiet[["effect", "shock"]] == 0).all(axis=None) and (quiet["regression"] > 1).all()
    closed = synthetic.true_change(synthetic.make_study(effect=0, shock=1, seed=3), OUTCOME)
    assert (closed["effect"] == 0).all() and closed.loc["t1", "shock"] < -1


def test_who_waits_gets_no_effect_at_the_second_wave(study):
    people = synthetic.same_people(study, OUTCOME)
    waiting = people[(people["arm"] == "waiting") & (people["wave"] != "t2")]
    assert (waiting["lived"] == waiting["without_programme"]).all()


def test_four_analyses_of_a_world_without_effect():
    """A change is there without an effect; the comparison with who waited has the truth in its interval (mean of 8)."""
    worlds = [synthetic.make_study(effect=0, shock=0.25, dropout=0.25, seed=seed) for seed in range(1, 9)]
    found = [playground.analyses(world, OUTCOME, mean=76, reliability=0.75)["estimate"] for world in worlds]
    means = pd.concat(found, axis=1).mean(axis=1)
    assert means[playground.LABELS["mixed"]] > 1.5
    assert abs(means[playground.LABELS["waiting"]]) < 1.5  # standard error about 0.6


def test_the_page_is_a_picture_where_nobody_moves_a_slider(monkeypatch, capsys):
    monkeypatch.delenv(playground.SERVER, raising=False)
    shown = []
    monkeypatch.setattr(playground, "show", shown.append)
    playground.page(OUTCOME, mean=76, reliability=0.75)
    assert len(shown) == 1 and "de waarheid 0,0" in shown[0].alt


def test_a_slider_that_is_let_go_draws_anew():
    page = playground.controls(OUTCOME, mean=76, reliability=0.75)
    sliders, drawn = page.children[:-1], page.children[-1]
    assert [slider.description for slider in sliders] == [label for _, label, *_ in playground.KNOBS]
    before = drawn.value
    sliders[0].value = 0.5
    assert drawn.value != before and 'src="data:image/png;base64,iVBOR' in drawn.value
    assert "de waarheid 0,0" in before and "de waarheid 0,0" not in drawn.value


@pytest.mark.slow
def test_six_municipalities_are_made_within_two_seconds():
    assert len(synthetic.make_study(seed=1).measures)  # reads what is read once: definitions, value sets
    began = perf_counter()
    assert len(synthetic.make_study(seed=2).measures)
    assert perf_counter() - began < 2
