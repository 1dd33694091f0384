"""What is analysed: study.yaml (the analysis plan) and the codebook as frozen objects, every problem listed at once."""

import datetime as dt
import difflib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis import codebook, logic
from analysis._yaml import read_yaml
from analysis.codebook import Level, StudyError, Variable
from analysis.logic import Node, Promise

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]
SENSITIVITY = Literal["complete_cases", "covariate_adjusted", "imputed", "attrition_weighted", "tipping_point",
                      "regression_to_mean", "national_trend", "lockdown", "waiting_group"]  # fmt: skip
FEW_CLUSTERS = Literal["cluster_means", "CR1", "CR2", "CR3", "wild_bootstrap", "leave_one_out", "sign_flip"]
DERIVED_TABLES = {"measures"}
READ = ("variables", "nodes", "promises")  # read from tables beside the plan


class Plan(BaseModel):
    """Base of every part of the plan: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Plan):
    """One text in Dutch and English."""

    nl: str
    en: str

    def __call__(self, language: str) -> str:
        """The text in `nl` or `en`."""
        return self.nl if language == "nl" else self.en


class RawTable(Plan):
    """Where the raw rows of a table are: a file in the raw folder, or a data set of an installed package.

    A file name that holds `{unit}` is one file a unit, named by its id: `{unit}/answers.csv`.
    `rows` keeps the rows with these values; a wide table has one column a wave, named by `pattern` with {name}, {wave}.
    """

    file: str | None = None
    sheet: str | None = None
    encoding: str = "utf-8"
    separator: str | None = None
    package: str | None = None
    dataset: str | None = None
    rows: dict[str, int | float | str] = {}
    shape: Literal["long", "wide"] = "long"
    pattern: str = "{name}_{wave}"
    conventions: Literal["castor", "limesurvey", "qualtrics"] | None = None

    @property
    def by_unit(self) -> bool:
        """True when each unit has a file of its own."""
        return "{unit}" in (self.file or "")

    def of(self, unit: str) -> "RawTable":
        """The same table in the file of one unit."""
        return self.model_copy(update={"file": self.file.replace("{unit}", unit)})


class Wave(Plan):
    """A planned measurement, `month` months after the first."""

    id: Slug
    month: float


class Unit(Plan):
    """What one report is about, how all of them together are called, and official codes by unit id."""

    name: Text
    all: Text
    codes: dict[Slug, str] = {}


class Design(Plan):
    """`pre_post` analyses the treated only, `comparison` treated against reference, `staggered` by start moment."""

    kind: Literal["pre_post", "comparison", "staggered"]
    arm: str | None = None
    treated: Slug | None = None
    reference: Slug | None = None
    start: str | None = None


class Outcome(Plan):
    """An outcome: an instrument to score or a ready score, its place in the plan and what counts as a change."""

    id: Slug
    instrument: str | None = None
    score: str | None = None
    convention: str | None = None
    domain: Literal["health", "participation"]
    role: Literal["primary", "secondary"]
    better: Literal["high", "low"] | None = None
    kind: Literal["continuous", "binary", "ordinal"] | None = None
    range: tuple[float, float] | None = None
    mid: float | None = None
    mid_note: Text | None = None
    digits: int = 1
    title: Text | None = None
    note: Text | None = None


class Norm(Plan):
    """Population mean and test-retest reliability of an outcome, for regression to the mean."""

    mean: float
    reliability: Annotated[float, Field(gt=0, lt=1)]
    source: str
    status: Literal["confirmed", "derived", "unconfirmed"]


class PublicTrend(Plan):
    """The public series that an outcome may be laid beside: the percentage of `population` that scores at or beyond
    `cutoff` of the very same scale, in `table` (series of two tables are never joined).
    """

    outcome: Slug
    cutoff: float
    at_or_above: bool = True
    indicator: Slug
    population: Slug
    table: str


class Period(Plan):
    """A period with public measures, drawn on the time strip."""

    id: Slug
    start: dt.date
    end: dt.date
    status: Literal["confirmed", "unconfirmed"]
    label: Text


class Moment(Plan):
    """A moment at which partners were asked (network, checklist, embedding): until its date nothing of it is known."""

    id: Slug
    date: dt.date
    status: Literal["confirmed", "unconfirmed"] = "confirmed"


class Followed(Plan):
    """What of the next referrals shows whether a goal of the learning network moves: the share that takes a `step` (of
    the step before it), or the share of those who stop that stops for a `stop_reason`."""

    step: str | None = None
    stop_reason: str | None = None


class Statements(Plan):
    """A dimension of the partnership checklist: the statements that belong to it."""

    id: Slug
    items: tuple[int, ...]
    label: Text


class Volunteers(Plan):
    """People who help, in a table of their own: its key (also in referrals), the days on which they began and stopped,
    whether they were trained, and the referral step that matches somebody with one of them."""

    table: str = "volunteers"
    key: str = "volunteer"
    since: str = "since"
    until: str | None = None
    trained: str | None = None
    matched: str


class Imputation(Plan):
    """Multiple imputation: number of data sets, iterations, variables that help to predict."""

    m: int = 20
    iterations: int = 10
    auxiliary: tuple[str, ...] = ()


class Inference(Plan):
    """Confidence level and the methods for few clusters that are laid side by side."""

    level: float = 0.95
    few_clusters: tuple[FEW_CLUSTERS, ...] = ()


class Multiplicity(Plan):
    """Correction within the confirmatory and the secondary family."""

    confirmatory: Literal["holm", "bonferroni"] = "holm"
    secondary: Literal["benjamini_hochberg", "holm", "bonferroni"] = "benjamini_hochberg"


class Disclosure(Plan):
    """Profile of what may be shown, and coarser crossings in the order in which they are tried."""

    profile: str = "samen10_30"
    ladder: tuple[tuple[str, ...], ...] = ()


class ContextLevels(Plan):
    """Populations of a public table that has a dimension for them: id of the population to the table's code."""

    dimension: str
    levels: dict[Slug, str]


