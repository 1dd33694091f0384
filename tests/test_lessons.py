"""Every lesson fails untouched, passes with its solutions, and answers a wrong try with a hint and never the answer."""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.lessons import answers, checking, edition, exercises, playing

ROOT = Path(__file__).parents[1]
LESSONS = edition.lessons(ROOT)
every = pytest.mark.parametrize("lesson", LESSONS, ids=lambda number: f"{number:02d}")


@cache
def notebook(lesson: int) -> dict:
    return json.loads(LESSONS[lesson].read_text("utf-8"))


@cache
def played(lesson: int) -> list[playing.Played]:
    return playing.play(LESSONS[lesson])


def cells(lesson: int, kind: str) -> list[dict]:
    return [cell for cell in notebook(lesson)["cells"] if cell["cell_type"] == kind]


def prose(lesson: int) -> str:
    return "\n".join(edition.text(cell) for cell in cells(lesson, "markdown"))


def code_lines(cell: dict) -> int:
    return len([line for line in edition.text(cell).splitlines() if line.strip()])


def wrong(kind: str, right: object) -> object:
    """An answer of the right kind that is not right."""
    if kind == "column":
        return [str(value) + "?" if isinstance(value, str) else 0 for value in right] + [0]
    given = {"word": "iets anders", "set": {"iets anders"}, "choice": "a" if str(right).lower() != "a" else "b"}
    return given[kind] if kind in given else float(right) * 3 + 1000


def betrays(text: str, kind: str, right: object, tolerance: float) -> bool:
    """Whether a text says the answer."""
    if kind == "number":
        told = [float(found.replace(",", ".")) for found in re.findall(r"\d+(?:[.,]\d+)?", text)]
        return any(abs(number - float(right)) <= tolerance + 1e-9 for number in told)
    if kind == "choice":
        return bool(re.search(r"(?<![\w'])[a-d](?![\w'])", text))
    words = {right} if isinstance(right, str) else {one for one in right if isinstance(one, str)}
    return bool(words) and all(word.lower() in text.lower() for word in words)


# --- what the issue promises, for every lesson ------------------------------------------------------------------------


@every
def test_untouched_student_edition_runs_and_every_check_says_not_done(lesson):
    found = played(lesson)
    assert [one.id for one in found] == list(exercises.exercises(lesson))
    assert {one.untouched.status for one in found} == {checking.OPEN}


@every
def test_solutions_pass(lesson, capsys):
    checking.start_again()
    for one in played(lesson):
        verdict = checking.check(one.id, one.answer)
        assert verdict.status == checking.RIGHT, verdict.text
        assert "Goed: " in capsys.readouterr().out


@every
def test_wrong_gives_no_hint_then_a_hint_and_never_the_answer(lesson, capsys):
    checking.start_again()
    for one in played(lesson):
        asked = exercises.exercise(one.id)
        bad = wrong(asked.kind, one.answer)
        first, second = checking.check(one.id, bad), checking.check(one.id, bad)
        assert (first.status, second.status) == (checking.WRONG, checking.HINTED)
        assert asked.hint not in first.text and asked.hint in second.text
        said = capsys.readouterr().out.replace(f"Opdracht {one.id}", "")
        assert not betrays(said, asked.kind, one.answer, asked.tolerance), said


@every
def test_digests_are_those_of_the_solutions(lesson):
    marks = {
        one.id: answers.marks(asked.kind, one.answer, tolerance=asked.tolerance, options=asked.options)
        for one in played(lesson)
        for asked in [exercises.exercise(one.id)]
    }
    assert exercises.digest_file(lesson).read_text("utf-8") == exercises.as_csv(marks), "run `make lessons`"


@every
def test_no_answer_can_be_read(lesson):
    """Not in the student edition's cells, not in the feedback that a student may open."""
    student = edition.student_edition(notebook(lesson))
    assert not any(cell.get("outputs") or "solution" in edition.tags(cell) for cell in student["cells"])
    for one, question in zip(played(lesson), edition.questions(notebook(lesson)), strict=True):
        emptied = edition.text(student["cells"][question.solution])
        assert emptied == f"# vul hier je antwoord in\n{question.answer} = ..."
        asked = exercises.exercise(one.id)
        assert not betrays(asked.right, asked.kind, one.answer, asked.tolerance), asked.right


