"""Lessons for students: exercises that check themselves, the student edition, and the pictures that lessons draw.

A lesson is a notebook in notebooks/lessons, committed with its solutions. Beside it here: exercises/NN.yaml, written by
people (what kind of answer, what feedback), and exercises/NN.csv, derived by `python -m analysis lessons` (digests of
the answers, so that no answer can be read).
"""

from analysis._lazy import lazy

_MODULES = {
    "checking": "check start_again Verdict",
    "exercises": "Exercise exercise exercises",
    "answers": "Unreadable",
    "edition": "student_edition lessons write_editions",
    "playing": "play Played LessonError refresh",
    "glossary": "terms page write_page",
    "pictures": "",
    "networks": "",
    "playground": "",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
