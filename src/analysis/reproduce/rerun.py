"""Making results anew: what people wrote and received, copied to an empty folder, and the commands anybody types."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis import store
from analysis.reproduce import basis
from analysis.run import kernels

TOLD = 12  # last lines of a failed command that are passed on


@dataclass(frozen=True)
class Rerun:
    """A study made anew: its folder of reports, kinds of number by table and measure, claims, seconds, and trouble.

    `claims` are the rows of the verify command's certificate (empty without published.csv); `trouble` is what the
    commands said when they failed, empty when all went well.
    """

    reports: Path
    kinds: Mapping[str, Mapping[str, str]]
    claims: tuple[Mapping[str, object], ...]
    seconds: float
    trouble: str = ""


@contextlib.contextmanager
def folder(studies: list[str]) -> Iterator[Path]:
    """A folder with the notebooks and with plan and raw data of `studies`, where nothing was ever run; it goes again.

    Claims about open data may rest on the raw data of a study that may be shared: these go along.
    """
    claims = any(not basis.is_planned(study) for study in studies)
    wanted = sorted({*studies, *(basis.shareable() if claims else ())})
    with tempfile.TemporaryDirectory(prefix="analysis-reproduce-", ignore_cleanup_errors=True) as made:
        root = Path(made)
        tables = [store.root() / "validation", store.root() / "notebooks"]  # a notebook cites the simulation study
        for place in [*tables, *map(store.study_folder, wanted), *map(store.raw, wanted)]:
            if place.is_dir():
                shutil.copytree(
                    place, root / place.relative_to(store.root()), ignore=shutil.ignore_patterns(".*", "cache")
                )
        yield root


def rerun(study: str, root: Path, echo: Callable[[str], None], as_of: str = "") -> Rerun:
    """Run a study and verify its claims in `root` (see `folder`), as subprocesses that know no other folder."""
    begun, trouble = time.perf_counter(), ""
    echo(f"{study}: made anew in an empty folder")
    if basis.is_planned(study):
        status, said = _command(["run", study, *(["--as-of", as_of] if as_of else [])], root, echo)
        trouble = said if status else ""
    claims = ()
    if not trouble and (store.study_folder(study) / "published.csv").exists():
        claims, trouble = _verified(study, root)
    reports = root / "reports" / study
    return Rerun(reports, _kinds(reports), claims, time.perf_counter() - begun, trouble)


def _verified(study: str, root: Path) -> tuple[tuple, str]:
    """The claims with their verdicts, or why there are none; a number that does not match is a verdict, no trouble."""
    _, said = _command(["verify", study], root, lambda line: None)
    made = root / "data" / "processed" / study / "certificate.json"
    return (tuple(json.loads(made.read_text("utf-8"))["claims"]), "") if made.exists() else ((), said)


def _command(words: list[str], root: Path, echo: Callable[[str], None]) -> tuple[int, str]:
    """Run `python -m analysis WORDS` on the project in `root`; its exit status and last lines."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("ANALYSIS_") or "KEY" in name}
    environment = own | kernels.ENVIRONMENT | {"ANALYSIS_ROOT": str(root), "PYTHONUTF8": "1"}
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", "analysis", *words], cwd=root, env=environment, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        for line in process.stdout or ():
            said.append(line.rstrip().replace(str(root), "."))
            echo(f"  {said[-1]}")
    return process.returncode, "\n".join(said[-TOLD:])


def _kinds(reports: Path) -> dict[str, dict[str, str]]:
    """Kinds of number by table and measure, from the descriptions beside the tables."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(reports.glob("*/tables/*.json")):
        found.setdefault(path.stem, {}).update(json.loads(path.read_text("utf-8"))["kinds"])
    return found
