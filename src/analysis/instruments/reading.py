"""A definition file to an `Instrument`; keys are checked, so that a misspelt one fails when it is loaded.

The parts of a definition: `answers` (coded: `codes` with labels or `whole: [first, last]`, `synonyms` of labels and
codes for `missing`; measured: `span`, `bounds`, `missing_above`), `points` (named recodes, code to points), `items`
(`column`, `text`, `polarity`, and by name its `answers`, default the first, and `points`, default the code itself),
`scales` (fields of `Scale`; `items` by place in the list; `points` or `value_set` go before those of the item) and
`conventions` (`bands` per scale).
"""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from analysis._yaml import read_yaml
from analysis.instruments.answers import Answers, Coded, Measured
from analysis.instruments.definition import Band, Convention, Instrument, Item, Scale
from analysis.instruments.text import Text

_FOLDER = files("analysis.instruments")
_COPIED = {"max_missing", "missing_status", "times", "decimals"}
_KEYS = {
    "definition": {
        "id", "title", "kind", "better", "status", "note", "source", "mid", "answers", "points", "items", "scales",
        "conventions", "default_convention",
    },
    "answers": {"codes", "whole", "synonyms", "missing", "span", "bounds", "missing_above"},
    "item": {"column", "answers", "points", "polarity", "text"},
    "scale": {"name", "title", "formula", "items", "points", "value_set", "conversion", "range", "better"} | _COPIED,
    "convention": {"status", "source", "bands"},
    "band": {"class", "upto", "below", "label"},
}  # fmt: skip


def read(name: str) -> Instrument:
    """The definition in `definitions/<name>.yaml`; raises `ValueError` on a key that no definition has."""
    with (_FOLDER / "definitions" / f"{name}.yaml").open(encoding="utf-8") as file:
        raw = read_yaml(file)
    _check(raw, "definition")
    answers = {key: _answers(spec) for key, spec in raw["answers"].items()}
    items = tuple(_item(spec, answers) for spec in raw["items"])
    scales = tuple(_scale(spec, raw, items) for spec in raw["scales"])
    conventions = {key: _convention(key, spec) for key, spec in raw.get("conventions", {}).items()}
    return Instrument(
        id=name, title=Text(**raw["title"]), kind=raw["kind"], better=raw["better"], range=scales[0].range,
        status=raw["status"], note=Text(**raw["note"]), source=raw["source"],
        mid=raw["mid"]["value"], mid_status=raw["mid"]["status"],
        conventions=MappingProxyType(conventions), default_convention=raw.get("default_convention"),
        questions=items, scales=scales,
    )  # fmt: skip


def _check(spec: Mapping[str, Any], part: str) -> None:
    unknown = set(spec) - _KEYS[part]
    if unknown:
        raise ValueError(f"{part}: unknown key {sorted(unknown)}; it may have {sorted(_KEYS[part])}. Found in: {spec}")


def _answers(spec: Mapping[str, Any]) -> Answers:
    _check(spec, "answers")
    if "span" in spec:
        return Measured(tuple(spec["span"]), tuple(spec["bounds"]), spec.get("missing_above", np.inf))
    labels = {code: Text(**label) for code, label in spec.get("codes", {}).items()}
    codes = tuple(labels) or tuple(range(spec["whole"][0], spec["whole"][1] + 1))
    return Coded(codes, MappingProxyType(labels), spec.get("synonyms", {}), tuple(spec.get("missing", ())))


def _item(spec: Mapping[str, Any], answers: Mapping[str, Answers]) -> Item:
    _check(spec, "item")
    chosen = spec.get("answers", next(iter(answers)))
    return Item(spec["column"], Text(**spec["text"]), answers[chosen], spec["polarity"])


def _scale(spec: Mapping[str, Any], raw: Mapping[str, Any], items: tuple[Item, ...]) -> Scale:
    _check(spec, "scale")
    places = [number - 1 for number in spec.get("items", range(1, len(items) + 1))]
    used = [items[place] for place in places]
    values = _value_set(spec["value_set"]) if "value_set" in spec else {}
    recodes = raw.get("points", {})
    recode = [spec.get("points", raw["items"][place].get("points")) for place in places]
    tables = [values.get(item.column, recodes.get(name)) for item, name in zip(used, recode, strict=True)]
    return Scale(
        name=spec["name"], column=raw["id"] if spec["name"] == "total" else f"{raw['id']}_{spec['name']}",
        title=Text(**spec.get("title", raw["title"])), items=tuple(item.column for item in used),
        points=tuple(_points(item.answers, table) for item, table in zip(used, tables, strict=True)),
        formula=spec["formula"], range=tuple(spec["range"]), better=spec.get("better", raw["better"]),
        worst=_worst(values["any"], used[0].answers) if "any" in values else (),
        conversion=_conversion(spec["conversion"]) if "conversion" in spec else (),
        **{key: spec[key] for key in _COPIED & set(spec)},
    )  # fmt: skip


def _points(answers: Answers, table: Mapping[int, float] | None) -> tuple[float, ...]:
    """Points by position: by code from the table, else the code itself (the number of the band when measured)."""
    codes = answers.codes if isinstance(answers, Coded) else range(answers.n_positions)
    return tuple(float(code if table is None else table[code]) for code in codes)


def _value_set(name: str) -> dict[str, dict[int, float]]:
    """Values by level of each item, and of `any`: the terms that hold as soon as any item reaches that level."""
    table = pd.read_csv(_FOLDER / "valuesets" / f"{name}.csv")
    return {item: dict(zip(rows["level"], rows["value"], strict=True)) for item, rows in table.groupby("item")}


def _worst(terms: Mapping[int, float], answers: Answers) -> tuple[float, ...]:
    """The term by worst level: the `any` terms add up from their level onwards."""
    codes = answers.codes if isinstance(answers, Coded) else range(answers.n_positions)
    return tuple(np.cumsum([terms.get(code, 0.0) for code in codes]).tolist())


def _conversion(name: str) -> tuple[float, ...]:
    """Converted score by raw score from zero onwards, NaN where no raw score can be."""
    table = pd.read_csv(_FOLDER / "valuesets" / f"{name}.csv").set_index("raw")["converted"]
    return tuple(table.reindex(range(int(table.index.max()) + 1)))


def _convention(name: str, spec: Mapping[str, Any]) -> Convention:
    _check(spec, "convention")
    bands = {scale: tuple(_band(each) for each in classes) for scale, classes in spec["bands"].items()}
    return Convention(name, spec["status"], spec["source"], MappingProxyType(bands))


def _band(spec: Mapping[str, Any]) -> Band:
    _check(spec, "band")
    return Band(spec["class"], Text(**spec["label"]), spec.get("upto"), spec.get("below"))
