"""The verdict on each published number, from the tables that hold ours."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.verify.published import where

MATCH, NO_MATCH, NOT_COMPUTED = "match", "no match", "not computed"
_ROUNDING = 1e-12  # of the value: what double precision leaves of an exact number


def compare(
    claims: pd.DataFrame, tables: Mapping[str, pd.DataFrame], *, absent: str = "there is no such table"
) -> pd.DataFrame:
    """The claims with `obtained` (our number) and `verdict`: `match`, `no match`, or `not computed, because ...`.

    `tables` holds by name the frames that the claims refer to (levels of an index count as columns); `absent` is why a
    table may not be there. A number is obtained when exactly one row fits the claim's cells; a number that could not be
    estimated takes the reason from the row's `note` or `reason`.
    """
    found = [_obtain(claim, tables, absent) for claim in claims.to_dict("records")]
    obtained = [one if isinstance(one, float) else np.nan for one in found]
    verdicts = [
        (MATCH if _within(one, claim) else NO_MATCH) if isinstance(one, float) else f"{NOT_COMPUTED}, because {one}"
        for one, claim in zip(found, claims.to_dict("records"), strict=True)
    ]
    return claims.assign(obtained=obtained, verdict=verdicts)


def _within(obtained: float, claim: dict) -> bool:
    value, kind = claim["value"], claim["tolerance_kind"]
    allowed = {"absolute": claim["tolerance"], "relative": claim["tolerance"] * abs(value), "exact": 0.0}[kind]
    return abs(obtained - value) <= allowed + _ROUNDING * abs(value)


def _obtain(claim: dict, tables: Mapping[str, pd.DataFrame], reason: str) -> float | str:
    """Our number, or the reason why there is none."""
    if not claim["table"]:
        return claim["note"].rstrip(".")
    if claim["table"] not in tables:
        return f"{reason} ({claim['table']})"
    table, cells = _plain(tables[claim["table"]]), where(claim["cells"])
    if absent := [name for name in (*cells, claim["column"]) if name not in table]:
        return f"table {claim['table']} has no column {', '.join(absent)}"
    fits = table
    for name, value in cells.items():
        fits = fits[_same(fits[name], value)]
    if len(fits) != 1:
        return f"{len(fits)} rows of {claim['table']} fit {claim['cells'] or 'the claim'}"
    return _number(fits.iloc[0], claim["column"])


def _plain(table: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """The table with named levels of its index as columns."""
    table = table.to_frame("value") if isinstance(table, pd.Series) else table
    return table.reset_index() if any(name is not None for name in table.index.names) else table


def _same(column: pd.Series, value: str) -> np.ndarray:
    """Rows that hold `value`; a number is compared as a number, so that 2004 and 2004.0 are one."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return np.isclose(column.to_numpy(float), pd.to_numeric(value, errors="coerce"), rtol=1e-12, atol=0)
    return (column.astype(str) == value).to_numpy()


def _number(row: pd.Series, column: str) -> float | str:
    value = pd.to_numeric(row[column], errors="coerce")
    if np.isfinite(value):
        return float(value)
    reasons = [str(row[name]) for name in ("note", "reason", "status") if pd.notna(row.get(name)) and row[name]]
    return [*reasons, "the cell holds no number"][0].removeprefix("not estimable, because ")


def conclusion(compared: pd.DataFrame) -> str:
    """One sentence: how many of the published numbers are matched, missed and not computed."""
    kinds = compared["verdict"].str.partition(",")[0].value_counts()
    match, missed, absent = (int(kinds.get(kind, 0)) for kind in (MATCH, NO_MATCH, NOT_COMPUTED))
    verdict = NO_MATCH if missed else MATCH if match else NOT_COMPUTED
    rest = f"; {absent} not computed" if absent else ""
    return f"{verdict}: {match} of {match + missed} numbers are within their tolerance{rest}."


def shown(compared: pd.DataFrame) -> pd.DataFrame:
    """The comparison for people: six significant digits of each number, so that it prints alike everywhere."""
    kinds = {"absolute": "{:g}", "relative": "{:g} of the value", "exact": "exact"}
    tolerance = [
        kinds[kind].format(size) for kind, size in zip(compared["tolerance_kind"], compared["tolerance"], strict=True)
    ]
    published = [text or digits(value) for text, value in zip(compared["printed"], compared["value"], strict=True)]
    ours = [digits(value) for value in compared["obtained"]]
    columns = {"published": published, "tolerance": tolerance, "ours": ours, "verdict": compared["verdict"].to_numpy()}
    return pd.DataFrame(columns, index=pd.Index(compared["claim"], name="claim"))


def digits(value: float) -> str:
    """A number in six significant digits, or a dash."""
    return "-" if pd.isna(value) else f"{value:.6g}"
