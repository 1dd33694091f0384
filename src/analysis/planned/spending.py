"""What each step cost, what that can and cannot say, and which items of the reporting guideline are met."""

from pathlib import Path

import pandas as pd

from analysis import process
from analysis.planned import voices
from analysis.planned.referral import funnel
from analysis.process.costs import RATES
from analysis.process.economics import NO_COMPARATOR
from analysis.study import Study

COSTS = dict.fromkeys(("cost", "cost_per_person", "all_per_person", "at_least", "at_least_per_person"), "rate")
RESOURCES = dict.fromkeys(("volume", "unpriced", "total"), "rate")
CHEERS = Path(__file__).with_name("cheers.csv")
MET = {"met": 1.0, "nr": 0.0, "na": 2.0}  # how an answer begins: met, not reported, not applicable
FEWEST = 10  # people, below whom a cost per person would give their number away
QUESTIONS = ("icer", "net_benefit", "acceptability")


def costs(study: Study, spent: pd.DataFrame, referrals: pd.DataFrame, *, as_of=None) -> pd.DataFrame:
    """Cost of each step and per person who reached it, and of everything spent per person at that step.

    Steps: the first, those with costs of their own, taking part and what is judged after a follow-up (keeping up).

    `cost` and `cost_per_person` are of the step's own resources, `all_per_person` of everything. What misses a price
    is not estimable and says so; `at_least` and `at_least_per_person` then add up what is known: a lower bound.
    """
    if not study.has("costs"):
        return voices.absent(["step"], COSTS)
    people = funnel(study, referrals, as_of=as_of)[["step", "n"]]
    told = {study.referral_steps[0], *spent["step"], *study.referral_follow_up, study.referral_start}
    found = process.cost_per_step(spent, people[people["step"].isin(told)], minimum=FEWEST)
    known = found.loc[found["step"] == "all", "known_cost"].iloc[0]
    enough = found["n"].where(found["n"] >= FEWEST)
    return found.assign(
        cost_per_person=found["per_person"], all_per_person=found["total_per_person"],
        at_least=found["known_cost"].where(found["step"] == "all"), at_least_per_person=known / enough,
    )  # fmt: skip


def resources(study: Study, spent: pd.DataFrame) -> pd.DataFrame:
    """Volume and cost of each resource and price year over all steps, and the volume whose price is missing."""
    if not study.has("costs"):
        return voices.absent(["resource", "price_year"], RESOURCES)
    priced = spent.assign(
        total=spent["volume"] * spent["unit_price"], unpriced=spent["volume"].where(spent["unit_price"].isna(), 0.0)
    )
    table = priced.groupby(["resource", "price_year"], sort=True).agg(
        volume=("volume", "sum"), unpriced=("unpriced", "sum"), total=("total", lambda cost: cost.sum(skipna=False))
    )
    note = table["total"].isna().map({True: "not estimable, because a price is missing", False: ""})
    return table.assign(note=note).reset_index().astype({"price_year": str})


def worth(study: Study, spent: pd.DataFrame) -> pd.DataFrame:
    """Cost-effectiveness ratio, net benefit and acceptability, or why there are none: `question, estimate, met, note`
    (`met` as in `cheers`).

    They need costs and gains of every person in both arms (`process.icer` and its kin take draws of these). A study
    whose costs are one sum a unit has none, and neither has a study without a comparison.
    """
    if study.design.kind != "comparison":
        met, why = MET["na"], NO_COMPARATOR
    elif not study.has("costs"):
        met, why = MET["nr"], "no costs were recorded in this study"
    else:
        met, why = MET["nr"], "costs were not recorded per person and arm"
    return pd.DataFrame(
        [{"question": one, "met": met, "estimate": float("nan"), "n": float("nan"),
          "note": f"not estimable, because {why}"} for one in QUESTIONS]
    )  # fmt: skip


def discount_rates() -> pd.DataFrame:
    """The discount rates of the Dutch guideline by date: `kind, valid_from, checked, annual_rate` (percent)."""
    rates = pd.read_csv(RATES)
    checked = rates["status"].str.startswith("confirmed").map({True: "confirmed", False: "unconfirmed"})
    return rates.assign(annual_rate=100 * rates["rate"], checked=checked)[
        ["kind", "valid_from", "checked", "annual_rate"]
    ]


def cheers(study: Study) -> pd.DataFrame:
    """The 28 items of CHEERS 2022 with where each is met, or why it is not: `cheers, answer, met` (1 met, 0 not
    reported, 2 not applicable), by the plan: of an item the first answer holds whose condition is true of the study.

    Source: Husereau and others, CHEERS 2022, BMJ 2022;376:e067975; the items are in our own short words.
    """
    true_of = {
        "always": True,
        "comparison": study.design.kind == "comparison",
        "no_costs": not study.has("costs"),
        "context": study.has("context"),
        "involvement": study.has("involvement"),
        "utilities": any((outcome.instrument or "").startswith("eq5d") for outcome in study.outcomes),
    }
    rules = pd.read_csv(CHEERS, dtype=str)
    found = rules[rules["when"].map(true_of)].drop_duplicates("item")
    met = found["answer"].str.split("_").str[0].map(MET)
    return found.assign(cheers=found["item"], met=met)[["cheers", "answer", "met"]].reset_index(drop=True)
