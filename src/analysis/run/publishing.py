"""The publish step of a run: pages and figures from the released tables of one study, then what they were made from."""

import json
from datetime import date
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from analysis.run import released
from analysis.run.engine import cores
from analysis.run.plan import Step

if TYPE_CHECKING:
    from analysis import present
    from analysis.study import Study

TEMPLATE = "template.pptx"  # in the folder of a study: the slides of the house that replace ours


def publish(step: Step) -> None:
    """Write the reports of the study of `step`, in every language of its plan, from `reports/<study>/` only.

    Beside them go the executed notebooks, where data are synthetic or public, and last the crate that describes all.
    The receipts that the crate reads name every table, so that this step runs again when one comes or goes.
    """
    from analysis import publish, store
    from analysis.publish import crate

    study = store.study(step.study)
    as_of = _as_of(study)
    publish.publish(
        store.reports(study.id), study, study.languages, as_of,
        earlier=earlier(study, as_of), template=template(study), processes=cores(),
    )  # fmt: skip
    _notebooks(study)
    crate.write(study, as_of)


def template(study: "Study") -> Path | None:
    """The slides of the house in the folder of the study, which replace our own; None where there are none."""
    from analysis import store

    path = store.listed(store.study_folder(study.id)) / TEMPLATE
    return store.read(path) if path.exists() else None


def earlier(study: "Study", as_of: date | None) -> dict[str, dict[str, "present.Released"]]:
    """The tables of the latest packed release before `as_of`, by unit and name; none without a date or a release."""
    from analysis import present, store

    folder = store.listed(store.reports(study.id) / "releases")
    dates = sorted(path.name for path in folder.glob("*") if as_of and path.is_dir() and path.name < str(as_of))
    packs = sorted(store.listed(folder / dates[-1]).glob("*.zip")) if dates else []
    found: dict[str, dict[str, present.Released]] = {}
    for content in map(released.contents, map(store.read, packs)):
        for name in (name for name in content if name.endswith(".csv") and "/tables/" in name):
            facts = json.loads(content[f"{name.removesuffix('.csv')}.json"])
            unit, stem = name.split("/")[0], PurePosixPath(name).stem
            found.setdefault(unit, {})[stem] = present.parsed(content[name], facts, stem)
    return found


def _as_of(study: "Study") -> date | None:
    """The cut-off date of the released tables (the latest, should they differ), else the plan's own."""
    from analysis import store

    paths = sorted(store.reports(study.id).glob("*/tables/*"))
    found = {
        json.loads(store.read(path).read_text("utf-8")).get("as_of", "") for path in paths if path.suffix == ".json"
    }
    for path in paths:
        store.read(path)
    return date.fromisoformat(max(found)) if any(found) else study.as_of


def _notebooks(study: "Study") -> None:
    """Copy executed notebooks to `reports/<study>/<unit>/notebooks/`; of a confidential study none may be there."""
    from analysis import store
    from analysis.publish import provenance

    wrote = [name for one in provenance.actions(study.id) for name in one.outputs if study.shareable]
    runs = [store.root() / name for name in wrote if name.split("/")[-3] == "runs"]
    there = {f"{path.parent.name}/notebooks/{path.name}": path for path in runs}
    kept = {store.write_report(study.id, name, store.read(path).read_bytes()) for name, path in there.items()}
    for stale in set(store.reports(study.id).glob("*/notebooks/*")) - kept:
        stale.unlink()
        if not any(stale.parent.iterdir()):
            stale.parent.rmdir()
