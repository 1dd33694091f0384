"""What goes wrong between a form and a file, as in real life: typing errors and double forms, each of them declared."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Slip:
    """One kind of typing error: in which raw column, at which wave, for true values in a range, and how it looks."""

    table: str
    column: str
    variable: str
    wave: str
    low: float
    high: float
    typed: str
    reason: str

    def wrong(self, true: object) -> object:
        """The value as it was typed."""
        if self.typed == "century":
            return true - pd.DateOffset(years=100)
        return {"zero_added": 10 * true, "hundred_added": 100 + true, "twice": 11 * true}[self.typed]


_AGE = "digit too many; age by year of birth on the paper form"
_SLIPS = (
    Slip("persons", "leeftijd", "age", "", 71, 75, "hundred_added", _AGE),
    Slip("persons", "leeftijd", "age", "", 66, 69, "hundred_added", _AGE),
    Slip("measures", "eq_vas", "eq_vas_1", "t0", 75, 75, "zero_added", "zero too many; mark on the paper form"),
    Slip("measures", "eq_vas", "eq_vas_1", "t1", 60, 60, "zero_added", "zero too many; mark on the paper form"),
    Slip("measures", "datum", "date", "t1", 0, 0, "century", "year typed as 1900s; received in the year given here"),
    Slip("measures", "datum", "date", "t2", 0, 0, "century", "year typed as 1900s; received in the year given here"),
    Slip("measures", "regie3", "mastery_3", "t0", 4, 4, "twice", "key pressed twice; answer on the paper form"),
    Slip("measures", "sq_lopen", "squash_walking", "t0", 420, 900, "zero_added", "zero too many; minutes on paper"),
)
_DOUBLE_FORMS, _DOUBLE_PERSONS, _LEFT = 9, 3, 9
_PROCESSED = {"measures": "answers"}


def with_mistakes(
    tables: dict[str, pd.DataFrame], rng: np.random.Generator
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The tables persons, measures and referrals with typing errors and double forms, and the lines that settle the
    typing errors (`table, person, wave, variable, from, to, reason`; names and waves as in the processed tables).

    A double form has fewer answers than the other; a double person is identical: the declared rules settle both.
    A world too small for a slip goes without it.
    """
    changed = {name: frame.copy() for name, frame in tables.items()}
    lines, used = [], set()
    for slip in _SLIPS:
        row = _victim(changed[slip.table], slip, used, rng)
        if row is not None:
            lines.append(_slip(changed[slip.table], row, slip))
            used.add(lines[-1]["person"])
    changed["measures"] = _double_forms(changed["measures"], used, rng)
    changed["persons"] = _double_persons(changed["persons"], used, rng)
    columns = ["table", "person", "wave", "variable", "from", "to", "reason"]
    return changed, pd.DataFrame(lines, columns=columns).sort_values(columns[:4], ignore_index=True)


def _victim(frame: pd.DataFrame, slip: Slip, used: set[str], rng: np.random.Generator) -> int | None:
    able = ~frame["respondent"].isin(used)
    if slip.wave:
        able &= frame["meting"] == int(slip.wave[1:])
    if slip.typed != "century":
        able &= frame[slip.column].between(slip.low, slip.high).fillna(False).astype(bool)
    rows = np.flatnonzero(able)
    return int(rng.choice(rows)) if len(rows) else None


def _slip(frame: pd.DataFrame, row: int, slip: Slip) -> dict:
    """Put the slip into the frame, and give its line."""
    place = frame.columns.get_loc(slip.column)
    true = frame.iat[row, place]
    wrong = slip.wrong(true)
    frame.iat[row, place] = wrong
    text = [f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value) for value in (wrong, true)]
    return {
        "table": _PROCESSED.get(slip.table, slip.table), "person": frame["respondent"].iat[row], "wave": slip.wave,
        "variable": slip.variable, "from": text[0], "to": text[1], "reason": slip.reason,
    }  # fmt: skip


def _double_forms(frame: pd.DataFrame, used: set[str], rng: np.random.Generator) -> pd.DataFrame:
    """Some forms came twice: the other copy breaks off after a few questions."""
    rows = np.flatnonzero(~frame["respondent"].isin(used) & frame.notna().all(axis=1))
    twice = frame.iloc[np.sort(rng.permutation(rows)[:_DOUBLE_FORMS])].copy()
    twice.iloc[:, 3 + _LEFT :] = pd.NA
    return pd.concat([frame, twice], ignore_index=True)


def _double_persons(frame: pd.DataFrame, used: set[str], rng: np.random.Generator) -> pd.DataFrame:
    rows = np.flatnonzero(~frame["respondent"].isin(used))
    return pd.concat([frame, frame.iloc[np.sort(rng.permutation(rows)[:_DOUBLE_PERSONS])]], ignore_index=True)
