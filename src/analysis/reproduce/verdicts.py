"""The comparison of released tables with the expected ones, cell by cell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from analysis._yaml import read_yaml

REPRODUCED, WITHIN, DIFFERS, MISSING, NEW = "reproduced", "within tolerance", "differs", "missing", "new"
GOOD = (REPRODUCED, WITHIN)
NUMBERS = ("value", "n", "largest", "second_largest")
SAID = ("status", "reason", "note")
EXACT = {"relative": 0.0, "absolute": 0.0}
_SHOWN = 1e-10  # tables hold ten significant digits


@dataclass(frozen=True)
class Verdict:
    """What became of one table of a study: `cells` compared, how many differ, an example, and `causes`.

    `verdict` is `reproduced` (every cell is the same text), `within tolerance`, `differs`, `missing` (expected, not
    made) or `new` (made, not expected). `causes` are the changed files that the table rests on.
    """

    study: str
    table: str
    verdict: str
    cells: int
    differing: int = 0
    example: str = ""
    causes: tuple[str, ...] = ()


def compare(
    study: str,
    table: str,
    expected: pd.DataFrame | None,
    found: pd.DataFrame | None,
    *,
    kinds: Mapping[str, str],
    strict: bool,
) -> Verdict:
    """The verdict on one table; `kinds` maps its measures to kinds of number, `strict` allows no tolerance.

    Rows are matched by everything but their numbers, status and notes; a row on one side only is a difference.
    """
    if found is None or expected is None:
        there = found if expected is None else expected
        return Verdict(study, table, NEW if expected is None else MISSING, 0 if there is None else there.size)
    both = _matched(expected, found)
    shared = [name for name in (*NUMBERS, *SAID) if f"{name}_expected" in both]
    same = {name: _same(both, name) for name in shared}
    near = {
        name: one if strict or name not in NUMBERS else one | _near(both, name, kinds) for name, one in same.items()
    }
    alone = both["_merge"].ne("both").to_numpy()
    differing = int(sum((~one[~alone]).sum() for one in near.values()) + alone.sum())
    exact = not alone.any() and all(one.all() for one in same.values())
    verdict = REPRODUCED if exact else WITHIN if not differing else DIFFERS
    return Verdict(study, table, verdict, len(both) * len(shared), differing, _example(both, near) if differing else "")


def _keys(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame if name not in (*NUMBERS, *SAID)]


def _matched(expected: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Rows of both by their keys (equal rows by their order); a column that one lacks is empty in it."""
    columns = list(dict.fromkeys([*expected, *found]))
    sides = [frame.reindex(columns=columns, fill_value="") for frame in (expected, found)]
    keys = _keys(sides[0])
    numbered = [side.assign(_nth=side.groupby(keys, sort=False).cumcount()) for side in sides]
    return numbered[0].merge(numbered[1], "outer", [*keys, "_nth"], suffixes=("_expected", "_found"), indicator=True)


def _same(both: pd.DataFrame, name: str) -> np.ndarray:
    return (both[f"{name}_expected"] == both[f"{name}_found"]).to_numpy()


def _near(both: pd.DataFrame, name: str, kinds: Mapping[str, str]) -> np.ndarray:
    """Cells of a column of numbers that lie within the tolerance of their measure's kind; a count is exact."""
    known = [tolerances().get(kinds.get(measure, ""), EXACT) if name == "value" else EXACT
             for measure in (both["measure"] if "measure" in both else [""] * len(both))]  # fmt: skip
    expected, found = (
        pd.to_numeric(both[f"{name}_{side}"], errors="coerce").to_numpy(float) for side in ("expected", "found")
    )
    allowed = [one["absolute"] for one in known] + np.array([one["relative"] for one in known]) * np.abs(expected)
    return np.abs(found - expected) <= allowed + (np.array(allowed) > 0) * _SHOWN * np.abs(expected)


def _example(both: pd.DataFrame, near: Mapping[str, np.ndarray]) -> str:
    """The first cell that differs, in words; released tables hold nothing that may not be shown."""
    alone = both["_merge"].ne("both").to_numpy()
    wrong = {name: ~one & ~alone for name, one in near.items()}
    place = int(np.argmax(alone | np.logical_or.reduce(list(wrong.values()))))
    row = both.iloc[place]
    where = ", ".join(
        f"{name} {row[name]}" for name in both if not name.endswith(("_expected", "_found")) and name[0] != "_"
    )
    if alone[place]:
        return f"{where}: {'no longer there' if row['_merge'] == 'left_only' else 'not expected'}"
    name = next(name for name, one in wrong.items() if one[place])
    return f"{where}: {name} {row[f'{name}_found'] or 'empty'}, expected {row[f'{name}_expected'] or 'empty'}"


@cache
def tolerances() -> Mapping[str, Mapping[str, float]]:
    """Tolerance by kind of number, from tolerances.yaml."""
    return read_yaml((files("analysis.reproduce") / "tolerances.yaml").read_text("utf-8"))


def failing(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts that say that a table was not reproduced."""
    return [one for one in verdicts if one.verdict not in GOOD]
