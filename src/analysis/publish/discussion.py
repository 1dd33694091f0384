"""What a meeting talks about: three questions from the released numbers, and how the action points stand."""

from collections.abc import Iterator, Mapping

import pandas as pd

from analysis.present.cells import written
from analysis.present.reading import Released
from analysis.present.sentences.sentence import Sentence, cell_ids, refuse_causal
from analysis.present.wording import Words

QUESTIONS = 3
FUNNEL, REASONS, FACTORS = "05_referrals__funnel", "05_referrals__stop_reasons", "07_factors__factors"
ACTIONS, UNSETTLED = "07_factors__actions", ("open", "late", "done_by_due", "done_after_due")


def questions(tables: Mapping[str, Released], words: Words) -> tuple[Sentence, ...]:
    """Three questions for the meeting; where the numbers give fewer, open questions follow."""
    general = (Sentence(words.text(f"slides.question.general_{at}")) for at in range(1, QUESTIONS + 1))
    found = [*_from_numbers(tables, words), *general][:QUESTIONS]
    for one in found:
        refuse_causal(one.text, words)
    return tuple(found)


def _from_numbers(tables: Mapping[str, Released], words: Words) -> Iterator[Sentence]:
    asked = ((FUNNEL, "step", "percent_previous", False), (REASONS, "stop_reason", "percent", True),
             (FACTORS, "factor", "hindering", True))  # fmt: skip
    for name, dim, measure, highest in asked:
        if name in tables and (row := _extreme(tables[name], dim, measure, highest=highest)) is not None:
            table = tables[name].parts(dim)[0]
            value = written(words, measure, row["value"], n=row["n"] if pd.notna(row["n"]) else None)
            text = words.text(
                f"slides.question.{dim}", level=words.group(table.apart, words.level(dim, row[dim])), value=value
            )
            yield Sentence(text, name, cell_ids(table, measure, **{dim: row[dim]}, **dict(table.apart)))


def _extreme(table: Released, dim: str, measure: str, *, highest: bool) -> pd.Series | None:
    """The shown row of a measure that stands out; the first step of a funnel has no step before it."""
    parts = table.parts(dim)
    rows = parts[0].only(measure).shown if parts else pd.DataFrame()
    if rows.empty:
        return None
    rows = rows[~rows[dim].isin(["all", "other", "unknown"])]
    rows = rows if highest else rows[rows[dim] != table.levels(dim)[0]]
    return None if rows.empty else rows.loc[rows["value"].idxmax() if highest else rows["value"].idxmin()]


def actions(tables: Mapping[str, Released], words: Words) -> tuple[Sentence, ...]:
    """How many action points are open, late and done; one sentence that says so where there is no table of them."""
    if ACTIONS not in tables:
        return (Sentence(words.text("empty.absent")),)
    table = tables[ACTIONS]
    return tuple(_state(table, state, words) for state in UNSETTLED if state in table.levels("state"))


def _state(table: Released, state: str, words: Words) -> Sentence:
    rows = table.totals_but("state").where(state=state).only("count").shown
    cells, label = cell_ids(table, "count", state=state), words.level("state", state)
    if rows.empty:
        return Sentence(words.text("slides.action_hidden", state=label), table.name, cells)
    count, n = (rows.iloc[0][column] for column in ("value", "n"))
    if pd.isna(n):
        return Sentence(words.text("slides.action", state=label, count=words.number(count)), table.name, cells)
    text = words.text("slides.action_of", state=label, count=words.number(count), n=words.number(n))
    return Sentence(text, table.name, cells)
