"""Same numbers everywhere: other Pythons, thread counts and dependencies, each in an environment of its own.

python validation/environments.py tables [--python 3.12 --python 3.13]   the default study, against its expected tables
python validation/environments.py suite  [--python 3.12] [--resolution lowest-direct | highest]   the test suite

`tables` makes an environment from the lock for each Python and runs the default study with one and with two threads
(jobs and BLAS), then names every released table that is not the committed one. `suite` runs the tests with the
lowest versions that pyproject.toml allows, with the newest ones that there are, or (neither) with those of the lock.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
STUDY = "samen_in_beweging"
LOCK = ROOT / "requirements.lock"
THREADS = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"]
# a run gives its kernels one thread each; this gives them `sys.argv[1]`, so that it shows whether that matters
WITH_THREADS = f"""
import sys
from analysis.run import kernels
threads = sys.argv.pop(1)
kernels.ENVIRONMENT.update(dict.fromkeys({THREADS!r}, threads))
from analysis.__main__ import main
main()
"""
NOT_LOCKED = "tests/test_environment.py::test_this_environment_is_the_locked_one"


def uv(*words: str, environment: Path | None = None) -> None:
    """Run uv, which comes with the lock; `environment` is the folder of the one to change."""
    own = os.environ | ({"VIRTUAL_ENV": str(environment)} if environment else {})
    subprocess.run([str(Path(sys.executable).parent / "uv"), *words], env=own, check=True, cwd=ROOT)


def make(folder: Path, python: str, requirements: Path) -> Path:
    """A new environment with `requirements` and the package; returns its interpreter."""
    uv("venv", "--quiet", "--python", python, str(folder))
    hashed = ["--require-hashes"] if requirements == LOCK else []
    uv("pip", "install", "--quiet", *hashed, "-r", str(requirements), environment=folder)
    uv("pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", ".", environment=folder)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def resolved(folder: Path, resolution: str) -> Path:
    """The versions that `resolution` gives for what pyproject.toml asks for."""
    path = folder / f"{resolution}.txt"
    uv("pip", "compile", "--quiet", "pyproject.toml", "--all-extras", "--universal", "--fork-strategy", "fewest",
       "--python-version", "3.11", "--no-emit-index-url", "--no-header", "--upgrade", "--resolution", resolution,
       "--output-file", str(path))  # fmt: skip
    return path


def differing(interpreter: Path, folder: Path, threads: int) -> list[str]:
    """Run the default study in an empty folder with so many threads; names of the tables that are not as expected."""
    from analysis.reproduce import expected, rerun, verdicts

    with rerun.folder([STUDY]) as root:
        command = [str(interpreter), "-c", WITH_THREADS, str(threads), "run", STUDY, "--until", "release"]
        command += ["--jobs", str(threads)]
        own = plain() | dict.fromkeys(THREADS, str(threads)) | {"ANALYSIS_ROOT": str(root)}
        subprocess.run(command, env=own, check=True, cwd=root, stdout=subprocess.DEVNULL)
        found, wanted = expected.released(root / "reports" / STUDY), expected.read(STUDY).tables
        names = sorted({*found, *wanted})
        compared = [
            verdicts.compare(STUDY, name, wanted.get(name), found.get(name), kinds={}, strict=True) for name in names
        ]
    return [f"{one.verdict}: {one.table} {one.example}" for one in verdicts.failing(compared)]


def plain() -> Mapping[str, str]:
    """The environment variables without what names this process's own packages."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")} | {
        "PYTHONHASHSEED": "0"
    }


def tables(pythons: list[str], folder: Path) -> bool:
    """Whether every Python and number of threads gives the expected tables; prints what differs."""
    good = True
    for number, python in enumerate(pythons):
        interpreter = make(folder / f"environment-{number}", python, LOCK)
        for threads in (1, 2):
            found = differing(interpreter, folder, threads)
            print(f"Python {python}, {threads} thread(s): {len(found)} tables differ", *found, sep="\n  ", flush=True)
            good &= not found
    return good


def suite(pythons: list[str], resolution: str | None, folder: Path) -> bool:
    """Whether the test suite passes with the versions of the lock, or of a resolution of pyproject.toml."""
    requirements = resolved(folder, resolution) if resolution else LOCK
    good = True
    for number, python in enumerate(pythons):
        interpreter = make(folder / f"environment-{number}", python, requirements)
        skip = ["--deselect", NOT_LOCKED] if resolution else []
        own = plain() | dict.fromkeys(THREADS, "1")
        subprocess.run([str(interpreter), "-m", "analysis", "prepare"], env=own, cwd=ROOT, check=True)
        command = [str(interpreter), "-m", "pytest", "-n", "2", "--dist", "loadfile", *skip]  # as `make test` does
        status = subprocess.run(command, env=own, cwd=ROOT).returncode
        print(f"Python {python}, {resolution or 'lock'}: {'passed' if status == 0 else 'failed'}", flush=True)
        good &= status == 0
    return good


def main() -> int:
    """The command line; exit status 1 when anything differs or fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["tables", "suite"])
    parser.add_argument("--python", action="append", help="version or path of an interpreter (repeat)")
    parser.add_argument("--resolution", choices=["lowest-direct", "highest"])
    parser.add_argument("--folder", type=Path, help="where the environments go; a temporary folder when absent")
    given = parser.parse_args()
    pythons = given.python or ["3.11", "3.12", "3.13"]
    with tempfile.TemporaryDirectory(prefix="analysis-environments-") as temporary:
        folder = given.folder or Path(temporary)
        good = tables(pythons, folder) if given.what == "tables" else suite(pythons, given.resolution, folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
