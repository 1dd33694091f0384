"""Would another reasonable analysis say the same: every planned analysis of a primary outcome, laid side by side."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
import pandas as pd

from analysis import effect
from analysis.planned.change import changes
from analysis.planned.design import important
from analysis.study import Outcome, Study

METHODS = ("estimate", "lower", "upper", "p_value", "p_floor")
COLUMNS = [
    "outcome",
    "contrast",
    "method",
    "family",
    "estimate",
    "std_error",
    "df",
    "lower",
    "upper",
    "p_value",
    "p_floor",
    "n",
    "n_clusters",
    "note",
]
ALWAYS = ("mixed_model", "paired", "gee", "random_effects", "model_means")


def methods(
    study: Study, people: pd.DataFrame, persons: pd.DataFrame, both: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Every planned analysis of the primary outcomes at the first follow-up: one row an outcome and method.

    `people` are the measures of the main analysis, `persons` their characteristics, `both` the measures with the
    reference
    group of a pre-post design. A method that cannot be had says why; the pre-planned one is `mixed_model`.
    """
    rows = []
    for outcome in [outcome for outcome in study.outcomes if outcome.role == "primary"]:
        data = _Outcome(study, outcome, people, persons, both)
        for name, (family, estimate) in _SPECIFICATIONS.items():
            if name in ALWAYS or _wanted(study, name):
                rows.append(_one(estimate, data).assign(outcome=outcome.id, method=name, family=family))
        rows += [_not_planned(name).assign(outcome=outcome.id, method=name) for name in _absent(study)]
    table = pd.concat(rows, ignore_index=True).reindex(columns=COLUMNS)
    return table.assign(contrast=f"{study.waves[1].id} - {study.first}")


def leave_one_out(study: Study, people: pd.DataFrame) -> pd.DataFrame:
    """The planned change of the primary outcomes without each unit in turn: who carries the result."""
    parts = []
    primary = tuple(outcome for outcome in study.outcomes if outcome.role == "primary")
    plan = study.model_copy(update={"outcomes": primary})
    for unit in [unit for unit in study.units if (people["unit"] == unit).any()]:
        found = changes(plan, people[people["unit"] != unit])
        parts.append(_first_contrast(study, found).assign(left_out=unit))
    # n is that of everybody: the n without a unit, beside the n of all, would tell how many people that unit has
    everybody = changes(plan, people).groupby("outcome")["n"].max()
    table = pd.concat(parts, ignore_index=True)
    return table.assign(n=table["outcome"].map(everybody))


class _Outcome:
    """One primary outcome: long rows of the first two waves and all, wide rows a person, and change per person."""

    def __init__(
        self, study: Study, outcome: Outcome, people: pd.DataFrame, persons: pd.DataFrame, both: pd.DataFrame | None
    ):
        self.study, self.outcome = study, outcome
        self.waves = [wave.id for wave in study.waves]
        self.long = people[people["outcome"] == outcome.id].dropna(subset=["unit"])
        self.persons = persons[persons["person"].isin(self.long["person"])]
        self.wide = self._wide(self.long)
        self.both = None if both is None else self._wide(both[both["outcome"] == outcome.id])

    def _wide(self, rows: pd.DataFrame) -> pd.DataFrame:
        """One row a person with a column a wave, the change to the first follow-up, unit, arm and covariates."""
        scores = (
            rows.assign(wave=rows["wave"].astype(str))
            .pivot(index="person", columns="wave", values="value")
            .reindex(columns=self.waves)
        )
        keys = [key for key in ("unit", self.study.design.arm) if key]
        wide = rows.drop_duplicates("person").set_index("person")[keys].join(scores)
        return wide.assign(change=wide[self.waves[1]] - wide[self.waves[0]]).reset_index()

    @property
    def complete(self) -> pd.DataFrame:
        """People with a change score, codes of unit as numbers."""
        return self.wide.dropna(subset=["change", "unit"])

    @property
    def covariates(self) -> list[str]:
        """The covariates of the plan that the persons have."""
        return [name for name in self.study.covariates if name in self.persons]

    @property
    def rng(self) -> np.random.Generator:
        """The generator of this outcome, from the plan's seed."""
        return np.random.default_rng([self.study.seed, self.study.outcomes.index(self.outcome)])

    @cached_property
    def completed(self) -> pd.DataFrame:
        """The wide scores, imputed as the plan says; once, for every analysis that needs them."""
        plan = self.study.imputation
        auxiliary = [name for name in plan.auxiliary if name in self.persons]
        wide = self.wide.drop(columns="change").merge(self.persons[["person", *auxiliary]], on="person")
        for name in auxiliary:
            levels = [level.level for level in self.study.levels(name)]
            wide[name] = (
                wide[name].astype(pd.CategoricalDtype(levels)).cat.remove_unused_categories()
                if levels
                else wide[name].astype("float64")
            )
        keys = [
            "person",
            *([self.study.design.arm] if self.study.design.kind == "pre_post" and self.study.design.arm else []),
        ]
        done = effect.impute(wide, exclude=keys, unit="unit", m=plan.m, iterations=plan.iterations, rng=self.rng)
        return done.assign(change=done[self.waves[1]] - done[self.waves[0]])


