"""What every measure asks of its table: are the columns there, which levels are there, how are counts put in words."""

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

ALL, UNKNOWN = "all", "unknown"


def require(data: pd.DataFrame, *columns: str | None) -> None:
    """Raise one error that names every column asked for (None is not asked for) and not in the table."""
    absent = [column for column in columns if column is not None and column not in data.columns]
    if absent:
        raise KeyError(f"no column {', '.join(absent)}; the table has {', '.join(map(str, data.columns))}")


def level_of(data: pd.DataFrame, by: str | None) -> pd.Series:
    """The level of each row as text: `all` without `by`, `unknown` where it is missing."""
    if by is None:
        return pd.Series(ALL, index=data.index, dtype=str)
    return data[by].astype(object).where(data[by].notna(), UNKNOWN).astype(str)


def levels_of(data: pd.DataFrame, by: str | None, levels: Sequence | None = None) -> list[str]:
    """All levels to report, in order: those asked for or those of a categorical (also without rows), else those
    found.
    """
    if by is None:
        return [ALL]
    found = set(level_of(data, by).unique())
    if levels is None:
        kind = data[by].dtype
        levels = kind.categories if isinstance(kind, pd.CategoricalDtype) else sorted(found - {UNKNOWN})
    named = [str(level) for level in levels]
    further = sorted(found - set(named), key=lambda level: (level == UNKNOWN, level))
    return [*named, *further] or [ALL]


def by_level(data: pd.DataFrame, by: str | None, levels: Sequence | None = None) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each level with its rows; a level that was asked for and has no rows comes with an empty table."""
    rows = data.groupby(level_of(data, by).to_numpy(), sort=False).indices
    for level in levels_of(data, by, levels):
        yield level, data.iloc[rows.get(level, [])]


def sentence(parts: Iterable[str]) -> str:
    """Remarks that are not empty, joined into one note."""
    return "; ".join(part for part in parts if part)


def counted(n: int, what: str) -> str:
    """`<n> <what>`, or nothing when there are none."""
    return f"{int(n)} {what}" if n else ""


def flag(column: pd.Series) -> pd.Series:
    """A yes/no column as 1.0, 0.0 and NaN for unknown, from truth values, 1/0 or the texts yes/no."""
    codes = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}
    text = column.astype(object).where(column.notna(), None).map(lambda value: str(value).lower(), na_action="ignore")
    found = text.map(codes).astype(float)
    strange = sorted(set(text[found.isna() & text.notna()]))
    if strange:
        raise ValueError(f"{column.name}: found {', '.join(strange)}, expected yes or no. Recode it first.")
    return found
