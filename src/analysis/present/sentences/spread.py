"""How far results lie apart: over units, and over analyses that answer the same question."""

import numpy as np
import pandas as pd

from analysis.present.cells import interval_text, outcome_of, written
from analysis.present.figures.specification import PLANNED
from analysis.present.reading import ALL, Released
from analysis.present.sentences.sentence import Sentence, cell_ids, refuse_causal
from analysis.present.wording import Words


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
    counts = {"shown": words.number(len(shown)), "units": words.number(len(words.study.units))}
    text = words.text(f"say.{key}", low=low, high=high, **counts, **names)
    return Sentence(refuse_causal(text, words, labels=names.values()), table.name, cells, (counts["shown"],))


def specifications(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Per outcome and moment how many analyses point the same way as the planned one, and how far they lie apart."""
    found = []
    for outcome in table.levels("outcome"):
        for contrast in table.where(outcome=outcome).levels("contrast"):
            found += _directions(table, words, outcome, contrast)
    return tuple(found)


def _directions(table: Released, words: Words, outcome: str, contrast: str) -> list[Sentence]:
    rows = table.where(outcome=outcome, contrast=contrast).only("estimate").rows
    shown = rows[(rows["status"] == "shown") & rows["value"].notna()]
    planned = shown[pd.concat([shown[dim] == level for dim, level in PLANNED.items()], axis=1).all(axis=1)]
    labels = [words.level("outcome", outcome), words.level("contrast", contrast)]
    name = ", ".join(labels)
    if planned.empty:
        return [Sentence(words.text("say.specifications_none", name=name), table.name)]
    about, first = outcome_of(words, outcome), planned["value"].iloc[0]
    numbers = {"planned": first, "low": shown["value"].min(), "high": shown["value"].max()}
    values = {key: written(words, "estimate", value, outcome=about) for key, value in numbers.items()}
    same = int((np.sign(shown["value"]) == np.sign(first)).sum())
    counts = {"same": words.number(same), "methods": words.number(len(shown))}
    text = words.text("say.specifications", name=name, **values, **counts)
    cells = cell_ids(table, "estimate", outcome=outcome, contrast=contrast)
    said = [Sentence(refuse_causal(text, words, labels=labels), table.name, cells, tuple(counts.values()))]
    if len(shown) < len(rows):
        counts = {"count": words.number(len(rows) - len(shown)), "all": words.number(len(rows))}
        absent = words.text("say.specifications_absent", **counts)
        said.append(Sentence(absent, table.name, counted=tuple(counts.values())))
    return said


def targets(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Per outcome what holds for these units, for units like these, and in one more; nothing where one is absent."""
    said = [sentence for outcome in table.levels("outcome") for sentence in _target(table, words, outcome)]
    return (*said, Sentence(words.text("say.targets_note"))) if said else ()


def _target(table: Released, words: Words, outcome: str) -> list[Sentence]:
    limits = ["estimate", "lower", "upper"]
    cells = table.where(outcome=outcome).only(*limits).cells()
    wanted = cells.set_index("method").reindex(index=["mixed_model", "random_effects", "prediction"], columns=limits)
    if wanted.isna().any(axis=None):
        return []
    about, label = outcome_of(words, outcome), words.level("outcome", outcome)
    these, like, _ = (written(words, "estimate", value, outcome=about) for value in wanted["estimate"])
    within = [interval_text(words, row.lower, row.upper, about) for row in wanted.itertuples()]
    low, high = (written(words, side, wanted[side].iloc[2], outcome=about) for side in ("lower", "upper"))
    text = words.text(
        "say.targets", name=label, these=these, these_interval=within[0], like=like, like_interval=within[1],
        low=low, high=high,
    )  # fmt: skip
    ids = cell_ids(table, *limits, outcome=outcome)
    return [Sentence(refuse_causal(text, words, labels=[label]), table.name, ids)]
