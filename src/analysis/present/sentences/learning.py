"""What is new since the previous meeting, and what the next data show of the goals that were discussed, in words."""

import datetime as dt
from itertools import chain

from analysis.present.reading import Released
from analysis.present.sentences.sentence import Sentence, cell_ids
from analysis.present.wording import Words

BEFORE, AFTER = "before", "after"


def since(table: Released, words: Words) -> tuple[Sentence, ...]:
    """What happened since the previous meeting, per unit (with that meeting's date) where the table has units."""
    new, found = table.only("count"), []
    what = next(dim for dim in table.dims if dim not in ("unit", "previous"))
    keys = [dim for dim in ("unit", "previous") if dim in table.dims]
    groups = new.rows[keys].drop_duplicates().to_dict("records") if keys else [{}]
    for where in groups:
        part = new.where(**where)
        rows = part.shown[part.shown["value"] > 0]
        labels = [words.level(what, level) for level in rows[what]]
        items = [
            words.text("say.since_item", label=label, count=words.number(value))
            for label, value in zip(labels, rows["value"], strict=True)
        ]
        nothing = words.text("say.since_nothing" if part.hidden.empty else "say.since_hidden")
        who = words.text("say.since_forms") if what == "wave" else _who(words, where)
        text = words.text("say.since", who=who, items="; ".join(items) or nothing)
        cells = [cell_ids(table, "count", **where, **{what: level}) for level in rows[what]]
        found.append(Sentence(text, table.name, tuple(chain(*cells))))
    return tuple(found)


def _who(words: Words, where: dict[str, str]) -> str:
    """Whom a sentence is about, and since when."""
    if not where:
        return words.text("say.since_previous")
    unit = words.level("unit", where["unit"])
    if not where["previous"][:4].isdigit():
        return words.text("say.since_first", unit=unit)
    return words.text("say.since_date", unit=unit, date=words.date(dt.date.fromisoformat(where["previous"])))


def followed(table: Released, words: Words) -> tuple[Sentence, ...]:
    """The share that shows a goal, before and after it was first discussed, where both may be seen."""
    part, found = table.only("percent"), []
    for goal in part.levels("goal"):
        rows = part.where(goal=goal).shown.set_index("when")
        if not {BEFORE, AFTER} <= set(rows.index):
            continue
        before, after = rows.loc[BEFORE], rows.loc[AFTER]
        text = words.text(
            "say.followed", goal=words.level("goal", goal), share=words.level("indicator", after["indicator"]),
            before=words.percent(before["value"], before["n"]), after=words.percent(after["value"], after["n"]),
            n_before=words.number(before["n"]), n_after=words.number(after["n"]),
        )  # fmt: skip
        cells = tuple(
            cell for when in (BEFORE, AFTER)
            for cell in cell_ids(table, "percent", goal=goal, indicator=after["indicator"], when=when)
        )  # fmt: skip
        found.append(Sentence(text, table.name, cells))
    note = Sentence(words.text("say.followed_note" if found else "say.followed_none"))
    return (*found, note)