def _wanted(study: Study, name: str) -> bool:
    asked = {*study.sensitivity, *study.inference.few_clusters}
    return (_ASKED.get(name) or name) in asked


def _absent(study: Study) -> list[str]:
    """Analyses that the plan asks for and that are not laid side by side here; each gets a row that says so."""
    known = set(_SPECIFICATIONS) | set(_ASKED.values()) | {"leave_one_out"}
    return [name for name in (*study.sensitivity, *study.inference.few_clusters) if name not in known]


def _not_planned(name: str) -> pd.DataFrame:
    reason = "it is not among the analyses that are run side by side; see the function of that name in analysis.effect"
    return effect.estimates.frame([effect.estimates.not_estimable(reason)]).assign(family="design")


def _of_units(data: _Outcome) -> pd.DataFrame:
    """The planned model fitted in each unit apart: one row a unit with estimate and standard error."""
    plan = data.study.model_copy(update={"outcomes": (data.outcome,)})
    parts = [
        _first_contrast(data.study, changes(plan, rows)).assign(unit=unit) for unit, rows in data.long.groupby("unit")
    ]
    return pd.concat(parts, ignore_index=True)


def _random_effects(data: _Outcome) -> pd.DataFrame:
    """Units like these: the mean of the units' own models, Hartung-Knapp-Sidik-Jonkman; dropout is in the models."""
    return effect.random_effects(_of_units(data))


def _model_means(data: _Outcome) -> pd.DataFrame:
    """Units like these, each counting equally: t on units - 1 over the units' own models."""
    found = _of_units(data).dropna(subset=["estimate"])
    return effect.cluster_summaries(found[["unit", "estimate"]], "estimate", cluster="unit").assign(n=found["n"].sum())


def _one(estimate: Callable[[_Outcome], pd.DataFrame], data: _Outcome) -> pd.DataFrame:
    return estimate(data).head(1)


