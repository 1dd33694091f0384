"""Whether a file has one row a person and wave, or one column a wave: the mark of a wave in column names."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

_MARKS = (
    ("{name}_{wave}", r"(?P<name>.+)_(?P<wave>[tTmM]\d{1,2}|\d{1,2}m)"),
    ("{wave}_{name}", r"(?P<wave>[tTmM]\d{1,2})_(?P<name>.+)"),
    ("{name}.{wave}", r"(?P<name>.+)\.(?P<wave>[tTmM]?\d{1,2})"),
    ("{name}{wave}", r"(?P<name>.+?)(?P<wave>[tT]\d{1,2})"),
)


@dataclass(frozen=True)
class Wide:
    """A file with one column a wave: the `pattern` of its names, the `waves` in order, and the names without a wave."""

    pattern: str
    waves: tuple[str, ...]
    names: tuple[str, ...]


def wide(columns: Sequence[str]) -> Wide | None:
    """The wave marks of column names: at least two waves that three or more names share; None where there are none."""
    best: Wide | None = None
    for pattern, expression in _MARKS:
        found = [(match["name"], match["wave"]) for column in columns if (match := re.fullmatch(expression, column))]
        names = Counter(name for name, _ in found)
        shared = [name for name, count in names.items() if count > 1]
        waves = {wave for name, wave in found if name in shared}
        if len(shared) >= 3 and len(waves) >= 2 and (best is None or len(shared) > len(best.names)):
            best = Wide(pattern, tuple(sorted(waves, key=_number)), tuple(shared))
    return best


def lengthened(frame: pd.DataFrame, shape: Wide) -> pd.DataFrame:
    """The columns of a wide file under their names without a wave, waves below each other, with a column `wave`."""
    marked = {shape.pattern.format(name=name, wave=wave) for name in shape.names for wave in shape.waves}
    kept = [column for column in frame.columns if column not in marked]
    parts = []
    for wave in shape.waves:
        here = {shape.pattern.format(name=name, wave=wave): name for name in shape.names}
        here = {column: name for column, name in here.items() if column in frame.columns}
        parts.append(frame[[*kept, *here]].rename(columns=here).assign(wave=wave))
    return pd.concat(parts)


def ordered(codes: Sequence[str], labels: dict[str, str]) -> list[str]:
    """Codes of waves in order: by the number in the code, else by the number in the label, else as they come."""
    return sorted(
        codes, key=lambda code: (_number(code) if re.search(r"\d", code) else _number(labels.get(code, "")), code)
    )


def _number(text: str) -> int:
    found = re.search(r"\d+", text)
    return int(found[0]) if found else -1
