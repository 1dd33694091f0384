"""The only module that knows where project files lie: raw and processed data, candidates for release, scratch.

Inside a run (environment variable ANALYSIS_RUN) processed tables and candidates are the shared ones; outside a run, in
JupyterLab or a test, candidates go to a scratch folder, so that reading a notebook never changes what a run made.
"""

import datetime as dt
import filecmp
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import study as study_module
from analysis.codebook import StudyError
from analysis.disclosure.meta import Meta
from analysis.study import Study

NO_UNIT = "_none"
ALL = "all"
LARGE = 10_000_000  # bytes of a table's files
KINDS = {
    "count": "count",
    "missing": "count",
    "percent": "percent",
    "percent_previous": "percent",
    "percent_first": "percent",
    "mean": "mean",
    "sd": "sd",
    "median": "median",
    "estimate": "estimate",
    "std_error": "std_error",
    "df": "inference_df",
    "lower": "lower",
    "upper": "upper",
    "p_value": "p_value",
    "p_adjusted": "p_value",
    "p_floor": "p_value",
    "days": "days",
    "rate": "rate",
    "percent_started": "percent",
}


@dataclass(frozen=True)
class Case:
    """What a notebook is about: study, unit (`all` for all together), language, cut-off date, and the notebook's
    name.
    """

    study: Study
    unit: str
    language: str
    as_of: dt.date | None
    notebook: str


_open: list[Case] = []


def root() -> Path:
    """Folder of the project: ANALYSIS_ROOT, else the checkout that this file stands in."""
    return Path(os.environ.get("ANALYSIS_ROOT") or Path(__file__).parents[2])


def studies() -> list[str]:
    """Ids of the studies that have a plan."""
    return sorted(path.parent.name for path in (root() / "studies").glob("*/study.yaml"))


def study_folder(study: str) -> Path:
    """Folder that people write: plan, codebook, corrections."""
    return root() / "studies" / study


def raw(study: str, file: str = "") -> Path:
    """A raw file as received, or the study's raw folder; the read is recorded."""
    path = root() / "data" / "raw" / study / file
    return read(path) if file else path


def processed(study: str) -> Path:
    """Folder of what a run makes of a study; nothing in it is in git."""
    return root() / "data" / "processed" / study


def reports(study: str) -> Path:
    """Folder of what may leave."""
    return root() / "reports" / study


@cache
def _study(folder: Path, stamp: tuple) -> Study:
    return study_module.load(folder)


def study(id: str) -> Study:
    """The study with this id. Raises `StudyError`: unknown (known ones are named), or everything wrong with its
    files.
    """
    if id not in studies():
        raise StudyError([f"studies/{id}/study.yaml: not found. Studies are: {', '.join(studies()) or 'none'}."])
    folder = study_folder(id)
    names = ("study.yaml", "codebook.csv", "levels.csv", "logic_model.csv", "expected_results.csv")
    files = [read(folder / name) for name in names if (folder / name).exists()]
    return _study(folder, tuple((path.stat().st_mtime_ns, path.stat().st_size) for path in files))


def read(path: Path) -> Path:
    """`path`, recorded as read by this step (receipts and the Reads line of a notebook rest on it)."""
    return _trace("read", path)


def listed(folder: Path) -> Path:
    """`folder`, recorded as one whose file names this step used."""
    return _trace("listed", folder)


_plan = study  # under a name that a parameter `study` does not hide


def _trace(verb: str, path: Path) -> Path:
    if os.environ.get("ANALYSIS_TRACE"):
        with open(os.environ["ANALYSIS_TRACE"], "a", encoding="utf-8") as file:
            file.write(f"{verb}\t{path}\n")
    return path


# --- the open case --------------------------------------------------------------------------------------------------