def _first_contrast(study: Study, found: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first follow-up; of the difference between arms where there is one."""
    found = found[found["contrast"].str.startswith(f"{study.waves[1].id} - {study.first}")]
    return found[found["arm"] == "difference"] if "arm" in found else found


def _mixed(data: _Outcome) -> pd.DataFrame:
    plan = data.study.model_copy(update={"outcomes": (data.outcome,)})
    return _first_contrast(data.study, changes(plan, data.long))


def _adjusted(data: _Outcome) -> pd.DataFrame:
    rows = data.long.merge(data.persons[["person", *data.covariates]], on="person")
    rows = rows.dropna(subset=data.covariates)
    group = data.study.design.arm if data.study.design.kind == "comparison" else None
    if group:
        rows[group] = rows[group].astype(pd.CategoricalDtype([data.study.design.reference, data.study.design.treated]))
    found = effect.mixed_change(
        rows, "value", time="wave", person="person", group=group, covariates=["unit", *data.covariates]
    )
    wanted = found["contrast"].str.startswith(f"{data.waves[1]} - {data.waves[0]}")
    return found[wanted & (found["contrast"].str.contains(" : ") if group else True)]


def _contrast_formula(data: _Outcome) -> tuple[str, str]:
    """Formula of the change score and the term that is the estimate: its mean, or the treated arm minus the
    reference.
    """
    design = data.study.design
    if design.kind != "comparison":
        return "change ~ 1", "Intercept"
    return (
        f"change ~ C({design.arm}, Treatment('{design.reference}'))",
        f"C({design.arm}, Treatment('{design.reference}'))[T.{design.treated}]",
    )


def _paired(data: _Outcome) -> pd.DataFrame:
    formula, term = _contrast_formula(data)
    found = effect.cluster_robust(data.complete, formula, cluster=None, kind="HC2")
    return found[found["contrast"] == term]


def _gee(data: _Outcome) -> pd.DataFrame:
    formula, _ = _contrast_formula(data)
    rows = data.long[data.long["wave"].astype(str).isin(data.waves[:2])].dropna(subset=["value"])
    rows = rows.assign(later=(rows["wave"].astype(str) == data.waves[1]).astype(float))
    arm = formula.partition(" ~ ")[2]
    right = "later + C(unit)" if arm == "1" else f"later * {arm}"
    found = effect.gee_change(rows, f"value ~ {right}", person="person", family="gaussian", dependence="exchangeable")
    return found[found["contrast"] == "later"] if arm == "1" else found[found["contrast"].str.contains(":")]


def _imputed(data: _Outcome) -> pd.DataFrame:
    """Multiple imputation of the wide scores, the change score in each data set, pooled with the right degrees of
    freedom.
    """
    return _pooled(data, data.completed)


def _pooled(data: _Outcome, completed: pd.DataFrame) -> pd.DataFrame:
    """The change score in each completed data set, pooled by Rubin's rules."""
    formula, term = _contrast_formula(data)
    found = pd.concat(
        [
            effect.cluster_robust(part, formula, cluster=None, kind="HC2").assign(imputation=number)
            for number, part in completed.groupby("imputation")
        ]
    )
    return effect.pool(found[found["contrast"] == term], df_complete="df")


def _weighted(data: _Outcome) -> pd.DataFrame:
    """Change of those measured again, weighted to look like everybody measured at the start."""
    start = data.wide.dropna(subset=[data.waves[0], "unit"]).merge(
        data.persons[["person", *data.covariates]], on="person"
    )
    start = start.dropna(subset=data.covariates).reset_index(drop=True)
    weights = effect.attrition_weights(start, observed="change", covariates=[data.waves[0], "unit", *data.covariates])
    formula, term = _contrast_formula(data)
    stayed = start.assign(weight=weights["weight"])[start["change"].notna() & (weights["weight"] > 0)]
    found = effect.cluster_robust(stayed, formula, cluster=None, kind="HC2", weights="weight")
    return found[found["contrast"] == term]


def _clustered(estimate: Callable[..., pd.DataFrame]) -> Callable[[_Outcome], pd.DataFrame]:
    def run(data: _Outcome) -> pd.DataFrame:
        formula, term = _contrast_formula(data)
        found = estimate(data, formula, term)
        return found[found["contrast"] == term] if (found["contrast"] == term).any() else found

    return run


def _waiting(data: _Outcome) -> pd.DataFrame:
    """Difference in change between those who took part and the waiting group: the one comparison that a pre-post
    study may have.
    """
    design = data.study.design
    both = data.both.dropna(subset=["change"]) if data.both is not None else pd.DataFrame()
    if both.empty or both[design.arm].nunique() < 2:
        return effect.estimates.frame([effect.estimates.not_estimable("there is no waiting group")])
    term = f"C({design.arm}, Treatment('{design.reference}'))"
    found = effect.cluster_robust(both, f"change ~ {term} + {data.waves[0]}", cluster="unit", kind="CR2")
    return found[found["contrast"] == f"{term}[T.{design.treated}]"]


def _regression(data: _Outcome) -> pd.DataFrame:
    """What is left of the change beyond the regression to the mean that is to be expected."""
    norm = data.study.norms.get(data.outcome.id)
    if norm is None:
        return effect.estimates.frame(
            [effect.estimates.not_estimable("the plan names no population mean and reliability")]
        )
    found = effect.regression_to_mean(
        data.long, "value", time="wave", person="person", reliability=norm.reliability, reference_mean=norm.mean
    )
    found = found[found["contrast"].str.startswith(f"{data.waves[1]} ")]
    return (
        found[found["method"].str.contains("beyond")] if found["method"].str.contains("beyond").any() else found.tail(1)
    )


def _tipping(data: _Outcome) -> pd.DataFrame:
    """The pooled change if everybody who was not measured again did worse by one minimal important difference than
    imputed.
    """
    missing = data.wide.set_index("person")[data.waves[1]].isna()
    worse = important(data.study, data.outcome, data.long) * (-1 if data.outcome.better == "high" else 1)
    shift = worse * data.completed["person"].map(missing).astype(float)
    return _pooled(data, data.completed.assign(change=data.completed["change"] + shift))


_SPECIFICATIONS: dict[str, tuple[str, Callable[[_Outcome], pd.DataFrame]]] = {
    "mixed_model": ("model", _mixed),
    "mixed_adjusted": ("covariates", _adjusted),
    "gee": ("model", _gee),
    "paired": ("missing", _paired),
    "imputed": ("missing", _imputed),
    "attrition_weighted": ("missing", _weighted),
    "tipping_point": ("missing", _tipping),
    "random_effects": ("inference", _random_effects),
    "model_means": ("inference", _model_means),
    "cluster_means": (
        "inference",
        _clustered(
            lambda d, f, t: effect.cluster_summaries(d.complete, f.replace("change ~ 1", "change"), cluster="unit")
        ),
    ),
    "CR2": ("inference", _clustered(lambda d, f, t: effect.cluster_robust(d.complete, f, cluster="unit", kind="CR2"))),
    "CR1": (
        "inference",
        _clustered(lambda d, f, t: effect.cluster_robust(d.complete, f, cluster="unit", kind="CR1")),
    ),
    "CR3": ("inference", _clustered(lambda d, f, t: effect.cluster_robust(d.complete, f, cluster="unit", kind="CR3"))),
    "wild_bootstrap": (
        "inference",
        _clustered(lambda d, f, t: effect.wild_bootstrap(d.complete, f, cluster="unit", term=t, rng=d.rng)),
    ),
    "sign_flip": (
        "inference",
        _clustered(lambda d, f, t: effect.sign_flip(d.complete, f.replace("change ~ 1", "change"), cluster="unit")),
    ),
    "waiting_group": ("comparison", _waiting),
    "regression_to_mean": ("design", _regression),
}
_ASKED = {"mixed_adjusted": "covariate_adjusted", "paired": "complete_cases"}
