"""A small made-up release of the default study, with cells of every status: for tests of `present` and `publish`."""

import io
import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import study

ROOT = Path(__file__).parents[1]
SECRET = 7777.777  # stands in hidden cells that a careless file still holds: it may occur nowhere


@cache
def the_study(name: str = "samen_in_beweging"):
    """A study of this repository, loaded once."""
    return study.load(ROOT / "studies" / name)


def long(rows: list[dict], dims: list[str]) -> pd.DataFrame:
    """Rows (dims, measures as keys, `n`, `hide` = measures to hide, `note`) as a released long frame."""
    cells = []
    for row in rows:
        for measure, value in row.items():
            if measure in (*dims, "n", "hide", "note"):
                continue
            hidden = measure in row.get("hide", ())
            cells.append(
                {
                    **{dim: row[dim] for dim in dims},
                    "measure": measure,
                    "value": SECRET if hidden else value,
                    "n": SECRET if hidden else row.get("n", np.nan),
                    "status": "hidden" if hidden else "shown",
                    "reason": "small_cell" if hidden else "",
                    "note": row.get("note", ""),
                }
            )
    return pd.DataFrame(cells)


def forest_rows() -> pd.DataFrame:
    """03_change__forest: one unit hidden, one not estimable."""
    plan, rows = the_study(), []
    for outcome, size in (("mhi5", 4.0), ("de_jong_gierveld_6", -0.4), ("volunteering", 0.06)):
        for at, unit in enumerate((*plan.units, "all")):
            half = size * (0.4 if unit == "all" else 1.1)
            rows.append(
                {
                    "outcome": outcome,
                    "contrast": "t1 - t0",
                    "unit": unit,
                    "estimate": size * (0.5 + 0.2 * at),
                    "lower": size * (0.5 + 0.2 * at) - abs(half),
                    "upper": size * (0.5 + 0.2 * at) + abs(half),
                    "n": 80 + at,
                    "hide": ("estimate", "lower", "upper") if at == 1 else (),
                }
            )
            if at == 3:
                rows[-1] |= {
                    "estimate": np.nan,
                    "lower": np.nan,
                    "upper": np.nan,
                    "note": "not estimable, because no row is complete",
                }
    return long(rows, ["outcome", "contrast", "unit"])


def means_rows() -> pd.DataFrame:
    """03_change__means: three waves, a hidden last one for one outcome."""
    rows = []
    for outcome, mean, sd in (
        ("mhi5", 60.0, 18.0),
        ("de_jong_gierveld_6", 3.2, 1.8),
        ("volunteering", 0.21, 0.41),
        ("eq5d5l_nl", 0.71, 0.2),
    ):
        for at, wave in enumerate(("t0", "t1", "t2")):
            rows.append(
                {
                    "outcome": outcome,
                    "wave": wave,
                    "mean": mean * (1 + 0.05 * at),
                    "sd": sd,
                    "count": 700 - 150 * at,
                    "missing": 12 + at,
                    "n": 700 - 150 * at,
                    "hide": ("mean", "sd", "count", "missing") if (outcome, wave) == ("volunteering", "t2") else (),
                }
            )
    return long(rows, ["outcome", "wave"])


def estimates_rows() -> pd.DataFrame:
    """03_change__estimates: clear, unclear, hidden and not estimable results."""
    rows = []
    shown = {
        "mhi5": (4.1, 2.0, 6.2),
        "de_jong_gierveld_6": (-0.2, -0.5, 0.1),
        "volunteering": (0.06, 0.01, 0.11),
        "eq5d5l_nl": (0.031, 0.012, 0.05),
        "eq_vas": (2.0, 0.5, 3.5),
    }
    for outcome, (estimate, lower, upper) in shown.items():
        for at, contrast in enumerate(("t1 - t0", "t2 - t0")):
            rows.append(
                {
                    "outcome": outcome,
                    "contrast": contrast,
                    "method": "mixed model, random intercept, REML",
                    "estimate": estimate,
                    "std_error": (upper - lower) / 4,
                    "df": 540.0,
                    "lower": lower,
                    "upper": upper,
                    "p_value": 0.0004 if at == 0 else 0.034,
                    "n": 612 - 40 * at,
                    "hide": ("estimate", "std_error", "df", "lower", "upper", "p_value")
                    if outcome == "eq_vas" and at
                    else (),
                }
            )
    gone = dict.fromkeys(("estimate", "std_error", "df", "lower", "upper", "p_value"), np.nan)
    rows.append(
        {
            "outcome": "mastery",
            "contrast": "t1 - t0",
            "method": "mixed model, random intercept, REML",
            **gone,
            "n": 0,
            "note": "not estimable, because no row is complete",
        }
    )
    return long(rows, ["outcome", "contrast", "method"])


