"""The release step of a run: the one place that writes tables into reports/, after suppression over all of them."""

import json
import shutil
from pathlib import Path

import pandas as pd

from analysis import store
from analysis.codebook import StudyError
from analysis.disclosure import Meta, Profile, audit, profile, safe_note, suppress
from analysis.run import approval, current, released
from analysis.run.plan import Step
from analysis.study import Study

TIME_LIMIT = 900.0  # seconds: a limit that a busy machine reaches would hide other cells than a quiet one does


def release(step: Step) -> None:
    """Solve suppression over every candidate of the study and write `reports/<study>/<unit>/tables/` and the log.

    Candidates of units that the study does not have stay out; what an earlier run released and this one does not
    make is removed. Raises `StudyError`, with nothing changed, when candidates are out of date or of several dates.
    """
    candidates = _candidates(store.candidates(step.study), store.study(step.study))
    about = {key: json.loads(path.with_suffix(".json").read_text("utf-8")) for key, path in candidates.items()}
    described = {
        key: (_frame(path), Meta.from_json(path.with_suffix(".json").read_text("utf-8")))
        for key, path in candidates.items()
    }
    if old := current.stale(step.study, candidates):
        raise StudyError([*old, f"Nothing was released. Run `python -m analysis run {step.study}` for all units."])
    study = store.study(step.study)
    as_of = _one_date(step.study, {key: found.get("as_of", "") for key, found in about.items()})
    rules = profile(study.disclosure.profile, interim=_interim(study, as_of))
    previous = released.earlier(study.id, as_of)
    out, log = suppress(described, rules, time_limit=TIME_LIMIT, previous=previous)
    out = {key: (_safe_notes(table), meta) for key, (table, meta) in out.items()}
    log = _attacked(out, log, rules, previous)
    checks = json.loads(log.set_index("table").drop(columns=["unit", "profile"]).to_json(orient="index"))
    made = current.hashes(step.study, out)
    for key, (table, meta) in out.items():
        check = {approval.CHECK: checks[key] | made[key]}
        _write(step.study, key, table, {**about[key], **json.loads(meta.to_json()), **check})
    _remove_others(step.study, set(out))
    if out:
        approval.write_log(step.study)


def _attacked(out: released.Tables, log: pd.DataFrame, rules: Profile, previous: released.Tables) -> pd.DataFrame:
    """The log with the verdict of the audit on the tables as they will be read: a release and its audit agree."""
    if not out:
        return log
    read = {key: (released.frame(store.to_csv(table)), meta) for key, (table, meta) in out.items()}
    found = audit(read, rules, previous, exact=False)
    failed = found[found["verdict"].eq("fail")]
    named = {name for names in failed["table"] for name in str(names).split()}
    mask = log["table"].isin(named if named & set(out) else set(out)) if len(failed) else log["table"].isin([])
    return log.assign(attack=log["attack"].mask(mask, "fail"), status=log["status"].mask(mask, "fail"))


def _interim(study: Study, as_of: str) -> bool:
    """Whether the study goes on after `as_of`: counts are then rounded, so that no small difference can be taken."""
    return bool(as_of and study.as_of and as_of < str(study.as_of))


def _one_date(study: str, dates: dict[str, str]) -> str:
    """The cut-off date of a release. Raises `StudyError` when its tables were made at different dates."""
    found = sorted(set(dates.values()))
    if len(found) > 1:
        raise StudyError(
            [
                f"{study}: tables of different cut-off dates ({', '.join(found)}) cannot be released together. "
                "Run all units with one --as-of."
            ]
        )
    return found[0] if found else ""


def _candidates(folder: Path, study: Study) -> dict[str, Path]:
    """Candidate files by `unit/notebook__name`, sorted; those of units that the study no longer has stay out."""
    store.listed(folder)
    units = sorted(path for path in folder.glob("*") if path.is_dir() and path.name in ("all", *study.units))
    return {
        f"{unit.name}/{path.stem}": store.read(path)
        for unit in units
        for path in sorted(store.listed(unit).glob("*.csv"))
    }


def _frame(path: Path) -> pd.DataFrame:
    """A candidate; a cell without a value tells nothing, so that it does not tell its n either."""
    store.read(path.with_suffix(".json"))
    found = released.frame(path.read_bytes())
    return found.assign(n=found["n"].where(found["value"].notna())) if "n" in found else found


def _safe_notes(table: pd.DataFrame) -> pd.DataFrame:
    if "note" not in table:
        return table
    notes = table["note"].map(safe_note)
    return table.drop(columns="note").assign(note=notes) if notes.any() else table.drop(columns="note")


def _write(study: str, key: str, table: pd.DataFrame, about: dict) -> None:
    unit, stem = key.split("/")
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
