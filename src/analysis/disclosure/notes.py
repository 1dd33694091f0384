"""Notes beside estimates may leave only without the small numbers that explain them."""

import re

ESTIMABLE = "not estimable, because "
_THINGS = "persons?|people|rows?|values?|organisations?|ties|forms?|measurements?"
_COUNTED = re.compile(rf"\b\d+(?: of \d+)?(?: further| still| unknown)? (?=(?:{_THINGS})\b)")


def safe_note(note: str) -> str:
    """What of a note may be published: why something is not estimable, with counts of people and rows as `few`.

    Everything else (how many were left out, who waits still) stays with the analyst: two such numbers differ by
    single people.
    """
    reasons = [part for part in note.split("; ") if part.startswith(ESTIMABLE)]
    return "; ".join(_COUNTED.sub("few ", reason) for reason in reasons)
