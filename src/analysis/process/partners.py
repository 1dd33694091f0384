"""Working together: sessions across domains, and which organisations took the approach up."""

from collections.abc import Sequence

import pandas as pd

from analysis.process.clock import Moment, known_by
from analysis.process.shares import share
from analysis.process.tables import ALL, by_level, counted, flag, levels_of, require, sentence


def collaboration(
    data: pd.DataFrame,
    *,
    domains: str = "domains",
    score: str = "score",
    date: str = "date",
    separator: str = ";",
    known: Sequence[str] | None = None,
    wide: int = 3,
    by: str | None = None,
    levels: Sequence | None = None,
    as_of: Moment | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Work sessions across sport, welfare, health, social domain, work and income: who sat together, how integral it
    was.

    `data` has one row a session; `domains` lists those at the table, divided by `separator`. Rows per level:
    `integration` (mean score of sessions, with median and quartiles), `domains` (mean number at the table), `wide`
    (share of sessions with at least `wide` domains) and `present` per domain (share of sessions; `known` lists all
    domains, so that one never at the table is shown as such).
    """
    require(data, domains, score, by, date if as_of is not None else None)
    sessions = known_by(data, date, as_of) if as_of is not None else data
    tables = (
        sessions[domains].fillna("").map(lambda text: frozenset(filter(None, map(str.strip, text.split(separator)))))
    )
    sessions = sessions.assign(_domains=tables)
    names = list(known or sorted(set().union(*tables)))
    rows = []
    for unit, here in by_level(sessions, by, levels if by is None or levels is not None else levels_of(data, by)):
        at_table = here["_domains"].map(len)
        rows.append({"unit": unit, "measure": "integration", "value": "", **_scores(here[score])})
        rows.append({"unit": unit, "measure": "domains", "value": "", **_scores(at_table)})
        many = share((at_table >= wide).sum(), len(here), "no session was held", level=level)
        rows.append({"unit": unit, "measure": "wide", "value": f"{wide} or more", **many})
        for name in names:
            n = sum(name in table for table in here["_domains"])
            found = share(n, len(here), "no session was held", level=level)
            rows.append({"unit": unit, "measure": "present", "value": name, **found})
    return pd.DataFrame(rows)


def _scores(values: pd.Series) -> dict:
    """Number, mean, median and quartiles of known scores."""
    known = values.dropna().astype(float)
    return {
        "n": len(known), "mean": known.mean(), "median": known.median(), "q1": known.quantile(0.25),
        "q3": known.quantile(0.75), "note": "" if len(known) else "not estimable, because no session was scored",
    }  # fmt: skip


def adoption(
    organisations: pd.DataFrame,
    *,
    adopted: str,
    invited: str | None = "invited",
    organisation: str = "organisation",
    group: str | None = "domain",
    by: str | None = None,
    levels: Sequence | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Organisations that took the approach up (`adopted`, yes/no: referred at least once, offered an activity) of
    those invited.

    Rows per level, for all and per `group` (domain, role): `n, denominator, percent` with Wilson limits. Who was not
    invited and took part all the same is counted in the note, not in the share; unknown is not adopted and is
    counted.
    """
    require(organisations, organisation, adopted, invited, group, by)
    once = organisations.drop_duplicates(organisation)
    once = once.assign(_took=flag(once[adopted]), _asked=1.0 if invited is None else flag(once[invited]))
    rows = []
    for unit, here in by_level(once, by, levels):
        parts = [(ALL, here)] + ([] if group is None else list(by_level(here, group, levels_of(once, group))))
        for name, part in parts:
            asked = part[part["_asked"] == 1]
            row = share((asked["_took"] == 1).sum(), len(asked), "no organisation was invited", level=level)
            extra = counted(((part["_asked"] != 1) & (part["_took"] == 1)).sum(), "took part without being invited")
            unknown = counted(asked["_took"].isna().sum(), "not known to have taken part")
            rows.append({"unit": unit, "group": name, **row, "note": sentence([row["note"], extra, unknown])})
    return pd.DataFrame(rows)
