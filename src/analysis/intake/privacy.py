"""The door for persons: pseudonyms by a key outside the repository, and a stop for what identifies them directly."""

import hashlib
import hmac
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pandas as pd

from analysis.codebook import Variable
from analysis.intake.checks import IntakeError, Problem, problem
from analysis.intake.patterns import identifying

KEY_LENGTH = 32  # characters; the shortest key that is taken
PSEUDONYM_LENGTH = 20  # hexadecimal digits, 80 bits: no clash among any number of residents
_MAKE = 'python -c "import secrets; print(secrets.token_hex(32))"'


def key(environment: Mapping[str, str], repository: Path) -> bytes:
    """The project's key: ANALYSIS_KEY, else the content of the file that ANALYSIS_KEY_FILE names.

    Raises `IntakeError` when there is none, it is shorter than `KEY_LENGTH`, or its file lies inside the repository or
    may be read by others than its owner. The key itself is in no message.
    """
    if "ANALYSIS_KEY" in environment:
        return _long_enough(environment["ANALYSIS_KEY"].strip(), "ANALYSIS_KEY")
    if "ANALYSIS_KEY_FILE" not in environment:
        _refused(
            "key present",
            "pseudonyms are keyed, and there is no key",
            f"Make one with {_MAKE}, keep it outside the repository (mode 600) and name its file in ANALYSIS_KEY_FILE.",
        )
    path = Path(environment["ANALYSIS_KEY_FILE"]).expanduser()
    if not path.is_file():
        _refused(
            "key present", "ANALYSIS_KEY_FILE names no file", "Correct the name; a lost key gives other pseudonyms."
        )
    if path.resolve().is_relative_to(repository.resolve()):
        _refused(
            "key outside",
            "the key lies inside the repository",
            "Move it out of the repository; it may be in git already.",
        )
    if hasattr(stat, "S_IRWXG") and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and not _windows():
        _refused("key private", "the key may be read by others", "Say: chmod 600 on the file.")
    return _long_enough(path.read_text(encoding="utf-8").strip(), "the key file")


def _windows() -> bool:
    import os

    return os.name == "nt"  # Windows has no modes; there the folder's own rights protect the key


def _long_enough(found: str, where: str) -> bytes:
    if len(found) < KEY_LENGTH:
        _refused("key length", f"{where} holds fewer than {KEY_LENGTH} characters", f"Make one with {_MAKE}.")
    return found.encode()


def _refused(rule: str, found: str, remedy: str) -> NoReturn:
    raise IntakeError([problem("pseudonyms", "", rule, [], found, remedy)])


def pseudonyms(values: pd.Series, secret: bytes, study: str) -> pd.Series:
    """Identifiers as HMAC-SHA256 of study and value: equal in every table of one study, unlinkable between studies."""
    distinct = values.dropna().unique()
    named = {value: _pseudonym(value, secret, study) for value in distinct}
    return values.map(named).astype("str").where(values.notna())


def _pseudonym(value: str, secret: bytes, study: str) -> str:
    return hmac.new(secret, f"{study}\x1f{value}".encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_LENGTH]


def pseudonymous(variable: Variable) -> bool:
    """True when the codebook makes a variable a key that stands for a person or another party."""
    return variable.type == "id" and variable.sensitivity == "direct"


def carried(variable: Variable) -> bool:
    """True when a variable may stand in processed tables: no direct identifier, no free text unless it is `open`."""
    if variable.sensitivity == "direct":
        return variable.type == "id"
    return variable.type != "text" or variable.derived or variable.sensitivity == "open"


def private(
    typed: pd.DataFrame, variables: Sequence[Variable], study: str, secret: bytes | None
) -> tuple[pd.DataFrame, list[tuple]]:
    """A typed table without direct identifiers and free text, its keys replaced by pseudonyms when there is a `secret`.

    The second value holds a log line (rule, variable, detail, rows) for each variable that was left out.
    """
    here = [variable for variable in variables if variable.name in typed]
    out = [variable.name for variable in here if not carried(variable)]
    log = [("not carried", name, "direct identifier or free text", int(typed[name].notna().sum())) for name in out]
    keys = [variable.name for variable in here if pseudonymous(variable)] if secret is not None else []
    named = {key: pseudonyms(typed[key], secret, study) for key in keys}
    return typed.drop(columns=out).assign(**named), log


def identifiers(codes: pd.DataFrame, variables: Sequence[Variable], *, keyed: bool) -> list[Problem]:
    """Columns of which at least half of the values identify a person directly, among those that would be carried as
    they are.
    """
    found = []
    for variable in variables:
        if not carried(variable) or (pseudonymous(variable) and keyed):
            continue
        for column in variable.source.columns:
            beside = tuple(other for v in variables if carried(v) for other in v.source.columns)
            what = identifying(codes[column], beside)
            if what:
                remedy = (
                    "Set `pseudonyms: keyed` in study.yaml."
                    if pseudonymous(variable)
                    else "Set its sensitivity to direct in codebook.csv (it is then dropped), or remove the row."
                )
                found.append(
                    problem(variable.table, variable.name, what, [], f"column {column!r} holds {what}", remedy)
                )
    return found
