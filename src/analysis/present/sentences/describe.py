"""One way in for notebooks and pages: what to say of which table, by name."""

import pandas as pd

from analysis.present.reading import Released, released
from analysis.present.sentences import change, context, learning, process, spending, spread, synthesis
from analysis.present.sentences.sentence import Sentence, state
from analysis.present.wording import Words

BUILDERS = {
    "change": change.change, "responders": change.responders, "forest": spread.forest,
    "specifications": spread.specifications, "targets": spread.targets,
    "flow": process.flow, "attrition": process.attrition, "funnel": process.funnel,
    "time_to_step": process.time_to_step, "top": process.top, "network": process.network,
    "meetings": process.meetings, "factors": process.factors, "costs": spending.costs, "cheers": spending.cheers,
    "worth": spending.worth, "note": process.note,
    "not_known": synthesis.not_known, "rules": synthesis.rules, "logic": synthesis.logic,
    "interventions": synthesis.interventions, "heard": synthesis.heard,
    "context": context.context, "since": learning.since, "followed": learning.followed,
}  # fmt: skip


def describe(what: str, table: pd.DataFrame | Released | None, words: Words, **options) -> tuple[Sentence, ...]:
    """Sentences about a released table; `what` is one of `BUILDERS`, `options` are that builder's own.

    A table that is absent or wholly hidden gives the sentence that says so. Raises KeyError for an unknown `what`.
    """
    if what not in BUILDERS:
        raise KeyError(f"nothing is said of {what!r}; known are {', '.join(sorted(BUILDERS))}")
    table = released(table) if table is not None else None
    unsaid = state(table, words)
    return (unsaid,) if unsaid else BUILDERS[what](table, words, **options)
