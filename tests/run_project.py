"""A small project for tests of a run: two units, two notebooks, two helpers, and actions that trace what they do."""

import json
import os
import sys
from pathlib import Path

from analysis.run.engine import Summary, run
from analysis.run.layout import Layout
from analysis.run.plan import Step, plan

FILES = """
import os
from pathlib import Path

ROOT = Path(os.environ["FAKE_ROOT"])

def note(verb, path):
    with open(os.environ["ANALYSIS_TRACE"], "a") as file:
        file.write(f"{verb}\\t{path}\\n")

def read(name):
    note("read", ROOT / name)
    return (ROOT / name).read_text()

def write(name, text):
    (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
    part = ROOT / name
    part = part.with_name(f".{part.name}.partial")
    try:
        part.write_text(text)
        os.replace(part, ROOT / name)
    finally:
        part.unlink(missing_ok=True)
    note("wrote", ROOT / name)
"""
LOAD = "import os, sys\nsys.path.insert(0, os.environ['FAKE_ROOT'] + '/src')"
FIGURE = (
    "import matplotlib.pyplot as plt\nimport numpy as np\nfrom IPython.display import display\n"
    "fig, ax = plt.subplots(figsize=(2, 2))\nax.plot(np.arange(x))\nplt.show()"
)
PARAMETERS = "study: str = 's'  # study\nunit: str = 'all'  # municipality or all"


def notebook(path: Path, *cells: str, parameters: str = PARAMETERS) -> Path:
    """Write a notebook with a parameters cell and, above each cell, a heading `Part <number>`."""
    empty = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    made = [empty | {"id": "parameters", "metadata": {"tags": ["parameters"]}, "source": parameters}]
    for number, text in enumerate(cells):
        heading = {"cell_type": "markdown", "id": f"m{number}", "metadata": {}, "source": f"## Part {number}"}
        made += [heading, empty | {"id": f"c{number}", "source": text}]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


class Project:
    """A project below `root`: notebook `a` adds 1 to a unit's number by helper `one`, `b` adds 2 by helper `two`."""

    def __init__(self, root: Path, *, fresh: bool = True):
        self.root = root
        self.layout = Layout(root, root / "data", root / "reports", root / "src" / "fakepkg")
        self.package = self.layout.package
        self.notebooks = [root / "notebooks" / "a.ipynb", root / "notebooks" / "b.ipynb"]
        if fresh:
            self._write()

    def _write(self) -> None:
        self.package.mkdir(parents=True, exist_ok=True)
        (self.package / "__init__.py").write_text("")
        (self.package / "files.py").write_text(FILES)
        for number, name in enumerate(("one", "two"), 1):
            (self.package / f"{name}.py").write_text(f"def value(x):\n    return int(x) + {number}\n")
        for unit in ("east", "west"):
            (self.root / f"{unit}.csv").write_text("10")
        self.add("a", "one")
        self.add("b", "two")

    def add(self, name: str, helper: str) -> Path:
        """Write a notebook that uses a helper."""
        use = f"from fakepkg import files, {helper}\nx = {helper}.value(files.read(f'{{unit}}.csv'))\nx"
        save = f"files.write(f'out/{{unit}}-{name}.txt', str(x))"
        return notebook(self.root / "notebooks" / f"{name}.ipynb", LOAD, use, FIGURE, save)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The plan."""
        return plan({"s": ("east", "west")}, self.notebooks)

    def run(self, **options) -> Summary:
        """Run the plan on two workers; the environment names the project for its notebooks and actions."""
        os.environ["FAKE_ROOT"] = str(self.root)
        import run_project  # by its own name, so that actions are found in another process too

        actions = {kind: getattr(run_project, kind) for kind in ("prepare", "release", "publish")}
        return run(self.steps, self.layout, actions=actions, **{"jobs": 2} | options)

    def made(self) -> dict[str, bytes]:
        """Every file that runs made, without the line of a receipt that says when."""
        found = {}
        for path in sorted(path for folder in ("data", "reports", "out") for path in (self.root / folder).rglob("*")):
            if path.is_file() and not path.name.startswith(".run."):
                lines = [line for line in path.read_bytes().split(b"\n") if not line.startswith(b' "measured"')]
                found[str(path.relative_to(self.root))] = b"\n".join(lines)
        return found


def _files():
    sys.path.insert(0, os.environ["FAKE_ROOT"] + "/src")
    from fakepkg import files

    return files


def prepare(step: Step) -> None:
    """Nothing to prepare."""


def release(step: Step) -> None:
    """Join what the notebooks wrote."""
    files = _files()
    names = sorted(path.name for path in (files.ROOT / "out").iterdir())
    files.note("listed", files.ROOT / "out")
    files.write("reports/s/all.csv", "".join(f"{name},{files.read(f'out/{name}')}\n" for name in names))


def publish(step: Step) -> None:
    """Write a page."""
    files = _files()
    files.write("reports/s/index.html", f"<pre>{files.read('reports/s/all.csv')}</pre>")


if __name__ == "__main__":  # one run as a program: `python run_project.py ROOT [keep]`; keep: the project is there
    project = Project(Path(sys.argv[1]), fresh="keep" not in sys.argv)
    summary = project.run(on_event=lambda event: print(event.what, event.step.name, flush=True))
    sys.exit(0 if summary.ok else 1)


def look(step: Step) -> None:
    """Write down what a process of its own starts with."""
    import pandas as pd

    seen = {
        "warm": "scipy.stats" in sys.modules,
        "hashing": hash("a"),
        "environment": [os.environ["PYTHONHASHSEED"], os.environ["FAKE_ROOT"]],
        "text": pd.get_option("mode.string_storage"),
    }
    Path("seen.json").write_text(json.dumps(seen))
