"""Every worked score of the sources (questionnaire manuals, syntax, value sets), by hand in `instrument_vectors.csv`.

A row gives the answers in the order of the items (`.` is missing) and the expected columns without the instrument's
prefix (`total` is the score itself). Sections are those of the review of scoring rules that the definitions follow.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.instruments import instruments, load, score

VECTORS = pd.read_csv(Path(__file__).with_name("instrument_vectors.csv"), dtype=str, keep_default_na=False)
DIMENSIONS = ["mobility", "self_care", "usual_activities", "pain_discomfort", "anxiety_depression"]


def answers_of(instrument: str, answers: str) -> pd.DataFrame:
    values = [np.nan if answer == "." else float(answer) for answer in answers.split()]
    return pd.DataFrame([values], columns=load(instrument).items)


@pytest.mark.parametrize("vector", list(VECTORS.itertuples()), ids=lambda v: f"{v.instrument}-{v.answers}")
def test_worked_score(vector):
    answers = answers_of(vector.instrument, vector.answers)
    scored = score(vector.instrument, answers, convention=vector.convention or None)
    for expectation in vector.expected.split():
        name, expected = expectation.split("=")
        found = scored[vector.instrument if name == "total" else f"{vector.instrument}_{name}"].iloc[0]
        if expected == ".":
            assert pd.isna(found), name
        elif name.endswith("class"):
            assert found == expected, name
        else:
            assert found == pytest.approx(float(expected), abs=1e-7), name


def test_every_instrument_has_worked_scores():
    assert set(VECTORS["instrument"]) == set(instruments())


def all_states(levels: int) -> pd.DataFrame:
    return pd.DataFrame(list(product(range(1, levels + 1), repeat=5)), columns=DIMENSIONS)


def test_dutch_five_level_values_of_all_states():
    values = score("eq5d5l_nl", all_states(5))["eq5d5l_nl"]
    assert len(values) == 3125
    assert (values < 0).sum() == 484
    assert values.nlargest(2).tolist() == [1.0, 0.918]
    assert values.min() == -0.446


def test_minimal_important_difference_of_eq5d5l_is_the_mean_over_one_level_transitions():
    states = all_states(5)
    values = score("eq5d5l_nl", states).set_index(pd.MultiIndex.from_frame(states))["eq5d5l_nl"]
    steps, three_to_four = [], []
    for dimension in range(5):
        for state in states.itertuples(index=False):
            if state[dimension] < 5:
                worse = [level + (place == dimension) for place, level in enumerate(state)]
                steps.append(abs(values[tuple(state)] - values[tuple(worse)]))
                three_to_four.append(state[dimension] == 3)
    steps, three_to_four = np.array(steps), np.array(three_to_four)
    assert len(steps) == 12500
    assert round(steps.mean(), 3) == 0.070 and round(steps.std(ddof=1), 3) == 0.065
    assert round(steps[~three_to_four].mean(), 3) == 0.040
    assert load("eq5d5l_nl").mid == 0.07


def test_answers_of_four_respondents_to_one_statement_of_the_partnership_checklist():
    answers = pd.DataFrame(np.nan, index=range(4), columns=load("partnership_checklist").items)
    answers["partnership_checklist_7"] = [1, 3, 4, 5]
    scored = score("partnership_checklist", answers)
    assert scored["partnership_checklist"].mean() == 3.25
    assert scored["partnership_checklist_positive"].mean() == 50
