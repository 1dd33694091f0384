"""Every term that a lesson introduces stands in the glossary, and every term of the glossary in its lesson."""

import json
import re
from pathlib import Path

import pytest

from analysis.lessons import edition, glossary

ROOT = Path(__file__).parents[1]
LESSONS = edition.lessons(ROOT)
LABELS = {"Het verhaal", "Dit leer je", "Tijd", "Nodig", "Verder", "niet", *"abcdef"}
TERMS = glossary.terms()


def prose(lesson: int) -> str:
    cells = json.loads(LESSONS[lesson].read_text("utf-8"))["cells"]
    return "\n".join(edition.text(cell) for cell in cells if cell["cell_type"] == "markdown")


def bold(lesson: int) -> list[str]:
    """What stands in bold in a lesson and is no label: the terms that it introduces, in their order."""
    found = re.findall(r"\*\*([^*]+)\*\*", re.sub(r"`[^`]*`", "", prose(lesson)))
    return [one.casefold() for one in found if one not in LABELS and not one.startswith("Opdracht ")]


def plain(term: str) -> str:
    """A term without the note in brackets that tells two meanings apart."""
    return re.sub(r" \(.*\)$", "", term)


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_term_in_bold_is_explained_with_its_lesson(lesson):
    assert bold(lesson) == list(dict.fromkeys(bold(lesson))), "a term is bold once, where it is explained"
    assert set(bold(lesson)) == {plain(term).casefold() for term in TERMS.loc[TERMS["les"] == lesson, "nl"]}


def test_a_term_has_two_names_a_lesson_and_one_short_sentence():
    assert list(TERMS.columns) == glossary.COLUMNS
    assert not TERMS["nl"].duplicated().any()
    assert TERMS["les"].isin(range(1, 13)).all()
    for row in TERMS.itertuples():
        assert row.en and row.uitleg[-1] in ".?" and len(re.findall(r"[.?!](?:\s|$)", row.uitleg)) == 1, row.nl
        assert len(row.uitleg.split()) <= 20, row.nl


def test_no_explanation_leans_on_a_later_lesson():
    """A student of lesson 3 must be able to read the explanations of lesson 3."""
    for row in TERMS.itertuples():
        later = [plain(term) for term in TERMS.loc[TERMS["les"] > row.les, "nl"] if len(plain(term)) > 8]
        assert not [term for term in later if re.search(rf"\b{re.escape(term)}\b", row.uitleg)], row.nl


def test_the_page_is_made_from_the_table():
    assert (ROOT / "notebooks" / "lessons" / "begrippen.md").read_text("utf-8") == glossary.page(TERMS), (
        "run `make lessons`"
    )
