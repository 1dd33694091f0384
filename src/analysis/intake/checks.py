"""What is wrong with received data, as problems that name place, rule, count and remedy, and never a person's value."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from analysis.codebook import StudyError, Variable

EXAMPLES = 5


@dataclass(frozen=True)
class Problem:
    """One broken rule: where, which, in how many rows (the first rows by number, without content), what to do.

    `level` is `error` (stops) or `warning` (is shown); `found` says what was met in words that hold no person's value.
    """

    table: str
    column: str
    rule: str
    count: int
    example_rows_without_content: tuple[int, ...]
    remedy: str
    found: str = ""
    level: str = "error"

    def __str__(self) -> str:
        rows = ", ".join(str(row) for row in self.example_rows_without_content)
        where = (
            f" (row{'s' if self.count > 1 else ''} {rows}{', ...' if self.count > EXAMPLES else ''})" if rows else ""
        )
        place = ".".join(part for part in (self.table, self.column) if part)
        return f"{place}: {self.found or self.rule}{where}. {self.remedy}"


class IntakeError(StudyError):
    """Received data that cannot go further; `found` holds the problems, `problems` the same as sentences."""

    def __init__(self, found: Sequence[Problem], source: str = ""):
        self.found = tuple(found)
        super().__init__([f"{source}: {problem}" if source else str(problem) for problem in self.found])


def problem(table: str, column: str, rule: str, rows: Sequence[int], found: str, remedy: str, level="error") -> Problem:
    """A problem of the given raw rows (numbered as in the file, the header being row 1)."""
    return Problem(table, column, rule, len(rows), tuple(int(r) for r in rows[:EXAMPLES]), remedy, found, level)


def of_file(
    file: str, rule: str, found: str, remedy: str, *, column: str = "", rows: Sequence[int] = (), level="error"
) -> Problem:
    """A problem of a file as a whole, or of one of its columns."""
    return problem(file, column, rule, rows, found, remedy, level)


def remark(file: str, rule: str, found: str, remedy: str = "None needed.", column: str = "", rows: Sequence[int] = ()):
    """A warning of a file: something that was settled and is stated, or that a person should look at."""
    return of_file(file, rule, found, remedy, column=column, rows=rows, level="warning")


def rows(count: int, verb: str = "hold") -> str:
    """`1 row holds`, `3 rows hold`."""
    return f"1 row {verb}s" if count == 1 else f"{count} rows {verb}"


def stop_on_errors(problems: Sequence[Problem], source: str) -> None:
    """Raise `StudyError` with every error-level problem, each led by the study it belongs to."""
    errors = [found for found in problems if found.level == "error"]
    if errors:
        raise IntakeError(errors, source)


def as_frame(problems: Sequence[Problem]) -> pd.DataFrame:
    """Problems as a table, one row each, in the order found."""
    columns = list(Problem.__dataclass_fields__)
    frame = pd.DataFrame([asdict(found) for found in problems], columns=columns)
    frame["example_rows_without_content"] = [
        ", ".join(map(str, found.example_rows_without_content)) for found in problems
    ]
    return frame


def of_unit(tables: Mapping[str, pd.DataFrame], unit: str) -> list[Problem]:
    """Rows that are about another unit than the one whose file they stand in (`unit` empty: any unit)."""
    found = []
    for name, frame in tables.items():
        other = frame.index[frame["unit"] != unit] if unit and "unit" in frame else []
        if len(other):
            text = f"{rows(len(other), 'name')} another unit than the file is of"
            found.append(problem(name, "unit", "unit", list(other), text, "Move them to their unit's file."))
    return found


def required(frame: pd.DataFrame, variables: Sequence[Variable]) -> list[Problem]:
    """Required variables that are empty."""
    found = []
    for variable in variables:
        empty = frame.index[frame[variable.name].isna()] if variable.required else []
        if len(empty):
            found.append(
                problem(
                    variable.table,
                    variable.name,
                    "required",
                    list(empty),
                    f"{rows(len(empty), 'lack')} a value",
                    "Fill it in the raw file, or set required to empty in codebook.csv.",
                    variable.check,
                )
            )
    return found


def unique(frame: pd.DataFrame, table: str, keys: Sequence[str]) -> list[Problem]:
    """Rows that share the table's key with another row."""
    twice = frame.index[frame.duplicated(list(keys), keep=False)]
    if not len(twice):
        return []
    key = ", ".join(keys)
    return [
        problem(
            table,
            keys[0],
            "unique",
            list(twice),
            f"{rows(len(twice), 'share')} {key} with another row",
            f"Each {key} stands once; correct the double, or declare a rule under `duplicates` in study.yaml.",
        )
    ]


def known_persons(frame: pd.DataFrame, table: str, key: str, persons: pd.Series, level: str = "error") -> list[Problem]:
    """Rows of a person who does not stand in `persons`."""
    stray = frame.index[frame[key].notna() & ~frame[key].isin(persons)]
    if not len(stray):
        return []
    return [
        problem(
            table,
            key,
            "person in persons",
            list(stray),
            f"{rows(len(stray), 'name')} a person who is not in persons",
            "Add the person to the persons file, or correct the key.",
            level,
        )
    ]


def same_unit(frame: pd.DataFrame, table: str, key: str, units: pd.Series, level: str = "warning") -> list[Problem]:
    """Rows whose unit differs from the unit of the same person in `persons` (units indexed by person)."""
    home = frame[key].map(units)
    moved = frame.index[frame["unit"].notna() & home.notna() & (frame["unit"] != home)]
    if not len(moved):
        return []
    return [
        problem(
            table,
            "unit",
            "one unit a person",
            list(moved),
            f"{rows(len(moved), 'name')} another unit than persons does",
            "A person belongs to one unit; correct one of the two files.",
            level,
        )
    ]


def waves_in_order(answers: pd.DataFrame, clock: str, waves: Sequence[str], level: str = "error") -> list[Problem]:
    """Later waves answered before an earlier one of the same person."""
    order = answers.assign(_order=answers["wave"].map({wave: place for place, wave in enumerate(waves)}))
    order = order.dropna(subset=[clock, "_order"]).sort_values(["person", "_order"], kind="stable")
    back = (order["person"] == order["person"].shift()) & (order[clock] < order[clock].shift())
    late = sorted(order.index[back])
    if not late:
        return []
    return [
        problem(
            "answers",
            clock,
            "waves in order",
            late,
            f"{rows(len(late), 'date')} a wave before the wave that precedes it",
            "Correct the date or the wave in the raw file, or add a line to corrections.csv.",
            level,
        )
    ]


def steps_in_order(referrals: pd.DataFrame, steps: Sequence[str], levels: Mapping[str, str]) -> list[Problem]:
    """Referral steps dated before the referral itself (later steps may overlap: that is practice, and is counted).

    `levels` gives the level of the problem for each step; a step that it lacks warns.
    """
    found = []
    for step in steps[1:]:
        early = referrals.index[referrals[step] < referrals[steps[0]]]
        if len(early):
            found.append(
                problem(
                    "referrals",
                    step,
                    "steps in order",
                    list(early),
                    f"{rows(len(early), 'date')} {step} before {steps[0]}",
                    "Correct the dates in the raw file; the funnel counts such rows apart.",
                    levels.get(step, "warning"),
                )
            )
    return found
