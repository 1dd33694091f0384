"""The expected results of the programme beside the evidence for each, with a mark by stated rules."""

import pandas as pd

from analysis import process
from analysis.planned import collaboration, voices
from analysis.planned.change import changes
from analysis.planned.referral import funnel
from analysis.study import Study

RESULTS = ("integral_approach", "network", "learning_network", "referral_insight", "embedding", "involvement")


def embedding(study: Study, scores: pd.DataFrame) -> pd.DataFrame:
    """How far each element of embedding is in place, per unit and moment, as a percentage of the most that can be
    had.
    """
    if not study.has("embedding"):
        return voices.absent(["unit", "element", "moment"], ["percent"])
    elements = [level.level for level in study.levels("embedding")]
    found = process.embedding(
        scores, by="unit", levels=[u for u in study.units if (scores["unit"] == u).any()], elements=elements
    )
    return found.assign(embedded=found["percent"])


def evidence(study: Study, people: pd.DataFrame, **tables: pd.DataFrame) -> pd.DataFrame:
    """One row a result and source of evidence: `result, source, indicator, value, n, strength`.

    `strength` is the joint display's mark: 2 a process measure of at least half, or a change whose interval lies on
    the better side of zero; 1 measured, and below that; -1 a change whose interval lies on the worse side; 0 not
    measured. It says how far the evidence speaks for a result, not how large it is. `n` is given where people are
    counted, so that a small group is hidden here as it is in its own table.
    """
    rows = [*_change_rows(study, people), *_process_rows(tables)]
    measured = {(row["result"], row["source"]) for row in rows}
    silent = [
        {
            "result": result,
            "source": source,
            "indicator": "none",
            "value": float("nan"),
            "n": float("nan"),
            "strength": 0,
        }
        for result, source in EXPECTED
        if (result, source) not in measured
    ]
    table = pd.DataFrame([*rows, *silent])
    return table.sort_values(
        "result", key=lambda column: column.map({r: i for i, r in enumerate(RESULTS)}), kind="stable"
    )


EXPECTED = [
    ("integral_approach", "change"),
    ("integral_approach", "fidelity"),
    ("integral_approach", "work_sessions"),
    ("network", "ties"),
    ("learning_network", "meetings"),
    ("learning_network", "actions"),
    ("referral_insight", "funnel"),
    ("referral_insight", "feedback"),
    ("embedding", "embedding"),
    ("involvement", "involvement"),
]


OF_PEOPLE = ("funnel", "feedback", "fidelity")  # sources that count people or cases of one person each


def _change_rows(study: Study, people: pd.DataFrame) -> list[dict]:
    """Primary outcomes at the first follow-up, in the direction that is better."""
    primary = [outcome for outcome in study.outcomes if outcome.role == "primary"]
    plan = study.model_copy(update={"outcomes": tuple(primary)})
    found = changes(plan, people)
    found = found[found["contrast"].str.startswith(f"{study.waves[1].id} ")]
    found = found[found["arm"] == "difference"] if "arm" in found else found
    sign = found["outcome"].map({outcome.id: 1 if outcome.better == "high" else -1 for outcome in primary})
    mark = ((found["lower"] > 0) * 1.0 - (found["upper"] < 0) * 1.0) * sign
    return [
        {
            "result": "integral_approach",
            "source": "change",
            "indicator": row.outcome,
            "value": row.estimate,
            "n": row.n,
            "strength": {1: 2, -1: -1}.get(int(side), 1),
        }
        for row, side in zip(found.itertuples(), mark, strict=True)
    ]


def _process_rows(tables: dict[str, pd.DataFrame]) -> list[dict]:
    """The headline share of each process table that is there: `tables` maps a source to a frame with `percent` and
    `n` in one row.
    """
    rows = []
    for result, source in EXPECTED:
        table = tables.get(source)
        for row in table.itertuples() if table is not None else ():
            if pd.notna(row.percent):
                strength = 2 if row.percent >= 50 else 1
                rows.append(
                    {
                        "result": result,
                        "source": source,
                        "indicator": row.indicator,
                        "value": row.percent,
                        "n": row.n if source in OF_PEOPLE else float("nan"),
                        "strength": strength,
                    }
                )
    return rows


def process_shares(study: Study, *, as_of=None, **tables: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The headline share of each process table (named as in the study), as `evidence` takes them: `indicator,
    percent, n`.
    """
    makers = {
        "fidelity": lambda t: (
            voices.fidelity(study, t["fidelity"]).query("element == 'all'").assign(indicator="elements_delivered")
        ),
        "work_sessions": lambda t: collaboration.work_sessions(study, t["work_sessions"], as_of=as_of).query(
            "indicator == 'wide'"
        ),
        "ties": lambda t: _cross_domain(study, t["ties"], t["organisations"]),
        "meetings": lambda t: _held(study, t["meetings"], as_of),
        "actions": lambda t: (
            collaboration.actions(study, t["actions"], as_of=as_of)
            .query("state == 'done'")
            .assign(indicator="actions_done")
        ),
        "funnel": lambda t: _step(study, t["referrals"], study.referral_start, as_of),
        "feedback": lambda t: _step(study, t["referrals"], study.referral_steps[-1], as_of),
        "embedding": lambda t: _embedded(study, t["embedding"]),
        "involvement": lambda t: voices.involvement(study, t["involvement"], as_of=as_of).query(
            "indicator == 'at_least_advising'"
        ),
    }
    needs = {"ties": {"ties", "organisations"}, "funnel": {"referrals"}, "feedback": {"referrals"}}
    there = {name for name in tables if study.has(name)}
    told = {name for name in makers if name != "feedback" or _reports_back(study)}
    return {name: make(tables) for name, make in makers.items() if name in told and needs.get(name, {name}) <= there}


def _reports_back(study: Study) -> bool:
    """True when the last step is word to who referred: it is a share of the first step, not of the one before it."""
    return study.referral_of.get(study.referral_steps[-1]) == study.referral_steps[0] if study.referral_steps else False


def _cross_domain(study: Study, ties: pd.DataFrame, organisations: pd.DataFrame) -> pd.DataFrame:
    """Share of ties at the last moment that connect two domains, over the networks of all units."""
    found = collaboration.network(study, ties, organisations)
    last = found[found["moment"] == collaboration.MOMENTS[1]]
    crossing = (last["cross_domain_share"] * last["ties"]).sum()
    share = 100 * crossing / last["ties"].sum() if last["ties"].sum() else float("nan")
    return pd.DataFrame([{"indicator": "cross_domain", "percent": share, "n": last["ties"].sum()}])


def _held(study: Study, meetings: pd.DataFrame, as_of) -> pd.DataFrame:
    found = collaboration.meetings(study, meetings, as_of=as_of).query("indicator == 'held'")
    n = found["n"].sum()
    return pd.DataFrame(
        [{"indicator": "meetings_held", "percent": 100 * found["count"].sum() / n if n else float("nan"), "n": n}]
    )


def _step(study: Study, referrals: pd.DataFrame, step: str, as_of) -> pd.DataFrame:
    found = funnel(study, referrals, as_of=as_of).query("step == @step")
    return found.assign(indicator=step, percent=found["percent_first"], n=found["n_first"])


def _embedded(study: Study, scores: pd.DataFrame) -> pd.DataFrame:
    found = embedding(study, scores).query("element == 'all'")
    last = found[found["moment"] == collaboration.MOMENTS[1]]
    return pd.DataFrame([{"indicator": "in_place", "percent": last["percent"].mean(), "n": len(last)}])