def specifications_rows() -> pd.DataFrame:
    """04_robustness__specifications: five analyses, one of them against the others, one hidden, one not estimable."""
    rows = []
    for model, missing, forms, size in (
        ("mixed", "likelihood", "any", 4.1),
        ("mixed", "likelihood", "on_time", 3.2),
        ("change_score", "pairs", "any", -0.4),
        ("change_score", "pairs", "on_time", 7777.0),
        ("gee", "likelihood", "any", np.nan),
    ):
        hide = ("estimate", "lower", "upper") if size > 100 else ()
        note = "not estimable, because there is one cluster in unit" if np.isnan(size) else ""
        limits = {"estimate": size, "lower": size - 2, "upper": size + 2}
        choices = {"model": model, "missing": missing, "inference": "people", "covariates": "none", "forms": forms}
        known = {"outcome": "mhi5", "contrast": "t1 - t0", "n": 612, "note": note, "hide": hide}
        rows.append(known | choices | limits)
    return long(rows, ["outcome", "contrast", "model", "missing", "inference", "covariates", "forms"])


def methods_rows() -> pd.DataFrame:
    """04_robustness__methods: one outcome by the headlines and three others, one of them hidden."""
    sizes = {"mixed_model": 4.1, "random_effects": 3.9, "prediction": 3.9, "cluster_means": 3.2, "CR2": 9.9,
             "regression_to_mean": -2.0}  # fmt: skip
    return long(
        [
            {
                "outcome": "mhi5",
                "family": "design" if size < 0 else "model",
                "method": method,
                "estimate": size,
                "lower": size - 2,
                "upper": size + 2,
                "p_value": 0.04,
                "n": 612,
                "hide": ("estimate", "lower", "upper") if size > 9 else (),
            }
            for method, size in sizes.items()
        ],
        ["outcome", "family", "method"],
    )


def responders_rows() -> pd.DataFrame:
    """03_change__responders: one outcome partly hidden."""
    rows = []
    for outcome, shares in (
        ("mhi5", (42.0, 35.0, 23.0)),
        ("de_jong_gierveld_6", (30.0, 48.0, 22.0)),
        ("eq_vas", (33.0, 63.0, 4.0)),
    ):
        for response, share in zip(("improved", "unchanged", "worse"), shares, strict=True):
            rows.append(
                {
                    "outcome": outcome,
                    "contrast": "t1 - t0",
                    "response": response,
                    "count": round(5.4 * share),
                    "percent": share,
                    "n": 540,
                    "hide": ("count", "percent") if outcome == "eq_vas" and response != "improved" else (),
                }
            )
    return long(rows, ["outcome", "contrast", "response"])


def funnel_rows() -> pd.DataFrame:
    """05_referrals__funnel by referrer: total rows complete, a small referrer hidden."""
    rows, counts = [], (1900, 1712, 1390, 620, 1010, 640, 480, 300)
    for referrer, part in (("all", 1.0), ("gp", 0.5), ("poh_ggz", 0.004)):
        for step, before, count in zip(
            the_study().referral_steps, (1900, 1900, 1712, 1390, 1390, 1010, 640, 1900), counts, strict=True
        ):
            rows.append(
                {
                    "step": step,
                    "referrer": referrer,
                    "count": round(count * part),
                    "percent_previous": 100 * count / before,
                    "percent_first": 100 * count / 1900,
                    "n": round(before * part),
                    "hide": ("count", "percent_previous", "percent_first") if part < 0.1 else (),
                }
            )
    return long(rows, ["step", "referrer"])


def share_rows(dim: str, shares: dict[str, float], hidden: tuple[str, ...] = ()) -> pd.DataFrame:
    """Counts and percentages over the levels of one dimension."""
    rows = [
        {
            dim: level,
            "count": round(9 * share),
            "percent": share,
            "n": 900,
            "hide": ("count", "percent") if level in hidden else (),
        }
        for level, share in shares.items()
    ]
    return long(rows, [dim])


def curve_rows() -> pd.DataFrame:
    """05_referrals__time_to_step at whole months."""
    rows = []
    for step, top in (("reached", 92.0), ("intake", 75.0), ("started", 55.0)):
        for month in (0, 1, 2, 3, 6, 12):
            rows.append(
                {
                    "step": step,
                    "month": str(month),
                    "percent": top * (1 - 0.5**month),
                    "n": 1500,
                    "hide": ("percent",) if month == 0 else (),
                }
            )
    return long(rows, ["step", "month"])