def open_case(notebook: str, *, study: str, unit: str = ALL, language: str = "en", as_of: str = "") -> Case:
    """Open a study and unit for a notebook; later calls of this module are about it.

    `as_of` is an ISO date or empty (the plan's own cut-off). Raises `StudyError` for an unknown unit, language or date.
    """
    plan = _plan(study)
    problems = []
    if unit != ALL and unit not in plan.units:
        problems.append(f"unit {unit!r} is not in study {study}; units: all, {', '.join(plan.units)}.")
    if language not in plan.languages:
        problems.append(f"language {language!r} is not in study {study}; languages: {', '.join(plan.languages)}.")
    try:
        date = dt.date.fromisoformat(as_of) if as_of else plan.as_of
    except ValueError:
        problems.append(f"as_of {as_of!r} is not a date written as 2021-12-31.")
    if problems:
        raise StudyError(problems)
    _open[:] = [Case(plan, unit, language, date, notebook)]
    return _open[0]


def case() -> Case:
    """The open case. Raises RuntimeError when no notebook opened one."""
    if not _open:
        raise RuntimeError("No study is open. Call store.open_case(notebook, study=..., unit=...) first.")
    return _open[0]


# --- processed tables -----------------------------------------------------------------------------------------------


@contextmanager
def replaced(study: str) -> Iterator[Callable[[str, pd.DataFrame], None]]:
    """Write processed tables anew, all or none: gives `add(table, frame)`, which keeps a frame aside, one parquet file
    a unit; when the block ends without an error they are put in place, and units that a table has no more are removed.

    A file whose bytes would not change is left alone, so that nothing that reads it runs again.
    """
    folder = processed(study)
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".tables-", suffix=".partial", dir=folder))

    def add(name: str, frame: pd.DataFrame) -> None:
        (aside / name).mkdir(exist_ok=True)
        by_unit = frame["unit"].fillna(NO_UNIT) if "unit" in frame else pd.Series(NO_UNIT, index=frame.index)
        for unit, part in (dict(tuple(frame.groupby(by_unit, sort=True))) or {NO_UNIT: frame}).items():
            part.reset_index(drop=True).to_parquet(aside / name / f"unit={unit}.parquet", index=False)

    try:
        yield add
        for made in sorted(aside.iterdir()):
            _put(made, folder / "tables" / made.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _put(made: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    new = sorted(made.iterdir())
    for path in new:
        target = folder / path.name
        _trace("wrote", target)
        if not (target.exists() and filecmp.cmp(path, target, shallow=False)):
            os.replace(path, target)
    for stale in set(folder.glob("unit=*.parquet")) - {folder / path.name for path in new}:
        stale.unlink()


def _replace(path: Path, content: bytes) -> None:
    """Write whole or not at all; an unchanged file keeps its time, so that nothing that reads it runs again."""
    _trace("wrote", path)
    if path.exists() and path.read_bytes() == content:
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def table(name: str, *, every_unit: bool = False, optional: bool = False) -> pd.DataFrame:
    """A processed table of the open case: the rows of its unit (`all`, or `every_unit`: of all units).

    With a cut-off date only what was known then: rows dated later are left out and later dates are empty.
    Raises `StudyError` when the study has no such table (`optional`: an empty frame instead, for analyses that state
    what is absent), or when it has not been prepared.
    """
    here = case()
    if optional and not here.study.has(name):
        return pd.DataFrame()
    folder = processed(here.study.id) / "tables" / name
    if not folder.exists():
        if name in here.study.tables or name in study_module.DERIVED_TABLES | {"prepare_log", "prepare_problems"}:
            raise StudyError(
                [f"{here.study.id}: table {name} is not prepared. Run `python -m analysis prepare {here.study.id}`."]
            )
        raise StudyError([f"{here.study.id}: the study has no table {name}; it has {', '.join(here.study.tables)}."])
    listed(folder)
    files = sorted(folder.glob("unit=*.parquet"))
    if (
        here.unit != ALL
        and not every_unit
        and (folder / f"unit={NO_UNIT}.parquet") not in files[:1] * (len(files) == 1)
    ):
        files = [file for file in files if file.stem == f"unit={here.unit}"]
    if not files:
        return _empty(folder)
    with _text_for(files):
        parts = [_compact(_parquet(file), name, here.study) for file in files]
        return known(pd.concat(parts, ignore_index=True), name, here)


def _parquet(file: Path) -> pd.DataFrame:
    """The table in a file, read whole first: to find out what a path is takes longer than to read a small table."""
    return pd.read_parquet(io.BytesIO(read(file).read_bytes()))


@contextmanager
def _text_for(files: Sequence[Path]) -> Iterator[None]:
    """Text of large tables in Arrow, which is quicker by the million and smaller; of others as pandas is set to."""
    if sum(file.stat().st_size for file in files) < LARGE:
        yield
    else:
        with pd.option_context("mode.string_storage", "auto"):
            yield


def _compact(frame: pd.DataFrame, name: str, study: Study) -> pd.DataFrame:
    """Scores with their levels as categories, far smaller than text: they have a row an outcome, person and wave."""
    if name != "measures":
        return frame
    levels = {v.name: [level.level for level in v.levels] for v in study.columns(name) if v.levels}
    levels |= {"outcome": [outcome.id for outcome in study.outcomes], "wave": [wave.id for wave in study.waves]}
    return frame.astype({column: pd.CategoricalDtype(known) for column, known in levels.items() if column in frame})


def _empty(folder: Path) -> pd.DataFrame:
    return _parquet(sorted(folder.glob("unit=*.parquet"))[0]).iloc[:0]


def known(frame: pd.DataFrame, name: str, here: Case) -> pd.DataFrame:
    """What was known at the cut-off date: the first required date decides whether a row exists, later dates are
    emptied. A table without dates but with moments keeps the moments that the plan dates before the cut-off.
    """
    # a date that was agreed in advance (unit `planned`: a deadline) is known before it comes
    dates = [v for v in here.study.columns(name) if v.type == "date" and v.unit != "planned" and v.name in frame]
    if here.as_of is None:
        return frame
    if not dates:
        then = here.study.moments_by(here.as_of)
        return frame[frame["moment"].isin(then)].reset_index(drop=True) if "moment" in frame else frame
    limit = pd.Timestamp(here.as_of)
    # a row exists from its first required date on; answers and scores from the day they were given
    key = next((v.name for v in dates if v.required), here.study.time if here.study.time in frame else None)
    if key:
        frame = frame[~(frame[key] > limit)]
    if name == "persons" and "started" in frame:
        late = frame["started"] > limit
        frame = frame.assign(in_study=frame["in_study"] & ~late, excluded=frame["excluded"].mask(late, "not_started"))
    return frame.assign(**{v.name: frame[v.name].mask(frame[v.name] > limit) for v in dates}).reset_index(drop=True)


# --- release, first step --------------------------------------------------------------------------------------------


def candidates(study: str, unit: str | None = None) -> Path:
    """Folder of candidates for release: the shared one inside a run, a scratch folder outside."""
    folder = processed(study) / ("candidates" if os.environ.get("ANALYSIS_RUN") else "scratch")
    return folder / unit if unit else folder


def release(
    table: pd.DataFrame,
    name: str,
    *,
    dims: Sequence[str],
    measures: Sequence[str] | Mapping[str, str],
    counts_of: str,
    n: str | Mapping[str, str] = "n",
    **described,
) -> pd.DataFrame:
    """Offer a table for release: writes a private candidate and returns it with the primary rules applied, to show.

    `table` has one row per combination of `dims` (ids, never labels) with a column per measure and `n` (the number of
    contributing persons, or the denominator of a percentage), or is long already (columns `measure`, `value`, `n`).
    `measures` names the measures (names of `KINDS`, or a mapping to a kind of `analysis.disclosure.meta.KINDS`);
    `counts_of` says what counts count. Further keywords (`totals`, `population`, `steps`, `subsets`, ...) describe the
    table to disclosure control, see `analysis.disclosure.Meta`. Raises ValueError for anything undescribed.
    """
    from analysis.disclosure import primary, profile

    here = case()
    kinds = dict(measures) if isinstance(measures, Mapping) else {measure: KINDS[measure] for measure in measures}
    long = _long(table, list(dims), kinds, n)
    described = {key: tuple(value) if isinstance(value, list) else value for key, value in described.items()}
    described = {"ladder": _ladder(here.study.disclosure.ladder, dims), **described}
    described = {"step_of": _step_of(here.study, long, described.get("steps", ())), **described}
    meta = Meta(
        tuple(dims),
        described.pop("totals", {}),
        counts_of,
        here.study.disclosure.profile,
        kinds,
        here.unit,
        **described,
    )
    shown = primary(long, meta, profile(meta.profile))
    shown.attrs = _write_candidate(here, name, long, meta)
    return shown


def _ladder(crossings: Sequence[Sequence[str]], dims: Sequence[str]) -> tuple[str, ...]:
    """The dimensions of a table that the plan gives up in turn; the unit that a table is about is one as well."""
    given_up = [dim for finer, coarser in pairwise(crossings) for dim in finer if dim not in coarser]
    return tuple(dim for dim in dict.fromkeys(given_up) if dim in (*dims, "unit"))


def _step_of(study: Study, long: pd.DataFrame, steps: Sequence[str]) -> dict[str, str]:
    """What the plan says of the steps of a referral: who was referred is everybody, a later step is part of which."""
    referral = any(set(long[dim]) <= set(study.referral_steps) for dim in steps if len(long))
    return {study.referral_steps[0]: "", **study.referral_of} if referral else {}


def _long(table: pd.DataFrame, dims: list[str], kinds: dict[str, str], n: str | Mapping[str, str]) -> pd.DataFrame:
    keep = [*dims, *(["note"] if "note" in table else [])]
    if "measure" in table and "value" in table and not set(kinds) <= set(table):
        return table[
            [*dims, "measure", "value", *(c for c in ("n", "note", "largest", "second_largest") if c in table)]
        ]
    order = np.argsort(table.index.to_numpy(), kind="stable")
    values = [_numbers(table[measure])[order] for measure in kinds]
    counts = [_numbers(_count(table, measure, kinds[measure], n))[order] for measure in kinds]
    long = table[keep].iloc[np.repeat(order, len(kinds))].reset_index(drop=True)
    measures = pd.Series(list(kinds) * len(table), dtype=str)
    return long.assign(measure=measures, value=np.stack(values, axis=1).ravel(), n=np.stack(counts, axis=1).ravel())


def _count(table: pd.DataFrame, measure: str, kind: str, n: str | Mapping[str, str]) -> pd.Series:
    """The column that holds the number behind a measure: of a count, where none is named, the count itself."""
    column = n.get(measure, measure) if isinstance(n, Mapping) else n
    if column in table or kind == "count":
        return table[column if column in table else measure]
    return pd.Series(float("nan"), index=table.index)


def _numbers(column: pd.Series) -> np.ndarray:
    """A column as floats, whatever its missing values are called."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
        return column.to_numpy("float64")
    return column.astype("Float64").to_numpy("float64", na_value=float("nan"))


def _write_candidate(here: Case, name: str, long: pd.DataFrame, meta: Meta) -> dict:
    """Write the whole table and its description; returns the description."""
    folder = candidates(here.study.id, here.unit)
    folder.mkdir(parents=True, exist_ok=True)
    about = {
        **json.loads(meta.to_json()),
        "study": here.study.id,
        "notebook": here.notebook,
        "name": name,
        "as_of": str(here.as_of or ""),
        "study_kind": here.study.kind,
    }
    stem = f"{here.notebook}__{name}"
    _replace(folder / f"{stem}.csv", to_csv(long))
    _replace(folder / f"{stem}.json", (json.dumps(about, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())
    return about


def write_report(study: str, name: str, content: bytes) -> Path:
    """Write one file below `reports/<study>/`, whole or not at all; only the release and publish steps of a run call
    it.
    """
    if not os.environ.get("ANALYSIS_RUN"):
        raise RuntimeError("reports/ is written by a run only. Use `python -m analysis run`.")
    path = reports(study) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, content)
    return path


def versions() -> pd.DataFrame:
    """Versions of Python and of the packages that made the output, one row each."""
    return pd.DataFrame(_versions(), columns=["package", "version"])


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    import platform
    from importlib.metadata import version

    names = ["numpy", "pandas", "scipy", "statsmodels", "networkx", "matplotlib", "papermill"]
    return ("python", platform.python_version()), *((name, version(name)) for name in names)


def to_csv(frame: pd.DataFrame) -> bytes:
    """A frame as language-neutral CSV: comma, UTF-8, `\\n`, numbers to ten significant digits, so that equal results
    are equal bytes.
    """
    return frame.to_csv(index=False, lineterminator="\n", float_format="%.10g").encode()