class ContextTable(Plan):
    """A public table to fetch: which dimension holds areas and years, what to keep, which columns are which indicators.

    `areas` are codes beside those of the units (the country); `indicators` map an id to a column's name without its
    number (OData 3) or to a code of Measure (OData 4). `year` is a dimension, or the year of a table of one year.
    """

    table: str
    catalog: Literal["cbs", "cbs4", "rivm"]
    area: str
    areas: dict[Slug, str] = {}
    year: int | str
    population: Slug | ContextLevels
    where: dict[str, str] = {}
    indicators: dict[Slug, str]
    source: str


class TargetPopulation(Plan):
    """Whom reach is about: the public count (`indicator` of `population`, of `year` or the latest) that is the
    denominator, and which participants belong to it (`among`: variable of persons to its levels; empty: all).

    Several are listed from wide to narrow, each a part of the one before: what lies between two is a number too, and
    disclosure control must know it.
    """

    indicator: Slug
    population: Slug
    year: int | None = None
    among: dict[str, tuple[str, ...]] = {}


class PublicFigure(Plan):
    """A public percentage to lay beside the participants: who is in one of the `categories` of a variable of persons,
    or of an outcome's classes (else values) at the first wave, of those `among` whom the public figure is about."""

    characteristic: str
    categories: tuple[str, ...]
    indicator: Slug
    population: Slug
    year: int | None = None
    among: dict[str, tuple[str, ...]] = {}


