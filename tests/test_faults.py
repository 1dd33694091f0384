"""What can go wrong with a computer: nothing is lost, nothing is half-written, one clear message says what to do.

Killed runs are in test_run_killed, damaged receipts and two runs at once in one process in test_run_engine.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import run_project
from run_project import LOAD, Project, notebook
from test_run_killed import start, undisturbed  # noqa: F401  (a fixture)

from analysis import store
from analysis.run import job, lock
from analysis.run.layout import PARTIAL, in_words

DAY = 24 * 3600


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Project:
    monkeypatch.setenv("FAKE_ROOT", str(tmp_path))
    return Project(tmp_path)


@contextlib.contextmanager
def disk(folder: Path, options: str):
    """A disk of its own at `folder`; skips where this user may not mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here ({done.stderr.strip()}); run this as root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Fill a disk but for `leave` bytes; returns the file that does."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    os.truncate(filler, filler.stat().st_size - leave)
    return filler


def whole(project: Project) -> bool:
    """Whether every file that is there is whole: no remains, every receipt and notebook can be read."""
    found = [path for folder in ("data", "reports", "out") for path in (project.root / folder).rglob("*")]
    for path in found:
        if path.suffix in (".json", ".ipynb"):
            json.loads(path.read_text("utf-8"))
    return not [path for path in found if path.name.endswith(PARTIAL)]


def only_undisturbed(project: Project, expected: dict[str, bytes]) -> bool:
    """Whether what is there is part of what an undisturbed run makes, byte for byte."""
    made = {name: text for name, text in project.made().items() if "filler" not in name and ".failed." not in name}
    return made.items() <= expected.items()


# --- disk full, or shut ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("folder", "blocks"), [("data", 2), ("data", 5), ("reports", 0), ("out", 0)])
def test_a_full_disk_stops_a_run_with_whole_files_and_room_ends_it(project, undisturbed, folder, blocks):  # noqa: F811
    with disk(project.root / folder, "size=256k") as place:
        if folder == "reports":
            (place / ".run.lock").write_text("{}" + " " * 4000)  # the run itself can start
        filler = fill(place, 4096 * blocks)
        stopped = project.run()
        assert not stopped.ok and whole(project) and only_undisturbed(project, undisturbed[0])
        said = [str(outcome) for outcome in stopped.failed.values()]
        remedy = "Correct the cause and run again" if folder == "out" else "Make room on this disk and run again"
        assert said and all("No space left on device" in one and remedy in one for one in said), (
            said
        )  # a cell's own: out
        filler.unlink()
        assert project.run().ok and project.made() == undisturbed[0]


@pytest.fixture
def shut(tmp_path):
    """Makes a folder read-only; root writes where permissions forbid it, so that it needs a disk."""
    with contextlib.ExitStack() as stack:

        def close(folder: Path) -> None:
            if os.geteuid() == 0:
                stack.enter_context(disk(folder, "ro,size=64k"))
                return
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o555)
            stack.callback(folder.chmod, 0o755)

        yield close


def test_a_read_only_reports_folder_is_one_message_and_nothing_runs(project, shut):
    shut(project.layout.reports)
    with pytest.raises(OSError) as caught:
        project.run()
    assert "Allow writing in data/processed/ and reports/ and run again" in in_words(caught.value)
    assert project.made() == {}


def test_the_command_says_so_without_a_traceback(tmp_path, monkeypatch, shut):
    monkeypatch.setenv("ANALYSIS_ROOT", str(tmp_path))
    for name in ("studies", "data/raw"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(Path(__file__).parents[1] / name, target_is_directory=True)
    shut(tmp_path / "reports")
    said: list[str] = []
    assert job.execute(("samen_oplopen",), only=("prepare",), echo=said.append) == 1
    assert len(said) == 1 and "(.run.lock). Allow writing in data/processed/ and reports/" in said[0]
    assert not store.processed("samen_oplopen").exists()


def test_every_refusal_of_the_file_system_has_a_remedy():
    assert in_words(OSError(28, "No space left on device", "/a/b.csv")) == (
        "No space left on device (b.csv). Make room on this disk and run again; finished steps are kept."
    )
    assert "Allow writing" in in_words(PermissionError(13, "Permission denied"))
    assert in_words(OSError(5, "Input/output error")).startswith("Input/output error. See to the disk and run again")
    assert in_words(OSError("not of the file system")) == "not of the file system"


# --- the clock ------------------------------------------------------------------------------------------------------


def test_a_clock_that_goes_back_neither_repeats_what_is_done_nor_misses_what_changed(project, undisturbed):  # noqa: F811
    """Everything that was made is a day younger than now: `make` would hold every result for newer than its source."""
    assert project.run().ok
    for path in project.root.rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() + DAY, time.time() + DAY))
    assert project.run().done == [] and project.made() == undisturbed[0]
    (project.root / "west.csv").write_text("20")
    assert sorted(project.run().done) == ["s/publish", "s/release", "s/west/a", "s/west/b"]
    assert "west-b.txt,22" in (project.root / "reports/s/all.csv").read_text()


