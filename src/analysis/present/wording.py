"""All words of an output in one language: fixed texts from texts/<language>.yaml, labels from the study."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from analysis._yaml import read_yaml
from analysis.logic import PREFIXES, Measured
from analysis.present.numbers import date_text, month_text, number_text, percent_text

if TYPE_CHECKING:
    from analysis.study import Study

LANGUAGES = ("nl", "en")
P_FLOOR = 0.001
WHO = ("meeting_role", "informant", "setting", "role")  # lists of who or where somebody is heard
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_AND, _VERSUS = re.compile(r"\s*:\s*"), re.compile(r"\s+(?:-|vs)\s+")


@dataclass(frozen=True)
class Words:
    """The words of one study in one language. Keys of fixed texts are dotted, as in `table.hidden`."""

    study: "Study"
    language: str
    texts: Mapping[str, Any] = field(repr=False)
    _levels: dict[tuple[str, str], str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def text(self, key: str, **values: object) -> str:
        """The fixed text `key`, filled with `values` (put numbers through `number` and its kin first)."""
        found = self.texts.get(key)
        if not isinstance(found, str):
            raise KeyError(f"texts/{self.language}.yaml: no text {key!r}. Add it there and in every other language.")
        return found.format_map(values) if values else found

    def listed(self, key: str) -> tuple[Any, ...]:
        """The fixed list `key` (refused words, translations of notes)."""
        found = self.texts.get(key)
        if not isinstance(found, tuple):
            raise KeyError(f"texts/{self.language}.yaml: no list {key!r}. Add it there and in every other language.")
        return found

    def of(self, localised: object) -> str:
        """This language's side of a study's own text that has `.nl` and `.en`; empty where the study gives none."""
        return getattr(localised, self.language, None) or "" if localised is not None else ""

    @property
    def source(self) -> str:
        """Where the data of the study come from; a plan that says it once says it in both languages."""
        return self.study.source if isinstance(self.study.source, str) else self.of(self.study.source)

    def label(self, dim: str) -> str:
        """The heading of a dimension: our own word, else the codebook's label, else the id in plain letters."""
        return self.texts.get(f"dims.{dim}") or self._study_label(dim) or _plain(dim)

    def group(self, levels: tuple[tuple[str, str], ...], label: str = "") -> str:
        """`label`, followed by the labels of further levels that a row is about."""
        return ", ".join(filter(None, [label, *(self.level(dim, level) for dim, level in levels)]))

    def measure(self, name: str) -> str:
        """The heading of a measure: our own word, else the id in plain letters."""
        return self.texts.get(f"measures.{name}") or _plain(name)

    def level(self, dim: str, level: str) -> str:
        """The label of one level of a dimension: our own word, else the study's, else the id in plain letters."""
        if (dim, level) not in self._levels:
            self._levels[dim, level] = self._level(_level_sets().get(dim, dim), level)
        return self._levels[dim, level]

    def _level(self, dim: str, level: str) -> str:
        if dim in ("unit", "area") and (level == "all" or level in self.study.units):
            return self.study.unit_label(level, self.language)
        if dim == "outcome":
            own = next((self.of(out.title) for out in self.study.outcomes if out.id == level), "")
            return own or self.texts.get(f"levels.any.{level}") or _plain(level)
        if _DAY.fullmatch(level):
            return self.date(date.fromisoformat(level))
        if dim == "dimension_of_checklist":
            return next((self.of(part.label) for part in self.study.checklist if part.id == level), "") or _plain(level)
        if dim == "contrast":
            return self._contrast(level)
        if dim == "half" and "_" in level:
            year, part = level.split("_")
            return self.text(f"levels.half.{part}", year=year)
        if dim == "who":
            return self._who(level)
        if dim == "measured":
            return self._measured(Measured.parse(level))
        if dim == "method":
            found = self.texts.get(f"levels.method.{level}") or self.translated(level, "methods")
            return found[:1].upper() + found[1:]
        if dim in ("step", "event") and level in self.study.referral_steps:
            return self.study.label(level, self.language, "referrals")
        logic = {"node": self.study.nodes, "result": self.study.promises}.get(dim, ())
        if named := next((one.label(self.language) for one in logic if level == one.id), ""):
            return named
        own = self.texts.get(f"levels.{dim}.{level}") or self.texts.get(f"levels.any.{level}")
        return own or self._study_level(dim, level) or self._named_elsewhere(level) or _plain(level)

    def _measured(self, one: Measured) -> str:
        """What is measured where the logic model or an expected result says so, as `Mental health, 6 months (T1)`."""
        if one.source not in PREFIXES:
            return self.text(f"levels.measured.{one.source}")
        about = self.level({"public": "indicator"}.get(one.source, one.source), one.about)
        at = {"outcome": "wave", "public": "population"}.get(one.source)
        return f"{about}, {self.level(at, one.at)}" if at else about

    def _who(self, level: str) -> str:
        """A role or setting, whichever list of the study has it."""
        named = (self._study_level(dim, level) for dim in WHO)
        return next(filter(None, named), "") or self.texts.get(f"levels.any.{level}") or _plain(level)

    def _named_elsewhere(self, level: str) -> str:
        """The label of a level that is itself a variable, an outcome or a measure."""
        outcome = next((self.of(out.title) for out in self.study.outcomes if out.id == level), "")
        return self._study_label(level) or outcome or self.texts.get(f"measures.{level}", "")

    def translated(self, text: str, key: str = "notes") -> str:
        """A remark of the analysis, which is in English, in this language as far as the list `key` knows it."""
        for known in self.listed(key):
            text = re.sub(known["find"], known["say"], text)
        return text

    def number(self, number: float, digits: int = 0) -> str:
        """A number with `digits` decimals and this language's separators."""
        return number_text(number, digits, self.language)

    def percent(self, percent: float, n: float | None = None) -> str:
        """A percentage (0-100): whole, or with one decimal when its denominator `n` is known to be 100 or more."""
        return percent_text(percent, 1 if n is not None and n >= 100 else 0, self.language)

    def p_value(self, p_value: float) -> str:
        """A p-value with two decimals (three below 0.01), never 0 and never 1."""
        if p_value < P_FLOOR:
            return f"< {self.number(P_FLOOR, 3)}"
        if p_value > 0.99:
            return f"> {self.number(0.99, 2)}"
        return self.number(p_value, 3 if p_value < 0.01 else 2)

    def interval(self, lower: float, upper: float, digits: int = 1) -> str:
        """An interval as `a tot b` or `a to b`: a dash would be read as a minus."""
        return self.text("number.interval", lower=self.number(lower, digits), upper=self.number(upper, digits))

    def date(self, day: date) -> str:
        """A date in words."""
        return date_text(day, self.language)

    def month(self, number: float) -> str:
        """A month given as the number 202006, in words."""
        year, month = divmod(int(number), 100)
        return month_text(date(year, month, 1), self.language)

    def _contrast(self, contrast: str) -> str:
        """`t1 - t0` as `6 months (T1) compared with Start (T0)`; `t1 - t0 : a - b` as two such parts."""
        versus = self.text("contrast.versus")
        return ", ".join(versus.join(map(self._part, _VERSUS.split(part))) for part in _AND.split(contrast))

    def _part(self, part: str) -> str:
        found = self._study_level("wave", part) or self._study_level("arm", part)
        return found or self.texts.get(f"levels.contrast.{part}") or _plain(part)

    def _study_level(self, dim: str, level: str) -> str:
        sets = (found.levels for found in self.study.variables if dim in (found.set, found.name))
        labels = (one.label(self.language) for levels in sets for one in levels if one.level == level)
        return next(labels, "")

    def _study_label(self, name: str) -> str:
        found = self.study.label(name, self.language)
        return found if found and found != name else ""


