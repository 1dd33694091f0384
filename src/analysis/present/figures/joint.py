"""The joint display: expected results beside their evidence of each kind, with marks by stated rules."""

import pandas as pd

from analysis.logic import EVIDENCE
from analysis.present.figures.marks import COLOURS, LETTER, LINE, MARKS, SIZE, mark_of, measured, value_text
from analysis.present.figures.style import INK, SOFT, WIDE, nothing, sheet, source_line, subtitle, wrapped
from analysis.present.picture import Picture, alt_text
from analysis.present.reading import Released, released
from analysis.present.wording import Words

SIDE = 1.45  # inches for the names of the results


def joint_display(table: pd.DataFrame | Released, words: Words) -> Picture:
    """Expected results (rows) by kind of evidence (columns): a mark, what was measured, and its value.

    `table` has the dimensions result, evidence, measured and the measures of `planned.evidence`. An empty field says
    that the plan names no such evidence, which is not the same as evidence that was not found.
    """
    whole, title = released(table), words.text("figures.joint_display")
    results = [result for result in whole.levels("result") if result != "none"]
    if whole.empty or not results:
        return nothing(words, whole, title)
    kinds = [kind for kind in EVIDENCE if kind in whole.levels("evidence")]
    width = (WIDE - 0.25 - SIDE) / len(kinds)
    letters = int((width - 0.12) / LETTER)
    fields = {(r, k): _field(whole.where(result=r, evidence=k), words, letters) for r in results for k in kinds}
    heads = {result: wrapped(words.level("result", result), 16).split("\n") for result in results}
    lines = {r: max(len(heads[r]), *(len(fields[r, k]) for k in kinds)) for r in results}
    height = sum(LINE * count + 0.16 for count in lines.values()) + 0.5
    made = sheet(words, title, subtitle(words, whole), source_line(words, whole), height=height, width=WIDE)
    ax = made.ax
    ax.axis("off")
    ax.set_xlim(0, WIDE - 0.2)
    ax.set_ylim(height, 0)
    for place, kind in enumerate(kinds):
        name = wrapped(words.level("evidence", kind), int(letters * 0.85))
        made.write(SIDE + place * width, 0.42, name, size=9, weight="bold", color=INK, va="bottom")
    top = 0.5
    for result in results:
        ax.axhline(top, color="#D5D5E0", linewidth=0.8)
        made.write(0, top + 0.08, "\n".join(heads[result]), size=9, weight="bold", color=INK, va="top")
        for place, kind in enumerate(kinds):
            for line, (text, colour) in enumerate(fields[result, kind]):
                made.write(SIDE + place * width, top + 0.08 + line * LINE, text, size=SIZE, color=colour, va="top")
        top += LINE * lines[result] + 0.16
    return Picture(made.figure, alt_text(words, title, _items(whole, words)), _legend(words), whole)


def _field(part: Released, words: Words, letters: int) -> list[tuple[str, str]]:
    """The lines of one field of the joint display with their colours."""
    found = []
    for name, cells in measured(part).items():
        mark = mark_of(cells)
        text = words.text("picture.item", label=words.level("measured", name), value=value_text(cells, words))
        sign = MARKS[mark] if mark is not None else words.text("table.hidden")
        colour = COLOURS[mark] if mark is not None else SOFT
        found += [(line, colour) for line in wrapped(f"{sign}\N{NO-BREAK SPACE}{text}", letters).split("\n")]
    return found or [(words.text("picture.no_evidence"), SOFT)]


def _items(whole: Released, words: Words) -> list[tuple[str, str]]:
    shown = whole.only("strength").shown
    return [
        (words.level("measured", row.measured), words.text(f"picture.strength.{int(row.value)}"))
        for row in shown.itertuples()
    ]


def _legend(words: Words) -> str:
    marks = "; ".join(f"{sign} {words.text(f'picture.strength.{mark}')}" for mark, sign in sorted(MARKS.items()))
    return f"{marks[:1].upper()}{marks[1:]}. {words.text('picture.joint_note')}"
