"""A first description of a study from its files: what is recognised is filled in, what is not is left to decide."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.intake.checks import IntakeError, of_file
from analysis.intake.days import iso_days
from analysis.intake.described import Described
from analysis.intake.proposed_rows import PERSON_ROLES, codebook_rows
from analysis.intake.received import Received
from analysis.intake.recognition import Questionnaire, Recognised, recognise, role
from analysis.intake.waves import ordered


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
    rows, left_out = codebook_rows(persons, answers, roles, found[answers.file], waves)
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
