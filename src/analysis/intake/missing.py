"""Missing codes that a file or its convention declares, beside those of the codebook."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.codebook import Variable
from analysis.intake.checks import Problem, problem
from analysis.intake.learnt import Learnt
from analysis.study import RawTable, Study


def with_declared_missing(
    variables: Sequence[Variable], learnt: Learnt, raw: RawTable, study: Study
) -> tuple[tuple[Variable, ...], list[Problem]]:
    """Variables whose missing codes include what the file declares; the codebook's own reason goes first.

    A code that only the file declares is stated, since the same study as .csv would lack it; the codes of a declared
    convention are part of the plan and are not.
    """
    waves = [level.code for level in study.levels("wave")]
    added, problems = [], []
    for variable in variables:
        told = {code: why for code, why in _told(variable, learnt, raw, waves).items() if code not in variable.missing}
        added.append(replace(variable, missing={**variable.missing, **told}) if told else variable)
        if told and raw.conventions is None:
            text = f"{len(told)} code(s) are declared missing in the file and not in the codebook"
            remedy = "Declare them under `missing` in codebook.csv."
            problems.append(problem(variable.table, variable.name, "missing codes", [], text, remedy, "warning"))
    return tuple(added), problems


def _told(variable: Variable, learnt: Learnt, raw: RawTable, waves: Sequence[str]) -> dict[str, str]:
    names = list(variable.source.columns)
    if raw.shape == "wide":
        names += [raw.pattern.format(name=column, wave=wave) for column in variable.source.columns for wave in waves]
    return {code: reason for name in names for code, reason in learnt.missing.get(name, {}).items()}
