"""A lesson played in this process, as a student meets it, with each solution tried beside it."""

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.lessons.answers import Marks, marks
from analysis.lessons.checking import Verdict, check, start_again
from analysis.lessons.edition import lessons, questions, student_edition, text
from analysis.lessons.exercises import as_csv, digest_file, exercises


class LessonError(Exception):
    """A cell of a lesson failed: which lesson, which cell, with what error."""


@dataclass(frozen=True)
class Played:
    """One exercise of a played lesson: what the untouched edition heard, and the solution's answer."""

    id: str
    untouched: Verdict
    answer: object


def play(path: Path) -> list[Played]:
    """Run the student edition of a lesson in this process, without a screen, and each solution in a copy of its names.

    So nothing that a solution makes can reach a later cell: what runs here runs for a student who skips every exercise.
    Raises `LessonError` naming the cell that failed.
    """
    full = json.loads(path.read_text("utf-8"))
    asked = {question.solution: question for question in questions(full)}
    names, found = {"__name__": "__main__"}, []
    with _quiet():
        start_again()
        for at, cell in enumerate(student_edition(full)["cells"]):
            if cell["cell_type"] != "code":
                continue
            _run(path, cell, names)
            if at in asked:
                beside = dict(names)
                _run(path, full["cells"][at], beside)
                question = asked[at]
                found.append(Played(question.id, check(question.id, names[question.answer]), beside[question.answer]))
    return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Figures are drawn for no screen and closed, what is printed goes nowhere."""
    import matplotlib.pyplot as plt

    before = plt.get_backend()
    plt.switch_backend("agg")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        plt.close("all")
        plt.switch_backend(before)


def _run(path: Path, cell: dict, names: dict) -> None:
    try:
        exec(compile(text(cell), f"{path.stem}:{cell['id']}", "exec"), names)
    except Exception as error:
        raise LessonError(f"{path.stem}, cell {cell['id']}: {type(error).__name__}: {error}") from error


def right_answers(path: Path, lesson: int) -> dict[str, Marks]:
    """The marks of the solutions of a lesson, by exercise."""
    known, found = exercises(lesson), {}
    for played in play(path):
        asked = known[played.id]
        found[played.id] = marks(asked.kind, played.answer, tolerance=asked.tolerance, options=asked.options)
    return found


def refresh(root: Path) -> Iterator[tuple[Path, bool]]:
    """Derive the digests of every lesson from its solutions; yields each file and whether it changed."""
    for lesson, path in lessons(root).items():
        file, content = digest_file(lesson), as_csv(right_answers(path, lesson))
        changed = not file.exists() or file.read_text("utf-8") != content
        if changed:
            file.write_text(content, "utf-8")
            exercises.cache_clear()
        yield file, changed
