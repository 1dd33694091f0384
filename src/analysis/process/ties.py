"""The network of organisations at a moment: how dense, how central, how far across domains, how much trust."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.process import graphs
from analysis.process.graphs import CONFIRMED, MAXIMUM, Reports
from analysis.process.structure import Sampling, reciprocity, structure
from analysis.process.tables import by_level, counted, flag, require, sentence


def network(
    ties: pd.DataFrame,
    organisations: pd.DataFrame,
    *,
    organisation: str = "organisation",
    source: str = "source",
    target: str = "target",
    moment: str | None = None,
    by: str | None = None,
    levels: Sequence | None = None,
    domain: str = "domain",
    role: str = "role",
    invited: str | None = None,
    answered: str | Mapping[str, str] | None = None,
    scores: Sequence[str] = ("trust", "value"),
    directed: bool = True,
    exact_below: int = 500,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Measures of each network (a level of `by` at a `moment`) of the organisations in the list, isolates included.

    `ties` has one row a reported tie (`source` says it has a tie with `target`; with `directed` false one row a tie);
    `organisations` one row an organisation with domain, role and, if known, whether it was `invited` and `answered`
    (yes/no; a column, or one per moment). Ties with oneself or with an organisation not in the list are left out and
    counted. Reports become ties in two ways, both given (`rule`): `maximum`, either says so, and `confirmed`, both
    do.

    Rows `unit, moment, rule, measure, role, estimate, expected, n` (organisations the number rests on; ties for the
    shares, `E-I` and scores), `note`. Measures: organisations, ties, density, degree, betweenness and closeness
    centralisation (Freeman 1979; closeness needs a connected network), components, isolates, cross-domain share, E-I
    index beside its value under random mixing, reciprocity (pairs that both report / pairs that either reports), mean
    of each score over reported ties, response, and mean betweenness by role (named roles, never organisations). From
    `exact_below` organisations on betweenness is estimated from random pivots (needs `rng`) and closeness is left
    out.
    """
    require(ties, source, target, moment, by)
    require(organisations, organisation, domain, by, invited, *_columns(answered))
    sampling = Sampling(exact_below, rng)
    ties_of = dict(by_level(ties, by))
    rows = []
    for unit, nodes in by_level(organisations.drop_duplicates(organisation), by, levels):
        for when, here in by_level(ties_of.get(unit, ties.iloc[:0]), moment, _moments(ties, moment)):
            column = answered.get(when) if isinstance(answered, Mapping) else answered
            replied = (flag(nodes[column]) == 1).to_numpy() if column else None
            reported = graphs.reports(here, nodes[organisation], source, target, replied)
            every = [*_response(nodes, invited, replied), _size(reported)]
            for rule in (MAXIMUM, CONFIRMED) if directed else (MAXIMUM,):
                every += [{"rule": rule, **row} for row in structure(reported, rule, nodes, domain, role, sampling)]
            every += [reciprocity(reported)] if directed else []
            every += _scores(here, reported, source, target, [score for score in scores if score in ties])
            rows += [{"unit": unit, "moment": when, "rule": "", "role": "", "note": "", **row} for row in every]
    order = ["unit", "moment", "rule", "measure", "role", "estimate", "expected", "n", "note"]
    return pd.DataFrame(rows).reindex(columns=order)


def _columns(answered: str | Mapping[str, str] | None) -> list[str]:
    return list(answered.values()) if isinstance(answered, Mapping) else [answered] if answered else []


def _moments(ties: pd.DataFrame, moment: str | None) -> list[str] | None:
    """The moments of the whole table, so that a unit without ties at one of them has an empty network there."""
    return None if moment is None else sorted(ties[moment].dropna().astype(str).unique())


def _response(nodes: pd.DataFrame, invited: str | None, replied: np.ndarray | None) -> list[dict]:
    """Share of the invited organisations that answered; below 80 % the note says so."""
    if replied is None:
        return []
    asked = (flag(nodes[invited]) == 1).to_numpy() if invited else np.ones(len(nodes), bool)
    rate = (replied & asked).sum() / asked.sum() if asked.any() else np.nan
    low = "response below 80 %: ties of those who did not answer are known from others only"
    note = "not estimable, because nobody was invited" if np.isnan(rate) else low if rate < 0.8 else ""
    return [{"measure": "response", "estimate": rate, "n": int(asked.sum()), "note": note}]


def _size(reported: Reports) -> dict:
    """Number of organisations, with the ties that were left out."""
    left_out = sentence(
        [
            counted(reported.self_ties, "ties with oneself left out"),
            counted(reported.strangers, "ties with organisations outside the list left out"),
        ]
    )
    return {"measure": "organisations", "estimate": len(reported.nodes), "n": len(reported.nodes), "note": left_out}


def _scores(ties: pd.DataFrame, reported: Reports, source: str, target: str, scores: list[str]) -> list[dict]:
    """Mean of each score over the reported ties between listed organisations."""
    inside = ties[source].isin(reported.nodes) & ties[target].isin(reported.nodes) & (ties[source] != ties[target])
    rows = []
    for score in scores:
        values = ties.loc[inside, score].dropna()
        note = "" if len(values) else "not estimable, because no tie has this score"
        rows.append({"measure": score, "estimate": values.mean(), "n": len(values), "note": note})
    return rows
