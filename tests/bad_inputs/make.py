"""Write every bad input to a folder, one subfolder a case: `.venv/bin/python tests/bad_inputs/make.py FOLDER`."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bad_inputs.cases import cases, of_projects
from bad_inputs.little_study import little, write


def make(folder: Path) -> int:
    """Write the corpus; returns how many cases there are."""
    for case in cases():
        study = little()
        study.formats[case.table] = case.format
        case.setup(study)
        case.spoil(study)
        case.after(write(study, folder / re.sub(r"\W+", "_", case.name))[case.table])
    for case in of_projects():
        path = folder / re.sub(r"\W+", "_", case.name) / "interviews.qdpx"
        path.parent.mkdir(parents=True, exist_ok=True)
        case.project().write(path)
        case.after(path)
    return len(cases()) + len(of_projects())


if __name__ == "__main__":
    print(f"{make(Path(sys.argv[1]))} bad inputs written to {sys.argv[1]}")
