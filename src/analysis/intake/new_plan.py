"""study.yaml and README.md of a new study as text, from a proposal."""

import zlib

from analysis.intake.proposal import Proposal
from analysis.intake.recognition import words

DECIDE = "DECIDE"
COVARIATES = ("age", "sex", "education", "lives_alone")


def plan(proposal: Proposal) -> str:
    """study.yaml as text, with `DECIDE` where a person has to choose."""
    return "\n".join(
        [
            f"# Proposed by `python -m analysis new`. Where it says {DECIDE} you decide;",
            f"# `python -m analysis check {proposal.study}` names each.",
            f"study: {proposal.study}",
            f"title: {{nl: {proposal.study}, en: {proposal.study}}}",
            "kind: real                 # synthetic | real",
            "source: not stated yet",
            "licence: not stated yet",
            f"seed: {zlib.crc32(proposal.study.encode())}",
            "pseudonyms: keyed          # key in ANALYSIS_KEY(_FILE); as_received if they are pseudonyms already",
            "",
            *_tables(proposal),
            "",
            "time: date",
            "waves:",
            *_waves(proposal),
            "unit:                      # what one report is about",
            "  name: {nl: gemeente, en: municipality}"
            if "unit" in proposal.roles
            else "  name: {nl: onderzoek, en: study}",
            "  all: {nl: Alle deelnemers samen, en: All participants together}",
            "cluster: unit              # what inference resamples; null where persons were randomised"
            if "unit" in proposal.roles
            else "cluster: null",
            "",
            *_design(proposal),
            "",
            "outcomes:                  # exactly one is primary in each domain",
            *_outcomes(proposal),
            "",
            f"covariates: [{', '.join(name for name in COVARIATES if name in proposal.roles)}]",
            "sensitivity: [complete_cases]",
            "inference: {level: 0.95, few_clusters: []}",
            "disclosure: {profile: samen10_30, ladder: [[unit], []]}",
            "languages: [nl, en]",
            "",
        ]
    )


def _tables(proposal: Proposal) -> list[str]:
    answers, persons = proposal.answers, proposal.persons
    shape = f", shape: wide, pattern: '{answers.shape.pattern}'" if answers.shape else ""
    first = proposal.waves[0] if proposal.waves else None
    rows = (
        f", rows: {{{proposal.roles['wave']}: {first!r}}}"
        if persons is answers and not answers.shape and first is not None
        else ""
    )
    return [
        "tables:",
        f"  persons: {{file: {persons.file!r}{_told(persons)}{rows}}}",
        f"  answers: {{file: {answers.file!r}{_told(answers)}{shape}}}",
    ]


def _told(file) -> str:
    """What a reader found and the plan should hold on to: encoding and separator of text."""
    conventions = f", conventions: {file.conventions}" if file.conventions else ""
    if file.learnt.separator is None:
        return conventions
    return conventions + f", encoding: {file.learnt.encoding}, separator: {file.learnt.separator!r}".replace(
        "'\\t'", '"\\t"'
    )


def _waves(proposal: Proposal) -> list[str]:
    months = proposal.months or (0.0,)
    return [
        f"  - {{id: t{place}, month: {DECIDE if month is None else f'{month:g}'}}}"
        + ("" if month is None or not place else "   # median of the dates")
        for place, month in enumerate(months)
    ]


def _design(proposal: Proposal) -> list[str]:
    lines = ["design:", f"  kind: {DECIDE}            # pre_post | comparison | staggered"]
    if "arm" not in proposal.roles:
        return lines
    levels = [
        level
        for described in proposal.rows
        if described.row["table"] == "persons" and described.row["name"] == "arm"
        for level in described.levels
    ]
    treated = [level.level for level in levels if any(word in level.label.casefold() for word in words()["treated"])]
    if len(levels) == 2 and len(treated) == 1:
        other = next(level.level for level in levels if level.level != treated[0])
        return [*lines, "  arm: arm", f"  treated: {treated[0]}", f"  reference: {other}"]
    return [*lines, "  arm: arm", f"  treated: {DECIDE}", f"  reference: {DECIDE}"]


def _outcomes(proposal: Proposal) -> list[str]:
    """Recognised questionnaires; the only one of a domain is its primary, of several the first is to be decided."""
    lines, domains = [], [found.domain for found in proposal.recognised]
    for place, found in enumerate(proposal.recognised):
        name = found.questionnaire.id
        alone, first = domains.count(found.domain) == 1, found.domain not in domains[:place]
        role = "primary" if alone else DECIDE if first else "secondary"
        remark = "   # primary | secondary: exactly one of this domain is primary" if role == DECIDE else ""
        lines.append(f"  - {{id: {name}, instrument: {name}, domain: {found.domain}, role: {role}}}{remark}")
    return lines or [f"  {DECIDE}             # no questionnaire was recognised: name the instruments or ready scores"]


def readme(proposal: Proposal) -> str:
    """What was recognised, what was left out, and what is left to decide, for the person who goes on."""
    decisions = [line.split("#")[0].strip() for line in plan(proposal).splitlines()[1:] if DECIDE in line]
    known = [
        f"- {found.questionnaire.id}: {', '.join(found.columns.values())} (known by {found.by})"
        for found in proposal.recognised
    ]
    roles = [f"- {name}: `{column}`" for name, column in proposal.roles.items() if name != "answers_person"]
    left = [f"- {file}: `{column}` ({why})" for file, column, why in proposal.left_out]
    return "\n".join(
        [
            f"# {proposal.study}",
            "",
            "Proposed from the files; nothing in it was looked at by a person yet.",
            "",
            "## Left to decide",
            "",
            *(f"- `{line}`" for line in decisions),
            "",
            f"Edit study.yaml and run `python -m analysis check {proposal.study}` until nothing is left.",
            "",
            "## Recognised",
            "",
            *roles,
            *known,
            "",
            "## Check these guesses",
            "",
            "- English labels of levels and variables are copies of the file's labels.",
            "- Months of the waves are medians of the dates.",
            "- Source and licence are not stated yet.",
            "- Pseudonyms are keyed: keep the key (64 random hexadecimal digits) outside the repository, mode 600,",
            "  and name it in ANALYSIS_KEY_FILE.",
            "",
            "## Not carried",
            "",
            *(left or ["- nothing"]),
            *(f"- {file}: not described" for file in proposal.unused),
            "",
        ]
    )
