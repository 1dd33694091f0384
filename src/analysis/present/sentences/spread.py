"""How far results lie apart: over units, and over analyses that answer the same question."""

import pandas as pd

from analysis.present.cells import outcome_of, written
from analysis.present.reading import ALL, Released
from analysis.present.sentences.sentence import Sentence, cell_ids, refuse_causal
from analysis.present.wording import Words

OTHER_QUESTIONS = ("comparison", "design", "tipping_point")  # families and methods that estimate something else


def forest(table: Released, words: Words, *, role: str = "") -> tuple[Sentence, ...]:
    """Over how many units the estimates of each outcome's first contrast range, with a warning against ranking."""
    found = []
    for outcome in table.levels("outcome"):
        about = outcome_of(words, outcome)
        if role and (about is None or about.role != role):
            continue
        part = table.where(outcome=outcome)
        contrast = next(iter(part.levels("contrast")), "")
        shown = part.where(contrast=contrast).only("estimate").shown
        found.append(_range(shown[shown["unit"] != ALL], table, words, about, outcome, contrast))
    return (*found, Sentence(words.text("say.forest_note")))


def _range(shown, table: Released, words: Words, about, outcome: str, contrast: str) -> Sentence:
    names = {"outcome": words.level("outcome", outcome), "contrast": words.level("contrast", contrast)}
    cells = cell_ids(table, "estimate", outcome=outcome, contrast=contrast)
    key = "forest_none" if shown.empty else "forest_one" if len(shown) == 1 else "forest"
    low, high = (written(words, "estimate", end, outcome=about) if len(shown) else "" for end in
                 (shown["value"].min(), shown["value"].max()))  # fmt: skip
    text = words.text(
        f"say.{key}",
        shown=words.number(len(shown)),
        units=words.number(len(words.study.units)),
        low=low,
        high=high,
        **names,
    )
    return Sentence(refuse_causal(text, words, labels=names.values()), table.name, cells)


def robustness(table: Released, words: Words) -> tuple[Sentence, ...]:
    """The range of each outcome's estimate over the methods that answer the same question.

    Left out are other questions: a comparison, what regression to the mean would give, the tipping point.
    """
    found = []
    for outcome in table.levels("outcome"):
        part, about = table.where(outcome=outcome).only("estimate"), outcome_of(words, outcome)
        contrast = next(iter(part.levels("contrast")), "")
        shown = _same_question(part.where(contrast=contrast).shown)
        if len(shown) < 2:
            continue
        low, high = (written(words, "estimate", shown["value"].agg(end), outcome=about) for end in ("min", "max"))
        names = [words.level("outcome", outcome), words.level("contrast", contrast) if contrast else ""]
        values = {"name": ", ".join(filter(None, names)), "methods": words.number(len(shown)), "low": low, "high": high}
        text = words.text("say.robustness_same" if low == high else "say.robustness", **values)
        cells = cell_ids(table, "estimate", outcome=outcome)
        found.append(Sentence(refuse_causal(text, words, labels=names), table.name, cells))
    return tuple(found)


def _same_question(rows: pd.DataFrame) -> pd.DataFrame:
    if "family" in rows:
        rows = rows[~rows["family"].isin(OTHER_QUESTIONS)]
    return rows[~rows["method"].isin(OTHER_QUESTIONS)] if "method" in rows else rows
