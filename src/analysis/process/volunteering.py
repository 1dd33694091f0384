"""People who help: how many, whom they were matched with, how long they stay."""

import numpy as np
import pandas as pd

from analysis.process.clock import Moment, known_by
from analysis.process.shares import share
from analysis.process.tables import by_level, counted, flag, require, sentence
from analysis.process.times import time_to_step

HORIZONS = {"active after 6 months": 183, "active after 12 months": 365}


def volunteers(
    data: pd.DataFrame,
    matches: pd.DataFrame,
    *,
    volunteer: str = "volunteer",
    since: str = "since",
    until: str | None = "until",
    trained: str | None = None,
    matched: str = "matched",
    by: str | None = None,
    as_of: Moment | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Volunteers (buddies, home visitors): number, trained, matched, active, stopped, and how long they stay.

    `data` has one row a volunteer with the day on which they began (`since`) and, if they did, stopped (`until`);
    `matches` one row a match (a referral that names its `volunteer`) with the day of the match. As known on `as_of`.

    Rows per level of `by`: `volunteers`, `trained`, `matched` at least once, `active` and `stopped` (shares of all,
    with Wilson limits), `active after 6 months` and `after 12 months` (Kaplan-Meier, so that who began lately counts as
    long as they were seen), `matches per volunteer` (`mean` over all volunteers, also who has none, and `most`).
    Matches of a volunteer that is not in the list are left out and counted in the note.
    """
    require(data, volunteer, since, until, trained, by)
    require(matches, volunteer, matched)
    known = known_by(data.dropna(subset=[volunteer]).drop_duplicates(volunteer), since, as_of)
    pairs = known_by(matches.dropna(subset=[volunteer, matched]), matched, as_of)
    rows = []
    for unit, here in by_level(known, by):
        own = pairs[pairs[volunteer].isin(here[volunteer])]
        strangers = (~pairs[volunteer].isin(data[volunteer])).sum()
        number = own.groupby(volunteer).size().reindex(here[volunteer]).fillna(0)
        ended = here[volunteer].isin(known_by(here[here[until].notna()], until, as_of)[volunteer]) if until else None
        counts = {"volunteers": len(here)}
        counts |= {"trained": (flag(here[trained]) == 1).sum()} if trained else {}
        counts |= {"matched": (number > 0).sum()}
        counts |= {"active": (~ended).sum(), "stopped": ended.sum()} if until else {}
        for name, n in counts.items():
            rows.append({"unit": unit, "measure": name, **share(n, len(here), "there is no volunteer", level=level)})
        rows += [{"unit": unit, **row} for row in (_staying(here, since, until, as_of, level) if until else [])]
        note = counted(strangers, "matches of a volunteer that is not in the list left out")
        per = {"n": len(here), "mean": number.mean(), "most": number.max(), "note": note}
        rows.append({"unit": unit, "measure": "matches per volunteer", "denominator": len(here), **per})
    return pd.DataFrame(rows)


def _staying(here: pd.DataFrame, since: str, until: str, as_of: Moment | None, level: float) -> list[dict]:
    """Share of the volunteers still active so many days after they began."""
    last = pd.concat([here[since], here[until]]).max() if as_of is None else as_of
    found = time_to_step(here, since, until, as_of=last, horizons=tuple(HORIZONS.values()), level=level)
    rows = []
    for name, days in HORIZONS.items():
        row = found[(found.get("measure") == "waiting") & (found.get("horizon") == days)] if "horizon" in found else []
        if not len(row):
            rows.append({"measure": name, "n": 0, "percent": np.nan, "note": found["note"].iloc[0]})
            continue
        one = row.iloc[0]
        limits = {column: 100 * one[column] for column in ("lower", "upper")}
        percent = {"percent": 100 * one["estimate"], "denominator": int(one["n"]), "note": sentence([one["note"]])}
        rows.append({"measure": name, **percent, **limits})
    return rows