def network_rows() -> pd.DataFrame:
    """06_collaboration__network at two moments."""
    return long(
        [
            {"moment": "t0", "density": 0.21, "cross_domain_share": 0.44, "ei_index": -0.12, "trust": 2.9, "n": 31},
            {"moment": "t1", "density": 0.29, "cross_domain_share": 0.55, "ei_index": 0.10, "trust": 3.1, "n": 31},
        ],
        ["moment"],
    )


def table1_rows() -> pd.DataFrame:
    """02_participants__table1: classes with counts, a mean without a level."""
    rows = [
        {
            "variable": "sex",
            "level": level,
            "count": count,
            "percent": count / 7,
            "n": 700,
            "hide": ("count", "percent") if count < 10 else (),
        }
        for level, count in (("man", 240), ("woman", 452), ("other", 8))
    ]
    return long([*rows, {"variable": "age", "level": "", "mean": 71.34, "sd": 9.87, "n": 700}], ["variable", "level"])


def tables() -> dict[str, pd.DataFrame]:
    """Every table of the made-up release, by name."""
    return {
        "01_prepare__flow": long(
            [{"step": "received", "count": 820, "n": 820}, {"step": "in_study", "count": 700, "n": 700}], ["step"]
        ),
        "02_participants__table1": table1_rows(),
        "02_participants__attrition": long(
            [
                {
                    "wave": wave,
                    "count": count,
                    "percent": count / 7,
                    "n": 700,
                    "hide": ("percent",) if count == 700 else (),
                }
                for wave, count in (("t0", 700), ("t1", 518), ("t2", 420))
            ],
            ["wave"],
        ),
        "03_change__means": means_rows(),
        "03_change__estimates": estimates_rows(),
        "03_change__forest": forest_rows(),
        "03_change__responders": responders_rows(),
        "04_robustness__specifications": specifications_rows(),
        "04_robustness__methods": methods_rows(),
        "05_referrals__funnel": funnel_rows(),
        "05_referrals__time_to_step": curve_rows(),
        "05_referrals__referrers": share_rows(
            "referrer", {"gp": 45.0, "social_team": 25.0, "self": 20.0, "poh_ggz": 1.0}, hidden=("poh_ggz",)
        ),
        "05_referrals__stop_reasons": share_rows("stop_reason", {"health": 40.0, "lockdown": 30.0, "transport": 12.0}),
        "06_collaboration__network": network_rows(),
        "06_collaboration__meetings": long(
            [
                {
                    "unit": unit,
                    "indicator": "held",
                    "level": "all",
                    "count": held,
                    "percent": 100 * held / 12,
                    "n": 12,
                    "hide": ("count", "percent") if unit == "kampen" else (),
                }
                for unit, held in (("hardenberg", 9), ("kampen", 2), ("all", 33))
            ],
            ["unit", "indicator", "level"],
        ),
        "02_participants__since_meeting": long(
            [{"wave": "t0", "count": 12, "n": 12}, {"wave": "t1", "count": 4, "n": 4, "hide": ("count",)}], ["wave"]
        ),
        "06_collaboration__since_meeting": long(
            [
                {"unit": unit, "previous": previous, "indicator": "actions_made", "count": count, "n": count}
                for unit, previous, count in (("hardenberg", "2022-11-10", 3), ("kampen", "none", 0))
            ],
            ["unit", "previous", "indicator"],
        ),
        "06_collaboration__followed": long(
            [
                {"goal": goal, "indicator": "share_step", "when": when, "percent": percent, "n": n, "hide": hide}
                for goal, when, percent, n, hide in (
                    ("feedback", "before", 40.0, 200, ()),
                    ("feedback", "after", 35.0, 300, ()),
                    ("transport", "before", 1.0, 12, ("percent",)),
                    ("transport", "after", 7.0, 300, ()),
                )
            ],
            ["goal", "indicator", "when"],
        ),
        "09_context__compared": long(
            [
                {"indicator": indicator, "area": "hardenberg", "against": against, "difference": difference}
                for indicator, against, difference in (("lonely", "lower", -6.0), ("good_health", "equal", 1.9))
            ],
            ["indicator", "area", "against"],
        ),
        "07_factors__factors": long(
            [
                {
                    "factor": factor,
                    "role": role,
                    "count": helping + hindering,
                    "helping": helping,
                    "hindering": hindering,
                    "mean": mean,
                    "n": 30,
                }
                for factor, helping, hindering, mean in (
                    ("trust", 40, 5, 1.2),
                    ("transport", 4, 40, -0.9),
                    ("funding", 1, 29, -1.3),
                )
                for role in ("front_line", "policy")
            ],
            ["factor", "role"],
        ),
        "08_costs__per_step": share_rows("step", {"referred": 10.0}, hidden=("referred",)),
    }