class Study(Plan):
    """One study: the plan and its codebook. Load it with `load`."""

    study: Slug
    title: Text
    kind: Literal["synthetic", "real"]
    source: Text | str  # a text without a language is taken for both
    licence: str
    public: bool = False
    seed: int
    pseudonyms: Literal["as_received", "keyed"] = "keyed"
    tables: dict[str, RawTable]
    time: Literal["date", "day"]
    window: tuple[dt.date, dt.date] | None = None
    waves: tuple[Wave, ...]
    on_time: Annotated[float, Field(gt=0)] | None = None  # months around the planned month
    unit: Unit
    cluster: str | None = None
    group: str | None = None
    duplicates: dict[str, Literal["identical", "first", "last", "most_complete"]] = {}
    design: Design
    outcomes: tuple[Outcome, ...]
    covariates: tuple[str, ...] = ()
    sensitivity: tuple[SENSITIVITY, ...] = ()
    imputation: Imputation = Imputation()
    inference: Inference = Inference()
    multiplicity: Multiplicity = Multiplicity()
    referral_steps: tuple[str, ...] = ()
    referral_of: dict[str, str] = {}
    referral_follow_up: dict[str, float] = {}
    referral_start: str | None = None
    referral_end: str | None = None
    referral_until: str | None = None
    contacts: tuple[Slug, ...] = ("coach",)
    volunteers: Volunteers | None = None
    kinds: dict[Literal["literal", "figurative"], tuple[str, ...]] = {}
    periods: tuple[Period, ...] = ()
    moments: tuple[Moment, ...] = ()
    goals: dict[str, Followed] = {}
    checklist: tuple[Statements, ...] = ()
    norms: dict[str, Norm] = {}
    context: tuple[ContextTable, ...] = ()
    target_population: tuple[TargetPopulation, ...] = ()
    representative_of: tuple[PublicFigure, ...] = ()
    public_trends: tuple[PublicTrend, ...] = ()
    disclosure: Disclosure = Disclosure()
    as_of: dt.date | None = None
    languages: tuple[Literal["nl", "en"], ...] = ("nl", "en")
    variables: tuple[Variable, ...] = Field(default=(), exclude=True)
    nodes: tuple[Node, ...] = Field(default=(), exclude=True)
    promises: tuple[Promise, ...] = Field(default=(), exclude=True)

    @property
    def id(self) -> str:
        """The slug that names the study's folders."""
        return self.study

    @property
    def shareable(self) -> bool:
        """True when executed notebooks may leave: the data are synthetic or public."""
        return self.kind == "synthetic" or self.public

    @cached_property
    def units(self) -> tuple[str, ...]:
        """Ids of the units, in the order of levels.csv; `all` is not among them."""
        return tuple(level.level for level in self.variable("persons", "unit").levels)

    @property
    def first(self) -> str:
        """Id of the first wave, against which each other wave is contrasted."""
        return self.waves[0].id

    def moments_by(self, day: dt.date | None) -> tuple[str, ...]:
        """The moments on or before a day, in order; all where the plan does not date them or no day is given."""
        if day is None or not self.moments:
            return tuple(level.level for level in self.levels("moment"))
        return tuple(moment.id for moment in self.moments if moment.date <= day)

    @property
    def undated(self) -> tuple[str, ...]:
        """Tables that a cut-off date leaves whole: they have no dates, and no moments that the plan dates."""
        names = {table: {v.name for v in self.columns(table)} for table in self.tables}
        dated = {v.table for v in self.variables if v.type == "date" and v.unit != "planned"}
        return tuple(t for t in self.tables if t not in dated and not (self.moments and "moment" in names[t]))

    def outcome(self, id: str) -> Outcome:
        """The outcome with this id; `KeyError` names the known ones."""
        return _named({outcome.id: outcome for outcome in self.outcomes}, id, "outcome")

    @property
    def by_unit(self) -> bool:
        """True when persons come in one file a unit, so that units are prepared one after the other."""
        return self.tables["persons"].by_unit

    def has(self, table: str) -> bool:
        """True when the study delivers this table."""
        return table in self.tables

    def columns(self, table: str) -> tuple[Variable, ...]:
        """The variables of a processed table, in the codebook's order."""
        return tuple(variable for variable in self.variables if variable.table == table)

    def variable(self, table: str, name: str) -> Variable:
        """One variable; `KeyError` names the known ones."""
        return _named({variable.name: variable for variable in self.columns(table)}, name, f"variable of {table}")

    def label(self, name: str, language: str, table: str | None = None) -> str:
        """Label of a variable (of `table`, else the first table that has it); the name itself when unknown."""
        found = (v for v in self.variables if v.name == name and table in (None, v.table))
        return next((variable.label(language) for variable in found), name)

    def levels(self, name: str) -> tuple[Level, ...]:
        """Levels of a level set or of the first variable of that name; empty when there are none."""
        found = (v.levels for v in self.variables if v.levels and name in (v.set, v.name))
        return next(found, ())

    def level(self, name: str, level: str, language: str) -> str:
        """Label of a level of a set or variable; the id itself when unknown."""
        return next((found.label(language) for found in self.levels(name) if found.level == level), level)

    def unit_label(self, unit: str, language: str) -> str:
        """Name of a unit; `all` has the name that the plan gives it."""
        return self.unit.all(language) if unit == "all" else self.level("unit", unit, language)


