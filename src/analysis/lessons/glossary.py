"""The glossary of the lessons, Dutch-English: begrippen.csv is written by people, the page is made from it."""

from importlib.resources import files
from pathlib import Path

import pandas as pd

COLUMNS = ["nl", "en", "les", "uitleg"]
_HEAD = """# Begrippen

Elk begrip staat met de Engelse naam, de les waarin het voor het eerst voorkomt en een uitleg in een zin. De notebooks
van de echte analyse zijn in het Engels; met de tweede kolom vind je daar je weg.

| begrip | Engels | les | uitleg |
|---|---|---|---|
"""


def terms() -> pd.DataFrame:
    """The terms, a row each: `nl` (as in the lesson, a note in brackets), `en`, `les` (a number), `uitleg`."""
    with files(__package__).joinpath("begrippen.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=False)


def page(known: pd.DataFrame) -> str:
    """The glossary as Markdown, in the order of the alphabet, capitals and small letters alike."""
    rows = known.sort_values("nl", key=lambda names: names.str.casefold()).to_dict("records")
    return _HEAD + "".join(f"| {row['nl']} | *{row['en']}* | {row['les']} | {row['uitleg']} |\n" for row in rows)


def write_page(root: Path) -> Path:
    """Write notebooks/lessons/begrippen.md below `root`."""
    path = root / "notebooks" / "lessons" / "begrippen.md"
    path.write_text(page(terms()), encoding="utf-8", newline="\n")
    return path
