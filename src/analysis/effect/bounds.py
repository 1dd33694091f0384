"""Warnings that belong beside an estimate: values that pile up at a bound of the scale, and few persons."""

import numpy as np
import pandas as pd

from analysis.effect.soundness import AT_BOUND, FEW_PERSONS

FEW_UNITS = 5
"""Below this number of units an estimate that rests on their spread carries a warning."""


def at_bound(values: np.ndarray, scale: np.ndarray | None = None, *, where: str = "") -> str:
    """Warning when half of `values` or more are the lowest or highest of `scale` (default: of the values themselves).

    `scale` holds all values seen, e.g. of both waves. An outcome of two values has bounds only and gets no warning;
    `where` names the part meant (`at T1`). Returns the empty string when there is nothing to warn of.
    """
    scale = values if scale is None else scale
    if not len(values):
        return ""
    low, high = scale.min(), scale.max()
    if not ((low < scale) & (scale < high)).any():
        return ""
    shares = {"lowest": np.mean(values == low), "highest": np.mean(values == high)}
    found = [(share, name) for name, share in shares.items() if share >= AT_BOUND]
    part = f" {where}" if where else ""
    return "; ".join(f"warning: {share:.0%} of the values{part} are the {name} seen" for share, name in found)


def at_bound_somewhere(values: np.ndarray, terms: np.ndarray) -> str:
    """The warning of `at_bound` for all values, else for the first combination of terms (a wave, an arm at a wave)
    that holds at least ten values; terms that hardly repeat (a measured covariate) tell of no such groups.
    """
    found = at_bound(values)
    if found or len(values) < FEW_PERSONS:
        return found
    _, group, counts = np.unique(np.round(terms, 9), axis=0, return_inverse=True, return_counts=True)
    if len(counts) > len(values) / FEW_PERSONS:
        return ""
    groups = (values[group.ravel() == at] for at in np.flatnonzero(counts >= FEW_PERSONS))
    texts = (at_bound(part, values, where="at one combination of the terms") for part in groups)
    return next(filter(None, texts), "")


def few(count: int, what: str = "persons") -> str:
    """Warning that an estimate rests on few persons (or rows, named by `what`); empty from ten on."""
    return f"warning: only {count} {what}" if count < FEW_PERSONS else ""


def few_units(units: int, what: str = "units") -> str:
    """Warning that the spread between units (or clusters) rests on few of them; empty from five on."""
    return f"warning: only {units} {what}; the variance between them is hardly known" if units < FEW_UNITS else ""


def warned(rows: pd.DataFrame, *warnings: str) -> pd.DataFrame:
    """The estimates with these warnings behind their own note; a row without an estimate keeps its reason alone."""
    texts = [
        "; ".join(filter(None, [note, *([] if np.isnan(estimate) else warnings)]))
        for note, estimate in zip(rows["note"], rows["estimate"], strict=True)
    ]
    return rows.assign(note=pd.array(texts, dtype="str"))
