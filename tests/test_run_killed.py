"""A run that is interrupted or killed leaves no process; started again it ends with the bytes of an undisturbed run."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import run_project
from run_project import Project

PROGRAM = run_project.__file__


def start(root: Path, *options: str) -> subprocess.Popen:
    """A run of the small project as a program of its own."""
    root.mkdir(exist_ok=True)
    command = [sys.executable, PROGRAM, str(root), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def family(process: subprocess.Popen) -> list[psutil.Process]:
    """The program and everything it started, kernels included."""
    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def survivors(processes: list[psutil.Process], seconds: float = 5) -> list[str]:
    """Who is still there after `seconds`; a zombie is not."""
    late = time.monotonic() + seconds
    while time.monotonic() < late:
        left = [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        if not left:
            return []
        time.sleep(0.02)
    return [" ".join(process.cmdline())[:80] for process in left]


def wait_until(process: subprocess.Popen, line: str) -> None:
    """Read the program's news until a line says `line`."""
    for said in process.stdout:
        if said.strip() == line:
            return
    raise AssertionError(f"the run ended before {line!r}: {process.stderr.read()}")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> tuple[dict[str, bytes], float]:
    """What an undisturbed run makes, and how long it takes."""
    root = tmp_path_factory.mktemp("undisturbed")
    begun = time.monotonic()
    process = start(root)
    _, errors = process.communicate(timeout=180)
    assert process.returncode == 0, errors
    return Project(root).made(), time.monotonic() - begun


def wait_for_kernels(process: subprocess.Popen) -> None:
    """Wait until two kernels, children of the fork server, are there."""
    while len([member for member in family(process)[1:] if member.ppid() != process.pid]) < 2:
        assert process.poll() is None
        time.sleep(0.01)


def kill_and_compare(root: Path, process: subprocess.Popen, expected: dict[str, bytes]) -> None:
    """Kill the run, start it again, compare."""
    members = family(process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)  # ends when nobody holds its output any more
    assert survivors(members) == []
    again = start(root)
    _, errors = again.communicate(timeout=180)
    assert again.returncode == 0, errors
    assert Project(root).made() == expected
    assert not list(root.rglob("*.partial"))


def test_a_run_killed_while_kernels_work_takes_them_along_and_loses_nothing(tmp_path, undisturbed):
    process = start(tmp_path / "project")
    wait_until(process, "started s/west/a")
    wait_for_kernels(process)
    kill_and_compare(tmp_path / "project", process, undisturbed[0])


def test_a_run_killed_at_a_random_moment_and_started_again_gives_the_same_bytes(tmp_path, undisturbed):
    process = start(tmp_path / "project")
    time.sleep(random.Random(1).uniform(0.2, 1) * undisturbed[1])
    kill_and_compare(tmp_path / "project", process, undisturbed[0])


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(30))
def test_the_same_at_thirty_moments(tmp_path, undisturbed, moment):
    process = start(tmp_path / "project")
    time.sleep(random.Random(moment).uniform(0, 1) * undisturbed[1])
    kill_and_compare(tmp_path / "project", process, undisturbed[0])


def test_ctrl_c_ends_a_cell_that_does_not_end_and_leaves_no_process(tmp_path, undisturbed):
    root = tmp_path / "project"
    project = Project(root)
    helper = (project.package / "one.py").read_text()
    (project.package / "one.py").write_text("import time\ndef value(x):\n    time.sleep(600)\n")
    process = start(root, "keep")
    wait_until(process, "started s/west/a")
    wait_for_kernels(process)
    time.sleep(0.5)
    members = family(process)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0 and "KeyboardInterrupt" in errors
    assert time.monotonic() - begun < 30
    assert survivors(members, 2) == []
    assert not list(root.rglob("*.partial"))
    (project.package / "one.py").write_text(helper)
    assert start(root, "keep").wait(180) == 0
    assert project.made() == undisturbed[0]
