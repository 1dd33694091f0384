"""What changed since last time: the numbers of this release beside those of the approved release before it."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files

import pandas as pd

from analysis._yaml import read_yaml
from analysis.present.cells import outcome_of, written
from analysis.present.reading import Released
from analysis.present.sentences.sentence import Sentence, cell_ids, refuse_causal
from analysis.present.tables import title_of
from analysis.present.wording import Words
from analysis.publish.material import Material


@lru_cache
def _plan() -> tuple[Mapping, ...]:
    return tuple(read_yaml(files("analysis.publish").joinpath("since.yaml").read_text(encoding="utf-8")))


def since(material: Material) -> tuple[Sentence, ...]:
    """A sentence for each number of since.yaml that a reader sees change; one that says so when none does.

    A number that one of the two releases hides or lacks is left out. Without an earlier release of this unit the only
    sentence is that this is the first.
    """
    words, before = material.words, material.earlier
    if not before:
        return (Sentence(words.text("slides.since.first")),)
    pairs = [(asked, asked["table"]) for asked in _plan() if asked["table"] in before.keys() & material.tables.keys()]
    found = [one for asked, name in pairs for one in _changed(asked, material.tables[name], before[name], words)]
    same = words.text("slides.since.same", date=_date(next(iter(before.values())), words))
    return tuple(found) or (Sentence(same),)


def _date(table: Released, words: Words) -> str:
    return words.date(table.as_of) if table.as_of else words.text("slides.since.undated")


def _changed(asked: Mapping, now: Released, before: Released, words: Words) -> Iterator[Sentence]:
    old = {_key(row, now): _written(words, row) for row in before.only(asked["measure"]).shown.to_dict("records")}
    for row in _asked(asked, now, words).to_dict("records"):
        value, last = _written(words, row), old.get(_key(row, now))
        if last is None or last == value:
            continue
        label = words.level(asked["dim"], row[asked["dim"]])
        values = {"title": title_of(now.name, words), "label": label, "now": value, "before": last}
        text = refuse_causal(
            words.text("slides.since.number", **values, date=_date(before, words)),
            words,
            labels=(label, values["title"]),
        )
        yield Sentence(text, now.name, cell_ids(now, asked["measure"], **{dim: row[dim] for dim in now.dims}))


def _key(row: Mapping, table: Released) -> tuple[str, ...]:
    return tuple(str(row.get(dim, "")) for dim in table.dims)


def _written(words: Words, row: Mapping) -> str:
    n = row["n"] if pd.notna(row["n"]) else None
    return written(words, row["measure"], row["value"], n=n, outcome=outcome_of(words, row.get("outcome")))


def _asked(asked: Mapping, table: Released, words: Words) -> pd.DataFrame:
    """The rows of a table that an entry of since.yaml is about, further dimensions at their total."""
    levels = [words.study.referral_start] if asked.get("step") == "start" else asked.get("levels")
    part = table.totals_but(asked["dim"])
    if first := asked.get("first"):
        part = part.where(**{first: next(iter(part.levels(first)), "")})
    rows = part.only(asked["measure"]).shown
    if levels:
        rows = rows[rows[asked["dim"]].isin(levels)]
    if role := asked.get("role"):
        rows = rows[rows["outcome"].isin([one.id for one in words.study.outcomes if one.role == role])]
    return rows
