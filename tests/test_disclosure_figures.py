"""Rounding, claims in words, survival steps, and the size of a real release."""

import time
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from test_disclosure_linked import crossed, study

from analysis.disclosure import (
    at_months,
    audit,
    group_claims,
    midpoint6,
    profile,
    round_counts,
    round_half_up,
    round_percent,
    suppress,
)


def test_one_rounding_half_away_from_zero():
    assert round_half_up([0.5, 1.5, 2.5, -2.5, 2.4999]).tolist() == [1, 2, 3, -3, 2]
    assert round_half_up([0.285, 1.005], 2).tolist() == [0.29, 1.01]
    assert round_counts([8, 11, 12, 19, 0, 2, 3]).tolist() == [10, 10, 10, 20, 0, 0, 5]
    assert round_counts([8.0, 11.0], 0).tolist() == [8, 11]
    assert np.isnan(round_counts([np.nan])).all()
    assert round_percent([37.34, 37.35], [99, 100]).tolist() == [37, 37.4]


def test_midpoints_of_six():
    assert midpoint6([0, 1, 6, 7, 12, 13]).tolist() == [0, 3, 3, 9, 9, 15]


@pytest.mark.parametrize(
    ("sentence", "claims"),
    [
        ("Geen enkele deelnemer stopte.", ["nobody"]),
        ("Alle deelnemers in Dorp zijn eenzaam, niemand sport.", ["everybody", "nobody"]),
        ("None of the residents dropped out.", ["nobody"]),
        ("Van de 40 deelnemers sporten er 21.", []),
    ],
)
def test_sentences_about_nobody_and_everybody_are_flagged(sentence, claims):
    assert list(group_claims(sentence)["claim"]) == claims


def test_a_survival_curve_has_steps_at_months_not_at_events():
    days = [0, 3, 17, 29, 40, 41, 66, 80]
    curve = pd.DataFrame({"day": days, "survival": np.linspace(1, 0.3, 8), "at_risk": range(12, 4, -1)})
    shown = at_months(curve)
    # Months end at day 0, 30.4 and 60.9: the last events before them are days 0, 29 and 41.
    assert shown["month"].tolist() == [0, 1, 2] and shown["at_risk"].tolist() == [12, 9, 7]
    assert "day" not in shown


@pytest.mark.slow
def test_the_release_of_a_study_of_six_municipalities_takes_under_a_minute(capsys):
    people = study(np.random.default_rng(1), units=6, dims=6, people=(250, 600), levels=(3, 6))
    dims = [column for column in people if column != "unit"]
    crossings = [(dim,) for dim in dims] + list(combinations(dims, 2))[:9]
    units = [*sorted(people["unit"].unique()), "all"]
    tables = {f"{unit}/{'_'.join(own)}": crossed(people, own, unit, True) for unit in units for own in crossings}
    began = time.process_time()
    out, log = suppress(tables, profile(), time_limit=55)
    seconds = time.process_time() - began
    judged = audit(out, profile(), exact=False)
    with capsys.disabled():
        total = log[["cells_total", "cells_hidden_primary", "cells_hidden_secondary"]].sum().to_dict()
        print(f"\n{len(tables)} tables, {total}, {seconds:.0f} s of one core, {log['how'].value_counts().to_dict()}")
    assert seconds < 60 and not judged["verdict"].eq("fail").any()
