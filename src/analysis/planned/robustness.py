"""Would another reasonable analysis say the same: all of them crossed, and those that the plan names side by side."""

from collections.abc import Callable, Sequence

import pandas as pd

from analysis.planned.change import changes
from analysis.planned.design import in_order, primary
from analysis.planned.estimation import estimated
from analysis.planned.other_questions import exposed, predicted, regressed, tipped, waited
from analysis.planned.outcome_data import Primary
from analysis.planned.specification import CHOICES, Specification, combinations, labelled
from analysis.study import Study

METHODS = ("estimate", "lower", "upper", "p_value", "p_floor")
CURVE = ("estimate", "lower", "upper")
SPECIFIED = ("outcome", "contrast", *CHOICES)
_COLUMNS = ["outcome", "contrast", "method", "family", "estimate", "std_error", "df", "lower", "upper", "p_value",
            "p_floor", "n", "n_clusters", "note"]  # fmt: skip


def specifications(study: Study, primaries: Sequence[Primary]) -> pd.DataFrame:
    """Every reasonable analysis of the primary outcomes at every follow-up: a row an analysis, its choices as columns.

    `n` is that of the analysis with the fewest people, in all rows of an outcome and contrast: analyses that differ by
    a handful of people would otherwise tell of that handful.
    """
    parts = [
        estimated(data, one).assign(outcome=data.outcome.id, **labelled(one))
        for data in primaries
        for one in combinations(study)
    ]
    table = pd.concat(parts, ignore_index=True)
    fewest = table["n"].where(table["estimate"].notna()).groupby([table["outcome"], table["contrast"]]).transform("min")
    table = table.assign(n=fewest.fillna(table["n"]))[[*SPECIFIED, *CURVE, "n", "note"]]
    return in_order(table, outcome=primary(study), contrast=dict.fromkeys(table["contrast"]))


def methods(study: Study, primaries: Sequence[Primary]) -> pd.DataFrame:
    """The analyses that the plan names, of the primary outcomes at the first follow-up: one row an outcome and method.

    A method that cannot be had says why; the pre-planned one is `mixed_model`, `random_effects` is the one for units
    like these.
    """
    named = [*_ALWAYS, *(_CLUSTERED if study.cluster else ())]
    asked = {*study.sensitivity, *(study.inference.few_clusters if study.cluster else ())}
    rows = []
    for data in primaries:
        for name, (family, estimate) in _ANALYSES.items():
            if name in named or (_ASKED.get(name) or name) in asked:
                found = _estimate(data, estimate).head(1)
                rows.append(found.assign(outcome=data.outcome.id, method=name, family=family))
    table = pd.concat(rows, ignore_index=True).reindex(columns=_COLUMNS)
    return table.assign(contrast=f"{study.waves[1].id} - {study.first}")


def _estimate(data: Primary, estimate: Specification | Callable[[Primary], pd.DataFrame]) -> pd.DataFrame:
    return estimated(data, estimate) if isinstance(estimate, Specification) else estimate(data)


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


def _first_contrast(study: Study, found: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first follow-up; of the difference between arms where there is one."""
    found = found[found["contrast"].str.startswith(f"{study.waves[1].id} - {study.first}")]
    return found[found["arm"] == "difference"] if "arm" in found else found


def _pairs(inference: str) -> tuple[str, Specification]:
    return "inference", Specification("change_score", "pairs", inference)


_ANALYSES: dict[str, tuple[str, Specification | Callable[[Primary], pd.DataFrame]]] = {
    "mixed_model": ("model", Specification()),
    "mixed_adjusted": ("covariates", Specification(covariates="planned")),
    "gee": ("model", Specification("gee")),
    "paired": ("missing", Specification("change_score", "pairs")),
    "imputed": ("missing", Specification("change_score", "imputed")),
    "attrition_weighted": ("missing", Specification("change_score", "weighted", covariates="planned")),
    "tipping_point": ("missing", tipped),
    "random_effects": ("inference", Specification("unit_models", inference="random_effects")),
    "model_means": ("inference", Specification("unit_models", inference="cluster_means")),
    "prediction": ("inference", predicted),
    **{name: _pairs(name) for name in ("cluster_means", "CR1", "CR2", "CR3", "wild_bootstrap", "sign_flip")},
    "waiting_group": ("comparison", waited),
    "regression_to_mean": ("design", regressed),
    "lockdown": ("design", exposed),
}
_ALWAYS = ("mixed_model", "gee", "paired")
_CLUSTERED = ("random_effects", "model_means", "prediction")
_ASKED = {"mixed_adjusted": "covariate_adjusted", "paired": "complete_cases"}
