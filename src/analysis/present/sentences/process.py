"""How people came and stayed, the network and what helped, in words with their counts."""

from math import isfinite

import pandas as pd

from analysis.present.cells import written
from analysis.present.reading import Released
from analysis.present.sentences.sentence import Sentence, cell_ids
from analysis.present.tables import title_of
from analysis.present.wording import Words

TOP = 3


def flow(table: Released, words: Words) -> tuple[Sentence, ...]:
    """From the first to the last shown count of the flow."""
    rows = table.totals_but("step").only("count").shown
    if len(rows) < 2:
        return ()
    first, last = rows.iloc[0], rows.iloc[-1]
    text = words.text(
        "say.flow", first=words.number(first["value"]), first_label=words.level("step", first["step"]),
        last=words.number(last["value"]), last_label=words.level("step", last["step"]),
    )  # fmt: skip
    cells = cell_ids(table, "count", step=first["step"]) + cell_ids(table, "count", step=last["step"])
    return (Sentence(text, table.name, cells),)


def attrition(table: Released, words: Words, *, first_only: bool = False) -> tuple[Sentence, ...]:
    """People at each wave, with their share of the first; `first_only` keeps the first wave that may be shown."""
    found = []
    for part in table.parts("wave"):
        waves = list(enumerate(part.levels("wave")))
        if first_only:
            waves = [(at, wave) for at, wave in waves if _value(part, "count", wave=wave) is not None][:1]
        found += [_present(part, words, wave, first=at == 0) for at, wave in waves]
    return tuple(found) if first_only else (*found, Sentence(words.text("say.dropout")))


def _present(part: Released, words: Words, wave: str, *, first: bool) -> Sentence:
    """People at one wave."""
    count, share = _value(part, "count", wave=wave), _value(part, "percent", wave=wave)
    key, values, told = "attrition_hidden", {"wave": words.group(part.apart, words.level("wave", wave))}, ["count"]
    if count is not None:
        values["count"] = words.number(count["value"])
        key = "attrition_first" if first else "attrition_later_count"
        if not first and share is not None and isfinite(share["n"]):
            key, told = "attrition_later", ["count", "percent"]
            values |= {"percent": words.percent(share["value"], share["n"]), "n": words.number(share["n"])}
    cells = cell_ids(part, *told, wave=wave, **dict(part.apart))
    return Sentence(words.text(f"say.{key}", **values), part.name, cells)


def funnel(table: Released, words: Words, *, first_only: bool = False) -> tuple[Sentence, ...]:
    """People at each step with their share of those who could take it; hidden steps are named.

    `first_only` keeps the first step and the one that counts as taking part, as far as these may be shown.
    """
    part, found, hidden = table.totals_but("step"), [], []
    for at, step in enumerate(part.levels("step")):
        if first_only and at and step != words.study.referral_start:
            continue
        count, share = _value(part, "count", step=step), _value(part, "percent_previous", step=step)
        if count is None:
            hidden.append(words.level("step", step))
            continue
        values = {"step": words.level("step", step), "count": words.number(count["value"])}
        key = "funnel_first" if at == 0 else "funnel_step_count"
        if at and share is not None:
            n = share["n"] if isfinite(share["n"]) else None
            key = "funnel_step" if n is None else "funnel_step_n"
            values |= {"percent": words.percent(share["value"], n), "n": words.number(n or 0)}
        cells = cell_ids(table, "count", "percent_previous", step=step)
        found.append(Sentence(words.text(f"say.{key}", **values), table.name, cells))
    if hidden and not first_only:
        found.append(Sentence(words.text("say.funnel_hidden", steps=", ".join(hidden)), table.name))
    return tuple(found) if first_only else (*found, Sentence(words.text("say.funnel_open")))


def time_to_step(table: Released, words: Words) -> tuple[Sentence, ...]:
    """By the last shown month the share that took each step, or the median where the table has it."""
    part, found = table.totals_but("step", "month"), []
    for step in part.levels("step"):
        rows = part.where(step=step)
        median, shares = rows.only("median").shown, rows.only("percent").shown
        name = words.level("step", step)
        if len(median):
            value = words.number(median["value"].iloc[0], 1)
            text = words.text("say.time_to_step_median", step=name, median=value)
            found.append(Sentence(text, table.name, cell_ids(table, "median", step=step)))
        elif len(shares):
            last = shares.loc[pd.to_numeric(shares["month"]).idxmax()]
            text = words.text(
                "say.time_to_step", step=name, months=words.number(float(last["month"])),
                percent=words.percent(last["value"], last["n"]),
            )  # fmt: skip
            found.append(Sentence(text, table.name, cell_ids(table, "percent", step=step, month=last["month"])))
    return tuple(found)


