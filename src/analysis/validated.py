"""The committed results of the simulation study in validation/, as tables, sentences and one figure to read them by."""

import pandas as pd

from analysis import store
from analysis._yaml import read_yaml
from analysis.present.picture import Picture
from analysis.present.sentences.sentence import Sentence
from analysis.present.wording import Words

BROKEN = ("covers too little", "rejects too often")
TARGETS = {
    "these": "these municipalities", "like_these": "municipalities like these", "another_one": "one more municipality",
}  # fmt: skip
_CELL = ["sizes", "between_sd", "outcome", "effect"]


def summary() -> pd.DataFrame:
    """validation/summary.csv: one row a cell of the grid, target and method.

    Bias and standard errors are in SD of the outcome at T0, coverage and rejection are shares; each measure has its
    Monte Carlo standard error in the column `<measure>_mcse`, and `verdict` judges the interval by `criteria`.
    """
    return pd.read_csv(store.read(store.root() / "validation" / "summary.csv"))


def design() -> dict:
    """validation/grid.yaml: what was varied and assumed, the targets with their methods, and the criteria."""
    return read_yaml(store.read(store.root() / "validation" / "grid.yaml").read_text("utf-8"))


def grid(results: pd.DataFrame) -> pd.DataFrame:
    """The levels of every factor of the grid, and how many replications each method has in a cell (rows: factors)."""
    plan = design()
    sizes = ", ".join(f"{name} ({'/'.join(map(str, people))})" for name, people in plan["sizes"].items())
    known = {"municipalities": sizes}
    for label, key in (
        ("SD of change between them", "between_sd"),
        ("mean change", "effect"),
        ("outcomes", "outcomes"),
    ):
        known[label] = ", ".join(map(str, plan[key]))
    dropout = plan["dropout"]
    known["forms at T1 and T2"] = f"{dropout['t1']:.0%} and {dropout['t2']:.0%} at the average score at T0"
    known["cells"] = str(len(results.drop_duplicates(_CELL)))
    for wanted, methods in results.groupby("replications", sort=False)["method"].unique().items():
        known[f"{wanted:,} replications a cell"] = ", ".join(methods)
    return pd.Series(known, name="levels").rename_axis("factor").to_frame()


def by_method(results: pd.DataFrame) -> pd.DataFrame:
    """One row a target and method: the range of coverage over all cells, type I error, power, and cells that fail."""
    groups = results.assign(failing=results["verdict"].isin(BROKEN), worst_bias=results["bias"].abs())
    groups = groups.groupby(["target", "method", "role"], sort=False)
    found = groups.agg(
        replications=("replications", "min"),
        cells=("coverage", "size"), lowest=("coverage", "min"), mean=("coverage", "mean"), highest=("coverage", "max"),
        unbiased=("centred_coverage", "mean"), type_1=("type_1", "mean"), worst_type_1=("type_1", "max"),
        power=("power", "mean"), worst_bias=("worst_bias", "max"), failing=("failing", "sum"),
    )  # fmt: skip
    return found.reset_index()


def by_condition(
    results: pd.DataFrame, *, target: str, role: str, across: str, measure: str = "coverage"
) -> pd.DataFrame:
    """The mean of a measure over the cells of each level of `across` (columns), one row a method of this role."""
    rows = results[(results["target"] == target) & (results["role"] == role)]
    return rows.pivot_table(index="method", columns=across, values=measure, sort=False)


def precision(results: pd.DataFrame, role: str = "headline") -> pd.DataFrame:
    """Mean over the cells of bias (positive: too good), empirical and model standard error, and their ratio."""
    rows = results[results["role"] == role]
    scores = {name: plan.get("scores", [0, 1]) for name, plan in design()["outcomes"].items()}
    low = [name for name, each in scores.items() if each[0] > each[-1]]  # where a lower score is better
    rows = rows.assign(bias=rows["bias"].where(~rows["outcome"].isin(low), -rows["bias"]))
    found = rows.groupby(["target", "method", "between_sd"], sort=False)[["bias", "empirical_se", "model_se"]].mean()
    return found.assign(ratio=found["model_se"] / found["empirical_se"]).reset_index()


def missed(results: pd.DataFrame, role: str = "headline") -> pd.DataFrame:
    """The cells in which a method of this role covers too little or rejects too often."""
    rows = results[(results["role"] == role) & results["verdict"].isin(BROKEN)]
    shown = [
        *_CELL,
        "target",
        "method",
        "bias",
        "coverage",
        "coverage_mcse",
        "centred_coverage",
        "type_1",
        "type_1_mcse",
    ]
    return rows[[*shown, "verdict"]].reset_index(drop=True)


def conclusions(results: pd.DataFrame, role: str = "headline") -> list[str]:
    """One sentence a target and method of this role: what its interval was measured to do."""
    found = by_method(results)
    return [_sentence(row) for row in found[found["role"] == role].itertuples()]