def load(folder: Path) -> Study:
    """The study described in `folder` (study.yaml, codebook.csv, levels.csv; where present logic_model.csv and
    expected_results.csv).

    Raises `StudyError` with every problem of the files, each with file, key, what was found and what is allowed.
    """
    from analysis import _logic_rules, _study_rules

    problems: list[str] = []
    variables = _collect(problems, lambda: codebook.read(folder)) or ()
    nodes, promises = _collect(problems, lambda: logic.read(folder)) or ((), ())
    plan = _collect(problems, lambda: _plan(folder / "study.yaml"))
    if plan is not None:
        plan = plan.model_copy(update={"outcomes": _described(plan, problems), "variables": variables, "nodes": nodes,
                                       "promises": promises})  # fmt: skip
        if variables:
            found = [*_study_rules.check(plan), *_logic_rules.check(plan)]
            problems += [f"{folder.name}/{problem}" for problem in found]
    if problems:
        raise StudyError(problems)
    return plan


def _collect(problems: list[str], attempt):
    try:
        return attempt()
    except StudyError as error:
        problems += error.problems
        return None


def _plan(path: Path) -> Study:
    where = f"{path.parent.name}/{path.name}"
    if not path.exists():
        raise StudyError([f"{where}: not found. `python -m analysis new` writes a first one."])
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise StudyError(
            [f"{where}{line}: not valid YAML ({getattr(error, 'problem', None) or 'unreadable'})."]
        ) from None
    if not isinstance(content, dict):
        raise StudyError([f"{where}: holds no keys. Copy the plan of another study and adapt it."])
    try:
        return Study(**content)
    except ValidationError as error:
        raise StudyError([f"{where}: {_sentence(found)}" for found in error.errors()]) from None


def _sentence(error: dict) -> str:
    """One pydantic error as: key, what was found, what is allowed."""
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    if error["type"] == "extra_forbidden":
        known = _keys_beside(error["loc"][:-1])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, 1)
        return f"{key}: unknown key." + (f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(known)}.")
    if error["type"] == "missing":
        return f"{key}: not found, and needed."
    return f"{key}: found {error['input']!r}; {error['msg'].lower()}."


def _keys_beside(location: tuple) -> list[str]:
    """The keys that the plan knows at a place, found by walking the models' annotations."""
    from typing import get_args

    model = Study
    for part in (part for part in location if isinstance(part, str) and part in model.model_fields):
        options = [model.model_fields[part].annotation]
        while options:
            option = options.pop()
            if isinstance(option, type) and issubclass(option, Plan):
                model = option
                break
            options += get_args(option)
    return [name for name in model.model_fields if name not in READ]


def _described(plan: Study, problems: list[str]) -> tuple[Outcome, ...]:
    """Outcomes completed with what their instrument's definition says: direction, kind, range, title, note."""
    from analysis import instruments

    outcomes = []
    for outcome in plan.outcomes:
        if outcome.instrument is not None:
            try:
                outcome = _completed(outcome, instruments.load(outcome.instrument))
            except (KeyError, ValueError) as error:
                problems.append(f"{plan.id}/study.yaml: outcomes.{outcome.id}.instrument: {error.args[0]}")
        outcomes.append(outcome)
    return tuple(outcomes)


def _completed(outcome: Outcome, instrument) -> Outcome:
    found = {
        "better": instrument.better, "kind": instrument.kind, "range": tuple(instrument.range), "mid": instrument.mid,
        "title": _text(instrument.title), "note": _text(instrument.note), "convention": instrument.default_convention,
    }  # fmt: skip
    return outcome.model_copy(update={key: value for key, value in found.items() if getattr(outcome, key) is None})


def _text(value) -> Text | None:
    if not value:
        return None
    return Text(nl=value["nl"], en=value["en"]) if isinstance(value, dict) else Text(nl=value.nl, en=value.en)


def _named(known: dict, name: str, what: str):
    if name not in known:
        raise KeyError(f"{what} {name!r} is not in the study; known: {', '.join(known)}")
    return known[name]
