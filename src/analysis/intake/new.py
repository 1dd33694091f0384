"""A new study's folder from a proposal: the plan with what is left to decide, codebook, levels, and a README that says
so.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from analysis.intake import described as d
from analysis.intake.checks import IntakeError, of_file
from analysis.intake.new_plan import plan, readme
from analysis.intake.proposal import Proposal, propose
from analysis.intake.received import received
from analysis.intake.recognition import Questionnaire


def start(
    study: str,
    files: Sequence[Path],
    folder: Path,
    raw: Path,
    known: Sequence[Questionnaire],
    conventions: str | None = None,
) -> list[Path]:
    """Describe a new study from `files`: copies them unchanged to the folder `raw` and writes its plan in `folder`.

    Raises `IntakeError` when the id is not one, a file cannot be read, no column can be the person, or anything
    would be overwritten. Returns what was written.
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
    """Write study.yaml, codebook.csv, levels.csv and README.md, unless any of them exists; returns their paths."""
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
