"""A definition file to an `Instrument`: every key is checked, so that a misspelt one fails when it is loaded."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from analysis.instruments.answers import Answers, Coded, Measured
from analysis.instruments.definition import Band, Convention, Instrument, Item, Scale
from analysis.instruments.text import Text

_FOLDER = files("analysis.instruments")
_KEYS = {
    "id", "title", "kind", "better", "status", "note", "source", "mid", "answers", "points", "items", "scales", "conventions",
    "default_convention",
}  # fmt: skip


def read(name: str) -> Instrument:
    """The definition in `definitions/<name>.yaml`."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with (_FOLDER / "definitions" / f"{name}.yaml").open(encoding="utf-8") as file:
        raw = yaml.load(file, loader)
    if set(raw) - _KEYS or raw["id"] != name:
        raise ValueError(f"definition {name}: unknown keys {sorted(set(raw) - _KEYS)}, or id {raw['id']!r} is not the file name")
    return build(raw)


def build(raw: Mapping[str, Any]) -> Instrument:
    """An instrument from the parsed definition."""
    answers = {name: _answers(spec) for name, spec in raw["answers"].items()}
    items = tuple(_item(spec, answers) for spec in raw["items"])
    scales = tuple(_scale(spec, raw, items) for spec in raw["scales"])
    conventions = {name: _convention(name, spec) for name, spec in raw.get("conventions", {}).items()}
    mid = raw.get("mid", {"value": None, "status": "none"})
    return Instrument(
        id=raw["id"], title=Text(**raw["title"]), kind=raw["kind"], better=raw["better"], range=scales[0].range,
        status=raw["status"], note=Text(**raw["note"]), source=raw["source"], mid=mid["value"], mid_status=mid["status"],
        conventions=MappingProxyType(conventions), default_convention=raw.get("default_convention"),
        questions=items, scales=scales, has_total=scales[0].name == "total",
    )  # fmt: skip


def _answers(spec: Mapping[str, Any]) -> Answers:
    """Coded answers (`codes` with labels, or `whole: [first, last]`) or a measured number (`span`, `bounds`)."""
    if "span" in spec:
        span, bounds = tuple(spec["span"]), tuple(spec["bounds"])
        return Measured(span=span, bounds=bounds, missing_above=spec.get("missing_above", np.inf))
    missing, synonyms = tuple(spec.get("missing", ())), spec.get("synonyms", {})
    if "whole" in spec:
        first, last = spec["whole"]
        return Coded(tuple(range(first, last + 1)), {}, synonyms, missing)
    labels = {code: Text(**label) for code, label in spec["codes"].items()}
    return Coded(tuple(labels), labels, synonyms, missing)


def _item(spec: Mapping[str, Any], answers: Mapping[str, Answers]) -> Item:
    chosen = spec.get("answers", next(iter(answers)))
    return Item(spec["column"], Text(**spec["text"]), answers[chosen], spec["polarity"])


def _scale(spec: Mapping[str, Any], raw: Mapping[str, Any], items: tuple[Item, ...]) -> Scale:
    """One scale; `points` of the scale go before those of the item, and codes are their own points where neither is given."""
    numbers = spec.get("items", range(1, len(items) + 1))
    used = [items[number - 1] for number in numbers]
    own = [spec.get("points", raw["items"][number - 1].get("points")) for number in numbers]
    values = _value_set(spec["value_set"]) if "value_set" in spec else pd.Series(dtype=float)
    points = [_points(item, values[item.column] if len(values) else raw.get("points", {}).get(name))
              for item, name in zip(used, own, strict=True)]  # fmt: skip
    column = raw["id"] if spec["name"] == "total" else f"{raw['id']}_{spec['name']}"
    copied = {key: spec[key] for key in ("max_missing", "missing_status", "times", "decimals") if key in spec}
    return Scale(
        name=spec["name"], column=column, title=Text(**spec["title"]) if "title" in spec else Text(**raw["title"]),
        items=tuple(item.column for item in used), points=tuple(points), formula=spec["formula"],
        range=tuple(spec["range"]), better=spec.get("better", raw["better"]), worst=_worst(values, used[0].answers),
        conversion=_conversion(spec["conversion"]) if "conversion" in spec else (), **copied,
    )  # fmt: skip


def _points(item: Item, table: Mapping[int, float] | None) -> tuple[float, ...]:
    """Points by position: from a table by code, else the code itself (for a measured number: the number of its band)."""
    codes = item.answers.codes if isinstance(item.answers, Coded) else range(item.answers.n_positions)
    return tuple(float(code if table is None else table[code]) for code in codes)


def _value_set(name: str) -> pd.Series:
    """Values by item and level."""
    return pd.read_csv(_FOLDER / "valuesets" / f"{name}.csv").set_index(["item", "level"])["value"]


def _worst(values: pd.Series, answers: Answers) -> tuple[float, ...]:
    """The term that depends on the worst level of all items: rows `any` of a value set add up from their level onwards."""
    if "any" not in values.index:
        return ()
    terms = values["any"].reindex(list(answers.codes), fill_value=0.0)
    return tuple(float(term) for term in terms.cumsum())


def _conversion(name: str) -> tuple[float, ...]:
    """Converted score by raw score from zero, NaN where no raw score can be."""
    table = pd.read_csv(_FOLDER / "valuesets" / f"{name}.csv").set_index("raw")["converted"]
    return tuple(table.reindex(range(int(table.index.max()) + 1)))


def _convention(name: str, spec: Mapping[str, Any]) -> Convention:
    bands = {scale: tuple(_band(each) for each in classes) for scale, classes in spec["bands"].items()}
    return Convention(name, spec["status"], spec["source"], MappingProxyType(bands))


def _band(spec: Mapping[str, Any]) -> Band:
    return Band(spec["class"], Text(**spec["label"]), spec.get("upto"), spec.get("below"))
