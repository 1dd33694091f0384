"""One analysis as a combination of choices, and which combinations of them are worth running."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from itertools import product

from analysis.study import Study


@dataclass(frozen=True)
class Specification:
    """The choices of one analysis; every value is an id that the texts have a label for.

    model: mixed, gee, change_score, ancova (later score given the first), unit_models (a mixed model in each unit).
    missing: likelihood (all scores there are), pairs (complete pairs), imputed, weighted (by the chance of staying).
    inference: people (independent persons), wild_bootstrap, CR2, cluster_means (t over units), random_effects (HKSJ).
    covariates: none, planned. forms: any, on_time.
    """

    model: str = "mixed"
    missing: str = "likelihood"
    inference: str = "people"
    covariates: str = "none"
    forms: str = "any"

    def given(self, covariates: list[str]) -> list[str]:
        """The covariates that this specification adjusts for."""
        return covariates if self.covariates == "planned" else []


CHOICES = tuple(field.name for field in fields(Specification))

_PAIRWISE = ("pairs", "imputed", "weighted")
_ASKED = {"imputed": "imputed", "weighted": "attrition_weighted"}  # a missing-data method, as `sensitivity` names it


def combinations(study: Study) -> list[Specification]:
    """Every analysis of a study, the planned one first: choices that the plan does not make are not crossed.

    Methods for clusters need `cluster`, and are those of `inference.few_clusters`; imputation, weights and covariates
    are crossed where `sensitivity` names them, the forms on time where `on_time` says what that is.
    """
    covariates = ["none", *(["planned"] if "covariate_adjusted" in study.sensitivity and study.covariates else [])]
    forms = ["any", *(["on_time"] if study.on_time else [])]
    crossed = (Specification(*model, given, kept) for model, given, kept in product(_models(study), covariates, forms))
    return [one for one in crossed if one.covariates == "none" or _differs(one, study)]


def _differs(one: Specification, study: Study) -> bool:
    """Whether covariates can make a difference: not to a plain mean, nor to a mean of everybody without an arm."""
    if one.model == "unit_models":
        return True
    return one.inference != "cluster_means" and (one.missing != "imputed" or study.design.kind == "comparison")


def _models(study: Study) -> Iterator[tuple[str, str, str]]:
    """Model, missing-data method and inference that go together and that the plan asks for.

    Left out is what adds nothing (a mixed model of complete or completed data has the estimate of their change score)
    and what has no agreed form (bootstrap p-values over imputations or with weights, GEE within units).
    """
    compared = study.design.kind == "comparison"
    few = set(study.inference.few_clusters) if study.cluster else set()
    yield from (("mixed", "likelihood", "people"), ("gee", "likelihood", "people"))
    asked = [missing for missing in _PAIRWISE if _ASKED.get(missing, missing) in {"pairs", *study.sensitivity}]
    for model, missing in product(["change_score", *(["ancova"] if compared else [])], asked):
        pairs = missing == "pairs"
        yield model, missing, "people"
        if "CR2" in few:
            yield model, missing, "CR2"
        if "wild_bootstrap" in few and pairs:
            yield model, missing, "wild_bootstrap"
        if "cluster_means" in few and pairs and not compared:
            yield model, missing, "cluster_means"
    if study.cluster:
        yield from (("unit_models", "likelihood", inference) for inference in ("random_effects", "cluster_means"))


def labelled(one: Specification) -> dict[str, str]:
    """The choices by name, as columns of a table."""
    return dict(zip(CHOICES, astuple(one), strict=True))
