"""What identifies a person in any folder: tables by column, text and notebooks (outputs included) by pattern."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from analysis.codebook import StudyError
from analysis.intake.checks import IntakeError, Problem, of_file
from analysis.intake.patterns import bank_account, citizen_service_number, identifying, named_after_identifier
from analysis.intake.readers import STATISTICAL, TEXT, WORKBOOKS, read

SKIPPED = {
    ".git",
    ".venv",
    "__pycache__",
    ".ipynb_checkpoints",
    "node_modules",
    ".hypothesis",
    ".pytest_cache",
    ".ruff_cache",
}
BINARY = {
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".pdf",
    ".pptx",
    ".zip",
    ".pkl",
    ".pyc",
    ".so",
    ".woff",
    ".woff2",
    ".ico",
    ".qdpx",
}
MADE_UP_NUMBERS = {"111222333", "123456782"}  # the numbers that manuals and tests use
SIZE_LIMIT = 50_000_000  # bytes of one text file
_TABLES = TEXT | WORKBOOKS | STATISTICAL | {".parquet"}
_MADE_UP = re.compile(
    r"@(?:[\w-]+\.)*(?:example\.(?:com|org|net|nl)|test|invalid|localhost|users\.noreply\.github\.com|github\.com)$",
    re.I,
)
_PATTERNS = (
    ("a citizen service number (BSN)", re.compile(r"(?<![\w.,/+-])\d{9}(?![\w/-]|[.,]\d)")),
    ("an e-mail address", re.compile(r"(?<![\w.@/:-])[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,}\b")),
    (
        "a telephone number",
        re.compile(r"(?<![\w.+/-])(?:(?:\+|00)31[\s-]?|0)6[\s-]?\d(?:[\s-]?\d){7}(?![\w/-]|[.,]\d)"),
    ),
    (
        "a postcode with a house number",
        re.compile(
            r"\b[A-Z][\w'-]+\s\d{1,5}[a-zA-Z]?,?\s+[1-9]\d{3}\s?[A-Z]{2}\b|\b[1-9]\d{3}\s?[A-Z]{2}[\s,]+\d{1,5}\b"
        ),
    ),
    ("a bank account (IBAN)", re.compile(r"\bNL\d{2}\s?[A-Z]{4}(?:\s?\d){10}\b")),
    (
        "a birth date",
        re.compile(
            r"(?i)\b(?:geboren|geboortedatum|geb\. ?datum|date of birth|born on)\b\W{0,4}(?:op\s)?"
            r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
        ),
    ),
)


def scan(path: Path) -> list[Problem]:
    """Every place in a file or folder that looks like a direct identifier; no value is in what is returned.

    Tables are judged by column (half of the values, as at the intake), text by line, notebooks by cell: source and
    outputs, and column headings of tables in outputs. Files that are not text are passed over.
    """
    path = Path(path)
    if not path.exists():
        raise IntakeError([of_file(str(path), "file present", "not found", "Name a file or a folder.")])
    files = (
        [path]
        if path.is_file()
        else sorted(found for found in path.rglob("*") if found.is_file() and not SKIPPED & set(found.parts))
    )
    return [problem for file in files for problem in _file(file, path)]


def _file(file: Path, start: Path) -> Iterator[Problem]:
    name = str(file if file == start else file.relative_to(start))
    if file.suffix.lower() in BINARY or file.stat().st_size > SIZE_LIMIT:
        return
    if file.suffix.lower() in _TABLES:
        found = _table(file, name)
        if found is not None:
            yield from found
            return
    text = _text(file)
    if text is None:
        return
    if file.suffix == ".ipynb":
        yield from _notebook(text, name)
    else:
        yield from _lines(text.splitlines(), name)


def _text(file: Path) -> str | None:
    content = file.read_bytes()
    if b"\x00" in content[:10_000]:
        return None
    return content.decode("utf-8", errors="replace")


def _table(file: Path, name: str) -> list[Problem] | None:
    """Columns of a table that identify; None when the file is no table that can be read."""
    try:
        frame, _ = read(file)
    except StudyError:
        return None
    found = [(column, identifying(frame[column], tuple(frame.columns), sure=True)) for column in frame.columns]
    return [
        of_file(name, what, f"column holds {what}", "Drop the column, or replace it by a pseudonym.", column=column)
        for column, what in found
        if what
    ]


def _lines(lines: list[str], name: str, place: str = "") -> Iterator[Problem]:
    for what, pattern in _PATTERNS:
        rows = [
            number
            for number, line in enumerate(lines, 1)
            if any(_counts(what, match[0]) for match in pattern.finditer(line))
        ]
        if rows:
            text = f"{len(rows)} line(s) hold what looks like {what}"
            yield of_file(name, what, text, "Remove it, also from the history of the file.", column=place, rows=rows)


def _counts(what: str, text: str) -> bool:
    """Numbers count when their check digits hold; addresses at domains that nobody has do not."""
    if "BSN" in what:
        return text not in MADE_UP_NUMBERS and citizen_service_number(text)
    if "IBAN" in what:
        return bank_account(text)
    return "e-mail" not in what or not _MADE_UP.search(text)


def _notebook(text: str, name: str) -> Iterator[Problem]:
    try:
        cells = json.loads(text).get("cells", [])
    except (ValueError, AttributeError):
        yield from _lines(text.splitlines(), name)
        return
    for number, cell in enumerate(cells, 1):
        yield from _lines(_joined(cell.get("source", "")).splitlines(), name, f"cell {number}")
        for output in cell.get("outputs", []):
            shown = [output.get("text", ""), *(output.get("data") or {}).values()]
            shown += list(output.get("traceback", []))
            for part in (_joined(part) for part in shown if isinstance(part, (str, list))):
                if part.startswith(("iVBORw0", "/9j/")):
                    continue  # a picture
                yield from _lines(part.splitlines(), name, f"output of cell {number}")
                yield from _headings(part, name, number)


def _headings(part: str, name: str, cell: int) -> Iterator[Problem]:
    """Tables in an output with a column that is named after a direct identifier."""
    headings = re.findall(r"<th[^>]*>([^<]*)</th>", part)
    found = sorted({heading for heading in headings if named_after_identifier(heading)})
    if found:
        text = f"a table shows column(s) {', '.join(found)}"
        yield of_file(
            name, "identifying column", text, "Do not show persons; clear the output.", column=f"output of cell {cell}"
        )


def _joined(part: str | list) -> str:
    return part if isinstance(part, str) else "".join(map(str, part))
