"""The rows of codebook.csv and levels.csv that a proposal makes."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.intake import described as d
from analysis.intake.described import Described, Level
from analysis.intake.learnt import Learnt
from analysis.intake.patterns import identifying
from analysis.intake.received import Received
from analysis.intake.recognition import Recognised, words

PERSON_ROLES = ("arm", "sex", "age", "education", "lives_alone", "consent")


def codebook_rows(
    persons: Received, answers: Received, roles: dict[str, str], found: Sequence[Recognised], waves: tuple[str, ...]
) -> tuple[list[Described], list]:
    """Rows of the codebook, table by table, and (file, column, reason) of each column that is not carried.

    `roles` gives the column of each role, `waves` the raw codes of the waves in order.
    """
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
    """Columns that no role or questionnaire claims: described by their content, unless they identify a person or are
    free text.
    """
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