# --- what makes it a lesson -------------------------------------------------------------------------------------------


@every
def test_three_to_five_exercises_and_one_on_what_does_not_follow(lesson):
    found = exercises.exercises(lesson)
    assert 3 <= len(found) <= 5
    assert any(one.not_justified and one.kind == "choice" for one in found.values())
    assert any(one.kind != "choice" for one in found.values())
    for question in edition.questions(notebook(lesson)):
        asked = edition.text(notebook(lesson)["cells"][question.solution - 1])
        assert asked.startswith(f"**Opdracht {question.id}.** ")
        if found[question.id].kind == "choice":
            assert re.findall(r"^- \*\*(\w)\*\* ", asked, re.MULTILINE) == list(found[question.id].options)
        if found[question.id].not_justified:
            assert "**niet**" in asked


@every
def test_an_answer_is_used_by_its_check_only(lesson):
    allowed = {at for question in edition.questions(notebook(lesson)) for at in (question.solution, question.check)}
    for at, cell in enumerate(notebook(lesson)["cells"]):
        if cell["cell_type"] == "code" and at not in allowed:
            assert not re.search(r"\bantwoord_", edition.text(cell))


@every
def test_ten_words_of_prose_per_line_of_code(lesson):
    words = len(re.findall(r"\w+", prose(lesson)))
    assert words >= 10 * sum(map(code_lines, cells(lesson, "code")))


@every
def test_cells_are_small_and_between_sentences(lesson):
    own = [cell for cell in cells(lesson, "code") if not {"solution", "exercise"} & set(edition.tags(cell))]
    lengths = sorted(map(code_lines, own))
    assert 2 <= np.median(lengths) <= 3 and lengths[-1] <= 10
    kinds = "".join("m" if cell["cell_type"] == "markdown" else "c" for cell in notebook(lesson)["cells"])
    assert kinds[0] == kinds[-1] == "m"
    for run in re.finditer("c{2,}", kinds):
        between = notebook(lesson)["cells"][run.start() : run.end()]
        assert all({"solution", "exercise"} & set(edition.tags(cell)) for cell in between), "no sentence between"


@every
def test_it_has_a_picture(lesson):
    outputs = [output for cell in cells(lesson, "code") for output in cell["outputs"]]
    assert any("image/png" in output.get("data", {}) for output in outputs)


@every
def test_opens_with_story_goals_and_time_and_ends_with_summary_and_way_on(lesson):
    first, last = (edition.text(notebook(lesson)["cells"][at]) for at in (0, -1))
    assert first.startswith(f"# Les {lesson}. ")
    for word in ("**Het verhaal**", "**Dit leer je**", "**Tijd**"):
        assert word in first
    assert 45 <= int(re.search(r"\*\*Tijd\*\* (\d+) minuten", first)[1]) <= 60
    assert last.startswith("## Wat heb je geleerd?") and "**Verder**" in last


@every
def test_links_lead_somewhere_in_both_editions(lesson):
    student = "\n".join(edition.text(cell) for cell in edition.student_edition(notebook(lesson))["cells"])
    for text, folder in ((prose(lesson), LESSONS[lesson].parent), (student, ROOT / "lessons")):
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if target.startswith("http"):
                continue
            path = (folder / target).resolve()
            home = LESSONS[lesson].parent / path.name if path.parent == ROOT / "lessons" else path
            assert home.exists() or re.match(r"\d\d_", path.name) and int(path.name[:2]) not in LESSONS, target


