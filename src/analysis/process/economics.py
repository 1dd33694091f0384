"""Cost-effectiveness against a comparator, from draws of costs and effects: ratio, net benefit, acceptability."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.effect.estimates import frame, not_estimable
from analysis.process.tables import by_level, require, sentence

NO_COMPARATOR = "there is no comparator: what would have been spent and gained otherwise is not known"


def _arms(draws: pd.DataFrame, draw: str, arm: str, value: str) -> pd.DataFrame:
    """Draws in rows, arms in columns."""
    return draws.groupby([draw, arm])[value].mean().unstack(arm)


def _increments(draws: pd.DataFrame, reference: str | None, draw, arm, cost, effect) -> tuple[pd.DataFrame, str]:
    """Per draw the extra cost and effect of each arm over the reference, long, or why there are none."""
    require(draws, draw, arm, cost, effect)
    costs, effects = _arms(draws, draw, arm, cost), _arms(draws, draw, arm, effect)
    if costs.shape[1] < 2 or reference not in costs:
        why = NO_COMPARATOR if costs.shape[1] < 2 else f"the reference arm {reference!r} is not among the arms"
        return pd.DataFrame(columns=["arm", "cost", "effect"]), why
    others = [name for name in costs if name != reference]
    parts = [
        pd.DataFrame(
            {"arm": name, "cost": costs[name] - costs[reference], "effect": effects[name] - effects[reference]}
        ).dropna()
        for name in others
    ]
    return pd.concat(parts, ignore_index=True), ""


def icer(
    draws: pd.DataFrame,
    *,
    reference: str | None,
    draw: str = "draw",
    arm: str = "arm",
    cost: str = "cost",
    effect: str = "effect",
    level: float = 0.95,
) -> pd.DataFrame:
    """Incremental cost-effectiveness ratio of each arm over the `reference`, with the quadrants of the plane.

    `draws` has one row a draw (bootstrap sample or simulation) and arm, with mean cost and effect per person. The
    ratio is mean extra cost / mean extra effect, never the mean of ratios. It is given only where more effect costs
    more (or less effect saves): a dominant or dominated arm has no ratio. Limits are percentiles of the ratios and
    given only when all draws lie on one side of zero effect; else read the acceptability curve. `ne, se, sw, nw`:
    share of draws in each quadrant (north is more expensive, east more effective; a draw on an axis counts as north
    or west). Without a comparator: not estimable.
    """
    increments, why = _increments(draws, reference, draw, arm, cost, effect)
    if why:
        return frame([not_estimable(why, outcome="ICER", unit="all", contrast="", method="ratio of means")])
    rows = [_ratio(part, f"{name} - {reference}", level) for name, part in by_level(increments, "arm")]
    return frame(rows)


def _ratio(part: pd.DataFrame, contrast: str, level: float) -> dict:
    """Ratio, verdict and quadrants of one arm against the reference."""
    more_cost, more_effect = part["cost"].mean(), part["effect"].mean()
    north, east = part["cost"] >= 0, part["effect"] > 0
    row = {
        "outcome": "ICER", "unit": "all", "note": "", "contrast": contrast, "method": "ratio of means", "n": len(part),
        "extra_cost": more_cost, "extra_effect": more_effect, "ne": (north & east).mean(), "se": (~north & east).mean(),
        "sw": (~north & ~east).mean(), "nw": (north & ~east).mean(),
    }  # fmt: skip
    if more_effect == 0:
        return not_estimable("the mean extra effect is zero", **row)
    if (more_cost < 0) != (more_effect < 0):
        return not_estimable("it dominates: more effect at less cost" if more_effect > 0 else
                             "it is dominated: less effect at more cost", **row)  # fmt: skip
    row |= {
        "estimate": more_cost / more_effect,
        "note": "extra costs saved per effect given up" * bool(more_effect < 0),
    }
    if east.all() or (part["effect"] < 0).all():
        tail = (1 - level) / 2
        lower, upper = np.quantile(part["cost"] / part["effect"], [tail, 1 - tail])
        return row | {"lower": lower, "upper": upper}
    crossing = "no limits: some draws have no or the opposite extra effect; see the acceptability curve"
    return row | {"note": sentence([row["note"], crossing])}


def net_benefit(
    draws: pd.DataFrame,
    thresholds: Sequence[float],
    *,
    reference: str | None,
    draw: str = "draw",
    arm: str = "arm",
    cost: str = "cost",
    effect: str = "effect",
    level: float = 0.95,
) -> pd.DataFrame:
    """Incremental net monetary benefit, threshold x extra effect - extra cost, of each arm over the `reference`.

    Mean over the draws with percentile limits, one row an arm and threshold (currency per unit of effect; the Dutch
    20,000, 50,000 and 80,000 per QALY depend on the burden of disease), and `positive`, the share of draws above
    zero.
    """
    increments, why = _increments(draws, reference, draw, arm, cost, effect)
    if why:
        return frame([not_estimable(why, outcome="net benefit", unit="all", contrast="", method="draws")])
    tail, rows = (1 - level) / 2, []
    for name, part in by_level(increments, "arm"):
        for threshold in thresholds:
            benefit = threshold * part["effect"] - part["cost"]
            lower, upper = np.quantile(benefit, [tail, 1 - tail])
            row = {
                "outcome": "net benefit", "unit": "all", "contrast": f"{name} - {reference}", "method": "draws",
                "n": len(part), "threshold": threshold, "estimate": benefit.mean(), "std_error": benefit.std(ddof=1),
                "lower": lower, "upper": upper, "positive": (benefit > 0).mean(), "note": "",
            }  # fmt: skip
            rows.append(row)
    return frame(rows)


def acceptability_curve(
    draws: pd.DataFrame,
    thresholds: Sequence[float],
    *,
    draw: str = "draw",
    arm: str = "arm",
    cost: str = "cost",
    effect: str = "effect",
) -> pd.DataFrame:
    """Share of draws in which each arm has the highest net benefit, per threshold, and what certainty would be worth.

    One row an arm and threshold: `probability` (a tie is divided), `best` (the arm with the highest mean net benefit:
    the frontier) and `evpi`, the expected value of perfect information per person: mean of the highest net benefit
    per draw minus the highest mean. With one arm there is nothing to choose: one row with a note.
    """
    require(draws, draw, arm, cost, effect)
    costs, effects = _arms(draws, draw, arm, cost), _arms(draws, draw, arm, effect)
    if costs.shape[1] < 2:
        return pd.DataFrame([{"arm": "", "note": f"not estimable, because {NO_COMPARATOR}"}])
    whole = costs.notna().all(axis=1) & effects.notna().all(axis=1)
    costs, effects = costs[whole], effects[whole]
    rows = []
    for threshold in thresholds:
        benefit = threshold * effects - costs
        top = benefit.eq(benefit.max(axis=1), axis=0)
        probability = top.div(top.sum(axis=1), axis=0).mean()
        evpi = benefit.max(axis=1).mean() - benefit.mean().max()
        best = benefit.mean().idxmax()
        rows += [
            {"threshold": threshold, "arm": name, "probability": value, "best": name == best, "evpi": evpi,
             "n": len(benefit), "note": ""}
            for name, value in probability.items()
        ]  # fmt: skip
    return pd.DataFrame(rows)
