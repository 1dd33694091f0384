"""Groups side by side: letters where the test and the reader both see a difference, public figures apart from it."""

import pandas as pd
import pytest
from present_cases import long, the_study

from analysis import present
from analysis.present.reading import released

WORDS = present.words(the_study(), "en")
DIMS = ["outcome", "variable", "level"]


def means(**hidden) -> present.Released:
    """One score and one share by sex and by age class; `other` (few people) and what `hidden` names are hidden."""
    scores = {
        ("mhi5", "sex"): {"all": 61.0, "man": 59.64, "woman": 61.9, "other": 66.0},
        ("mhi5", "age_class"): {"all": 61.0, "18_64": 57.8, "65_74": 61.74, "75_plus": 61.66},
        ("volunteering", "sex"): {"all": 0.164, "man": 0.209, "woman": 0.141, "other": 0.5},
    }
    rows = [
        {"outcome": outcome, "variable": variable, "level": level, "mean": value, "n": 250,
         "hide": ("mean",) if level == "other" or hidden.get(level) == outcome else ()}
        for (outcome, variable), levels in scores.items() for level, value in levels.items()
    ]  # fmt: skip
    return released(long(rows, DIMS), {"dims": DIMS, "totals": {"level": "all"}}, name="02_participants__crossings")


def compared(*pairs: tuple[str, str, str, str, float]) -> present.Released:
    rows = [dict(zip([*DIMS, "other", "p_adjusted"], pair, strict=True)) | {"n": 100} for pair in pairs]
    return released(long(rows, [*DIMS, "other"]), {"dims": [*DIMS, "other"]}, name="tests")


DIFFER = compared(
    ("mhi5", "sex", "man", "woman", 0.03), ("mhi5", "age_class", "18_64", "65_74", 0.01),
    ("mhi5", "age_class", "65_74", "75_plus", 0.01), ("volunteering", "sex", "man", "woman", 0.05),
)  # fmt: skip


def line(crossing: present.Crossing, at: int = 0) -> dict[str, str]:
    found = present.crossing_grid(crossing, WORDS)
    return dict(zip(found.heads, (cell.marked for cell in found.lines[at][1]), strict=True))


def test_letters_name_the_columns_that_differ():
    """65-74 and 75+ differ by the test, but a reader sees 61.7 twice: no letter."""
    assert line(present.Crossing(means(), DIFFER)) == {
        "Total": "61.0", "Sex: Man (a)": "59.6 b", "Sex: Woman (b)": "61.9 a", "Age class: 18-64 years (a)": "57.8 b",
        "Age class: 65-74 years (b)": "61.7 a", "Age class: 75 years and over (c)": "61.7",
    }  # fmt: skip


def test_just_the_level_of_the_plan_is_not_below_it():
    assert line(present.Crossing(means(), DIFFER), 1)["Sex: Man (a)"] == "20.9%"


def test_without_tests_there_is_no_letter_and_no_word_of_them():
    crossing = present.Crossing(means())
    found = present.crossing_grid(crossing, WORDS)
    assert not [cell for _, cells in found.lines for cell in cells if cell.mark]
    assert not [note for note in present.crossing_notes(crossing, WORDS, found) if "Welch" in note]


def test_a_hidden_mean_has_no_letter_and_an_unseen_group_no_column():
    crossing = present.Crossing(means(woman="mhi5"), DIFFER)
    found = line(crossing)
    assert (found["Sex: Man (a)"], found["Sex: Woman (b)"]) == ("59.6", "*")
    assert not [head for head in found if "Other" in head]
    grid = present.crossing_grid(crossing, WORDS)
    assert "Not shown (hidden or not estimable): Sex: Other." in present.crossing_notes(crossing, WORDS, grid)
    assert present.people_grid(crossing, WORDS).lines[0][1][2].text == "*"


AREAS = [
    ("nederland", "2020", 28.4),
    ("nederland", "2016", 99.0),
    ("kampen", "2020", 31.6),
    ("hardenberg", "2020", 40.0),
]
FIGURES = ["indicator", "population", "area", "year", "table_id"]
PUBLIC = released(
    pd.DataFrame(
        [("volunteer", "65_plus", area, year, "T", "value", value, "shown") for area, year, value in AREAS],
        columns=[*FIGURES, "measure", "value", "status"],
    ),
    {"dims": FIGURES},
)


@pytest.mark.parametrize(("unit", "columns"), [("kampen", ["32%", "28%"]), ("all", ["28%"])])
def test_public_figures_stand_beside_the_same_share_only(unit, columns):
    """The unit's own area and the country, the latest year; nothing beside a score; never a letter."""
    crossing = present.Crossing(means(), DIFFER, PUBLIC, unit)
    share, score = line(crossing, 1), line(crossing)
    public = [head for head in share if head.startswith("Public figure")]
    assert [share[head] for head in public] == columns and {score[head] for head in public} == {"-"}
    grid = present.crossing_grid(crossing, WORDS)
    assert any("not tested" in note for note in present.crossing_notes(crossing, WORDS, grid))
