"""The intervals of 03_change, laid beside the truth that made the synthetic study; no analysis reads that truth."""

import pandas as pd
import pytest
import yaml

from analysis import planned, prepare, present, store

STUDY = "samen_in_beweging"


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    found = yaml.safe_load((store.study_folder(STUDY) / "truth.yaml").read_text("utf-8"))
    rows = found["rows"] if isinstance(found, dict) else found
    return pd.DataFrame(rows)


@pytest.fixture
def people(project):
    study = store.study(STUDY)
    tables = prepare.prepare(study).tables
    return study, planned.population(study, tables["measures"], tables["persons"])


def covered(estimates: pd.DataFrame, truth: pd.DataFrame) -> pd.Series:
    rows = estimates.assign(wave=estimates["contrast"].str.split(" - ").str[0])
    both = rows.merge(truth[["outcome", "unit", "wave", "change"]], on=["outcome", "unit", "wave"])
    assert len(both) == len(rows)
    return (both["lower"] <= both["change"]) & (both["change"] <= both["upper"])


def test_intervals_hold_the_true_change(people, truth):
    """Outcome x wave of all together, and of every municipality: 85-100 % of the intervals hold the true change."""
    study, measures = people
    estimates = planned.by_unit(study, measures)
    share = covered(estimates, truth)
    assert 0.85 <= share[(estimates["unit"] == "all").to_numpy()].mean() <= 1
    assert 0.85 <= share.mean() <= 1


def test_a_shifted_truth_is_not_held(people, truth):
    """The same comparison fails when the truth is moved by one standard deviation of the score: it can fail."""
    study, measures = people
    moved = truth.assign(change=truth["change"] + truth["sd_start"])
    estimates = planned.by_unit(study, measures)
    assert covered(estimates, moved).mean() < 0.2


def test_the_notebook_says_what_cannot_be_separated(project):
    """The text is computed from the design: a comparison does not get the sentences of a change without one."""
    texts = {}
    for name in (STUDY, "help"):
        words = present.words(store.study(name), "en")
        texts[name] = " ".join(str(sentence) for sentence in present.limits(words))
    for part in ("regression to the mean", "whole country", "stop often differ"):
        assert part in texts[STUDY] and part not in texts["help"]


def test_no_analysis_reads_the_truth():
    package = store.root() / "src" / "analysis"
    readers = [path for path in package.rglob("*.py") if "truth.yaml" in path.read_text("utf-8")]
    assert all("synthetic" in path.parts or path.name in ("lessons.py",) for path in readers)
