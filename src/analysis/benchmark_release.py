"""What a release takes and keeps: solved anew from the candidates of the last run."""

import time
from pathlib import Path

import pandas as pd

from analysis import store
from analysis.codebook import StudyError
from analysis.disclosure import profile, suppress
from analysis.disclosure.stacks import Tables
from analysis.run import releasing

SECONDS = 120.0
SHOWN = 85.0  # percent
STEPS, REFERRERS = "05_referrals__funnel", "05_referrals__referrers"


def candidates(root: Path | None = None) -> Tables:
    """Candidates of the study that has most of them (`unit/notebook__name`), as the release step reads them.

    Raises `StudyError` when no run has made any.
    """
    folders = sorted((root or store.root()).glob("data/processed/*/candidates"))
    if not folders:
        raise StudyError(["No candidates for release. Run `python -m analysis run` first."])
    most = max(folders, key=lambda folder: len(list(folder.glob("*/*.csv"))))
    return releasing.candidates(most, [path.name for path in most.glob("*")])[0]


def shown(tables: Tables, stem: str, *, every_unit: bool) -> float:
    """Percentage of the cells of a table that are shown, in all municipalities or in the table of all together."""
    names = [name for name in tables if name.endswith(f"/{stem}") and (name.split("/")[0] == "all") != every_unit]
    return 100 * float(pd.concat([tables[name][0]["status"].eq("shown") for name in names]).mean())


def solved(root: Path | None = None) -> tuple[Tables, pd.DataFrame, float]:
    """The release of those candidates, its record, and the seconds that suppression took."""
    tables = candidates(root)
    rules = profile(next(iter(tables.values()))[1].profile)
    began = time.perf_counter()
    out, log = suppress(tables, rules, time_limit=900)
    return out, log, time.perf_counter() - began
