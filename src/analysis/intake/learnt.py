"""What a file told about itself while it was read, and what that says of each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from analysis.intake.checks import Problem


@dataclass(frozen=True)
class MultipleResponse:
    """One question with several answers: its label, the column of each option, and the value that counts as chosen.

    `counted` is None for a set of categories, where each column holds the code of a chosen option.
    """

    label: str
    columns: tuple[str, ...]
    counted: str | None


@dataclass(frozen=True)
class Learnt:
    """What a file told about itself; `remarks` are warnings (nothing in a file is settled in silence).

    Keys of the mappings are column names. `missing` gives each code that the file, or its convention, declares missing
    its reason; codes are written as `read` delivers them. `types` and `measures` are the source program's own words.
    """

    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    missing: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    multiple: Mapping[str, MultipleResponse] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Problem, ...] = ()


def reasons(frame: pd.DataFrame, learnt: Learnt) -> pd.DataFrame:
    """Why each cell has no answer: the declared reason, `empty` for an empty cell, and an empty text for an answer."""
    columns = {}
    for column in frame.columns:
        known = learnt.missing.get(column, {})
        found = frame[column].map(known).astype("str").where(frame[column].isin(list(known)), "")
        columns[column] = found.mask(frame[column].isna(), "empty")
    return pd.DataFrame(columns, index=frame.index)


def chosen(frame: pd.DataFrame, question: MultipleResponse) -> pd.DataFrame:
    """How often each option of a multiple-response question was chosen.

    One row an option: `option`, `count`, `answered`. `answered` is the denominator: rows in which at least one option
    was chosen, since a row without any cannot be told from a question that was skipped.
    """
    cells = frame[list(question.columns)]
    if question.counted is not None:
        marks = cells == question.counted
        counts = pd.Series({column: int(marks[column].sum()) for column in question.columns})
        answered = int(marks.any(axis=1).sum())
    else:
        counts = cells.stack().value_counts().sort_index()
        answered = int(cells.notna().any(axis=1).sum())
    return pd.DataFrame({"option": counts.index.astype("str"), "count": counts.to_numpy(), "answered": answered})


def renamed(learnt: Learnt, names: Mapping[str, str]) -> Learnt:
    """The same with columns under other names; columns that `names` lacks keep theirs."""
    from dataclasses import replace

    def under(mapping: Mapping) -> dict:
        return {names.get(column, column): value for column, value in mapping.items()}

    return replace(
        learnt,
        labels=under(learnt.labels),
        value_labels=under(learnt.value_labels),
        missing=under(learnt.missing),
        types=under(learnt.types),
        measures=under(learnt.measures),
        multiple={
            name: replace(question, columns=tuple(names.get(column, column) for column in question.columns))
            for name, question in learnt.multiple.items()
        },
    )


def remarked(learnt: Learnt, remarks: Sequence[Problem]) -> Learnt:
    """The same with further remarks."""
    from dataclasses import replace

    return replace(learnt, remarks=(*learnt.remarks, *remarks))
