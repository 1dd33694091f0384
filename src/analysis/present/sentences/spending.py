"""What it cost, what cannot be said of that, and which items of the reporting guideline are met, in words."""

from analysis.present.reading import Released
from analysis.present.sentences.process import hidden_count
from analysis.present.sentences.sentence import Sentence, cell_ids
from analysis.present.wording import Words


def costs(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Costs per person at each step."""
    rows = table.totals_but("step").only("cost_per_person").shown
    found = []
    for row in rows.itertuples():
        cost = words.text("number.euro", number=words.number(row.value))
        text = words.text("say.costs", step=words.level("step", row.step), cost=cost)
        found.append(Sentence(text, table.name, cell_ids(table, "cost_per_person", step=row.step)))
    found += _of_everything(table, words)
    return (*found, Sentence(words.text("say.costs_note")), *hidden_count(table, words))


def _of_everything(table: Released, words: Words) -> list[Sentence]:
    """Everything spent per person at each step; where a price is missing, at least how much."""
    found = []
    for step in table.levels("step"):
        for measure in ("all_per_person", "at_least_per_person"):
            rows = table.where(step=step).only(measure).shown
            if len(rows):
                cost = words.text("number.euro", number=words.number(rows["value"].iloc[0]))
                text = words.text(f"say.costs_{measure}", step=words.level("step", step), cost=cost)
                found.append(Sentence(text, table.name, cell_ids(table, measure, step=step)))
                break
    return found


def cheers(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Of the items of the reporting guideline how many are met, not reported and not applicable."""
    met = table.shown["value"]
    counts = {name: words.number((met == mark).sum()) for name, mark in (("met", 1), ("not_reported", 0), ("other", 2))}
    counts["items"] = words.number(len(met))
    return (Sentence(words.text("say.cheers", **counts), table.name, counted=tuple(counts.values())),)


def worth(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Whether it can be said that the costs are worth it; the first reason why not."""
    notes = table.rows.loc[table.rows["note"] != "", "note"]
    text = words.text("say.worth", why=words.translated(notes.iloc[0])) if len(notes) else words.text("say.worth_known")
    return (Sentence(text, table.name),)
