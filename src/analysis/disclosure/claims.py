"""Sentences that say 'nobody' or 'everybody': a group disclosure in words."""

import re
from functools import cache
from importlib.resources import files

import pandas as pd

from analysis._yaml import read_yaml


def group_claims(text: str) -> pd.DataFrame:
    """Every claim about nobody or everybody in `text` (Dutch or English), to be judged by a second person.

    Columns: claim (nobody | everybody), words (as they stand), start (position of the first character).
    """
    rows = [
        {"claim": claim, "words": match.group(0), "start": match.start()}
        for claim, pattern in _patterns().items()
        for match in pattern.finditer(text)
    ]
    return pd.DataFrame(rows, columns=["claim", "words", "start"]).sort_values("start", ignore_index=True)


@cache
def _patterns() -> dict[str, re.Pattern]:
    words = read_yaml((files(__package__) / "claims.yaml").read_text(encoding="utf-8"))
    return {claim: re.compile(rf"\b(?:{'|'.join(found)})\b", re.IGNORECASE) for claim, found in words.items()}
