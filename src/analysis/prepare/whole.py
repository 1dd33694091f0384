"""A study put together: all its processed tables at once, or unit by unit, and written all or none."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pandas as pd

from analysis import store
from analysis.intake import checks
from analysis.intake.checks import IntakeError, Problem
from analysis.intake.problem_report import workbook
from analysis.prepare.consistency import check
from analysis.prepare.corrections import declared
from analysis.prepare.deriving import derive, ordered
from analysis.prepare.receiving import pseudonym_key, receive
from analysis.study import RawTable, Study

LOG_COLUMNS = ["table", "rule", "variable", "detail", "rows"]


@dataclass(frozen=True)
class Prepared:
    """Processed tables by name, the log of what was done (rows per table, rule, variable), and what was wrong."""

    tables: Mapping[str, pd.DataFrame]
    log: pd.DataFrame
    problems: tuple[Problem, ...]


def prepare(study: Study) -> Prepared:
    """All processed tables of a study, in memory; nothing is written.

    Raises `StudyError` with every unreadable file, unknown column, unknown code and broken rule at once.
    """
    made = list(parts(study))
    tables = {
        name: pd.concat([part.tables[name] for part in made if name in part.tables], ignore_index=True)
        for name in dict.fromkeys(name for part in made for name in part.tables)
    }
    if len(made) > 1:
        tables = {name: ordered(study, name, frame) for name, frame in tables.items()}
    return Prepared(tables, _summed([part.log for part in made]), tuple(p for part in made for p in part.problems))


def write(study: Study) -> Prepared:
    """Prepare a study and write its processed tables, all or none of them, one unit in memory at a time where its raw
    files are by unit; returns the last part that was prepared, with the whole log and all problems.
    """
    logs, problems = [], []
    with reported(study), store.replaced(study.id) as add:
        for part in parts(study):
            for name, frame in part.tables.items():
                add(name, frame)
            logs.append(part.log)
            problems += part.problems
        log = _summed(logs)
        add("prepare_log", log)
        add("prepare_problems", checks.as_frame(problems))
    return Prepared(part.tables, log, tuple(problems))


def parts(study: Study) -> Iterator[Prepared]:
    """The processed tables in parts that need nothing of each other: the study as a whole, or unit by unit where the
    file names of its raw tables hold `{unit}`.

    Raises `StudyError` at the end with the problems of all parts; what came before must then not be used.
    """
    if not study.by_unit:
        yield _part(study, study.tables)
        return
    shared = {name: raw for name, raw in study.tables.items() if not raw.by_unit}
    of_unit = {name: raw for name, raw in study.tables.items() if raw.by_unit}
    pieces = [("", shared)] if shared else []
    pieces += [(unit, {name: raw.of(unit) for name, raw in of_unit.items()}) for unit in study.units]
    problems, seen, corrected = [], _Seen(), 0
    for unit, tables in pieces:
        try:
            made = _part(study, tables, unit)
        except IntakeError as error:
            problems += error.found
            continue
        problems += seen.twice(made, unit)
        corrected += made.log.loc[made.log["rule"] == "corrected", "rows"].sum()
        yield made
    if not problems and corrected < (lines := len(declared(study))):
        text = f"{checks.rows(lines - corrected, 'fit')} no row of any unit"
        problems = [checks.of_file("corrections.csv", "correction", text, "Correct the lines.")]
    checks.stop_on_errors(problems, study.id)


def _part(study: Study, tables: Mapping[str, RawTable], unit: str = "") -> Prepared:
    """The processed tables that come from these raw tables; `unit` is the only one that they may be about."""
    corrections, secret = declared(study), pseudonym_key(study)
    received, problems = {}, []
    for name, raw in tables.items():
        try:
            received[name] = receive(study, name, raw, corrections, secret)
        except IntakeError as error:
            problems += error.found
    problems += [found for table in received.values() for found in table.problems]
    frames = {name: table.frame for name, table in received.items()}
    if not any(found.level == "error" for found in problems):
        problems += check(study, frames) + checks.of_unit(frames, unit)
    if unit:
        problems = [replace(found, table=f"{unit}: {found.table}") for found in problems]
    checks.stop_on_errors(problems, "" if unit else study.id)
    log = [(name, *line) for name, table in received.items() for line in table.log]
    return Prepared(derive(study, frames), pd.DataFrame(log, columns=LOG_COLUMNS), tuple(problems))


def _summed(logs: list[pd.DataFrame]) -> pd.DataFrame:
    """One log of several parts: the same line of each counted together."""
    if len(logs) == 1:
        return logs[0]
    return pd.concat(logs).groupby(LOG_COLUMNS[:-1], sort=False, as_index=False)["rows"].sum()


class _Seen:
    """Keys of the parts so far: what is once in every file may still be in two of them."""

    def __init__(self) -> None:
        self.known: dict[str, set] = {}

    def twice(self, made: Prepared, unit: str) -> list[Problem]:
        """Keys of this part that an earlier part had, as problems; they are known from now on."""
        found = []
        for name, key in (("persons", "person"), ("referrals", "referral"), ("organisations", "organisation")):
            if name in made.tables:
                known, new = self.known.setdefault(name, set()), set(made.tables[name][key])
                if both := len(known & new):
                    text = f"{checks.rows(both)} a key that another unit's file holds too"
                    remedy = "Keep each in the file of one unit."
                    found.append(checks.of_file(f"{unit}: {name}", "unique", text, remedy, column=key))
                known |= new
        return found


@contextmanager
def reported(study: Study) -> Iterator[None]:
    """What stops the work inside is also written to data/processed/<study>/problems.xlsx, to work through."""
    path = store.processed(study.id) / "problems.xlsx"
    path.unlink(missing_ok=True)
    try:
        yield
    except IntakeError as error:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(workbook(error.found))
        raise