def words(study: "Study", language: str) -> Words:
    """The words of `study` in `language`; raises ValueError for a language that has no texts."""
    if language not in LANGUAGES:
        raise ValueError(f"language: found {language!r}, have {', '.join(LANGUAGES)}. Add texts/{language}.yaml.")
    return Words(study, language, fixed_texts(language))


@lru_cache
def fixed_texts(language: str) -> Mapping[str, Any]:
    """Every fixed text of a language, by dotted key; lists as tuples."""
    source = files("analysis.present").joinpath(f"texts/{language}.yaml").read_text(encoding="utf-8")
    return MappingProxyType(dict(_flat("", read_yaml(source))))


@lru_cache
def _level_sets() -> dict[str, str]:
    """Dimensions whose levels are those of a set with another name."""
    lines = files("analysis.present").joinpath("level_sets.csv").read_text(encoding="utf-8").splitlines()
    return {row["dim"]: row["set"] for row in csv.DictReader(lines)}


def _flat(prefix: str, node: object):
    if isinstance(node, Mapping):
        for key, below in node.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), below)
    else:
        yield prefix, tuple(node) if isinstance(node, list) else str(node)


def _plain(name: str) -> str:
    """An id as plain letters, for what nobody has named yet: visible, never a crash."""
    return str(name).replace("_", " ").strip()
