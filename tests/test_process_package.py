"""The public names of the process measures, and what every one of them does alike."""

import inspect
import subprocess
import sys

import pandas as pd
import pytest

from analysis import process
from analysis.process.clock import day, days, known_by
from analysis.process.shares import share, wilson
from analysis.process.tables import by_level, flag, levels_of

NAMES = [
    "referral_funnel",
    "time_to_step",
    "referrer_mix",
    "dose",
    "stop_reasons",
    "reach",
    "representativeness",
    "reaim",
    "fidelity",
    "adaptations",
    "network",
    "network_change",
    "sociogram",
    "meetings",
    "checklist",
    "action_points",
    "learning_loop",
    "new_since",
    "previous_meeting",
    "volunteers",
    "factors",
    "saturation",
    "agreement",
    "cost_per_step",
    "discount",
    "icer",
    "net_benefit",
    "acceptability_curve",
    "qaly",
    "action_plans",
    "embedding",
    "collaboration",
    "adoption",
    "involvement",
    "experience",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_is_a_documented_function_however_often_it_is_asked_for(name):
    """A module called like its function would take its place after the first import."""
    for _ in range(2):
        measure = getattr(process, name)
        assert inspect.isfunction(measure) and len(inspect.getdoc(measure)) > 100


def test_the_package_has_these_names_and_no_others():
    assert sorted(NAMES) == sorted(process.__all__)


def test_importing_every_module_loads_no_heavy_library():
    code = (
        "import sys; from analysis import process\n"
        "for name in process.__all__: getattr(process, name)\n"
        "print([m for m in ('statsmodels', 'networkx', 'krippendorff', 'matplotlib') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_yes_and_no_in_all_their_spellings():
    assert flag(pd.Series(["yes", "no", None, "Yes"])).tolist()[:2] == [1, 0]
    assert flag(pd.Series([True, False])).tolist() == flag(pd.Series([1.0, 0.0])).tolist() == [1, 0]
    assert flag(pd.Series(["yes", None])).isna().tolist() == [False, True]
    with pytest.raises(ValueError, match="held: found maybe, expected yes or no"):
        flag(pd.Series(["maybe", "yes"], name="held"))


def test_moments_are_days_or_dates_never_text():
    dates = pd.Series(pd.to_datetime(["2020-01-02", None]), name="date")
    assert days(dates)[0] == day("2020-01-02", dates) == 18263
    assert len(known_by(dates.to_frame(), "date", "2020-01-02")) == 1
    with pytest.raises(TypeError, match="date: found str, expected dates"):
        days(pd.Series(["2020-01-02"], name="date"))


def test_levels_are_those_found_those_asked_for_and_unknown_last():
    data = pd.DataFrame({"unit": ["b", None, "a"]})
    assert levels_of(data, "unit") == ["a", "b", "unknown"]
    assert levels_of(data, "unit", ["c", "b"]) == ["c", "b", "a", "unknown"]
    kinds = data.assign(unit=pd.Categorical(data["unit"], ["z", "b", "a"]))
    assert [(level, len(rows)) for level, rows in by_level(kinds, "unit")] == [
        ("z", 0),
        ("b", 1),
        ("a", 1),
        ("unknown", 1),
    ]
    assert [(level, len(rows)) for level, rows in by_level(data, None)] == [("all", 3)]


def test_no_share_travels_without_its_counts():
    """Wilson (1927) for 0 of 10: upper limit z^2 / (n + z^2)."""
    assert share(3, 6, "")["n"] == 3 and share(3, 6, "")["denominator"] == 6 and share(3, 6, "")["percent"] == 50
    z2 = 1.959963984540054**2
    assert wilson(0, 10).iloc[0].tolist() == pytest.approx([0, 0, 100 * z2 / (10 + z2)])
    assert share(0, 0, "nobody came")["note"] == "not estimable, because nobody came"
