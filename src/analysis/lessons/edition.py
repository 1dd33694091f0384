"""The student edition of a lesson: the same notebook with every solution emptied and no outputs."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

SOLUTION, EXERCISE = "solution", "exercise"
EMPTY = "# vul hier je antwoord in\n{names}"


@dataclass(frozen=True)
class Question:
    """An exercise as it stands in a notebook: its id, where its solution and its check are, and what is checked."""

    id: str
    solution: int
    check: int
    answer: str


def lessons(root: Path) -> dict[int, Path]:
    """The lessons of the repository at `root`, by number."""
    found = sorted((root / "notebooks" / "lessons").glob("[0-9][0-9]_*.ipynb"))
    return {int(path.name[:2]): path for path in found}


def questions(notebook: dict) -> list[Question]:
    """The exercises of a lesson, in order. Raises ValueError for a solution that no check follows."""
    found = []
    for at, cell in enumerate(notebook["cells"]):
        if SOLUTION in tags(cell):
            after = notebook["cells"][at + 1] if at + 1 < len(notebook["cells"]) else {}
            match = re.fullmatch(r'check\("(\d+\.\d+)", (\w+)\)', text(after).strip())
            if not match or EXERCISE not in tags(after):
                rule = 'after a solution stands a cell tagged exercise with check("1.2", antwoord_2)'
                raise ValueError(f"cell {cell['id']}: {rule}")
            found.append(Question(match[1], at, at + 1, match[2]))
    return found


def student_edition(notebook: dict) -> dict:
    """The notebook without solutions, outputs and counts; links to other notebooks fit the folder lessons/."""
    new = json.loads(json.dumps(notebook))
    for cell in new["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = text(cell).replace("](../", "](../notebooks/")
            continue
        cell["execution_count"], cell["outputs"] = None, []
        if SOLUTION in tags(cell):
            cell["source"] = EMPTY.format(names="\n".join(f"{name} = ..." for name in answer_names(text(cell))))
            cell["metadata"]["tags"] = [EXERCISE]
    return new


def answer_names(solution: str) -> list[str]:
    """The names `antwoord_...` that a solution assigns. Raises ValueError when it assigns none."""
    assigned = [node for node in ast.parse(solution).body if isinstance(node, ast.Assign)]
    names = [target.id for node in assigned for target in node.targets if isinstance(target, ast.Name)]
    answers = [name for name in dict.fromkeys(names) if name.startswith("antwoord")]
    if not answers:
        raise ValueError(f"a solution assigns antwoord_<number>; this one does not: {solution!r}")
    return answers


def write_editions(root: Path, *, fresh: bool = False) -> Iterator[tuple[Path, str]]:
    """Write the student edition of every lesson to the folder lessons/ below `root`, with a LEESMIJ.md.

    A file that is there and differs may hold a student's work: it stays, unless `fresh`. Yields each path and what was
    done: written, same or kept.
    """
    folder = root / "lessons"
    folder.mkdir(exist_ok=True)
    wanted = {folder / "LEESMIJ.md": files(__package__).joinpath("leesmij.md").read_text("utf-8")}
    for path in lessons(root).values():
        made = student_edition(json.loads(path.read_text("utf-8")))
        wanted[folder / path.name] = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
    for path, content in wanted.items():
        if path.exists() and (path.read_text("utf-8") == content or not fresh):
            yield path, "same" if path.read_text("utf-8") == content else "kept"
            continue
        path.write_text(content, "utf-8")
        yield path, "written"


def tags(cell: dict) -> list[str]:
    """The tags of a cell."""
    return cell.get("metadata", {}).get("tags", [])


def text(cell: dict) -> str:
    """The text of a cell."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)
