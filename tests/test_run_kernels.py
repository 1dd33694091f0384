"""A warm kernel is a fresh, private start of what plain kernels are; it fails in words and dies on command."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import psutil
import pytest
import run_project
from run_project import notebook

from analysis.run import kernels, notebooks, work
from analysis.run.document import ParameterError
from analysis.run.normal import normalise
from analysis.run.plan import Step

warm_only = pytest.mark.skipif(not kernels.CAN_FORK, reason="kernels are forked on Linux only")


@pytest.fixture(scope="module", autouse=True)
def session():
    with kernels.session():
        yield


def outputs(path: Path) -> list[str]:
    """Printed text of every code cell that printed."""
    cells = json.loads(path.read_text())["cells"]
    return ["".join(output.get("text", "")) for cell in cells for output in cell.get("outputs", ())]


def run(tmp_path: Path, *cells: str, **options) -> list[str]:
    """What the cells print."""
    notebooks.execute(notebook(tmp_path / "n.ipynb", *cells), tmp_path / "out.ipynb", **options)
    return outputs(tmp_path / "out.ipynb")


@warm_only
def test_what_is_preloaded_starts_no_thread_and_kernels_fork_from_one(tmp_path):
    seen = "import psutil\nserver = psutil.Process().parent()\nprint(server.num_threads(), server.cmdline()[-1][:31])"
    assert run(tmp_path, seen) == ["1 from multiprocessing.forkserver\n"]


@warm_only
def test_statistics_are_imported_before_the_first_cell(tmp_path):
    look = "import sys\nprint({'pandas', 'scipy', 'statsmodels', 'seaborn'} <= set(sys.modules))"
    assert run(tmp_path, look) == ["True\n"]


@pytest.mark.parametrize("warm", [pytest.param(True, marks=warm_only), False])
def test_figures_are_inline_and_plain_kernels_do_the_same(tmp_path, warm):
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    look = "import os\nprint(os.environ['PYTHONHASHSEED'], os.environ['OPENBLAS_NUM_THREADS'], os.getcwd())"
    notebooks.execute(notebook(tmp_path / "n.ipynb", draw, look), tmp_path / "out.ipynb", warm=warm)
    cells = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert [list(output["data"]) for output in cells[2]["outputs"] if "data" in output] == [["image/png", "text/plain"]]
    assert outputs(tmp_path / "out.ipynb")[-1] == f"0 1 {tmp_path.resolve()}\n"


@warm_only
def test_random_states_differ_between_jobs_and_repeat_for_the_same_job(tmp_path):
    draw = ("import numpy as np\nprint(np.random.normal())", "import random\nprint(random.random())")
    east, west, again = (run(tmp_path, *draw, key=key) for key in ("east", "west", "east"))
    assert east == again
    assert east[0] != west[0] and east[1] != west[1]


@warm_only
def test_strings_hash_as_in_a_program_started_with_the_fixed_seed(tmp_path):
    command = [sys.executable, "-c", "print(hash('x'))"]
    fixed = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONHASHSEED": "0"})
    assert run(tmp_path, "print(hash('x'))") == [fixed.stdout]


@warm_only
def test_the_callers_script_does_not_run_again_in_a_kernel(tmp_path, monkeypatch):
    script = tmp_path / "script.py"
    script.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    caller = ModuleType("__main__")
    caller.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", caller)
    run(tmp_path, "1")
    assert sys.modules["__main__"] is caller and not (tmp_path / "ran").exists()


@warm_only
def test_environment_and_memory_of_one_kernel_do_not_reach_the_next(tmp_path):
    run(tmp_path, "import os, pandas as pd\nos.environ['LEFT'] = 'x'\npd.options.display.max_rows = 3")
    look = (
        "import os, pandas as pd\nprint(os.environ.get('LEFT'), os.environ.get('GIVEN'), pd.options.display.max_rows)"
    )
    assert run(tmp_path, look, environment={"GIVEN": "y"}) == ["None y 60\n"]


@warm_only
def test_code_and_results_travel_through_files_of_this_user_alone(tmp_path):
    look = "import ipykernel, json\nprint(json.loads(ipykernel.get_connection_info())['transport'])"
    listen = "import psutil\nprint({c.laddr.ip for c in psutil.Process().net_connections('inet')})"
    # ipykernel keeps one loopback port that only takes in what a cell's own subprocesses print
    assert run(tmp_path, look, listen) == ["ipc\n", "{'127.0.0.1'}\n"]
    folder = kernels.session_folder()
    assert folder.stat().st_mode & 0o077 == 0
    assert len(str(folder / "k99999-ipc-5")) <= kernels.LONGEST_SOCKET
    assert not list(folder.glob("k*"))


def test_parameters_of_every_type_arrive_and_the_defaults_stay(tmp_path):
    declared = "a: int = 1\nb: str = 'x'\nc: list = []\nd: float = 0.5\ne: bool = False"
    path = notebook(tmp_path / "n.ipynb", "print(a, b, c, d, e)", parameters=declared)
    notebooks.execute(path, tmp_path / "out.ipynb", {"a": 2, "b": "it's {x}", "c": [1, 2], "e": True})
    assert outputs(tmp_path / "out.ipynb") == ["2 it's {x} [1, 2] 0.5 True\n"]
    cells = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert [cell["id"] for cell in cells] == ["parameters", "injected-parameters", "m0", "c0"]


@warm_only
def test_the_first_action_does_not_wait_for_the_imports_of_kernels_and_starts_with_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "_acts", itertools.count())
    seen = []
    for _ in range(2):
        work.act(run_project.look, Step("s/look", "look", "s", "all", None), {"FAKE_ROOT": "here"}, tmp_path)
        seen.append(json.loads((tmp_path / "seen.json").read_text()))
    assert [one.pop("warm") for one in seen] == [False, True]
    assert seen[0] == seen[1] == {"environment": ["0", "here"], "hashing": seen[0]["hashing"], "text": "python"}


def test_an_undeclared_parameter_is_refused_naming_the_nearest(tmp_path):
    path = notebook(tmp_path / "n.ipynb", "1")
    with pytest.raises(ParameterError, match=r"n.ipynb does not declare: unitt \(did you mean unit\?\), zzz"):
        notebooks.execute(path, tmp_path / "out.ipynb", {"unitt": "x", "zzz": 1})
    assert not (tmp_path / "out.ipynb").exists()


@pytest.mark.parametrize(
    ("cell", "error", "message"),
    [
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "Kernel died", "Kernel died"),
        ("import time\ntime.sleep(30)", "Timeout", "longer than 2 seconds"),
        ("1 / 0", "ZeroDivisionError", "division by zero"),
        ("import sys\nsys.exit(3)", "SystemExit", "3"),
        ("1 +", "SyntaxError", "invalid syntax"),
    ],
)
def test_a_failure_says_where_what_and_what_to_do_and_the_old_output_stays(tmp_path, cell, error, message):
    (tmp_path / "out.ipynb").write_text("before")
    path = notebook(tmp_path / "n.ipynb", "print('ran')", cell, "print('never')")
    with pytest.raises(notebooks.NotebookError) as caught:
        notebooks.execute(path, tmp_path / "out.ipynb", failed=tmp_path / "out.failed.ipynb", timeout=2)
    found = caught.value
    assert (found.notebook, found.cell, found.error) == ("n.ipynb", "Part 1", error)
    assert message in found.message and found.remedy
    assert (tmp_path / "out.ipynb").read_text() == "before"
    assert "ran\n" in outputs(tmp_path / "out.failed.ipynb") and "never\n" not in outputs(tmp_path / "out.failed.ipynb")
    assert not [child for child in psutil.Process().children(recursive=True) if "ipykernel_launcher" in child.cmdline()]


def test_a_canonical_notebook_is_rerun_in_place_without_an_injected_cell_and_stays_itself(tmp_path):
    path = notebook(tmp_path / "n.ipynb", "print(study)", "import os\nprint(repr(os.environ['ANALYSIS_RUN']))")
    notebooks.canonical(path, root=tmp_path)
    first = path.read_bytes()
    cells = json.loads(first)["cells"]
    assert [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"] == [1, 2, 3]
    assert [cell["id"] for cell in cells] == ["parameters", "m0", "c0", "m1", "c1"]
    assert outputs(path) == ["s\n", "''\n"]
    notebooks.canonical(path, root=tmp_path)
    assert path.read_bytes() == first


def test_a_canonical_notebook_that_fails_is_left_as_it_was(tmp_path):
    path = notebook(tmp_path / "n.ipynb", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(notebooks.NotebookError):
        notebooks.canonical(path)
    assert path.read_bytes() == before


def test_normalising_twice_is_normalising_once_and_leaves_the_argument(tmp_path):
    path = notebook(tmp_path / "n.ipynb", f"print({str(tmp_path)!r} + '/x.csv', object())")
    executed = json.loads(path.read_text())
    executed["metadata"] = {"papermill": {"start": 1}, "language_info": {"name": "python", "version": "3.11.7"}}
    executed["cells"][2]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": f"{tmp_path}/x.csv <object at 0x7f01ab23cd45>"}
    ]
    kept = json.dumps(executed)
    once = normalise(executed, tmp_path)
    assert json.dumps(executed) == kept
    assert once["metadata"] == {"language_info": {"name": "python"}}
    assert once["cells"][2]["outputs"][0]["text"] == "x.csv <object at 0x000000000000>"
    assert normalise(once, tmp_path) == once


@warm_only
def test_folders_of_killed_runs_are_removed_and_those_of_living_ones_kept(tmp_path):
    (tmp_path / "analysis-4194305-dead").mkdir()  # above the largest process number of Linux
    (tmp_path / f"analysis-{os.getppid()}-alive").mkdir()
    for folder in list(tmp_path.iterdir()):
        os.utime(folder, (0, 0))
    (tmp_path / "analysis-4194305-young").mkdir()
    kernels._remove_abandoned(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == sorted([f"analysis-{os.getppid()}-alive", "analysis-4194305-young"])