@every
def test_no_result_is_typed_in_prose(lesson):
    """A number of two digits or more that a cell shows and no cell was given is a result: then a cell must say it."""
    number = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w])")
    given, shown = set(), set()
    for cell in cells(lesson, "code"):
        given |= set(number.findall(edition.text(cell)))
        for output in cell["outputs"]:
            shown |= set(number.findall(json.dumps([output.get("data", {}).get("text/markdown"), output.get("text")])))
    for cell in cells(lesson, "markdown")[1:]:
        text = re.sub(r"`[^`]*`|\]\([^)]*\)|Opdracht \d+\.\d+|95 ?%", "", edition.text(cell))
        assert not re.search(r"\d+,\d+|\d\.\d|\d ?%", text), text
        assert not {one for one in number.findall(text) if len(one) > 1} & (shown - given), text


def test_the_index_names_every_lesson():
    index = (ROOT / "notebooks" / "lessons" / "README.md").read_text("utf-8")
    assert [path.name for path in LESSONS.values() if f"({path.name})" not in index] == []


# --- check ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch):
    """An exercise of a kind with a given right answer, instead of those of the lessons."""

    def make(kind: str, right: object, tolerance: float = 0.0):
        parts = answers.marks(kind, right, tolerance=tolerance)
        stored = tuple(answers.digest("9.1", part, one[0]) for part, one in enumerate(parts))
        made = exercises.Exercise("9.1", kind, "zo is het.", "kijk nog eens.", tolerance, digests=stored)
        monkeypatch.setattr(checking, "exercise", lambda id: made)
        checking.start_again()

    return make


def status(answer: object) -> str:
    return checking.check("9.1", answer).status


@pytest.mark.parametrize("right", [7.4, -3.26, 0.0, 1000.0])
def test_a_number_within_the_tolerance_is_right_and_beyond_twice_is_wrong(asked, right):
    asked("number", right, 0.1)
    for off in (-0.1, -0.05, 0.0, 0.05, 0.0999):
        assert status(right + off) == checking.RIGHT
    for off in (-0.21, 0.21, 5):
        assert status(right + off) in (checking.WRONG, checking.HINTED)


def test_forms_of_one_number(asked):
    asked("number", 7.4, 0.1)
    for answer in (7.4, "7,4", "7.4", np.float64(7.4), pd.Series([7.4]), pd.DataFrame({"x": [7.4]}), np.array([7.4])):
        assert status(answer) == checking.RIGHT


def test_without_tolerance_a_count_is_exact(asked):
    asked("number", 142)
    assert [status(n) for n in (142, 142.0, np.int64(142))] == [checking.RIGHT] * 3
    assert status(143) == checking.WRONG


@pytest.mark.parametrize("answer", [..., None, "", "...", "  "])
@pytest.mark.parametrize(
    "kind, right", [("number", 1), ("choice", "b"), ("set", {"x"}), ("column", [1, 2]), ("word", "x")]
)
def test_open_is_not_a_try(asked, kind, right, answer):
    asked(kind, right)
    assert [status(answer), status(answer), status(answer)] == [checking.OPEN] * 3


@pytest.mark.parametrize(
    "kind, right, answer",
    [
        ("number", 7.4, (7, 4)),
        ("number", 7.4, "zeven"),
        ("number", 7.4, True),
        ("number", 7.4, float("nan")),
        ("number", 7.4, pd.Series([1.0, 2.0])),
        ("number", 7.4, pd.NA),
        ("number", 7.4, []),
        ("choice", "b", "e"),
        ("choice", "b", 2),
        ("choice", "b", "ab"),
        ("word", "x", 3),
        ("set", {"x"}, 3),
        ("set", {"x"}, {"x": 1}),
        ("column", [1, 2], pd.DataFrame({"x": [1], "y": [2]})),
        ("column", [1, 2], 3),
        ("column", [1, 2], len),
    ],
)
def test_another_kind_of_answer_is_explained_and_not_a_try(asked, kind, right, answer):
    asked(kind, right)
    first, second = checking.check("9.1", answer), checking.check("9.1", answer)
    assert first.status == second.status == checking.UNREADABLE
    assert "Ik verwacht" in first.text or "leeg" in first.text


