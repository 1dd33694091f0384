"""The analyses whose intervals are measured: those of the notebooks, by the same functions, and some familiar ones.

Replications are fitted together where the estimator allows it, because reading a formula costs more than the fit:
with one intercept a replication the columns of X share no row, so that estimates, cluster-robust variances and df of
a replication are those of a fit of its own. Tests compare each of these short cuts with the call in the notebooks.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy import stats

from analysis import effect
from analysis.effect.clusters import regression_rows
from analysis.effect.estimates import frame, interval
from analysis.effect.linear import Design, Kind
from validation.draw import Block

COLUMNS = ["replication", "method", "estimate", "std_error", "lower", "upper", "p_value"]
_TOGETHER = 10  # replications in one fit: X has as many columns
_CONTRAST = "t1 - t0"


def closed(block: Block) -> pd.DataFrame:
    """Closed forms and the planned mixed model: one row (`COLUMNS`) a replication and method."""
    robust = _robust(block, "CR0", "CR1", "CR2", "CR3")
    return _table(
        block,
        mixed_model=_mixed(block),
        paired=_paired(block),
        cluster_means=_stacked(block, effect.cluster_summaries),
        CR2=robust["CR2"],
        CR3=robust["CR3"],
        CR1_t=robust["CR1"],
        CR1_z=_normal(robust["CR1"]),
        CR0_z=_normal(robust["CR0"]),
    )


def fitted(block: Block) -> pd.DataFrame:
    """Six mixed models a replication and what follows from them, and the sign flips: rows as in `closed`."""
    apart = _apart(block)
    found = effect.random_effects(apart)
    prediction = found.assign(lower=found["predict_lower"], upper=found["predict_upper"], p_value=np.nan)
    models = [
        effect.cluster_summaries(six, "estimate ~ 1", cluster="unit")
        for _, six in apart.groupby("outcome", sort=False)
    ]  # fmt: skip
    return _table(
        block,
        random_effects=found,
        prediction=prediction,
        model_means=pd.concat(models, ignore_index=True),
        sign_flip=_stacked(block, effect.sign_flip),
    )


def resampled(block: Block) -> pd.DataFrame:
    """Wild bootstraps and multiple imputation: rows as in `closed`."""
    pooled = _imputed(block)
    return _table(
        block,
        wild_bootstrap=_bootstrapped(block, "webb"),
        rademacher=_bootstrapped(block, "rademacher"),
        imputed=pooled,
        imputed_z=_normal(pooled),
    )


GROUPS: dict[str, Callable[[Block], pd.DataFrame]] = {"closed": closed, "fitted": fitted, "resampled": resampled}


def _table(block: Block, **found: pd.DataFrame) -> pd.DataFrame:
    """Estimates frames with one row a replication, in order, as one table."""
    parts = []
    for method, rows in found.items():
        if len(rows) != block.replications:
            raise RuntimeError(f"{method}: {len(rows)} rows for {block.replications} replications, not one each")
        parts.append(rows.assign(method=method, replication=np.arange(block.replications)))
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def _normal(found: pd.DataFrame) -> pd.DataFrame:
    """The same estimates with the normal quantile: what many programs print for a robust or pooled error."""
    half = stats.norm.ppf(0.975) * found["std_error"]
    p_value = 2 * stats.norm.sf(np.abs(found["estimate"] / found["std_error"]))
    return found.assign(lower=found["estimate"] - half, upper=found["estimate"] + half, p_value=p_value)


def _stacked(block: Block, estimator: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """An estimator of the mean change with clusters, on several replications at once: one intercept each."""
    parts = [estimator(some, "change ~ 0 + C(replication)", cluster="unit") for some in _portions(block)]
    return pd.concat(parts, ignore_index=True)


def _robust(block: Block, *kinds: Kind) -> dict[str, pd.DataFrame]:
    """`cluster_robust` of the same model with several kinds of errors, which share the design."""
    found: dict[str, list[pd.DataFrame]] = {kind: [] for kind in kinds}
    for some in _portions(block):
        replications, place = np.unique(some["replication"], return_inverse=True)
        ones, terms = np.ones(len(some)), tuple(map(str, replications))
        y, x = some["change"].to_numpy(float), np.eye(len(terms))[place]
        given = Design("change", y, x, terms, ones, np.arange(len(some)))
        for kind in kinds:
            found[kind].append(regression_rows(given, some, ["unit"], kind))
    return {kind: pd.concat(parts, ignore_index=True) for kind, parts in found.items()}


def _portions(block: Block) -> Iterator[pd.DataFrame]:
    changes = block.changes()
    for start in range(0, block.replications, _TOGETHER):
        yield changes[changes["replication"].between(start, start + _TOGETHER - 1)]


def _mixed(block: Block) -> pd.DataFrame:
    """The pre-planned analysis: all waves, units fixed, an intercept a person."""
    found = effect.mixed_change(
        block.long(), "value", time="wave", person="person", covariates=["unit"], by="replication"
    )
    return found[found["contrast"] == _CONTRAST].reset_index(drop=True)


def _paired(block: Block) -> pd.DataFrame:
    """Mean change of the complete pairs with people as independent: least squares that does not know of clusters."""
    return _means(block.changes(), "replication")


def _means(data: pd.DataFrame, part: str) -> pd.DataFrame:
    """Mean of `change` in each part with s / sqrt(n) and t(n - 1): what HC2 is for a model of an intercept alone."""
    moments = data.groupby(part)["change"].agg(["mean", "std", "size"])
    rows = zip(moments.index, moments["mean"], moments["std"] / np.sqrt(moments["size"]), moments["size"], strict=True)
    return frame([interval(mean, error, n - 1) | {"n": n, part: name} for name, mean, error, n in rows])


def _apart(block: Block) -> pd.DataFrame:
    """The mixed model in each municipality apart: estimates with the replication in `outcome`, six rows each."""
    units = len(block.cell.people)
    long = block.long()
    parts = long.assign(part=long["replication"] * units + long["unit"])
    found = effect.mixed_change(parts, "value", time="wave", person="person", by="part")
    found = found[found["contrast"] == _CONTRAST]
    part = found["unit"].astype(int)
    return found.assign(outcome=part // units, unit=(part % units).astype(str))


def _bootstrapped(block: Block, weights: str) -> pd.DataFrame:
    """All weight vectors are visited with six clusters, so that the generator is never used."""
    rng = np.random.default_rng(block.cell.plan["seed"])
    return pd.concat(
        [
            effect.wild_bootstrap(rows, "change ~ 1", cluster="unit", term="Intercept", weights=weights, rng=rng)
            for _, rows in block.changes().groupby("replication")
        ],
        ignore_index=True,
    )


def _imputed(block: Block) -> pd.DataFrame:
    """Imputation of the scores with the municipality in the model, the mean change of everybody, Rubin's rules."""
    plan, parts = block.cell.plan, []
    rng = np.random.default_rng([plan["seed"], block.cell.number, block.number, 1])  # not the stream of the data
    for replication in range(block.replications):
        done = effect.impute(block.wide(replication), unit="unit", rng=rng, **plan["imputation"])
        change = done.assign(change=done["t1"] - done["t0"])
        parts.append(_means(change, "imputation").assign(unit=str(replication)))
    return effect.pool(pd.concat(parts, ignore_index=True), df_complete="df")
