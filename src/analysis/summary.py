"""One screen about a study: what `python -m analysis check` says when nothing is wrong."""

from analysis.study import Study

SHOWN = 12  # units named on the screen


def summary(study: Study, prepared) -> str:
    """Title, design, units, waves, outcomes, tables with their rows, corrections, warnings; `prepared` is
    `prepare.prepare`'s.
    """
    log, persons = prepared.log, prepared.tables["persons"]
    done = {rule: int(log.loc[log["rule"] == rule, "rows"].sum()) for rule in ("corrected", "double", "missing")}
    named = [*study.units[:SHOWN], *("..." for _ in study.units[SHOWN:][:1])]
    lines = [
        f"{study.id}: {study.title.en}",
        f"  {study.kind} data, design {study.design.kind}; disclosure profile {study.disclosure.profile}",
        f"  units     {len(study.units)}: {', '.join(named)}",
        f"  waves     {', '.join(f'{wave.id} ({wave.month:g} months)' for wave in study.waves)}",
        *[_outcomes(study, domain) for domain in sorted({outcome.domain for outcome in study.outcomes})],
        f"  persons   {len(persons)}, of whom {int(persons['in_study'].sum())} in the effect study",
        "  tables    " + ", ".join(f"{name} {len(frame)}" for name, frame in prepared.tables.items()),
        f"  prepared  {done['corrected']} values corrected, {done['double']} double rows settled, "
        f"{done['missing']} declared missing codes",
    ]
    lines += [f"  warning   {found}" for found in prepared.problems]
    return "\n".join([*lines, "No problem found."])


def _outcomes(study: Study, domain: str) -> str:
    named = [f"{o.id}{' (primary)' if o.role == 'primary' else ''}" for o in study.outcomes if o.domain == domain]
    return f"  {domain:<9} {', '.join(named)}"
