"""The notebooks in a real JupyterLab, in a real browser: "Run All Cells" from the menu gives the committed results."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
QUICK = ["00_start.ipynb"]
LONGER = [
    "03_change.ipynb",
    *sorted(f"lessons/{path.name}" for path in (ROOT / "notebooks/lessons").glob("04_*.ipynb")),
]
NOTEBOOKS = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in LONGER)]
EVERY_CELL = {"@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"}}  # else only cells in sight are drawn
NO_NEWS = {"@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False}}
MINUTES = 2


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A project of its own, prepared; its notebooks have no output, so that what is found was computed here."""
    root = tmp_path_factory.mktemp("lab")
    for name in ("studies", "data/raw", "notebooks"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for path in (root / "notebooks").rglob("*.ipynb"):
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            cell |= {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
        path.write_text(json.dumps(notebook), "utf-8")
    command = [sys.executable, "-m", "analysis", "prepare"]
    subprocess.run(command, env=os.environ | {"ANALYSIS_ROOT": str(root)}, check=True, capture_output=True)
    return root


@pytest.fixture(scope="module")
def lab(browser, place: Path):
    """Address of a running JupyterLab with a token, its settings and kernels apart from the user's own.

    The browser comes first: without one nothing needs to be prepared.
    """
    for name, value in (EVERY_CELL | NO_NEWS).items():
        path = place / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    own = {f"JUPYTER_{name}_DIR": str(place / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(place / "settings"), "JUPYTERLAB_WORKSPACES_DIR": str(place / "workspaces")}
    own |= {"JUPYTER_TOKEN": token, "ANALYSIS_ROOT": str(place), "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={place}"]
    with (place / "log").open("w") as log:
        server = subprocess.Popen(command, env=os.environ | own, stdout=log, stderr=log, cwd=place)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address, token, server, place / "log")
        yield f"{address}/lab/workspaces/{{workspace}}/tree/notebooks/{{name}}?token={token}"
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str, token: str, server: subprocess.Popen, log: Path) -> None:
    """Until the server answers; fails with what it said when it ends instead."""
    late = time.monotonic() + 60 * MINUTES
    while time.monotonic() < late and server.poll() is None:
        with suppress(OSError):
            return urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=5).close()
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


def run_all(page, address: str, cells: int) -> None:
    """Open a notebook, choose Run > Run All Cells, wait until every code cell has its number, and save."""
    page.set_default_timeout(60_000 * MINUTES)
    page.goto(address)
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.get_by_text(re.compile(r"^Python 3 \(ipykernel\) \| Idle$")).wait_for()  # the status bar: the kernel answers
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    last = f"[{cells}]:"
    page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt", has_text=re.compile(rf"^{re.escape(last)}$")).wait_for()
    page.keyboard.press("Control+s")


def code_cells(path: Path) -> list[dict]:
    return [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]


def results(cell: dict) -> list:
    """Texts that a cell shows; pictures and widgets are compared as being there."""
    shown = []
    for output in cell["outputs"]:
        data = output.get("data", {})
        texts = {kind: "".join(value) for kind, value in data.items() if kind.startswith("text/")}
        kinds = sorted(kind for kind in data if "widget-view" not in kind)  # sliders are there where they can be moved
        shown.append((output["output_type"], "".join(output.get("text", "")), texts, kinds))
    return shown


def saved(path: Path, cells: int) -> list[dict]:
    """The code cells of the notebook once JupyterLab has saved it whole."""
    late = time.monotonic() + 60
    while time.monotonic() < late:
        found = code_cells(path)
        if [cell["execution_count"] for cell in found] == list(range(1, cells + 1)):
            return found
        time.sleep(0.2)
    pytest.fail(f"{path.name} was not saved with all its cells run")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_run_all_cells_gives_the_committed_results_and_no_error(lab, place, browser, name):
    committed = code_cells(ROOT / "notebooks" / name)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    try:
        run_all(page, lab.format(workspace=Path(name).stem, name=name), len(committed))
        found = saved(place / "notebooks" / name, len(committed))
        if folder := os.environ.get("ANALYSIS_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{Path(name).stem}.png")
        assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
        drawn = page.locator(".jp-OutputArea-output").count()
    finally:
        page.close()
    assert drawn == sum(len(cell["outputs"]) for cell in committed) > 0
    for ours, theirs in zip(found, committed, strict=True):
        if "nbval-ignore-output" not in theirs["metadata"].get("tags", ()):
            assert results(ours) == results(theirs), theirs["source"]


def test_make_lab_opens_the_first_notebook():
    command = ["make", "--dry-run", "--no-print-directory", "lab"]
    made = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert re.search(r"jupyter lab notebooks/00_start\.ipynb$", made.strip())
