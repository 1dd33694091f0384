"""What was published: studies/<study>/published.csv, one row a number, with its source and its tolerance."""

from pathlib import Path

import pandas as pd

from analysis import store
from analysis.codebook import StudyError

REQUIRED = ["claim", "source", "value", "tolerance", "tolerance_kind", "notebook", "table", "cells", "column"]
OPTIONAL = {"unit": "all", "printed": "", "status": "", "note": "", "case": "", "quantity": ""}
KINDS = ("absolute", "relative", "exact")


def claims(study: str, notebook: str | None = None) -> pd.DataFrame:
    """The published numbers of a study, or those that one notebook reproduces.

    `notebook`, `unit` and `table` say where our number stands, `cells` which row (`contrast=T1 - T0; outcome=mhi5`) and
    `column` which column. `tolerance` is a difference (`absolute`), a share of the value (`relative`) or empty
    (`exact`). `printed` is the number as the source prints it (empty when the reference is a second program) and
    `status` whether it was read there. An empty `table` is a number that is not computed here, and `note` says why.
    `value` and `tolerance` are numbers, the other columns text. Raises `StudyError` with everything that is wrong.
    """
    path = store.study_folder(study) / "published.csv"
    if not path.exists():
        raise StudyError(
            [f"studies/{study}/published.csv: not found. Write it with the columns {', '.join(REQUIRED)}."]
        )
    found = pd.read_csv(store.read(path), dtype=str, keep_default_na=False, encoding="utf-8")
    if problems := _problems(found, f"studies/{study}/published.csv"):
        raise StudyError(problems)
    found = found.assign(**{name: found.get(name, default) for name, default in OPTIONAL.items()})
    found = found.assign(**{name: pd.to_numeric(found[name]) for name in ("value", "tolerance")}, study=study)
    if notebook is None:
        return found
    chosen = found[found["notebook"] == notebook].reset_index(drop=True)
    if chosen.empty:
        known = ", ".join(found["notebook"].unique())
        raise StudyError([f"studies/{study}/published.csv: no claim of notebook {notebook!r}. There are: {known}."])
    return chosen


def printed(claims: pd.DataFrame) -> pd.DataFrame:
    """The numbers that stand in print, as printed, and whether we read them there."""
    return claims.loc[claims["printed"] != "", ["claim", "printed", "status"]].set_index("claim")


def sources(claims: pd.DataFrame) -> list[str]:
    """The sources of the claims, each once."""
    return list(dict.fromkeys(claims["source"]))


def remarks(claims: pd.DataFrame) -> list[str]:
    """What a reader must know to compare: conventions, traps, and why a number is not computed; each once."""
    return [note[:1].upper() + note[1:] for note in dict.fromkeys(claims["note"]) if note]


def _problems(found: pd.DataFrame, where: str) -> list[str]:
    if absent := [name for name in REQUIRED if name not in found]:
        return [f"{where}: column {name} is absent. Add it." for name in absent]
    if unknown := [name for name in found if name not in REQUIRED and name not in OPTIONAL]:
        return [
            f"{where}: column {name} is unknown. Known are {', '.join([*REQUIRED, *OPTIONAL])}." for name in unknown
        ]
    problems = []
    for line, row in zip(range(2, len(found) + 2), found.to_dict("records"), strict=True):
        problems += [f"{where}, line {line}: {problem}" for problem in _of_row(row)]
    return problems


def _of_row(row: dict[str, str]) -> list[str]:
    """What is wrong with one claim."""
    problems = []
    if row["tolerance_kind"] not in KINDS:
        problems.append(f"tolerance_kind is {row['tolerance_kind']!r}. Use {', '.join(KINDS)}.")
    exact = row["tolerance_kind"] == "exact"
    if not _number(row["value"]):
        problems.append(f"value is {row['value']!r}. Give a number with a decimal point.")
    if exact and row["tolerance"] or not exact and not _number(row["tolerance"], positive=True):
        problems.append(
            f"tolerance is {row['tolerance']!r}. Give a positive number, or nothing when the claim is exact."
        )
    if row["table"] and not (row["notebook"] and row["column"]):
        problems.append("a table without its notebook or column. Fill in all three.")
    if not row["table"] and not row.get("note"):
        problems.append("no table and no note. Say where our number stands, or why it is not computed.")
    problems += [
        f"cells hold {part!r}. Write column=value; column=value." for part in _parts(row["cells"]) if "=" not in part
    ]
    return problems


def _number(text: str, *, positive: bool = False) -> bool:
    try:
        return float(text) > 0 if positive else abs(float(text)) < float("inf")
    except ValueError:
        return False


def _parts(cells: str) -> list[str]:
    return [part.strip() for part in cells.split(";") if part.strip()]


def where(cells: str) -> dict[str, str]:
    """`contrast=T1 - T0; outcome=mhi5` as columns and their values."""
    return {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in _parts(cells))}


def file(study: str) -> Path:
    """Where the claims of a study stand."""
    return store.study_folder(study) / "published.csv"
