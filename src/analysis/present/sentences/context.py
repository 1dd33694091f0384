"""Public figures in words: when they were fetched, and how often a unit differs from the country."""

import datetime as dt
import re
from itertools import chain

from analysis.present.reading import Released
from analysis.present.sentences.sentence import Sentence, cell_ids
from analysis.present.wording import Words

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
AGAINST = ("equal", "higher", "lower")


def context(table: Released, words: Words) -> tuple[Sentence, ...]:
    """What the figures are and of which day; per area how many are equal to, above and below the country's."""
    found = [Sentence(words.text("say.context"), table.name), Sentence(_day(words), table.name)]
    rows = table.only("difference").shown
    for area in table.levels("area"):
        here = rows[rows["area"] == area]
        if here.empty:
            continue
        counts = {name: words.number((here["against"] == name).sum()) for name in AGAINST}
        counts["n"] = words.number(len(here))
        text = words.text("say.context_compared", area=words.level("area", area), **counts)
        where = here[list(table.dims)].to_dict("records")
        cells = chain.from_iterable(cell_ids(table, "difference", **levels) for levels in where)
        found.append(Sentence(text, table.name, tuple(cells), tuple(counts.values())))
    return tuple(found)


def _day(words: Words) -> str:
    """The day of the snapshot that the plan reads, or that there is none."""
    raw = words.study.tables.get("context")
    named = _DAY.search(raw.file or "") if raw is not None else None
    if named is None:
        return words.text("say.context_undated")
    return words.text("say.context_date", date=words.date(dt.date.fromisoformat(named[0])))
