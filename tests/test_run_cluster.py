"""Runs on other machines: a file describes batch jobs; a SLURM of one node and killed workers give the same bytes."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from run_project import Project

from analysis.codebook import StudyError
from analysis.run import cluster

GOOD = "system: slurm\njobs: 2\nsettings: {cores: 1, memory: 1GB}\n"
NEEDED = ("munged", "slurmctld", "slurmd", "sbatch")


@pytest.fixture
def sbatch(tmp_path, monkeypatch):
    """A machine with the command of SLURM."""
    command = tmp_path / "bin" / "sbatch"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")


def _said(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "jobs.yaml"
    path.write_text(text)
    with pytest.raises(StudyError) as error:
        cluster.batch(path)
    return error.value.problems


def test_a_file_of_batch_jobs_is_read(tmp_path, sbatch):
    (tmp_path / "jobs.yaml").write_text(GOOD)
    read = cluster.batch(tmp_path / "jobs.yaml")
    assert (read.system, read.jobs, read.settings) == ("slurm", 2, {"cores": 1, "memory": "1GB"})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("system: slurm\njobs: 0\nsettings: {}\n", ["jobs: "]),
        ("system: cray\njobs: 1\nsettings: {}\n", ["system: "]),
        ("system: slurm\njobs: 1\nsetings: {}\n", ["settings: ", "setings: "]),
        ("system: [slurm\n", ["is not YAML (line 2)"]),
        (GOOD.replace("memory", "memmory"), ["settings.memmory: SLURMCluster", "settings.memory: not found"]),
    ],
)
def test_what_is_wrong_with_it_is_said_at_once(tmp_path, sbatch, text, found):
    said = _said(tmp_path, text)
    assert len(said) == len(found) and all(part in problem for part, problem in zip(found, said, strict=True)), said


def test_a_machine_without_the_batch_system_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no command sbatch on this machine" in _said(tmp_path, GOOD)[0]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StudyError, match="none.yaml: not found"):
        cluster.batch(tmp_path / "none.yaml")


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A SLURM of one node on this machine; SLURM_CONF says where."""
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"{', '.join(missing)} not installed. Debian: apt-get install slurm-wlm munge")
    if os.geteuid() != 0:
        pytest.skip("the daemons of SLURM are started by hand, which needs root")
    folder = tmp_path_factory.mktemp("slurm")
    configuration = folder / "slurm.conf"
    configuration.write_text(_configuration(folder))
    own_munge = _munge()
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(configuration)
    daemons = [subprocess.Popen([name, "-D"], stderr=subprocess.DEVNULL) for name in ("slurmctld", "slurmd")]
    try:
        _wait(lambda: b"idle" in subprocess.run(["sinfo", "-h", "-o", "%t"], capture_output=True).stdout, "SLURM")
        yield configuration
    finally:
        subprocess.run(["scancel", "--user", getpass.getuser()], check=False)
        for daemon in [*reversed(daemons), *own_munge]:
            daemon.terminate()
            daemon.wait(20)
        os.environ.pop("SLURM_CONF") if before is None else os.environ.__setitem__("SLURM_CONF", before)


def _munge() -> list[subprocess.Popen]:
    """The daemon that SLURM's messages are signed by, started if it does not run."""
    if any(process.name() == "munged" for process in psutil.process_iter()):
        return []
    Path("/run/munge").mkdir(exist_ok=True)
    shutil.chown("/run/munge", "munge")
    return [subprocess.Popen(["munged", "--foreground"], user="munge", stderr=subprocess.DEVNULL)]


def _configuration(folder: Path) -> str:
    name, ports = socket.gethostname(), [_free_port(), _free_port()]
    for part in ("state", "spool"):
        (folder / part).mkdir()
    return f"""ClusterName=one
SlurmctldHost={name}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
NodeName={name} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait(done, what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"{what} was not there after {seconds} s"
        time.sleep(0.2)


def _jobs(folder: Path, jobs: int) -> cluster.Batch:
    """Jobs of one core on this machine, whose workers find the tests' modules as this process does."""
    path = folder / "jobs.yaml"
    places = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    path.write_text(
        f"system: slurm\njobs: {jobs}\nsettings:\n  cores: 1\n  memory: 1GB\n  scheduler_options: {{host: 127.0.0.1}}\n"
        f"  log_directory: {folder}/logs\n  job_directives_skip: ['--mem']\n"
        f"  job_script_prologue: ['export PYTHONPATH={places}', 'export FAKE_ROOT={os.environ['FAKE_ROOT']}']\n"
    )
    return cluster.batch(path)


@pytest.mark.slow
def test_slurm_gives_the_same_bytes(slurm, tmp_path, monkeypatch):
    made = []
    for name in ("here", "jobs"):
        project = Project(tmp_path / name)
        monkeypatch.setenv("FAKE_ROOT", str(project.root))
        summary = project.run(batch=_jobs(tmp_path, 2) if made else None)
        assert summary.ok, [str(outcome) for outcome in summary.failed.values()]
        made.append(project.made())
    assert made[0] == made[1]


@pytest.mark.slow
def test_a_killed_worker_of_slurm_loses_nothing(slurm, tmp_path, monkeypatch):
    made, killed = [], []

    def kill_the_job_of_the_first_notebook(event) -> None:
        if event.what == "done" and event.step.kind == "notebook" and not killed:
            workers = [
                p
                for p in psutil.process_iter(["cmdline"])
                if "distributed.cli.dask_worker" in (p.info["cmdline"] or [])
            ]
            killed.extend(worker.pid for worker in workers[:1])
            for worker in workers[:1]:
                worker.kill()

    for name in ("here", "killed"):
        project = Project(tmp_path / name)
        monkeypatch.setenv("FAKE_ROOT", str(project.root))
        told = kill_the_job_of_the_first_notebook if made else lambda event: None
        summary = project.run(batch=_jobs(tmp_path, 2) if made else None, on_event=told)
        assert summary.ok, [str(outcome) for outcome in summary.failed.values()]
        made.append(project.made())
    assert killed and made[0] == made[1]
