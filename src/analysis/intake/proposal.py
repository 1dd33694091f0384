"""A first description of a study from the files that there are: what is recognised is filled in, what is not is left to decide."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from analysis.intake import described as d
from analysis.intake.checks import IntakeError, of_file
from analysis.intake.days import iso_days
from analysis.intake.described import Described, Level
from analysis.intake.learnt import Learnt, renamed
from analysis.intake.patterns import identifying
from analysis.intake.readers import read
from analysis.intake.recognition import Questionnaire, Recognised, recognise, role, words
from analysis.intake.waves import Wide, lengthened, ordered, wide

PERSON_ROLES = ("arm", "sex", "age", "education", "lives_alone", "consent")


@dataclass(frozen=True)
class Received:
    """One file as read: its name, its rows with one row a person and wave, what it told, and its wide shape if it has one."""

    file: str
    frame: pd.DataFrame
    learnt: Learnt
    shape: Wide | None
    conventions: str | None = None


@dataclass(frozen=True)
class Proposal:
    """What `new` writes: rows of the codebook with their levels, and what the plan has to say.

    `roles` gives the column of each role that was found; `waves` are the raw codes in order and `months` their distance
    from the first, None where no dates tell; `left_out` are columns that are not carried, with the reason.
    """

    study: str
    persons: Received
    answers: Received
    roles: dict[str, str]
    rows: tuple[Described, ...]
    recognised: tuple[Recognised, ...]
    waves: tuple[str, ...]
    months: tuple[float | None, ...]
    left_out: tuple[tuple[str, str, str], ...]
    unused: tuple[str, ...]


def received(path: Path, conventions: str | None = None) -> Received:
    """A file read for a proposal; one with one column a wave is brought to one row a person and wave."""
    frame, learnt = read(path, conventions)
    shape = wide(list(frame.columns))
    if shape is None:
        return Received(path.name, frame, learnt, None, conventions)
    names = {shape.pattern.format(name=name, wave=wave): name for name in shape.names for wave in shape.waves}
    return Received(path.name, lengthened(frame, shape), renamed(learnt, names), shape, conventions)


def propose(study: str, files: Sequence[Received], known: Sequence[Questionnaire]) -> Proposal:
    """A proposal from the file with most questionnaire items; another with one row a person gives the persons.

    Raises `IntakeError` when no file has a column that can be the person.
    """
    found = {file.file: recognise(file.frame, file.learnt, known) for file in files}
    with_person = [file for file in files if role("person", file.frame)]
    if not with_person:
        names = ", ".join(file.file for file in files)
        remedy = "Name the column that tells persons apart `person`, or describe the study by hand."
        raise IntakeError([of_file(names, "person column", "no column can be recognised as the person", remedy)])
    answers = max(with_person, key=lambda file: (sum(len(r.columns) for r in found[file.file]), len(file.frame)))
    persons = next((f for f in with_person if f is not answers and _one_row_a_person(f)), answers)
    roles = _roles(persons, answers)
    waves = _waves(answers, roles)
    rows, left_out = _rows(persons, answers, roles, found[answers.file], waves)
    unused = tuple(file.file for file in files if file not in (persons, answers))
    return Proposal(
        study,
        persons,
        answers,
        roles,
        tuple(rows),
        tuple(found[answers.file]),
        waves,
        _months(answers, roles, waves),
        tuple(left_out),
        unused,
    )


def _one_row_a_person(file: Received) -> bool:
    person = file.frame[role("person", file.frame)].dropna()
    return file.shape is None and person.is_unique


def _roles(persons: Received, answers: Received) -> dict[str, str]:
    """Column of each role; `answers_person` is the person in the answers, where the files call it differently."""
    roles = {"answers_person": role("person", answers.frame)}
    for name in ("person", "unit", *PERSON_ROLES):
        column = role(name, persons.frame)
        if column and column not in roles.values() or name == "person":
            roles[name] = column
    for name in ("wave", "date"):
        column = "wave" if name == "wave" and answers.shape else role(name, answers.frame)
        if column and column not in roles.values():
            roles[name] = column
    return roles


def _waves(answers: Received, roles: dict[str, str]) -> tuple[str, ...]:
    if answers.shape:
        return answers.shape.waves
    if "wave" not in roles:
        return ()
    values = answers.frame[roles["wave"]].dropna()
    codes = [code for code in values.unique() if code not in answers.learnt.missing.get(roles["wave"], {})]
    return tuple(ordered(codes, dict(answers.learnt.value_labels.get(roles["wave"], {}))))


def _months(answers: Received, roles: dict[str, str], waves: tuple[str, ...]) -> tuple[float | None, ...]:
    """Median months between the first wave and each other, from dates of the same persons; None without dates."""
    if len(waves) < 2:
        return (0.0,) * len(waves)
    if "date" not in roles:
        return (0.0, *(None for _ in waves[1:]))
    read = iso_days(answers.frame[roles["date"]])
    frame = pd.DataFrame(
        {
            "person": answers.frame[roles["answers_person"]],
            "wave": answers.frame[roles["wave"]],
            "day": pd.to_datetime(read.values, format="%Y-%m-%d", errors="coerce"),
        }
    )
    by_wave = frame.dropna().drop_duplicates(["person", "wave"]).pivot(index="person", columns="wave", values="day")
    gaps = [
        (by_wave[wave] - by_wave[waves[0]]).median() if {wave, waves[0]} <= set(by_wave) else pd.NaT for wave in waves
    ]
    return tuple(None if pd.isna(gap) else float(round(gap.days / 30.44)) for gap in gaps)


def _rows(
    persons: Received, answers: Received, roles: dict[str, str], found: Sequence[Recognised], waves: tuple[str, ...]
) -> tuple[list[Described], list]:
    taken = set(roles.values()) | {column for each in found for column in each.columns.values()}
    rows = [_role_row("persons", "person", roles["person"], persons, required="yes"), _unit(persons, roles)]
    rows += [_role_row("persons", name, roles[name], persons) for name in PERSON_ROLES if name in roles]
    mine, left_out = _others("persons", persons, taken) if persons is not answers else ([], [])
    rows += [*mine, *_persons_end(roles)]
    rows += [
        _role_row("answers", "person", roles["answers_person"], answers, required="yes"),
        _derived_unit("answers"),
        _wave(answers, roles, waves),
    ]
    if "date" in roles:
        rows.append(_role_row("answers", "date", roles["date"], answers))
    rows += [
        d.item(question, each.columns[question.column], answers.learnt)
        for each in found
        for question in each.questionnaire.questions
    ]
    theirs, more = _others("answers", answers, taken, {described.row["name"] for described in rows})
    return [*rows, *theirs, *_measures(roles)], [*left_out, *more]


def _labels(name: str, column: str, learnt: Learnt) -> tuple[str, str]:
    known = words()["labels"][name]
    return (learnt.labels.get(column, "") or known["nl"], known["en"])


def _role_row(table: str, name: str, column: str, file: Received, **more: str) -> Described:
    labels, sensitivity = _labels(name, column, file.learnt), words()["labels"][name]["sensitivity"]
    if name == "person":
        return d.row(table, name, column, "id", *labels, sensitivity, **more)
    if name == "date":
        return d.row(table, name, column, "date", *labels, sensitivity, missing=d.missing(column, file.learnt), **more)
    if name == "age":
        return d.row(
            table,
            name,
            column,
            "integer",
            *labels,
            sensitivity,
            unit="year",
            levels="0..120",
            missing=d.missing(column, file.learnt),
            **more,
        )
    made = d.category(table, name, column, file.frame[column], file.learnt, labels, sensitivity, **more)
    return _consent(made) if name == "consent" else made


def _consent(made: Described) -> Described:
    """Consent has the levels yes and no, which `prepare` knows."""
    yes = set(words()["consented"])
    levels = tuple(
        replace(level, level="yes" if {level.label.casefold(), level.code} & yes else "no") for level in made.levels
    )
    return Described(made.row, levels)


def _unit(persons: Received, roles: dict[str, str]) -> Described:
    if "unit" in roles:
        return _role_row("persons", "unit", roles["unit"], persons, required="yes")
    made = d.row("persons", "unit", "=1", "category", "Onderzoek", "Study", "open", levels="unit")
    return Described(made.row, (Level("unit", "1", "whole_study", "Het hele onderzoek", "The whole study"),))


def _wave(answers: Received, roles: dict[str, str], waves: tuple[str, ...]) -> Described:
    texts = answers.learnt.value_labels.get(roles.get("wave", ""), {})
    codes = waves or ("0",)
    levels = tuple(Level("wave", code, f"t{place}", texts.get(code, f"T{place}")) for place, code in enumerate(codes))
    source = roles.get("wave", "=0") if waves else "=0"
    missing = d.missing(roles["wave"], answers.learnt) if "wave" in roles else ""
    made = d.row(
        "answers", "wave", source, "category", "Meting", "Wave", "open", levels="wave", missing=missing, required="yes"
    )
    return Described(made.row, levels)


def _others(table: str, file: Received, taken: set[str], names: set[str] = frozenset()) -> tuple[list[Described], list]:
    """Columns that no role or questionnaire claims: described by their content, unless they identify a person or are free text."""
    rows, left_out, used = [], [], {"person", "unit", "wave", "date", "in_study", "excluded", *PERSON_ROLES, *names}
    for column in (column for column in file.frame.columns if column not in taken):
        what = identifying(file.frame[column], tuple(file.frame.columns))
        made = None if what else d.other(table, column, file.frame[column], file.learnt, used)
        if made is None:
            left_out.append((file.file, column, what or "free text, or empty"))
            continue
        used |= {made.row["name"], made.row["levels"]}
        rows.append(made)
    return rows, left_out


def _derived_unit(table: str) -> Described:
    return d.row(
        table, "unit", "", "category", "Gemeente", "Municipality", "quasi", levels="unit", note="taken from persons"
    )


def _persons_end(roles: dict[str, str]) -> list[Described]:
    reasons = [
        *([("no_consent", "Geen toestemming", "No consent")] if "consent" in roles else []),
        ("no_first_measurement", "Geen eerste meting", "No first measurement"),
        ("not_started", "Niet begonnen", "Not started"),
    ]
    excluded = d.row(
        "persons",
        "excluded",
        "",
        "category",
        "Reden van uitsluiting",
        "Reason for exclusion",
        "open",
        levels="excluded",
    )
    return [
        d.row("persons", "in_study", "", "boolean", "In de effectstudie", "In the effect study", "open"),
        Described(excluded.row, tuple(Level("excluded", "", *reason) for reason in reasons)),
    ]


def _measures(roles: dict[str, str]) -> list[Described]:
    """The scores that `prepare` makes: the same in every study."""
    arm = (
        [d.row("measures", "arm", "", "category", "Deelname", "Taking part", "open", levels="arm", note="from persons")]
        if "arm" in roles
        else []
    )
    date = (
        [d.row("measures", "date", "", "date", "Datum", "Date", "quasi", note="from answers")]
        if "date" in roles
        else []
    )
    return [
        d.row("measures", "person", "", "id", "Deelnemer", "Participant", "direct", note="from answers"),
        _derived_unit("measures"),
        *arm,
        d.row("measures", "wave", "", "category", "Meting", "Wave", "open", levels="wave", note="from answers"),
        *date,
        d.row("measures", "outcome", "", "text", "Uitkomst", "Outcome", "open", note="id of the outcome in study.yaml"),
        d.row("measures", "value", "", "number", "Score", "Score", "sensitive", note="on the scale of the instrument"),
        d.row(
            "measures", "class", "", "text", "Klasse", "Class", "sensitive", note="under the convention of study.yaml"
        ),
        d.row("measures", "n_missing_items", "", "integer", "Ontbrekende items", "Missing items", "open"),
    ]
