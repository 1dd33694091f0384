"""What is committed of a study's results: `studies/<study>/expected/`.

    tables/<notebook>__<name>.csv   a released table of all units, column `unit` first
    made.json                       where they were made: machine, versions, hashes of packaged data sets
    SHA256SUMS                      hash of every file that they rest on and of the two above

`sha256sum --check studies/<study>/expected/SHA256SUMS` checks the last one without any code of ours.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd

from analysis import store
from analysis.codebook import StudyError
from analysis.reproduce import basis, machine
from analysis.run.layout import write_whole

SUMS, MADE = "SHA256SUMS", "made.json"


@dataclass(frozen=True)
class Expected:
    """Results to be made again: `tables` by name (texts, column `unit`), and the hashes of what they rest on.

    `origin` says where they come from, `own` are hashes of the expectation's own files, `made` is the machine (None
    where unknown), `as_of` the cut-off date of the tables where it is not the plan's own.
    """

    study: str
    origin: str
    tables: Mapping[str, pd.DataFrame]
    files: Mapping[str, str]
    own: Mapping[str, str]
    packaged: Mapping[str, str]
    made: machine.Machine | None
    as_of: str = ""


def folder(study: str) -> Path:
    """Where the expectation of a study stands."""
    return store.study_folder(study) / "expected"


def studies() -> list[str]:
    """Studies that have an expectation."""
    return sorted(path.parents[1].name for path in (store.root() / "studies").glob(f"*/expected/{SUMS}"))


def read(study: str) -> Expected:
    """The committed expectation of a study. Raises `StudyError` when there is none, or it cannot be read."""
    place = folder(study)
    try:
        sums = dict(reversed(line.split("  ", 1)) for line in (place / SUMS).read_text("utf-8").splitlines())
        made = json.loads((place / MADE).read_text("utf-8"))
        there = machine.Machine(**made["machine"])
    except (OSError, ValueError, KeyError, TypeError):
        raise StudyError(
            [f"studies/{study}/expected: absent or not readable. Make it with `python -m analysis expect {study}`."]
        ) from None
    here = f"studies/{study}/expected/"
    own = {name: found for name, found in sums.items() if name.startswith(here)}
    files = {name: found for name, found in sums.items() if name not in own}
    tables = {path.stem: _as_text(path.read_bytes()) for path in sorted((place / "tables").glob("*.csv"))}
    return Expected(study, f"studies/{study}/expected", tables, files, own, made["packaged"], there)


def touched(expected: Expected) -> dict[str, str]:
    """Files of the expectation itself that are `changed`, `missing` or `new` since it was written."""
    place = store.root() / expected.origin
    there = [path for path in place.rglob("*") if path.is_file() and path.name != SUMS]
    found = {path.relative_to(store.root()).as_posix(): basis.digest(path) for path in there}
    return basis.differences(expected.own, found)


def released(reports: Path) -> dict[str, pd.DataFrame]:
    """Released tables below a study's folder of reports, by name, those of all units under one another."""
    return joined((path.parts[-3], path.stem, path.read_bytes()) for path in sorted(reports.glob("*/tables/*.csv")))


def joined(parts: Iterable[tuple[str, str, bytes]]) -> dict[str, pd.DataFrame]:
    """Tables from (unit, name, CSV), by name, those of all units under one another with `unit` as first column.

    A dimension that is itself called `unit` becomes `unit_of_row`. Cells are text: equal text is an equal result.
    """
    found: dict[str, list[pd.DataFrame]] = {}
    for unit, name, content in parts:
        frame = _as_text(content).rename(columns={"unit": "unit_of_row"})
        frame.insert(0, "unit", unit)
        found.setdefault(name, []).append(frame)
    return {name: pd.concat(frames, ignore_index=True).fillna("") for name, frames in sorted(found.items())}


def _as_text(content: bytes) -> pd.DataFrame:
    return pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False)


def write(study: str, reports: Path) -> list[str]:
    """Write the expectation of a study from released tables below `reports`; returns the names of tables that changed.

    Only of a study that may be shared. Raises `StudyError` for a confidential one: its results are not for git.
    """
    if basis.is_planned(study) and not store.study(study).shareable:
        raise StudyError([f"{study}: is confidential; its results stay out of git, so that nothing is expected of it."])
    place, tables = folder(study), released(reports)
    before = {path.stem: path.read_bytes() for path in (place / "tables").glob("*.csv")}
    after = {name: store.to_csv(frame) for name, frame in tables.items()}
    for name in before.keys() - after.keys():
        (place / "tables" / f"{name}.csv").unlink()
    for name, content in after.items():
        write_whole(place / "tables" / f"{name}.csv", content)
    made = {"machine": asdict(machine.this()), "packaged": basis.packaged(study)}
    write_whole(place / MADE, (json.dumps(made, indent=1) + "\n").encode())
    own = sorted(path for path in place.rglob("*") if path.is_file() and path.name != SUMS)
    sums = basis.files(study) | {path.relative_to(store.root()).as_posix(): basis.digest(path) for path in own}
    write_whole(place / SUMS, "".join(f"{found}  {name}\n" for name, found in sorted(sums.items())).encode())
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