def test_an_input_from_the_future_is_read_again_rather_than_believed(project, undisturbed):  # noqa: F811
    os.utime(project.root / "west.csv", (time.time() + DAY, time.time() + DAY))
    assert project.run().ok and project.made().keys() == undisturbed[0].keys()
    assert set(project.run().done) <= {"s/west/a", "s/west/b", "s/release", "s/publish"}
    assert (project.root / "reports/s/all.csv").read_bytes() == undisturbed[0]["reports/s/all.csv"]


# --- two at once ----------------------------------------------------------------------------------------------------


def test_of_two_runs_at_once_one_works_and_the_other_says_who_does(tmp_path, undisturbed):  # noqa: F811
    project = Project(tmp_path)
    both = [start(tmp_path, "keep") for _ in range(2)]
    ended = [process.communicate(timeout=180) for process in both]
    codes = [process.returncode for process in both]
    assert sorted(codes) == [0, 1], ended
    errors = ended[codes.index(1)][1]
    other = both[codes.index(0)].pid
    assert f"another run is at work on reports/ (process {other}" in errors and "Wait until it ends" in errors
    assert project.made() == undisturbed[0] and whole(project)


def test_a_lock_that_a_dead_run_left_stops_nobody(project):
    project.layout.reports.mkdir()
    (project.layout.reports / ".run.lock").write_text('{"process": 1, "started": "00:00:00"}')
    with lock.exclusive(project.layout.reports):
        pass


# --- memory ---------------------------------------------------------------------------------------------------------

# addresses, of which Arrow reserves a gigabyte before it uses any
GREEDY = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))\nheap = bytearray(32 << 30)"
OUT_OF_MEMORY = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"  # what the system does to the largest process


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory as Linux has them")
@pytest.mark.parametrize(
    ("cell", "said"), [(GREEDY, "MemoryError"), (OUT_OF_MEMORY, "Often too little memory: run with fewer jobs")]
)
def test_a_kernel_that_exhausts_memory_fails_alone_and_the_rest_is_kept(project, undisturbed, cell, said):  # noqa: F811
    good = project.notebooks[0].read_text("utf-8")
    notebook(project.notebooks[0], LOAD, cell)
    stopped = project.run()
    assert sorted(stopped.failed) == ["s/east/a", "s/west/a"] and sorted(stopped.blocked) == ["s/publish", "s/release"]
    assert all(said in str(outcome) and "'Part 1'" in str(outcome) for outcome in stopped.failed.values())
    assert whole(project) and "s/east/b" in stopped.done
    assert not [one for one in psutil.Process().children(recursive=True) if "ipykernel_launcher" in one.cmdline()]
    project.notebooks[0].write_text(good, "utf-8")
    assert sorted(project.run().skipped) == ["s/east/b", "s/prepare", "s/west/b"]
    made = {name: text for name, text in project.made().items() if ".failed." not in name}
    assert made == undisturbed[0]


def greedy(step) -> None:
    """An action that the system kills for its memory."""
    os.kill(os.getpid(), 9)


def test_an_action_that_exhausts_memory_is_one_message(project):
    from analysis.run.engine import run

    actions = {kind: getattr(run_project, kind) for kind in ("prepare", "release", "publish")} | {"release": greedy}
    stopped = run(project.steps, project.layout, actions=actions, jobs=2)
    assert list(stopped.failed) == ["s/release"] and "often for lack of memory" in str(stopped.failed["s/release"])
    assert stopped.blocked == ["s/publish"] and not (project.root / "reports/s/all.csv").exists()
    assert project.run().done[-2:] == ["s/release", "s/publish"]
