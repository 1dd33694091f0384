"""Effects of a start that came at different times: group-time effects of Callaway & Sant'Anna (2021)."""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from analysis.effect.bounds import at_bound, few, warned
from analysis.effect.estimates import frame, interval, not_estimable, too_few
from analysis.effect.group_time import Covariates, Effect, Panel, balanced, group_time
from analysis.effect.linear import columns_missing, listed
from analysis.effect.sandwich import cautions


def staggered_effect(
    data: pd.DataFrame,
    outcome: str,
    *,
    person: str,
    time: str,
    start: str,
    covariates: Sequence[str] = (),
    control: Literal["never", "notyet"] = "never",
    anticipation: float = 0,
    cluster: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Effects on those who started in period g, at each period t, and their averages, in the outcome's units.

    `data` is long; `start` is the first treated period (missing, 0 or infinite: never). Persons who are not observed in
    every period, or were treated from the first, are left out and counted in the note. Comparison: persons who `never`
    start, or also those `notyet` started. With `covariates` (columns or formula terms, at the base period) the doubly
    robust estimator of Sant'Anna & Zhao 2020. Before the start the base is the previous period, after it the last
    period untreated (varying base).
    An average does without group-time effects that cannot be estimated, and its note counts them.
    Columns `aggregation` (group-time, simple, dynamic, group, calendar), `group`, `time`, `event_time`; averages over a
    whole aggregation have `overall` in their contrast. Standard errors from influence functions: over persons (normal),
    or summed by `cluster` (t with G - 1).
    """
    control = re.sub("[-_ ]|treated", "", control)
    if control not in ("never", "notyet"):
        raise ValueError(f"control {control!r}: use 'never' or 'notyet'")
    columns_missing(data, [outcome, person, time, start, *([cluster] if cluster else [])])
    panel = balanced(data, outcome, person, time, start, cluster)
    known = {"outcome": outcome, "method": f"Callaway-Sant'Anna, {control}-treated comparison", "n": len(panel.start)}
    groups = np.unique(panel.start[np.isfinite(panel.start)])
    reason = _inestimable(panel, groups)
    if reason:
        return frame([not_estimable(reason, contrast="simple", aggregation="simple", **known)])
    read = Covariates(data, person, time, listed(covariates))
    cells = [(group, at) for group in groups for at in range(1, len(panel.periods))]
    effects = [group_time(panel, read, group, at, control, anticipation) for group, at in cells]
    rows = frame([_row(panel, known, level, *found) for found in _summaries(panel, effects, groups)])
    return warned(rows, *([] if cluster else _small(panel, control)), *_ceilings(panel))


def _small(panel: Panel, control: str) -> list[str]:
    """Warnings that few persons are in the panel, or that few of them never start where these are the comparison."""
    never = int(np.isinf(panel.start).sum())
    return [few(len(panel.start)), few(never, "persons never start") if control == "never" else ""]


def _ceilings(panel: Panel) -> list[str]:
    """A warning per period at which most persons are at a bound of the scale."""
    seen = zip(panel.periods, panel.outcomes.T, strict=True)
    return [at_bound(values, panel.outcomes, where=f"at period {period:g}") for period, values in seen]


def _inestimable(panel: Panel, groups: np.ndarray) -> str:
    if len(panel.periods) < 2:
        return "there are fewer than two periods"
    if not len(panel.start):
        return "nobody is observed in every period"
    return "" if len(groups) else "nobody starts within the observed periods"


def _summaries(panel: Panel, effects: list[Effect], groups: np.ndarray) -> list[tuple[dict, Effect]]:
    """All rows, each its naming columns and its effect: group-time, simple, dynamic, group, calendar."""
    rows = [({"aggregation": "group-time", "contrast": f"ATT({e.group:g},{e.time:g})"}, e) for e in effects]
    after = [effect for effect in effects if effect.time >= effect.group]
    rows.append(({"aggregation": "simple", "contrast": "simple"}, _averaged(panel, after)))
    events = {}
    for effect in effects:
        events.setdefault(effect.time - effect.group, []).append(effect)
    events = {event: _averaged(panel, events[event]) for event in sorted(events)}
    overall = _mean([effect for event, effect in events.items() if event >= 0])
    rows += _block("dynamic", "event_time", overall, events)
    by_group = {group: _mean([e for e in after if e.group == group]) for group in groups}
    overall = _averaged(panel, list(by_group.values()))
    rows += _block("group", "group", overall, by_group)
    times = sorted({effect.time for effect in after})
    by_time = {at: _averaged(panel, [e for e in after if e.time == at]) for at in times}
    return rows + _block("calendar", "time", _mean(list(by_time.values())), by_time)


def _block(aggregation: str, column: str, overall: Effect, parts: dict[float, Effect]) -> list[tuple[dict, Effect]]:
    names = {"event_time": "dynamic e="}
    head = ({"aggregation": aggregation, "contrast": f"{aggregation} overall"}, overall)
    return [head] + [
        (
            {"aggregation": aggregation, "contrast": f"{names.get(column, aggregation + ' ')}{key:g}", column: key},
            effect,
        )
        for key, effect in parts.items()
    ]


def _mean(effects: list[Effect]) -> Effect:
    """Plain average of the effects that can be estimated; the group is kept when it is one."""
    usable, lost, failed = _split(effects)
    if failed is not None:
        return failed
    group = usable[0].group if len({effect.group for effect in usable}) == 1 else np.nan
    influence = np.mean([effect.influence for effect in usable], axis=0)
    return Effect(group, np.nan, float(np.mean([effect.value for effect in usable])), influence, lost=lost)


def _split(effects: list[Effect]) -> tuple[list[Effect], int, Effect | None]:
    """Effects that can be estimated, how many group-time effects are lost, and the answer when none is left."""
    usable = [effect for effect in effects if not effect.reason]
    lost = sum(effect.lost if not effect.reason else 1 for effect in effects)
    reason = effects[0].reason if effects else "no effect after a start is in the data"
    return usable, lost, None if usable else Effect(np.nan, np.nan, np.nan, np.zeros(0), reason)


def _averaged(panel: Panel, effects: list[Effect]) -> Effect:
    """Average weighted by the size of each effect's group; the weights' own sampling error is in the influence."""
    usable, lost, failed = _split(effects)
    if failed is not None:
        return failed
    inside = np.column_stack([panel.start == effect.group for effect in usable]).astype(float)
    size, values = inside.mean(axis=0), np.array([effect.value for effect in usable])
    weights = size / size.sum()
    influence = np.column_stack([effect.influence for effect in usable]) @ weights
    centred = inside - size
    moved = centred / size.sum() - np.outer(centred.sum(axis=1), size) / size.sum() ** 2
    return Effect(np.nan, np.nan, float(weights @ values), influence + moved @ values, lost=lost)


def _row(panel: Panel, known: dict, level: float, names: dict, effect: Effect) -> dict:
    columns = {"group": effect.group, "time": effect.time, "event_time": effect.time - effect.group}
    known = {**known, **(columns if names["aggregation"] == "group-time" else {}), **names}
    known["n_clusters"] = np.nan if panel.cluster is None else int(panel.cluster.max()) + 1
    if effect.reason:
        return not_estimable(effect.reason, **known)
    n, notes = len(panel.start), []
    error, df = float(np.sqrt(np.mean(effect.influence**2) / n)), np.inf
    if panel.cluster is not None:
        clusters = int(panel.cluster.max()) + 1
        if clusters < 2:
            return not_estimable("there is one cluster", **known)
        sums = np.bincount(panel.cluster, weights=effect.influence)
        error, df = float(np.sqrt(np.sum(sums**2) * clusters / (clusters - 1))) / n, clusters - 1.0
        if reason := too_few(df):
            return not_estimable(reason, **known)
        notes += [cautions((panel.start == effect.group).astype(float), [panel.cluster])]
    elif np.isfinite(effect.group):
        notes += [few(int((panel.start == effect.group).sum()), f"persons start at {effect.group:g}")]
    if not error > 1e-12 * max(abs(effect.value), np.abs(panel.outcomes).max()):
        return not_estimable("the changes do not vary between persons", **known)
    notes += [f"{panel.dropped} persons incomplete or treated from the first period left out"] if panel.dropped else []
    notes += [f"without {effect.lost} group-time effects that cannot be estimated"] if effect.lost else []
    return {**known, **interval(effect.value, error, df, level=level), "note": "; ".join(filter(None, notes))}