def test_choice_word_and_set_read_generously(asked):
    asked("choice", "b")
    assert [status(answer) for answer in ("b", "B", " b) ")] == [checking.RIGHT] * 3
    asked("word", "Oost Gelre")
    assert status(" oost  gelre") == checking.RIGHT
    asked("set", {"Kampen", "Oost Gelre"})
    for answer in (["oost gelre", "kampen"], "Kampen, Oost Gelre", pd.Index(["Kampen", "Oost Gelre", "Kampen"])):
        assert status(answer) == checking.RIGHT
    assert status({"Kampen"}) == checking.WRONG


def test_a_column_is_compared_by_length_values_and_missing_ones(asked):
    right = pd.Series([1.0, np.nan, 3.0, 4.0])
    asked("column", right, 0.1)
    assert status(right + 0.05) == checking.RIGHT and status([1.0, None, 3.0, 4.0]) == checking.RIGHT
    for answer in (right.fillna(0), right.iloc[:3], right[::-1], right + 1):
        assert status(answer) in (checking.WRONG, checking.HINTED)


def test_a_long_column_is_compared_by_its_mean_too(asked):
    right = pd.Series(np.arange(500.0))
    asked("column", right, 0.1)
    changed = right.copy()
    changed[1:21] = 0  # between the places that are compared one by one
    assert status(right) == checking.RIGHT and status(changed) == checking.WRONG


def test_equal_answers_of_two_exercises_look_different():
    assert answers.digest("1.1", 0, "b") != answers.digest("1.2", 0, "b") != answers.digest("1.2", 1, "b")


def test_an_unknown_exercise_is_an_error_of_the_lesson():
    with pytest.raises(ValueError, match="99.1"):
        checking.check("99.1", 1)


def test_a_verdict_is_printed_once(asked, capsys):
    asked("number", 1)
    assert checking.check("9.1", 1)._ipython_display_() is None
    assert capsys.readouterr().out == "Opdracht 9.1. Goed: zo is het.\n"


# --- the student edition ----------------------------------------------------------------------------------------------


def test_work_of_a_student_is_kept_unless_asked(tmp_path):
    folder = tmp_path / "notebooks" / "lessons"
    folder.mkdir(parents=True)
    number, path = next(iter(LESSONS.items()))
    (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
    assert {done for _, done in edition.write_editions(tmp_path)} == {"written"}
    assert {done for _, done in edition.write_editions(tmp_path)} == {"same"}
    mine = tmp_path / "lessons" / path.name
    mine.write_text(mine.read_text("utf-8").replace("antwoord_1 = ...", "antwoord_1 = 78"), "utf-8")
    assert dict(edition.write_editions(tmp_path))[mine] == "kept" and "antwoord_1 = 78" in mine.read_text("utf-8")
    assert dict(edition.write_editions(tmp_path, fresh=True))[mine] == "written"
    assert "antwoord_1 = ..." in mine.read_text("utf-8")


def test_a_solution_without_a_check_is_refused():
    lone = {"cells": [{"cell_type": "code", "id": "x", "metadata": {"tags": ["solution"]}, "source": "antwoord_1 = 1"}]}
    with pytest.raises(ValueError, match="check"):
        edition.questions(lone)
    with pytest.raises(ValueError, match="antwoord_"):
        edition.answer_names("x = 1")


def test_a_cell_that_needs_a_solution_is_found(tmp_path):
    """A later cell that uses what only a solution makes would fail for a student: playing says which."""
    broken = json.loads(json.dumps(notebook(min(LESSONS))))
    at = edition.questions(broken)[0]
    solution = broken["cells"][at.solution]
    solution["source"] = edition.text(solution) + "\nextra = 1"
    broken["cells"].append({"cell_type": "code", "id": "late", "metadata": {}, "source": "extra + 1"})
    path = tmp_path / "01_x.ipynb"
    path.write_text(json.dumps(broken), "utf-8")
    with pytest.raises(playing.LessonError, match="cell late: NameError"):
        playing.play(path)
