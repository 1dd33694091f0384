"""A new study's folder from a proposal: the plan with what is left to decide, codebook, levels, and a README that says so."""

import re
import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path

from analysis.intake import described as d
from analysis.intake.checks import IntakeError, of_file
from analysis.intake.proposal import Proposal, propose, received
from analysis.intake.recognition import Questionnaire, words

DECIDE = "DECIDE"


def start(
    study: str,
    files: Sequence[Path],
    folder: Path,
    raw: Path,
    known: Sequence[Questionnaire],
    conventions: str | None = None,
) -> list[Path]:
    """Describe a new study from `files`: copies them unchanged to the folder `raw` and writes its plan in `folder`.

    Raises `IntakeError` when the id is not one, a file cannot be read, no column can be the person, or anything would be
    overwritten. Returns what was written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", study):
        raise IntakeError(
            [of_file("study", "id of the study", "is not an id", "Use a-z, 0-9 and _, for example `walking_2024`.")]
        )
    proposal = propose(study, [received(Path(path), conventions) for path in files], known)
    here = [
        path
        for path in map(Path, files)
        if (raw / path.name).exists() and (raw / path.name).read_bytes() != path.read_bytes()
    ]
    if here:
        text = f"{', '.join(path.name for path in here)} exist(s) already with other content"
        raise IntakeError([of_file(raw.name, "nothing overwritten", text, "Rename the file, or choose another study.")])
    written = write(proposal, folder)
    raw.mkdir(parents=True, exist_ok=True)
    for path in (path for path in map(Path, files) if not (raw / path.name).exists()):
        written.append(Path(shutil.copyfile(path, raw / path.name)))
    return written


def write(proposal: Proposal, folder: Path) -> list[Path]:
    """Write study.yaml, codebook.csv, levels.csv and README.md; refuses when any of them exists. Returns their paths."""
    contents = {
        "study.yaml": plan(proposal),
        "codebook.csv": _csv(d.codebook_frame(proposal.rows)),
        "levels.csv": _csv(d.levels_frame(proposal.rows)),
        "README.md": readme(proposal),
    }
    present = [name for name in contents if (folder / name).exists()]
    if present:
        remedy = "Choose another name, or remove the folder if it is not needed."
        raise IntakeError(
            [of_file(folder.name, "nothing overwritten", f"{', '.join(present)} exist(s) already", remedy)]
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
    return [folder / name for name in contents]


def _csv(frame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def plan(proposal: Proposal) -> str:
    """study.yaml as text, with `DECIDE` where a person has to choose."""
    return "\n".join(
        [
            f"# Proposed by `python -m analysis new`. Where it says {DECIDE} you decide; `python -m analysis check {proposal.study}` names each.",
            f"study: {proposal.study}",
            f"title: {{nl: {proposal.study}, en: {proposal.study}}}",
            "kind: real                 # synthetic | real",
            "source: not stated yet",
            "licence: not stated yet",
            f"seed: {zlib.crc32(proposal.study.encode())}",
            "pseudonyms: keyed          # HMAC with the key in ANALYSIS_KEY or ANALYSIS_KEY_FILE; as_received if they are pseudonyms already",
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
            f"covariates: [{', '.join(name for name in ('age', 'sex', 'education', 'lives_alone') if name in proposal.roles)}]",
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
        alone, first = domains.count(found.domain) == 1, found.domain not in domains[:place]
        role = "primary" if alone else DECIDE if first else "secondary"
        remark = "   # primary | secondary: exactly one of this domain is primary" if role == DECIDE else ""
        lines.append(
            f"  - {{id: {found.questionnaire.id}, instrument: {found.questionnaire.id}, domain: {found.domain}, role: {role}}}{remark}"
        )
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
            "- Pseudonyms are keyed: keep the key (64 random hexadecimal digits) outside the repository, mode 600, and name it in ANALYSIS_KEY_FILE.",
            "",
            "## Not carried",
            "",
            *(left or ["- nothing"]),
            *(f"- {file}: not described" for file in proposal.unused),
            "",
        ]
    )
