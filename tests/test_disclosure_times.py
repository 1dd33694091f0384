"""Shares by month: estimated ones that add up to within rounding, and months that hold the months before."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from analysis.disclosure import Meta, audit, profile, suppress

MONTHS = ["1", "2", "3"]


def times(shares, n, unit="all", **more):
    """Persons (in fractions: estimated where not everybody was followed as long) that started within each month."""
    rows = [(month, "percent", 100 * persons / n, n) for month, persons in zip(MONTHS, shares, strict=True)]
    about = {"cumulative": ("month",), "at": {"step": "started"}, "population": "referred"}
    meta = Meta(("month",), {}, "persons", "samen10_30", {"percent": "percent"}, unit=unit, **{**about, **more})
    return pd.DataFrame(rows, columns=["month", "measure", "value", "n"]), meta


UNITS = {
    "north": times((19.0, 132.1, 185.7), 352, "north"), "south": times((6.0, 106.6, 152.0), 293, "south"),
    "east": times((15.03, 108.94, 147.6), 310, "east"), "all": times((40.2, 348.1, 485.2), 955),
}  # fmt: skip


def released(tables=UNITS):
    return suppress({f"{unit}/t": pair for unit, pair in tables.items()}, profile())[0]


def shown(out, unit):
    table = out[f"{unit}/t"][0]
    return table[table["status"] == "shown"].set_index("month")


def derivable(out, month):
    """Interval of the persons of south in a month for somebody who adds up units: own programme, no code shared."""
    units = ["north", "south", "east", "all"]
    cells = [shown(out, unit).reindex([month]).iloc[0] for unit in units]
    known = [tuple((cell["value"] + end) / 100 * cell["n"] for end in (-0.05, 0.05)) for cell in cells]
    bounds = [(0, 955) if np.isnan(cell["n"]) else pair for cell, pair in zip(cells, known, strict=True)]
    sums = {"A_eq": [[1, 1, 1, -1]], "b_eq": [0], "bounds": bounds}
    return [linprog([0, sign, 0, 0], **sums).fun * sign for sign in (1, -1)]


def test_a_hidden_estimate_does_not_come_back_from_the_other_units_and_all():
    """6 of south started within a month; the sum of the units misses all by a fraction of a person."""
    out = released()
    assert "1" not in shown(out, "south").index
    low, high = derivable(out, "1")
    assert high - low >= 10 and high >= 10
    assert not audit(out, profile())["verdict"].eq("fail").any()


def test_the_audit_finds_what_estimated_units_give_back():
    out = {name: (table.assign(status="shown", reason=""), meta) for name, (table, meta) in released(UNITS).items()}
    for name, (table, meta) in out.items():
        whole = UNITS[name.split("/")[0]][0]
        hide = name == "south/t" and True
        table = table.assign(value=whole["value"].round(1), n=whole["n"])
        if hide:
            table.loc[0, ["value", "n"]] = np.nan
            table.loc[0, "status"] = "hidden"
        out[name] = (table, meta)
    found = audit(out, profile())
    hidden = found[found["derived"].eq("") & found["levels"].str.contains("month=1") & found["table"].eq("south/t")]
    assert list(hidden["verdict"]) == ["fail"] and hidden["upper"].iloc[0] < 10


@pytest.mark.parametrize(("third", "together"), [(110.0, False), (106.6, True), (130.0, True)])
def test_few_who_come_in_between_two_months_are_a_cell_and_nobody_is_not(third, together):
    alone = {"all": times((60.0, 106.6, third), 293)}
    found = shown(released(alone), "all").index
    assert ({"2", "3"} <= set(found)) == together
    assert not audit(released(alone), profile())["verdict"].eq("fail").any()


def test_a_table_about_one_step_is_linked_to_that_step_of_another():
    """Periods of referral add up to everybody; the table by step gives the total of the table by period."""
    parts = {"before": (60.0, 90.0, 120.0), "after": (6.0, 40.0, 70.0)}
    frames = [times(persons, 300)[0].assign(period=period) for period, persons in parts.items()]
    meta = times((0, 0, 0), 300)[1]
    by_period = pd.concat(frames, ignore_index=True)
    kinds = {"percent": "percent"}
    by_step = Meta(("step", "month"), {}, "persons", "samen10_30", kinds, population="referred", cumulative=("month",))
    whole = times((66.2, 130.0, 190.0), 600)[0].assign(step="started")
    periods = Meta(("period", "month"), {}, "persons", "samen10_30", kinds, population="referred",
                   cumulative=("month",), at=meta.at)  # fmt: skip
    out = suppress({"s": (whole, by_step), "p": (by_period, periods)}, profile())[0]
    first = pd.concat([table[table["month"] == "1"] for table, _ in out.values()])
    assert (first["status"] == "hidden").sum() >= 2


def test_a_person_does_not_come_back_from_the_other_answers_and_the_denominator():
    """Man 48, woman 81, together 130 answers: `other` is 1, whatever its own cell hides."""
    rows = [("sex", level, "count", count, 130) for level, count in (("man", 48), ("woman", 81), ("other", 1))]
    rows += [(*row[:2], "percent", 100 * row[3] / 130, 130) for row in rows]
    kinds = {"count": "count", "percent": "percent"}
    meta = Meta(("variable", "level"), {}, "persons", "samen10_30", kinds, population="participants")
    table = pd.DataFrame(rows, columns=["variable", "level", "measure", "value", "n"])
    cells = suppress({"t": (table, meta)}, profile())[0]["t"][0]
    left = cells[cells["status"] == "shown"]["level"].unique()
    assert "other" not in left and len(left) < 2
