"""Is the referral funnel honest when recent referrals are still on their way? Replications with a known truth.

python validation/referral.py [--replications 500] [--summary FILE]
"""

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import planned, process, store, synthetic
from analysis.study import Study

STUDY, SEED = "samen_in_beweging", 20220630
AS_OF = date(2022, 6, 30)  # one month after recruitment closed: one in nine was referred in the last three months
TABLE = Path(__file__).parent / "referral.csv"
LONGEST = {"started": 400}  # days in which (nearly) everybody who will start has started, also after a waiting time
STEPS, WITHIN, QUANTILES = ("reached", "intake", "started"), (91, 183, 365), {"q25": 0.25, "median": 0.5}
KEYS = ["estimator", "measure", "step"]
SHUFFLED = "time to step, days of referral shuffled"
CLOSE = 0.5  # points or days: a bias below this is of no interest, however many replications find it


def replicate(study: Study, number: int) -> pd.DataFrame:
    """One world: the estimates from what was known on `AS_OF`, and of times what really happened to the same people."""
    rng = np.random.default_rng([SEED, number])
    latent = synthetic.latent_referrals(rng=rng)
    latent = latent[latent["referred"] <= pd.Timestamp(AS_OF)].reset_index(drop=True)
    times = [_time(latent, step, "time to step") for step in STEPS]
    times += [_time(_on_another_day(latent, rng), "started", SHUFFLED)]
    found = [*_shares(study, latent), *times, *(_naive(latent, step) for step in STEPS)]
    return pd.concat(found, ignore_index=True).assign(replication=number)


