"""Notebooks read as plain JSON, without Jupyter: their code, the parameters they declare, the heading above a cell."""

import ast
import difflib
import json
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

_parsing = threading.Lock()


def parse(code: str) -> ast.Module:
    """`ast.parse`, one at a time: before 3.12 the parser counts its depth per process, which threads confuse."""
    with _parsing:
        return ast.parse(code)


class ParameterError(ValueError):
    """Parameters were passed that a notebook does not declare; `problems` lists every one."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__("\n".join(problems))

    def __reduce__(self):
        return ParameterError, (self.problems,)


def read(path: Path) -> dict:
    """The notebook as JSON. Raises ValueError naming the file when it is not one."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name}: not a notebook ({error}). Restore the file.") from None
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        raise ValueError(f"{path.name}: not a notebook (no cells). Restore the file.")
    return found


def with_ids(notebook: dict) -> dict:
    """The notebook in nbformat 4.5, where every cell has an id: the author's, or else the cell's number."""
    cells = [{"id": f"cell-{index}"} | cell for index, cell in enumerate(notebook["cells"])]
    return notebook | {"cells": cells, "nbformat": 4, "nbformat_minor": max(5, notebook.get("nbformat_minor", 5))}


def source(cell: Mapping) -> str:
    """The text of a cell."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def code(path: Path) -> list[str]:
    """The code cells of a notebook, as text."""
    return [source(cell) for cell in read(path)["cells"] if cell.get("cell_type") == "code"]


def declared(path: Path) -> dict[str, str]:
    """Names and annotations (empty where none) of what the notebook's cell tagged `parameters` assigns."""
    found: dict[str, str] = {}
    for cell in read(path)["cells"]:
        if "parameters" not in cell.get("metadata", {}).get("tags", ()):
            continue
        for node in parse(source(cell)).body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[node.target.id] = ast.unparse(node.annotation)
            elif isinstance(node, ast.Assign):
                found.update({target.id: "" for target in node.targets if isinstance(target, ast.Name)})
    return found


def undeclared(where: str, names: Iterable[str], allowed: Iterable[str]) -> str:
    """One sentence that refuses `names`, with the nearest declared name for each."""
    allowed = sorted(allowed)
    near = {name: difflib.get_close_matches(name, allowed, 1) for name in sorted(names)}
    hints = ", ".join(f"{name}{f' (did you mean {match[0]}?)' if match else ''}" for name, match in near.items())
    return f"{where} does not declare: {hints}. It declares: {', '.join(allowed) or 'nothing'}."


def check_parameters(jobs: Iterable[tuple[Path, Mapping[str, object]]]) -> None:
    """Raise one `ParameterError` with every parameter of every job that its notebook does not declare."""
    problems = {}
    for path, parameters in jobs:
        names = declared(path)
        if wrong := set(parameters) - set(names):
            problems[path, *sorted(wrong)] = undeclared(path.name, wrong, names)
    if problems:
        raise ParameterError(list(problems.values()))


def heading(cells: list[Mapping], index: int) -> str:
    """The nearest markdown heading above cell `index`, or `cell <number>` where there is none."""
    for cell in reversed(cells[: index + 1]):
        if cell.get("cell_type") == "markdown":
            titles = [line.lstrip("#").strip() for line in source(cell).splitlines() if line.startswith("#")]
            if titles:
                return titles[-1]
    return f"cell {index + 1}"
