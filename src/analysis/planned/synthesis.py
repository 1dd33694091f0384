"""The expected results of the programme beside the evidence for each, with a mark by stated rules."""

import pandas as pd

from analysis import process
from analysis.planned.change import changes
from analysis.study import Study

RESULTS = ("integral_approach", "network", "learning_network", "referral_insight", "embedding", "involvement")


def embedding(study: Study, scores: pd.DataFrame) -> pd.DataFrame:
    """How far each element of embedding is in place, per unit and moment, as a percentage of the most that can be had."""
    elements = [level.level for level in study.levels("embedding")]
    found = process.embedding(scores, by="unit", levels=[u for u in study.units if (scores["unit"] == u).any()], elements=elements)
    return found.assign(embedded=found["percent"])


def evidence(study: Study, people: pd.DataFrame, **tables: pd.DataFrame) -> pd.DataFrame:
    """One row a result and source of evidence: `result, source, indicator, value, n, strength`.

    `strength` is the joint display's mark: 2 a process measure of at least half, or a change whose interval lies on the better
    side of zero; 1 measured, and below that; 0 not measured. It says how far the evidence speaks for a result, not how large it is.
    """
    rows = [*_change_rows(study, people), *_process_rows(tables)]
    measured = {(row["result"], row["source"]) for row in rows}
    silent = [
        {"result": result, "source": source, "indicator": "none", "value": float("nan"), "n": float("nan"), "strength": 0}
        for result, source in EXPECTED if (result, source) not in measured
    ]  # fmt: skip
    table = pd.DataFrame([*rows, *silent])
    return table.sort_values("result", key=lambda column: column.map({r: i for i, r in enumerate(RESULTS)}), kind="stable")


EXPECTED = [
    ("integral_approach", "change"), ("integral_approach", "fidelity"), ("integral_approach", "work_sessions"), ("network", "ties"),
    ("learning_network", "meetings"), ("learning_network", "actions"), ("referral_insight", "funnel"), ("referral_insight", "feedback"),
    ("embedding", "embedding"), ("involvement", "involvement"),
]  # fmt: skip


def _change_rows(study: Study, people: pd.DataFrame) -> list[dict]:
    """Primary outcomes at the first follow-up, in the direction that is better."""
    primary = [outcome for outcome in study.outcomes if outcome.role == "primary"]
    plan = study.model_copy(update={"outcomes": tuple(primary)})
    found = changes(plan, people)
    found = found[found["contrast"].str.startswith(f"{study.waves[1].id} ")]
    found = found[found["arm"] == "difference"] if "arm" in found else found
    sign = found["outcome"].map({outcome.id: 1 if outcome.better == "high" else -1 for outcome in primary})
    better = (found["lower"] > 0) & (sign > 0) | (found["upper"] < 0) & (sign < 0)
    return [
        {"result": "integral_approach", "source": "change", "indicator": row.outcome, "value": row.estimate, "n": row.n, "strength": 2 if good else 1}
        for row, good in zip(found.itertuples(), better, strict=True)
    ]


def _process_rows(tables: dict[str, pd.DataFrame]) -> list[dict]:
    """The headline share of each process table that is there: `tables` maps a source to a frame with `percent` and `n` in one row."""
    rows = []
    for result, source in EXPECTED:
        table = tables.get(source)
        for row in table.itertuples() if table is not None else ():
            if pd.notna(row.percent):
                strength = 2 if row.percent >= 50 else 1
                rows.append({"result": result, "source": source, "indicator": row.indicator, "value": row.percent, "n": row.n, "strength": strength})
    return rows
