"""Notes that leave hold no small number of people."""

import pytest

from analysis.disclosure import safe_note


@pytest.mark.parametrize("note,published", [
    ("", ""),
    ("3 still open on 2023-06-30: followed too briefly", ""),
    ("123 of 1707 rows left out (a value is missing)", ""),
    ("not estimable, because 2 persons have a value at both waves (at least 3 are needed)",
     "not estimable, because few persons have a value at both waves (at least 3 are needed)"),
    ("not estimable, because a price is missing; 3 persons moved", "not estimable, because a price is missing"),
])  # fmt: skip
def test_what_is_published_of_a_note(note, published):
    assert safe_note(note) == published
