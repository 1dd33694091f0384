"""What the columns of a file probably are: person, unit, wave and date by name and content, questionnaires by name and
label.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pandas as pd

from analysis._yaml import read_yaml
from analysis.intake.learnt import Learnt

FEW = 8  # a column with more different values is no wave
_STOP_WORDS = {"voor", "with", "from", "heeft", "been", "mijn", "their", "that", "deze", "niet"}


@dataclass(frozen=True)
class Question:
    """An item of a questionnaire: the column that its score needs, its gist in both languages, its codes (None: a
    number).
    """

    column: str
    texts: tuple[str, str]
    codes: tuple[int, ...] | None


@dataclass(frozen=True)
class Questionnaire:
    """A questionnaire that can be recognised, by the id under which it is scored."""

    id: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Recognised:
    """A questionnaire in a file: which column holds which item, and how it was known (`name` or `label`)."""

    questionnaire: Questionnaire
    columns: Mapping[str, str]
    by: str

    @property
    def domain(self) -> str:
        """Health or participation."""
        return words()["instruments"][self.questionnaire.id]["domain"]


def questionnaires(definitions: Iterable) -> list[Questionnaire]:
    """Definitions of `analysis.instruments` as questionnaires that can be recognised."""
    return [
        Questionnaire(
            found.id,
            tuple(
                Question(item.column, (item.text.nl, item.text.en), tuple(getattr(item.answers, "codes", ())) or None)
                for item in found.questions
            ),
        )
        for found in definitions
    ]


@cache
def words() -> dict:
    """The word lists of recognition.yaml."""
    return read_yaml((files("analysis.intake") / "recognition.yaml").read_text("utf-8"))


def plain(name: str) -> str:
    """A name in lower case with everything but letters and digits as `_`, accents removed."""
    import unicodedata

    text = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")


def role(name: str, frame: pd.DataFrame) -> str | None:
    """The first column that the patterns of a role fit, the likeliest pattern first."""
    for pattern in words()["roles"][name]:
        for column in frame.columns:
            if re.fullmatch(pattern, plain(column)) and _fits(name, frame[column]):
                return column
    return None


def _fits(name: str, values: pd.Series) -> bool:
    distinct = values.dropna().nunique()
    if name == "wave":
        return 1 < distinct <= FEW
    if name == "unit":
        return 0 < distinct <= max(50, len(values) // 5)
    if name in ("arm", "sex", "lives_alone", "consent", "education"):
        return 0 < distinct <= 12
    if name == "date":
        return (
            bool(values.dropna().str.fullmatch(r"\d{4}-\d{2}-\d{2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}.*").all())
            and distinct > 0
        )
    return distinct > 0


def recognise(frame: pd.DataFrame, learnt: Learnt, known: Sequence[Questionnaire]) -> list[Recognised]:
    """The questionnaires whose every item stands in the file, by name first and then by label; a column serves one
    item.
    """
    found: list[Recognised] = []
    taken: set[str] = set()
    by_id = {questionnaire.id: questionnaire for questionnaire in known}
    for name in words()["instruments"]:
        if name not in by_id:
            continue
        free = [column for column in frame.columns if column not in taken]
        for by, match in (("name", _by_name), ("label", _by_label)):
            columns = match(by_id[name], free, learnt)
            if columns and _codes_fit(by_id[name], columns, frame, learnt):
                found.append(Recognised(by_id[name], columns, by))
                taken |= set(columns.values())
                break
    return found


def _by_name(questionnaire: Questionnaire, free: Sequence[str], learnt: Learnt) -> dict[str, str]:
    """Item columns by the names that are usual, by item number, or as the score itself calls them."""
    entry = words()["instruments"][questionnaire.id]
    columns = {}
    for place, question in enumerate(questionnaire.questions, 1):
        number = re.search(r"_(\d+)$", question.column)
        n = f"0*{number[1] if number else place}"
        parts = [entry.get("prefix", "") + part for part in entry.get("parts", {}).get(question.column, [])]
        patterns = [re.escape(question.column), *parts, *(name.replace("{n}", n) for name in entry["names"])]
        fitting = [column for column in free if any(re.fullmatch(pattern, plain(column)) for pattern in patterns)]
        if len(fitting) != 1:
            return {}
        columns[question.column] = fitting[0]
    return columns if len(set(columns.values())) == len(columns) else {}


def _by_label(questionnaire: Questionnaire, free: Sequence[str], learnt: Learnt) -> dict[str, str]:
    """Item columns by labels that hold the words of the item's gist, in Dutch or English; each must be the only one."""
    columns = {}
    for question in questionnaire.questions:
        fitting = [
            column for column in free if any(_holds(learnt.labels.get(column, ""), text) for text in question.texts)
        ]
        if len(fitting) != 1 or len(questionnaire.questions) < 2:
            return {}
        columns[question.column] = fitting[0]
    return columns if len(set(columns.values())) == len(columns) else {}


def _holds(label: str, gist: str) -> bool:
    wanted = {word[:6] for word in plain(gist).split("_") if len(word) > 3 and word not in _STOP_WORDS}
    held = {word[:6] for word in plain(label).split("_")}
    return bool(wanted) and wanted <= held


def _codes_fit(questionnaire: Questionnaire, columns: Mapping[str, str], frame: pd.DataFrame, learnt: Learnt) -> bool:
    """True when the answers that are met, and the labels, are those that the questionnaire is scored with."""
    for question in questionnaire.questions:
        column = columns[question.column]
        missing = set(learnt.missing.get(column, {})) | {"8", "9", "88", "99", "999"}
        met = (set(frame[column].dropna()) | set(learnt.value_labels.get(column, {}))) - missing
        if not all(re.fullmatch(r"-?\d+(\.\d+)?", value) for value in met):
            return False
        if question.codes is not None and not {float(value) for value in met} <= set(question.codes):
            return False
        labelled = set(learnt.value_labels.get(column, {})) - missing
        if question.codes is not None and len(labelled) > 2 and len(labelled) != len(question.codes):
            return False  # a list of three answers is not the questionnaire with five
    return True
