"""What the replications of a cell say of an interval, each measure with its Monte Carlo standard error.

Formulas: Morris, White & Crowther, Statistics in Medicine 2019;38:2074, table 6.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from validation.grid import Cell

KEYS = ["sizes", "between_sd", "outcome", "effect", "target", "method"]
ROUNDED = 5


def measures(rows: pd.DataFrame, truth: np.ndarray, unit: float) -> dict[str, float]:
    """Bias, empirical and model SE (in units of `unit`, the SD of the outcome), coverage and rejection of zero.

    `rows` (one a replication: estimate, std_error, lower, upper, p_value) belong to `truth`, one number a replication.
    Centred (bias-eliminated) coverage is that of the truth plus the bias: what it would be, were the estimate unbiased.
    Replications without an estimate are counted and left out of the measures.
    """
    usable = rows["estimate"].notna().to_numpy()
    found, truth = rows[usable], truth[usable]
    n = len(found)
    if n < 2:
        return {"replications": len(rows), "not_estimable": int((~usable).sum())}
    error = (found["estimate"].to_numpy() - truth) / unit
    variance = (found["std_error"].to_numpy() / unit) ** 2
    empirical, model = error.std(ddof=1), np.sqrt(variance.mean())
    covered = _covered(found, truth)
    centred = _covered(found, truth + error.mean() * unit)
    rejected = (found["p_value"] <= 0.05).mean() if found["p_value"].notna().any() else np.nan
    return {
        "replications": len(rows), "not_estimable": int((~usable).sum()),
        "bias": error.mean(), "bias_mcse": empirical / np.sqrt(n),
        "empirical_se": empirical, "empirical_se_mcse": empirical / np.sqrt(2 * (n - 1)),
        "model_se": model, "model_se_mcse": np.sqrt(variance.var(ddof=1) / (4 * n * model**2)),
        "coverage": covered, "coverage_mcse": _share_error(covered, n),
        "centred_coverage": centred, "centred_coverage_mcse": _share_error(centred, n),
        "rejection": rejected, "rejection_mcse": _share_error(rejected, n),
    }  # fmt: skip


def _covered(found: pd.DataFrame, truth: np.ndarray) -> float:
    return float(((found["lower"] <= truth) & (truth <= found["upper"])).mean())


def _share_error(share: float, n: int) -> float:
    return float(np.sqrt(share * (1 - share) / n))


def summarise(cell: Cell, estimates: pd.DataFrame, truths: pd.DataFrame) -> pd.DataFrame:
    """One row a target and method of a cell.

    `estimates` has the columns of `analyses.COLUMNS`, `truths` the columns replication, these, like_these, another_one.
    Rejection of zero is the type I error where the target is zero, and power where the effect is not.
    """
    known = {"sizes": cell.sizes, "between_sd": cell.between_sd, "outcome": cell.outcome, "effect": cell.effect}
    truths, found = truths.set_index("replication"), []
    for target, methods in cell.plan["targets"].items():
        for method, role in methods.items():
            rows = estimates[estimates["method"] == method]
            if rows.empty:
                continue
            truth = truths.loc[rows["replication"], target].to_numpy()
            row = measures(rows, truth, cell.scale.sd)
            found.append({**known, "target": target, "method": method, "role": role, **_named(row, cell, target)})
    return pd.DataFrame(found)


def _named(row: dict[str, float], cell: Cell, target: str) -> dict[str, float]:
    """Rejection under the name that it has in this cell: neither, when the target is not zero in every replication."""
    rejection = {"": row.pop("rejection", np.nan), "_mcse": row.pop("rejection_mcse", np.nan)}
    zero = cell.effect == 0 and (target == "like_these" or cell.between_sd == 0) and target != "another_one"
    known = {"type_1": zero, "power": cell.effect != 0 and target != "another_one"}
    named = {
        kind + end: share if holds else np.nan for kind, holds in known.items() for end, share in rejection.items()
    }
    return row | named


def verdicts(summary: pd.DataFrame, criteria: Mapping[str, float]) -> pd.Series:
    """`covers too little`, `rejects too often`, `conservative` or `as promised`, per row of a summary.

    A shortfall counts when it is larger than `criteria["errors"]` Monte Carlo standard errors, and so does an excess.
    """
    margin = criteria["errors"]
    low = summary["coverage"] + margin * summary["coverage_mcse"] < criteria["coverage"]
    often = summary["type_1"] - margin * summary["type_1_mcse"] > criteria["rejection"]
    wide = summary["coverage"] - margin * summary["coverage_mcse"] > criteria["conservative"]
    words = np.select([low, often, wide], ["covers too little", "rejects too often", "conservative"], "as promised")
    return pd.Series(words, index=summary.index)
