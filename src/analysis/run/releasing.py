"""The release step of a run: the one place that writes tables into reports/, after suppression over all of them together."""

import json
import shutil
from pathlib import Path

import pandas as pd

from analysis import store
from analysis.disclosure import Meta, profile, safe_note, suppress
from analysis.run.plan import Step

NUMBERS = {"value", "n", "largest", "second_largest"}


def release(step: Step) -> None:
    """Solve suppression over every candidate of the study and write `reports/<study>/<unit>/tables/` and the log.

    Candidates of units that this run does not have stay out; what an earlier run released and this one does not make is removed.
    """
    candidates = _candidates(store.candidates(step.study))
    about = {key: json.loads(path.with_suffix(".json").read_text("utf-8")) for key, path in candidates.items()}
    described = {key: (_frame(path), Meta.from_json(path.with_suffix(".json").read_text("utf-8"))) for key, path in candidates.items()}
    study = store.study(step.study)
    released, log = suppress(described, profile(study.disclosure.profile))
    for key, (table, meta) in released.items():
        _write(step.study, key, table, {**about[key], **json.loads(meta.to_json())})
    _remove_others(step.study, set(released))
    store.write_report(step.study, "release_log.csv", store.to_csv(_log(log, study.disclosure.profile, about)))


def _candidates(folder: Path) -> dict[str, Path]:
    """Candidate files by `unit/notebook__name`, sorted."""
    store.listed(folder)
    units = sorted(path for path in folder.glob("*") if path.is_dir())
    return {f"{unit.name}/{path.stem}": store.read(path) for unit in units for path in sorted(store.listed(unit).glob("*.csv"))}


def _frame(path: Path) -> pd.DataFrame:
    store.read(path.with_suffix(".json"))
    header = pd.read_csv(path, nrows=0).columns
    text = {column: "str" for column in header if column not in NUMBERS}
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values={column: [""] for column in NUMBERS & set(header)})


def _write(study: str, key: str, table: pd.DataFrame, about: dict) -> None:
    unit, stem = key.split("/")
    if "note" in table:
        notes = table["note"].map(safe_note)
        table = table.drop(columns="note").assign(note=notes) if notes.any() else table.drop(columns="note")
    store.write_report(study, f"{unit}/tables/{stem}.csv", store.to_csv(table))
    text = json.dumps(about, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    store.write_report(study, f"{unit}/tables/{stem}.json", text.encode())


def _remove_others(study: str, keep: set[str]) -> None:
    for path in store.reports(study).glob("*/tables/*"):
        if f"{path.parents[1].name}/{path.stem}" not in keep:
            path.unlink()
    for folder in store.reports(study).glob("*/tables"):
        if not any(folder.iterdir()):
            shutil.rmtree(folder.parent)


def _log(log: pd.DataFrame, profile_name: str, about: dict[str, dict]) -> pd.DataFrame:
    """The output-check record: one line an object, with an empty place for the second checker's decision."""
    dates = {key: found.get("as_of", "") for key, found in about.items()}
    return log.assign(profile=profile_name, as_of=log["table"].map(dates), checker="", decision="", reason_of_checker="")