def _sentence(row) -> str:
    said = f"{row.method.replace('_', ' ')}, for {TARGETS[row.target]} ({row.replications:,} replications a cell):"
    said += f" covers {row.lowest:.1%} to {row.highest:.1%} (mean {row.mean:.1%})"
    if row.type_1 == row.type_1:
        said += f", rejects a true null in {row.type_1:.1%} on average and {row.worst_type_1:.1%} at worst"
    if row.failing:
        return f"{said}; it misses its mark in {row.failing} of {row.cells} cells."
    return f"{said}; no cell of {row.cells} shows that it misses its mark."


def prediction(words: Words) -> tuple[Sentence, ...]:
    """How often the prediction interval held the change of one more municipality where municipalities differ.

    Nothing for a study whose units are no sample of units (`cluster: null`), which has no such interval.
    """
    if words.study.cluster is None:
        return ()
    results = summary()
    rows = results[(results["target"] == "another_one") & (results["between_sd"] > 0)]
    by_outcome = rows.groupby("outcome")["coverage"].mean()
    shares = {"share": rows["coverage"].mean(), "low": by_outcome.min(), "high": by_outcome.max(), "promised": 0.95}
    text = words.text("say.prediction_measured", **{key: words.percent(100 * share) for key, share in shares.items()})
    return (Sentence(text, "validation/summary.csv"),)


def referrals() -> pd.DataFrame:
    """validation/referral.csv: bias of the referral funnel and its times on an early day, one row an estimator, measure
    and step, in points (0-100) or days.
    """
    return pd.read_csv(store.read(store.root() / "validation" / "referral.csv"))


def funnel_bias(found: pd.DataFrame) -> pd.DataFrame:
    """Per share and step the truth, and the bias of each way of reckoning with recent referrals (in points)."""
    rows = found[found["measure"].str.startswith("share")]
    wide = rows.pivot_table(index=["measure", "step", "truth"], columns="estimator", values="bias", sort=False)
    limits = rows[rows["estimator"] == "funnel"].set_index(["measure", "step", "truth"])
    return wide.join(limits[["bias_mcse", "empirical_se", "coverage"]]).reset_index()


def referral_conclusions(found: pd.DataFrame) -> list[str]:
    """What the funnel and the time to a step were measured to do while some referrals are still on their way."""
    shares = found[found["measure"] == "share of all referred"].set_index(["estimator", "step"])["bias"]
    funnel, naive = found[found["estimator"] == "funnel"], shares["naive"].drop("feedback")
    start = found[found["step"] == "started"].set_index(["estimator", "measure"])["bias"]
    real, moved = start["time to step"], start["time to step, days of referral shuffled"]
    return [
        "The funnel, with a follow-up as long as each step takes: no share is more than "
        f"{funnel['bias'].abs().max():.1f} points from the truth on average, and its intervals cover "
        f"{funnel['coverage'].min():.0%} to {funnel['coverage'].max():.0%}.",
        f"Recent referrals counted as failures: at {naive.idxmin().replace('_', ' ')} the share of all referred is "
        f"{-naive.min():.0f} points too low, and the median time to a start {start['naive', 'median']:.0f} days late.",
        "A follow-up shorter than a step takes does not help: with the months that this study plans, feedback to the "
        f"referrer, which comes after the activities, is {-shares['funnel as planned', 'feedback']:.0f} points low.",
        "The time to a start depends on the calendar, because lockdowns put starts off: the median is "
        f"{real['median']:.1f} days too long, the share within a year {real['within 365 days']:.1f} points too high. "
        "With the days of referral shuffled over the same people that is gone: "
        f"{moved['median']:.1f} days and {moved['within 365 days']:.1f} points.",
    ]


def coverage(results: pd.DataFrame, *, target: str) -> Picture:
    """Coverage of every method in every cell: open circles without, closed ones with municipalities that differ."""
    from matplotlib.figure import Figure

    rows = results[results["target"] == target]
    methods = list(dict.fromkeys(rows["method"]))[::-1]
    figure = Figure(figsize=(6.4, 0.9 + 0.32 * len(methods)), layout="constrained")
    ax = figure.subplots()
    for spread, part in rows.groupby("between_sd"):
        places = part["method"].map(methods.index) + (0.12 if spread else -0.12)
        ax.plot(100 * part["coverage"], places, "o", color="#0072B2", fillstyle="full" if spread else "none",
                markersize=4, linestyle="none", label=f"SD between municipalities {spread:g}")  # fmt: skip
    ax.axvline(95, color="#595959", linewidth=1)
    ax.axvline(100 * design()["criteria"]["coverage"], color="#C24E00", linewidth=1, linestyle="--")
    ax.set_yticks(range(len(methods)), methods)
    ax.set_xlabel("coverage of the 95% interval (%)")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=8)
    means = rows.groupby("method", sort=False)["coverage"].mean()
    told = "; ".join(f"{method} {value:.0%}" for method, value in means.items())
    caption = "Each circle is a cell of the grid. Full line: what is promised; dashed: the least that is accepted."
    return Picture(figure, f"Mean coverage for {TARGETS[target]}: {told}.", caption)
