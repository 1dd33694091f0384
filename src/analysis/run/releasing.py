"""The release step of a run: the one place that writes tables into reports/, after suppression over all of them."""

import json
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from analysis import disclosure, store
from analysis._processes import spread_over
from analysis.codebook import StudyError
from analysis.run import approval, current, released
from analysis.run.engine import cores
from analysis.run.plan import Step
from analysis.study import Study

if TYPE_CHECKING:
    from analysis.disclosure.spread import Spread

TIME_LIMIT = 3600.0  # seconds: a limit that a busy machine reaches would hide other cells than a quiet one does


def release(step: Step) -> None:
    """Solve suppression over every candidate of the study and write `reports/<study>/<unit>/tables/` and the log.

    Candidates of units that the study does not have stay out; what an earlier run released and this one does not
    make is removed. Raises `StudyError`, with nothing changed, when candidates are out of date or of several dates.
    """
    described, about = candidates(store.candidates(step.study), ("all", *store.study(step.study).units))
    if old := current.stale(step.study, described):
        raise StudyError([*old, f"Nothing was released. Run `python -m analysis run {step.study}` for all units."])
    study = store.study(step.study)
    as_of = _one_date(step.study, {key: found.get("as_of", "") for key, found in about.items()})
    rules = disclosure.profile(study.disclosure.profile, interim=_interim(study, as_of))
    previous = released.earlier(study.id, as_of)
    with spread_over(cores()) as spread:
        out, log = disclosure.suppress(described, rules, time_limit=TIME_LIMIT, previous=previous, spread=spread)
        out = {key: (_safe_notes(table), meta) for key, (table, meta) in out.items()}
        content = {key: store.to_csv(table) for key, (table, _) in out.items()}
        log = _attacked(out, content, log, rules, previous, spread)
    checks = json.loads(log.set_index("table").drop(columns=["unit", "profile"]).to_json(orient="index"))
    made = current.hashes(step.study, out)
    for key, (_, meta) in out.items():
        check = {approval.CHECK: checks[key] | made[key]}
        _write(step.study, key, content[key], {**about[key], **meta.about(), **check})
    _remove_others(step.study, set(out))
    if out:
        approval.write_log(step.study)


def _attacked(
    out: released.Tables,
    content: Mapping[str, bytes],
    log: pd.DataFrame,
    rules: "disclosure.Profile",
    previous: released.Tables,
    spread: "Spread",
) -> pd.DataFrame:
    """The log with the verdict of the audit on the tables as they will be read: a release and its audit agree."""
    if not out:
        return log
    read = {key: (released.frame(content[key]), meta) for key, (_, meta) in out.items()}
    failed = disclosure.opened(read, rules, previous, spread=spread)
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


def candidates(folder: Path, units: Collection[str]) -> tuple[released.Tables, dict[str, dict]]:
    """The candidates in `folder` by `unit/notebook__name`, sorted, and all that stands in their descriptions.

    Those of other `units` (that the study no longer has) stay out. A cell without a value tells nothing, so that it
    does not tell its n either.
    """
    tables: released.Tables = {}
    about: dict[str, dict] = {}
    for unit in sorted(path for path in store.listed(folder).glob("*") if path.is_dir() and path.name in units):
        for path in sorted(store.listed(unit).glob("*.csv")):
            key, beside = f"{unit.name}/{path.stem}", store.read(path.with_suffix(".json"))
            about[key] = json.loads(beside.read_text("utf-8"))
            table = released.frame(store.read(path).read_bytes())
            told = {"n": table["n"].where(table["value"].notna())} if "n" in table else {}
            tables[key] = (table.assign(**told), disclosure.Meta.of(about[key]))
    return tables, about


def _safe_notes(table: pd.DataFrame) -> pd.DataFrame:
    if "note" not in table:
        return table
    notes = table["note"].map(disclosure.safe_note)
    return table.drop(columns="note").assign(note=notes) if notes.any() else table.drop(columns="note")


def _write(study: str, key: str, content: bytes, about: dict) -> None:
    unit, stem = key.split("/")
    store.write_report(study, f"{unit}/tables/{stem}.csv", content)
    text = json.dumps(about, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    store.write_report(study, f"{unit}/tables/{stem}.json", text.encode())


def _remove_others(study: str, keep: set[str]) -> None:
    for path in store.reports(study).glob("*/tables/*"):
        if f"{path.parents[1].name}/{path.stem}" not in keep:
            path.unlink()
    for folder in store.reports(study).glob("*/tables"):
        if not any(folder.iterdir()):
            shutil.rmtree(folder.parent)