def _on_another_day(latent: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Everybody's way as it was, begun on the day of somebody else: then waiting and calendar are independent."""
    begun = rng.permutation(latent["referred"].to_numpy())
    moved = pd.Series(begun, latent.index) - latent["referred"]
    return latent.assign(**{name: latent[name] + moved for name in ("referred", *STEPS, "ended")})


def _shares(study: Study, rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The funnel with a follow-up as long as the steps take, as the study plans it, and with recent as failed."""
    steps, waits = list(study.referral_steps), {**dict.fromkeys(study.referral_steps, planned.referral.FOLLOW_UP)}
    waits |= study.referral_follow_up
    for name, follow_up in (("funnel", waits | LONGEST), ("funnel as planned", waits), ("naive", 0)):
        found = process.referral_funnel(rows, steps, of=study.referral_of, follow_up=follow_up, as_of=AS_OF).iloc[1:]
        if name == "funnel":  # feedback comes up to years later: no follow-up is long enough
            found = found[found["step"] != "feedback"]
        for measure, suffix in (("share of previous step", ""), ("share of all referred", "_first")):
            part = found[["step", f"percent{suffix}", f"lower{suffix}", f"upper{suffix}"]]
            yield part.set_axis(["step", "estimate", "lower", "upper"], axis=1).assign(estimator=name, measure=measure)


def _time(rows: pd.DataFrame, step: str, name: str) -> pd.DataFrame:
    """Percentiles and shares within so many days of the referral, open cases censored.

    `real` is what the same people showed when nothing was censored any more.
    """
    found = process.time_to_step(
        rows, "referred", step, competing="ended", as_of=AS_OF, horizons=WITHIN, person="person"
    )
    found = found[found["measure"].isin([*QUANTILES, "reached"])]
    within = found["measure"] == "reached"
    limits = found[["estimate", "lower", "upper"]].mul(np.where(within, 100, 1), axis=0)
    names = found["measure"].mask(within, "within " + found["horizon"].map("{:g}".format) + " days")
    return limits.assign(estimator=name, step=step, measure=names, real=names.map(_real(rows, step)))


def _naive(rows: pd.DataFrame, step: str) -> pd.DataFrame:
    """The same measures as if a step that was not taken by `AS_OF` never came."""
    found = _counted(rows[step].where(rows[step] <= pd.Timestamp(AS_OF)) - rows["referred"])
    return found.assign(estimator="naive", step=step, real=found["measure"].map(_real(rows, step)))


def _real(rows: pd.DataFrame, step: str) -> pd.Series:
    return _counted(rows[step] - rows["referred"]).set_index("measure")["estimate"]


def _counted(waiting: pd.Series) -> pd.DataFrame:
    """`measure, estimate` by counting among everybody; a missing time is never."""
    waited = np.sort(waiting.dt.days.fillna(np.inf).to_numpy(float))
    rows = {name: np.quantile(waited, part, method="averaged_inverted_cdf") for name, part in QUANTILES.items()}
    rows |= {f"within {horizon} days": 100 * np.mean(waited <= horizon) for horizon in WITHIN}
    found = pd.DataFrame({"measure": list(rows), "estimate": list(rows.values())})
    return found.replace(np.inf, np.nan)


def _chances() -> pd.DataFrame:
    """`measure, step, truth` of the shares, in points, from the chances of the world."""
    named = {"previous": "share of previous step", "first": "share of all referred"}
    chances = 100 * synthetic.step_chances().rename(columns=named)
    return chances.reset_index().melt("step", var_name="measure", value_name="truth")


def performance(estimates: pd.DataFrame) -> pd.DataFrame:
    """One row an estimator, measure and step: bias, empirical SE and coverage with Monte Carlo standard errors.

    Points (0-100) or days. Formulas: Morris, White & Crowther 2019, table 6. The truth of a share is its chance; of a
    time it is the mean over the replications of what the same people really showed, and the bias is taken against that
    in each replication. `verdict`: `unbiased` within two Monte Carlo standard errors or `CLOSE`.
    """
    rows = estimates.merge(_chances(), how="left", on=["measure", "step"], validate="many_to_one")
    rows["error"] = rows["estimate"] - rows["truth"].fillna(rows["real"])
    rows["truth"] = rows["truth"].fillna(rows.groupby(KEYS)["real"].transform("mean"))
    # a percentile is a whole day: whether an interval holds the mean of such days says nothing
    missing = rows[["lower", "upper"]].isna().any(axis=1) | rows["measure"].isin(QUANTILES)
    rows["covered"] = ((rows["lower"] <= rows["truth"]) & (rows["truth"] <= rows["upper"])).astype(float).mask(missing)
    groups = rows.groupby(KEYS, sort=False)
    n, judged = groups["error"].count(), groups["covered"].count()
    found = groups.agg(replications=("truth", "size"), truth=("truth", "first"), mean=("estimate", "mean"),
                       bias=("error", "mean"), bias_mcse=("error", "std"), empirical_se=("estimate", "std"),
                       coverage=("covered", "mean"))  # fmt: skip
    found["bias_mcse"] /= np.sqrt(n)
    found.insert(1, "not_estimable", found["replications"] - n)
    found["empirical_se_mcse"] = found["empirical_se"] / np.sqrt(2 * (n - 1))
    found["coverage_mcse"] = np.sqrt(found["coverage"] * (1 - found["coverage"]) / judged)
    small = found["bias"].abs() < np.maximum(2 * found["bias_mcse"], CLOSE)
    found["verdict"] = np.where(small, "unbiased", "biased")
    return found.reset_index().round(4)


def run(replications: int) -> pd.DataFrame:
    """The table of this many replications; the same number gives the same table."""
    study = store.study(STUDY)
    return performance(pd.concat([replicate(study, number) for number in range(replications)], ignore_index=True))


def failures(table: pd.DataFrame) -> pd.DataFrame:
    """Biased rows of estimators that promise no bias.

    Not promised: a follow-up shorter than the step takes (`as planned`), and the time to a start as it was, which
    depends on the calendar (lockdowns), so that who was referred last is not like the others: the same people on
    shuffled days of referral stand for it.
    """
    calendar = (table["estimator"] == "time to step") & (table["step"] == "started")
    promised = table["estimator"].isin(["funnel", "time to step", SHUFFLED]) & ~calendar
    return table[promised & (table["verdict"] == "biased")]


def main(arguments: list[str] | None = None) -> int:
    """The command: 1 when an estimator that knows of open referrals is biased (see `failures`)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=500)
    parser.add_argument("--summary", type=Path, default=TABLE)
    given = parser.parse_args(arguments)
    table = run(given.replications)
    table.to_csv(given.summary, index=False, lineterminator="\n")
    wrong = failures(table)
    print(f"written: {given.summary.name}, {len(table)} rows; biased although open referrals are known: {len(wrong)}")
    return int(len(wrong) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