def top(table: Released, words: Words, *, dim: str = "") -> tuple[Sentence, ...]:
    """The three largest levels of a dimension, with count and percentage, and how many cells are hidden."""
    dim = dim or next(iter(table.dims), "")
    part = table.totals_but(dim)
    by = "count" if "count" in part.measures else "percent"
    rows = part.only(by).shown
    rows = rows[rows[dim] != table.totals.get(dim)].sort_values("value", ascending=False, kind="stable").head(TOP)
    items = [_item(part, words, dim, level) for level in rows[dim]]
    cells = tuple(cell for level in rows[dim] for cell in cell_ids(table, "count", "percent", **{dim: level}))
    text = words.text("say.top", title=title_of(table.name, words), items="; ".join(items))
    found = [Sentence(text, table.name, cells)] if items else []
    return (*found, *hidden_count(table, words))


def _item(part: Released, words: Words, dim: str, level: str) -> str:
    count, share = _value(part, "count", **{dim: level}), _value(part, "percent", **{dim: level})
    values = {"label": words.level(dim, level)}
    if count is not None:
        values["count"] = words.number(count["value"])
    if share is not None:
        values["percent"] = words.percent(share["value"], share["n"] if isfinite(share["n"]) else None)
    key = "top_item" if len(values) == 3 else "top_item_percent" if count is None else "top_item_count"
    return words.text(f"say.{key}", **values)


def network(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Each measure of the network at its first and last moment."""
    part, found = table.totals_but("moment"), []
    for measure in part.measures:
        rows = part.only(measure).shown.drop_duplicates("moment") if "moment" in part.dims else part.shown.iloc[:0]
        if rows.empty:
            continue
        values = [
            written(words, measure, row.value, n=row.n, kind=part.kinds.get(measure, "")) for row in rows.itertuples()
        ]
        moments = [words.level("moment", moment) for moment in rows["moment"]]
        name = words.measure(measure)
        if len(rows) == 1:
            text = words.text("say.network_one", measure=name, value=values[0], moment=moments[0])
        else:
            text = words.text("say.network", measure=name, first=values[0], first_moment=moments[0], last=values[-1],
                              last_moment=moments[-1])  # fmt: skip
        cells = tuple(cell for moment in rows["moment"] for cell in cell_ids(table, measure, moment=moment))
        found.append(Sentence(text, table.name, cells))
    return (*found, Sentence(words.text("say.network_note")), *hidden_count(table, words))


def meetings(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Meetings held of those planned, by unit; `table` has the dimension indicator with the level held."""
    rows = table.where(indicator="held").only("count").shown
    found = []
    for row in rows[rows["n"].notna()].to_dict("records"):
        where = {dim: row[dim] for dim in table.dims}
        group = words.level("unit", where["unit"]) if "unit" in where else words.level("unit", table.unit)
        text = words.text("say.meetings", unit=group, planned=words.number(row["n"]), held=words.number(row["value"]))
        found.append(Sentence(text, table.name, cell_ids(table, "count", **where)))
    return (*found, *hidden_count(table, words))


def factors(table: Released, words: Words) -> tuple[Sentence, ...]:
    """What was mentioned most as helping and as hindering: shown counts of fragments, added up over who said it."""
    part, found = table.totals_but("factor"), []
    for key in ("helping", "hindering"):
        sums = part.only(key).shown.groupby("factor", sort=False)["value"].sum()
        most = sums[sums > 0].sort_values(ascending=False, kind="stable").head(TOP)
        items = [_named(words, "factor", factor, count) for factor, count in most.items()]
        used = tuple(cell for factor in most.index for cell in cell_ids(table, key, factor=factor))
        text, counted = words.text(f"say.factors_{key}", items="; ".join(items)), tuple(map(words.number, most))
        found += [Sentence(text, table.name, used, counted)] if items else []
    return (*found, Sentence(words.text("say.factors_note")), *hidden_count(table, words))


def _named(words: Words, dim: str, level: str, count: float) -> str:
    return words.text("say.factor_item", label=words.level(dim, level), count=words.number(count))


def note(table: Released, words: Words, *, key: str = "empty.hidden") -> tuple[Sentence, ...]:
    """A fixed remark that belongs to a table."""
    return (Sentence(words.text(key), table.name), *hidden_count(table, words))


def _value(part: Released, measure: str, **levels: str) -> pd.Series | None:
    rows = part.where(**levels).only(measure).shown
    return rows.iloc[0] if len(rows) else None


def hidden_count(table: Released, words: Words) -> tuple[Sentence, ...]:
    """How many cells of a table are hidden; nothing where none is."""
    count = words.number(len(table.hidden))
    text = words.text("say.top_hidden", title=title_of(table.name, words), hidden=count)
    return (Sentence(text, table.name, counted=(count,)),) if len(table.hidden) else ()