@cache
def drawn_only() -> dict[str, pd.DataFrame]:
    """Further tables, for tests of single figures: they are no part of the made-up release."""
    return {
        "05_referrals__by_quarter": long(
            [
                {"quarter": quarter, "event": event, "count": count, "n": count, "hide": ("count",) * (count < 10)}
                for quarter, counts in (("2020-Q1", (40, 8)), ("2020-Q2", (25, 20)), ("2020-Q3", (60, 41)))
                for event, count in zip(("referred", "started"), counts, strict=True)
            ],
            ["quarter", "event"],
        ),
        "06_collaboration__loop": long(
            [
                {"unit": "kampen", "discussed": day, "goal": goal, "count": count, "done": done, "late": 0, "n": count}
                for day, goal, count, done in (
                    ("2020-06-01", "transport", 4, 1), ("2021-01-10", "awareness", 2, 2), ("none", "offer", 3, 0),
                )
            ],
            ["unit", "discussed", "goal"],
        ),
        "06_collaboration__domains": long(
            [
                {"unit": "kampen", "moment": moment, "domain_1": one, "domain_2": other, "percent": percent}
                for moment, step in (("t0", 0), ("t1", 20))
                for one, other, percent in (
                    ("sport", "sport", 50.0), ("sport", "welfare", 30.0 + step), ("welfare", "welfare", 60.0),
                    ("other", "sport", 10.0), ("other", "welfare", 0.0),
                )
            ],
            ["unit", "moment", "domain_1", "domain_2"],
        ),
        "09_context__trend": long(
            [
                {"indicator": "lonely", "population": "18_plus", "area": area, "table_id": "A", "year": str(year),
                 "value": 40.0 + year - 2012}
                for area in ("kampen", "nederland") for year in (2012, 2016, 2020)
            ],
            ["indicator", "population", "area", "table_id", "year"],
        ),
    }  # fmt: skip


def write(folder: Path, unit: str = "all", *, omit: tuple[str, ...] = ()) -> Path:
    """The made-up release as files in `folder`/<unit>/tables; returns that folder."""
    target = folder / unit / "tables"
    target.mkdir(parents=True, exist_ok=True)
    for name, frame in tables().items():
        if name in omit:
            continue
        dims = list(frame.columns[: list(frame.columns).index("measure")])
        notebook, short = name.split("__")
        facts = {
            "dims": dims,
            "totals": {dim: "all" for dim in dims if "all" in set(frame[dim])},
            "kinds": {},
            "counts_of": "persons",
            "profile": "samen10_30",
            "unit": unit,
            "study": "samen_in_beweging",
            "notebook": notebook,
            "name": short,
            "as_of": "2023-06-30",
        }
        frame.to_csv(target / f"{name}.csv", index=False)
        (target / f"{name}.json").write_text(json.dumps(facts), encoding="utf-8")
    return target


def add_actions(target: Path) -> Path:
    """Action points added to the made-up release in `target` (the count of the dropped ones is hidden)."""
    states = {"done_by_due": 40, "late": 25, "open": 12, "dropped": 3}
    rows = [
        {"state": state, "count": count, "n": 80, "hide": ("count",) if count < 10 else ()}
        for state, count in states.items()
    ]
    long(rows, ["state"]).to_csv(target / "07_factors__actions.csv", index=False)
    facts = (target / "01_prepare__flow.json").read_text().replace('"step"', '"state"')
    (target / "07_factors__actions.json").write_text(facts)
    return target


def material_of(folder: Path, language: str = "nl", *, unit: str = "all", as_of=the_study().as_of):
    """What pages, book, slides and sheet of the release in `folder` are made from."""
    from analysis.publish.html import gathered

    return gathered(folder, the_study(), unit, language, as_of)


def only(material, *names: str):
    """`material` with these tables and no other."""
    tables = {name: material.tables[name] for name in names}
    return type(material)(tables, material.words, material.unit, material.as_of)


def sheets_of(book: bytes) -> list:
    """The sheets of an .xlsx file as another program reads them."""
    import openpyxl

    return openpyxl.load_workbook(io.BytesIO(book)).worksheets


def deck_of(slides: bytes):
    """A .pptx file as python-pptx reads it."""
    from pptx import Presentation

    return Presentation(io.BytesIO(slides))


def charts_of(slides: bytes) -> list:
    """The shapes of a .pptx file that are charts."""
    return [shape for slide in deck_of(slides).slides for shape in slide.shapes if shape.has_chart]
