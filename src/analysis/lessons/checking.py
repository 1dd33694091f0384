"""`check`: what a student hears about an answer; never the answer itself."""

from collections import Counter
from dataclasses import dataclass

from analysis.lessons.answers import Unreadable, is_open, marks
from analysis.lessons.exercises import exercise

OPEN, UNREADABLE, WRONG, HINTED, RIGHT = "open", "unreadable", "wrong", "hinted", "right"
_TEXTS = {
    OPEN: "Nog niet ingevuld. Zet je antwoord op de plaats van de drie puntjes en voer beide cellen uit.",
    UNREADABLE: "Dit antwoord kan ik niet lezen. {reason}",
    WRONG: "Nog niet goed. Lees de opdracht nog eens en probeer het opnieuw; na een tweede poging krijg je een tip.",
    HINTED: "Nog niet goed. Tip: {hint}",
    RIGHT: "Goed: {right}",
}
_wrong: Counter[str] = Counter()  # wrong tries so far by exercise, in this kernel


@dataclass(frozen=True)
class Verdict:
    """What `check` found: `status` is open, unreadable, wrong, hinted or right; `text` is what was printed."""

    exercise: str
    status: str
    text: str

    def _ipython_display_(self) -> None:
        """Nothing: the text was printed already."""


def check(id: str, answer: object) -> Verdict:
    """Look at the answer to exercise `lesson.number`, print what a student should hear, and return it.

    From the second wrong try on (in this kernel) a hint follows. An answer that is open or of another kind is not a
    try. Never raises on an answer; ValueError for an exercise that does not exist.
    """
    asked = exercise(id)
    try:
        status, reason = _judged(asked, answer), ""
    except Unreadable as trouble:
        status, reason = UNREADABLE, str(trouble)
    text = _TEXTS[status].format(reason=reason, hint=asked.hint, right=asked.right)
    print(f"Opdracht {id}. {text}")
    return Verdict(id, status, text)


def start_again() -> None:
    """Forget every try, as a new kernel would."""
    _wrong.clear()


def _judged(asked, answer: object) -> str:
    if is_open(answer):
        return OPEN
    given = marks(asked.kind, answer, tolerance=asked.tolerance, options=asked.options)
    if asked.accepts(given):
        return RIGHT
    _wrong[asked.id] += 1
    return HINTED if _wrong[asked.id] > 1 else WRONG
