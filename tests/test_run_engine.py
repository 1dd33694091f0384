"""A run does what its plan says, once, in order, and a change reruns what depends on it and nothing else."""

import json
import os
from pathlib import Path

import nbformat
import pytest

from analysis.run import lock
from analysis.run.document import ParameterError
from analysis.run.engine import run
from analysis.run.layout import Layout
from analysis.run.plan import Step, plan

TRACE = """
import os
from pathlib import Path
def note(verb, path):
    with open(os.environ["ANALYSIS_TRACE"], "a") as file:
        file.write(f"{verb}\\t{path}\\n")
def read(path):
    note("read", path)
    return Path(path).read_text()
def write(path, text):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)
    note("wrote", path)
"""


def notebook(path: Path, *cells: str, parameters: str = "study: str = 's'\nunit: str = 'all'") -> Path:
    """A small notebook with a parameters cell and a heading above each cell."""
    made = [nbformat.v4.new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]})]
    for number, text in enumerate(cells):
        made += [
            nbformat.v4.new_markdown_cell(f"## Part {number}", id=f"m{number}"),
            nbformat.v4.new_code_cell(text, id=f"c{number}"),
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


class Project:
    """A project of two units and two notebooks below a folder; `a` uses helper one, `b` uses helper two."""

    def __init__(self, root: Path):
        self.root = root
        self.layout = Layout(root, root / "data", root / "reports", root / "src" / "fakepkg")
        package = self.layout.package
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "files.py").write_text(TRACE)
        (package / "one.py").write_text("from fakepkg.files import read\ndef value(x): return int(x) + 1\n")
        (package / "two.py").write_text("from fakepkg.files import read\ndef value(x): return int(x) + 2\n")
        for unit in ("east", "west"):
            (root / f"{unit}.csv").write_text("10")
        self.notebooks = [self._notebook("a", "one"), self._notebook("b", "two")]
        os.environ["FAKE_ROOT"] = str(root)

    def _notebook(self, name: str, helper: str) -> Path:
        load = "import os, sys\nsys.path.insert(0, os.environ['FAKE_ROOT'] + '/src')\n"
        use = f"from fakepkg import {helper}, files\nroot = os.environ['FAKE_ROOT']\nx = files.read(f'{{root}}/{{unit}}.csv')"
        save = f"files.write(f'{{root}}/out/{{unit}}-{name}.txt', str({helper}.value(x)))\n{helper}.value(x)"
        return notebook(self.root / "notebooks" / f"{name}.ipynb", load, use, save)

    @property
    def steps(self) -> tuple[Step, ...]:
        return plan({"s": ("east", "west")}, self.notebooks)

    def run(self, **options):
        actions = {"prepare": prepare, "release": release, "publish": publish}
        return run(self.steps, self.layout, actions=actions, jobs=2, **options)

    def files(self) -> dict[str, bytes]:
        """Everything a run made, but the part of receipts that says when."""
        made = {}
        for folder in ("data", "reports", "out"):
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and not path.name.startswith("."):
                    content = path.read_bytes()
                    made[str(path.relative_to(self.root))] = b"\n".join(
                        line for line in content.split(b"\n") if not line.startswith(b' "measured"')
                    )
        return made


def _note(verb: str, path: Path) -> None:
    with open(os.environ["ANALYSIS_TRACE"], "a") as file:
        file.write(f"{verb}\t{path}\n")


def prepare(step: Step) -> None:
    assert os.environ["ANALYSIS_RUN"] == "1"


def release(step: Step) -> None:
    root = Path(os.environ["FAKE_ROOT"])
    found = sorted((root / "out").glob("*.txt"))
    for path in found:
        _note("read", path)
    (root / "reports" / "all.txt").write_text("".join(path.read_text() for path in found))
    _note("wrote", root / "reports" / "all.txt")


def publish(step: Step) -> None:
    root = Path(os.environ["FAKE_ROOT"])
    _note("read", root / "reports" / "all.txt")


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Project:
    monkeypatch.setenv("FAKE_ROOT", str(tmp_path))
    return Project(tmp_path)


def test_every_step_runs_once_in_order_and_a_second_run_runs_none(project):
    events = []
    first = project.run(on_event=lambda event: events.append((event.what, event.step.name)))
    assert first.ok and len(first.done) == 7, [str(o) for o in first.failed.values()]
    finished = [name for what, name in events if what == "done"]
    assert finished[0] == "s/prepare" and finished[-2:] == ["s/release", "s/publish"]
    assert (project.root / "reports/all.txt").read_text() == "11121112"
    before = project.files()
    second = project.run()
    assert second.done == [] and len(second.skipped) == 7
    assert project.files() == before
