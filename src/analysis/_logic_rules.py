"""Rules that tie the logic model and the expected results to the plan: each returns sentences with a remedy."""

from collections.abc import Iterable, Iterator

from analysis.logic import MOST, PREFIXES, SOURCES, STAGES, Measured
from analysis.study import Study


def check(study: Study) -> list[str]:
    """Every problem between the plan and its logic model and expected results, as `file: where: found; allowed.`"""
    found = [*_nodes(study), *_arrows(study)]
    found += [p for node in study.nodes for p in _known(study, f"logic_model.csv: {node.id}", node.measured)]
    for promise in study.promises:
        found += _known(study, f"expected_results.csv: {promise.id}", [promise.measured])
        if (promise.evidence == "change") != (promise.measured.source == "outcome"):
            found.append(
                f"expected_results.csv: {promise.id}: evidence {promise.evidence} cannot be measured as "
                f"{promise.measured}; change is measured as outcome:<id>@<wave>, and nothing else is."
            )
    return found


def _nodes(study: Study) -> Iterator[str]:
    ids = [node.id for node in study.nodes]
    for twice in sorted({id for id in ids if ids.count(id) > 1}):
        yield f"logic_model.csv: {twice} stands twice. Rename one node."
    for stage in STAGES:
        count = sum(node.stage == stage for node in study.nodes)
        if count > MOST:
            yield f"logic_model.csv: stage {stage} has {count} nodes; at most {MOST} can be read. Join some."


def _arrows(study: Study) -> Iterator[str]:
    stage = {node.id: STAGES.index(node.stage) for node in study.nodes}
    for node in study.nodes:
        for to in node.leads_to:
            if to not in stage:
                yield f"logic_model.csv: {node.id}: leads_to {to!r} is not a node; nodes: {', '.join(sorted(stage))}."
            elif node.stage != "context" and stage[to] <= stage[node.id]:
                yield f"logic_model.csv: {node.id}: leads_to {to!r}, which is not of a later stage. Turn the arrow."


def _known(study: Study, where: str, measured: Iterable[Measured]) -> Iterator[str]:
    for one in measured:
        if one.source not in (*SOURCES, *PREFIXES):
            known = f"{', '.join(SOURCES)}, or one of {', '.join(PREFIXES)} with `:`"
            yield f"{where}: measured {str(one)!r}; allowed: {known}."
        allowed = _allowed(study, one.source)
        if one.source in PREFIXES and one.about not in allowed:
            yield f"{where}: measured {str(one)!r}: {one.about!r} is not known; known: {', '.join(allowed) or 'none'}."
        waves = [wave.id for wave in study.waves[1:]]
        if one.source == "outcome" and one.at not in waves:
            yield f"{where}: measured {str(one)!r}: wave {one.at!r} is not a later wave; later: {', '.join(waves)}."


def _allowed(study: Study, source: str) -> list[str]:
    """What a measure of this source can be about."""
    if source == "outcome":
        return [outcome.id for outcome in study.outcomes]
    if source == "step":
        return list(study.referral_steps)
    return [level.level for level in study.levels({"factor": "factor", "public": "indicator"}.get(source, ""))]
