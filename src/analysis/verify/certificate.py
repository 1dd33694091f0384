"""The reproduction certificate: every published number with its verdict, as an accessible page and as JSON."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis import store
from analysis.run.layout import write_whole
from analysis.verify.obtaining import obtain
from analysis.verify.published import claims, file, remarks, sources
from analysis.verify.verdicts import MATCH, NO_MATCH, NOT_COMPUTED, conclusion, shown

ROW = [
    "claim", "source", "printed", "status", "value", "tolerance", "tolerance_kind", "obtained", "verdict", "notebook",
    "unit", "table", "cells", "column", "note",
]  # fmt: skip


def certify(study: str, parameters: Mapping[str, object] | None = None) -> tuple[pd.DataFrame, list[Path]]:
    """Compare every claim of a study, write the certificate below data/processed/<study>/, and return both.

    Returns the claims with `obtained` and `verdict`, and the paths of certificate.html and certificate.json. Raises
    `StudyError` when the study has no valid published.csv.
    """
    compared = obtain(claims(study), parameters)
    about = _about(study, compared, parameters or {})
    folder = store.processed(study)
    paths = [folder / "certificate.html", folder / "certificate.json"]
    write_whole(paths[0], page(compared, about).encode())
    write_whole(
        paths[1], (json.dumps(about | {"claims": _rows(compared)}, indent=1, ensure_ascii=False) + "\n").encode()
    )
    return compared, paths


def by_notebook(compared: pd.DataFrame) -> pd.DataFrame:
    """How many claims of each notebook match, do not match and are not computed."""
    kind = compared["verdict"].str.partition(",")[0].rename("verdict")
    counted = pd.crosstab(compared["notebook"], kind).reindex(columns=[MATCH, NO_MATCH, NOT_COMPUTED], fill_value=0)
    return counted.loc[list(dict.fromkeys(compared["notebook"]))].rename_axis(columns=None)


def page(compared: pd.DataFrame, about: Mapping[str, object]) -> str:
    """The certificate as a self-contained page: one table a notebook, with captions and heads for screen readers."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loader = ChoiceLoader([PackageLoader(f"analysis.{part}", "templates") for part in ("verify", "publish")])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    parts = [_part(notebook, part) for notebook, part in compared.groupby("notebook", sort=False)]
    summary = by_notebook(compared).reset_index().to_dict("records")
    return environment.get_template("certificate.html").render(about=about, parts=parts, summary=summary)


def _part(notebook: str, compared: pd.DataFrame) -> dict[str, object]:
    """What the page says of one notebook."""
    return {
        "notebook": notebook,
        "conclusion": conclusion(compared),
        "rows": shown(compared).reset_index().to_dict("records"),
        "sources": sources(compared),
        "remarks": remarks(compared),
    }


def _about(study: str, compared: pd.DataFrame, parameters: Mapping[str, object]) -> dict[str, object]:
    """What was certified, with what, and when."""
    versions = store.versions()
    return {
        "study": study, "conclusion": conclusion(compared), "parameters": dict(parameters),
        "made": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "claims_sha256": hashlib.sha256(file(study).read_bytes()).hexdigest(),
        "versions": dict(zip(versions["package"], versions["version"], strict=True)),
    }  # fmt: skip


def _rows(compared: pd.DataFrame) -> list[dict]:
    rows = compared[ROW].astype(object)
    return rows.where(rows.notna(), None).to_dict("records")
