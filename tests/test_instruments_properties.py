"""What holds for any answers to any questionnaire: range, direction, missing-item rule, order, and kind of column."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.instruments import Coded, instruments, load, score

EVERY = pytest.mark.parametrize("name", instruments())
FEW = settings(max_examples=10, deadline=None)


def values_of(item) -> list[float]:
    """One answer per position, in order of meaning."""
    return list(item.answers.codes) if isinstance(item.answers, Coded) else [0.0, *item.answers.bounds]


@st.composite
def answered(draw, name: str, *, missing: bool, rows: int = 4) -> pd.DataFrame:
    questions = load(name).questions
    entries = {item.column: st.sampled_from(values_of(item) + [np.nan] * missing) for item in questions}
    people = draw(st.lists(st.fixed_dictionaries(entries), min_size=1, max_size=rows))
    return pd.DataFrame(people, columns=load(name).items, dtype=float)


@EVERY
@FEW
@given(data=st.data())
def test_scores_stay_in_their_range_and_complete_answers_have_one(name, data):
    scored = score(name, data.draw(answered(name, missing=False)))
    for scale in load(name).scales:
        assert scored[scale.column].between(*scale.range).all()
    assert (scored[f"{name}_missing"] == 0).all()


@EVERY
def test_both_ends_of_the_range_are_reached(name):
    for scale in load(name).scales:
        items = {item.column: item for item in load(name).questions}
        best_and_worst = {
            column: [values_of(items[column])[np.argmin(points)], values_of(items[column])[np.argmax(points)]]
            for column, points in zip(scale.items, scale.points, strict=True)
        }
        answers = pd.DataFrame({column: best_and_worst.get(column, [np.nan, np.nan]) for column in load(name).items})
        assert score(name, answers)[scale.column].tolist() == pytest.approx(list(scale.range))


@EVERY
@FEW
@given(data=st.data())
def test_a_later_answer_moves_the_score_only_in_the_direction_of_its_polarity(name, data):
    definition = load(name)
    before = data.draw(answered(name, missing=False, rows=1))
    place = data.draw(st.integers(0, len(definition.questions) - 1))
    item = definition.questions[place]
    places = st.integers(0, item.answers.n_positions - 1)
    low, high = sorted([data.draw(places), data.draw(places)])
    scale = next(scale for scale in definition.scales if item.column in scale.items)
    values = [
        score(name, before.assign(**{item.column: values_of(item)[position]}))[scale.column].iloc[0]
        for position in (low, high)
    ]
    assert (values[1] - values[0]) * item.polarity >= 0


@EVERY
def test_polarity_is_not_idle(name):
    for item in load(name).questions:
        scale = next(scale for scale in load(name).scales if item.column in scale.items)
        points = scale.points[scale.items.index(item.column)]
        assert (points[-1] - points[0]) * item.polarity > 0, item.column


@EVERY
@FEW
@given(data=st.data())
def test_a_score_is_missing_exactly_when_its_rule_says_so(name, data):
    answers = data.draw(answered(name, missing=True))
    scored = score(name, answers)
    assert scored[f"{name}_missing"].tolist() == answers.isna().sum(axis=1).tolist()
    for scale in load(name).scales:
        too_many = answers[list(scale.items)].isna().sum(axis=1) > scale.max_missing
        found = scored[scale.column]
        if scale.formula == "all":  # one part that fails decides
            failed = (answers.iloc[:, 0] < 150) | (answers.iloc[:, 1] < 2)
            assert (found.isna() == (answers.isna().any(axis=1) & ~failed)).all()
        else:
            assert (found.isna() == too_many).all()


@EVERY
@FEW
@given(data=st.data())
def test_order_of_rows_and_columns_and_further_columns_do_not_matter(name, data):
    answers = data.draw(answered(name, missing=True))
    people = data.draw(st.permutations(list(answers.index)))
    columns = data.draw(st.permutations(list(answers.columns)))
    shuffled = score(name, answers.loc[people, columns].assign(remark="none"))
    pd.testing.assert_frame_equal(shuffled, score(name, answers).loc[people])


def as_labels(name: str, answers: pd.DataFrame, language: str) -> pd.DataFrame:
    shown = answers.astype(object)
    for item in load(name).questions:
        if isinstance(item.answers, Coded) and item.answers.labels:
            texts = {code: text[language] for code, text in item.answers.labels.items()}
            shown[item.column] = answers[item.column].map(texts).astype(object)
    return shown


@EVERY
@FEW
@given(data=st.data())
def test_integers_floats_texts_labels_and_categories_give_the_same_score(name, data):
    answers = data.draw(answered(name, missing=True))
    expected = score(name, answers)
    whole = answers.astype("Int64")
    as_text = whole.astype("string").astype(object).where(answers.notna(), None)
    forms = {
        "Int64": whole,
        "text": as_text,
        "str": as_text.astype("str"),
        "decimal text": answers.astype(str).where(answers.notna(), " "),
        "Dutch labels": as_labels(name, answers, "nl"),
        "English labels": as_labels(name, answers, "en"),
        "shouted labels": as_labels(name, answers, "nl").map(lambda x: x.upper() if isinstance(x, str) else x),
        "categories": as_labels(name, answers, "nl").astype("category"),
    }
    for kind, form in forms.items():
        pd.testing.assert_frame_equal(score(name, form), expected, obj=kind)
    if answers.notna().all(axis=None):
        pd.testing.assert_frame_equal(score(name, answers.astype("int16")), expected)


@EVERY
def test_answers_are_not_changed_and_the_index_is_kept(name):
    first = {item.column: values_of(item)[0] for item in load(name).questions}
    answers = pd.DataFrame([first] * 3, index=["b", "a", "a"])
    copy = answers.copy(deep=True)
    scored = score(name, answers)
    pd.testing.assert_frame_equal(answers, copy)
    assert scored.index.tolist() == ["b", "a", "a"]
    assert len(score(name, answers.iloc[:0])) == 0
