"""The logic model with what was measured at each step, and the expected results beside their evidence."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from analysis import process
from analysis.logic import EVIDENCE, Measured
from analysis.planned import voices
from analysis.study import Study

# `number` and `total` count things, not people: nothing is hidden for them, as for public figures
EVIDENCE_KINDS = {"percent": "percent", "estimate": "estimate", "lower": "lower", "upper": "upper", "mean": "mean",
                  "strength": "rate", "speaks_for": "rate"}  # fmt: skip
LOGIC_KINDS = {"percent": "percent", "estimate": "estimate", "lower": "lower", "upper": "upper"} | dict.fromkeys(
    ("number", "total", "at_least", "lowest", "highest", "strength"), "rate"
)
RULES = Path(__file__).with_name("strength.csv")
NONE = "none"  # where a box or a result has no measure


def rules() -> pd.DataFrame:
    """The rules of the marks, `evidence, statistic, above, mark`: of a kind of evidence the first rule holds whose
    statistic lies above its bound.

    Statistics: `better_limit` how far the interval's limit nearest zero lies on the better side, `worse_limit` on the
    worse side; `share_over_limit` is positive when the percentage reaches what the plan says speaks for the result;
    `value` and `against` the mean direction of a factor and its opposite; `measured` always holds.
    """
    return _rules().copy()


@cache
def _rules() -> pd.DataFrame:
    return pd.read_csv(RULES)


def embedding(study: Study, scores: pd.DataFrame) -> pd.DataFrame:
    """How far each element of embedding is in place, per unit and moment, as a percentage of the most that can be
    had.
    """
    if not study.has("embedding"):
        return voices.absent(["unit", "element", "moment"], ["percent"])
    elements = [level.level for level in study.levels("embedding")]
    return process.embedding(
        scores, by="unit", levels=[u for u in study.units if (scores["unit"] == u).any()], elements=elements
    )


def evidence(study: Study, found: pd.DataFrame) -> pd.DataFrame:
    """The expected results of the study's plan with their evidence, `found` by `measurements`, long: `result,
    evidence, measured, measure, value, n, note`.

    Beside its value each piece has the measure `strength`, the mark of the joint display by `rules`: 2 speaks for the
    result, 1 measured and does not, -1 speaks against, 0 not measured. It says how far the evidence speaks for a
    result, not how large it is. A result's kind of evidence that the plan does not name is not there: `gaps` lists it.
    """
    if not study.promises:
        return _absent(["result", "evidence", "measured"], "the study has no expected_results.csv")
    rows = []
    for promise in study.promises:
        head = {"result": promise.id, "evidence": promise.evidence}
        parts = found[found["measured"] == str(promise.measured)].to_dict("records")
        for part in parts or [_unmeasured(str(promise.measured))]:
            mark = strength(study, promise.evidence, part, promise.speaks_for)
            limit = [("speaks_for", promise.speaks_for)] if promise.speaks_for is not None else []
            rows += _cells(head, part, [("strength", mark), *limit])
    return pd.DataFrame(rows)


def logic_model(study: Study, found: pd.DataFrame) -> pd.DataFrame:
    """The boxes of the study's logic model with what was `found` of each by `measurements`, long: `stage, node,
    measured, measure, value, n, note`. A box of which nothing was measured has one row with `strength` 0.

    `strength` says for a change whether it is clearly better (2), clearly worse (-1) or neither (1); other measures
    have 1: measured.
    """
    if not study.nodes:
        return _absent(["stage", "node", "measured"], "the study has no logic_model.csv")
    rows = []
    for node in study.nodes:
        head = {"stage": node.stage, "node": node.id}
        parts = [row for one in node.measured for row in found[found["measured"] == str(one)].to_dict("records")]
        for number, part in enumerate(parts or [_unmeasured(NONE)]):
            mark = strength(study, "change", part, None) if _outcome(part) else float(bool(parts))
            again = number and part["measured"] == parts[number - 1]["measured"]  # lowest and highest are one measure
            rows += _cells(head, part, [] if again else [("strength", mark)])
    return pd.DataFrame(rows)


def gaps(study: Study) -> pd.DataFrame:
    """The kinds of evidence that the plan names for no measure of a result: `result, evidence`, one row each."""
    named = {(promise.id, promise.evidence) for promise in study.promises}
    results = dict.fromkeys(promise.id for promise in study.promises)
    rows = [(result, kind) for result in results for kind in EVIDENCE if (result, kind) not in named]
    return pd.DataFrame(rows, columns=["result", "evidence"])


def strength(study: Study, evidence: str, part: Mapping, speaks_for: float | None) -> float:
    """The mark of one piece of evidence by `rules`; 0 where there is no value."""
    if pd.isna(part["value"]):
        return 0.0
    statistics = _statistics(study, part, speaks_for)
    known = _rules()
    for rule in known[known["evidence"] == evidence].itertuples():
        if statistics[rule.statistic] > rule.above:
            return float(rule.mark)
    return 1.0


def _statistics(study: Study, part: Mapping, speaks_for: float | None) -> dict[str, float]:
    sign = -1 if _outcome(part) and study.outcome(_outcome(part)).better == "low" else 1
    limits = sorted([sign * part["lower"], sign * part["upper"]])
    over = speaks_for is not None and part["value"] >= speaks_for
    return {"better_limit": limits[0], "worse_limit": -limits[1], "share_over_limit": float(over),
            "value": part["value"], "against": -part["value"], "measured": 1.0}  # fmt: skip


def _outcome(part: Mapping) -> str:
    """The outcome that a piece of evidence is a change of; empty for anything else."""
    one = Measured.parse(part["measured"])
    return one.about if one.source == "outcome" else ""


def _cells(head: dict, part: Mapping, further: list[tuple[str, float]]) -> list[dict]:
    """The value of a piece of evidence, its limits where it has them, and what else is said of it, one row a cell."""
    about = head | {name: part[name] for name in ("measured", "n", "note")}
    cells = [(part["measure"], part["value"])] if part["measure"] else []
    if part["measure"] == "estimate":
        cells += [("lower", part["lower"]), ("upper", part["upper"])]
    return [about | {"measure": name, "value": value} for name, value in [*cells, *further]]


def _unmeasured(name: str) -> dict:
    """The row of a measure that could not be computed, for want of its table or because nobody named one."""
    return {"measured": name, "measure": "", "value": float("nan"), "n": float("nan"), "note": ""}


def _absent(dims: list[str], why: str) -> pd.DataFrame:
    row = dict.fromkeys(dims, NONE) | {"measure": "strength", "value": float("nan"), "n": float("nan")}
    return pd.DataFrame([row | {"note": f"not estimable, because {why}"}])
