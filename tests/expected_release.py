"""The committed results of a study (studies/*/expected/) as a release again: whole pages without a run."""

import json
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]


def write(study: str, folder: Path) -> list[str]:
    """The released tables of every unit of a study in `folder`/<unit>/tables; returns the units.

    The committed tables have no notes, and of the facts only what can be read from the rows.
    """
    units: dict[str, None] = {}
    for path in sorted((ROOT / "studies" / study / "expected/tables").glob("*.csv")):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        for unit, rows in frame.groupby("unit", sort=False):
            units[unit] = None
            own = rows.drop(columns="unit").rename(columns={"unit_of_row": "unit"})
            _table(folder / unit / "tables", path.stem, own)
    return list(units)


def _table(folder: Path, name: str, rows: pd.DataFrame) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    dims = list(rows.columns[: list(rows.columns).index("measure")])
    totals = {dim: total for dim in dims for total in ("all", "difference") if total in set(rows[dim])}
    facts = {"dims": dims, "totals": totals, "kinds": {}, "profile": "samen10_30", "unit": folder.parent.name}
    rows.assign(note="").to_csv(folder / f"{name}.csv", index=False)
    (folder / f"{name}.json").write_text(json.dumps(facts), encoding="utf-8")
