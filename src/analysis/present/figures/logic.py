"""The logic model as boxes and arrows with what was measured in each."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.logic import STAGES, Measured
from analysis.present.figures.marks import COLOURS, LETTER, LINE, MARKS, SIZE, mark_of, measured, value_text
from analysis.present.figures.style import INK, SOFT, TEXT, WIDE, Sheet, nothing, sheet, source_line, subtitle, wrapped
from analysis.present.picture import Picture, alt_text
from analysis.present.reading import Released, released
from analysis.present.wording import Words

MARGIN, GAP, BETWEEN = 1.15, 0.14, 0.34  # inches: names of the stages, between boxes, between stages (arrows)
FILLS = {"context": "#F1F1F1"}


@dataclass(frozen=True)
class Box:
    """A box: its place in inches from the top left, the label's lines, and lines of what was measured with colours."""

    left: float
    width: float
    head: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    bare: bool

    @property
    def height(self) -> float:
        """Inches that the text needs."""
        return LINE * (len(self.head) + len(self.lines)) + 0.14


def logic_model(table: pd.DataFrame | Released, words: Words) -> Picture:
    """The logic model from input (top) to long term, context below, with what was measured in each box.

    `table` has the dimensions stage, node, measured and the measures of `planned.logic_model`; boxes, order and arrows
    are the study's own. A box with a broken edge was not measured.
    """
    whole, title = released(table), words.text("figures.logic_model")
    nodes = words.study.nodes
    if whole.empty or not nodes:
        return nothing(words, whole, title)
    rows = [[node for node in nodes if node.stage == stage] for stage in STAGES]
    boxes = {node.id: box for row in rows for node, box in zip(row, _boxes(row, whole, words), strict=True)}
    tops, height = _tops(rows, boxes)
    made = sheet(words, title, subtitle(words, whole), source_line(words, whole), height=height, width=WIDE)
    ax = made.ax
    ax.axis("off")
    ax.set_xlim(0, WIDE - 0.2)
    ax.set_ylim(height, 0)
    for stage, row in zip(STAGES, rows, strict=True):
        if row:
            name = wrapped(words.level("stage", stage), 13)
            made.write(0, tops[row[0].id] + 0.07, name, size=9, weight="bold", color=INK, va="top")
            for node in row:
                _draw(made, boxes[node.id], tops[node.id], FILLS.get(stage, "white"), _tallest(row, boxes))
    for node in nodes:
        for to in node.leads_to:
            _arrow(ax, boxes[node.id], boxes[to], tops[node.id] + _tallest(rows[STAGES.index(node.stage)], boxes),
                   tops[to])  # fmt: skip
    items = [
        (node.label(words.language), "; ".join(text for text, _ in _said(node.id, whole, words))) for node in nodes
    ]
    return Picture(made.figure, alt_text(words, title, items), words.text("picture.logic_note"), whole)


def _boxes(row: list, whole: Released, words: Words) -> list[Box]:
    room = WIDE - 0.25 - MARGIN
    width = (room - GAP * (len(row) - 1)) / max(len(row), 1)
    letters = int((width - 0.16) / LETTER)
    found = []
    for place, node in enumerate(row):
        said = _said(node.id, whole, words)
        lines = [(part, colour) for text, colour in said for part in wrapped(text, letters).split("\n")]
        head = tuple(wrapped(node.label(words.language), int(letters * 0.9)).split("\n"))
        bare = said == _nothing_measured(words)
        found.append(Box(MARGIN + place * (width + GAP), width, head, tuple(lines), bare))
    return found


def _nothing_measured(words: Words) -> list[tuple[str, str]]:
    return [(f"{MARKS[0]} {words.text('levels.measured.none')}", COLOURS[0])]


def _said(node: str, whole: Released, words: Words) -> list[tuple[str, str]]:
    """What was measured in a box: a mark, what, its value and for a change its direction; with the mark's colour."""
    found = []
    for name, cells in measured(whole.where(node=node)).items():
        if name == "none":
            return _nothing_measured(words)
        text, mark = value_text(cells, words), mark_of(cells)
        change = Measured.parse(name).source == "outcome" and mark is not None
        label = words.level("measured", name)
        said = words.text("picture.item", label=label, value=text)
        ending = f" ({words.text(f'picture.direction.{mark}')})" if change and mark else ""
        bullet = MARKS[mark] if change and mark else "•"
        found.append((f"{bullet}\N{NO-BREAK SPACE}{said}{ending}", COLOURS[mark] if change else TEXT))
    return found


def _tallest(row: list, boxes: Mapping[str, Box]) -> float:
    return max(boxes[node.id].height for node in row)


def _tops(rows: list[list], boxes: Mapping[str, Box]) -> tuple[dict[str, float], float]:
    """The top of each box in inches, and the height of all of them together."""
    tops, top = {}, 0.05
    for row in filter(None, rows):
        tops |= {node.id: top for node in row}
        top += _tallest(row, boxes) + BETWEEN
    return tops, top - BETWEEN + 0.05


def _draw(made: Sheet, box: Box, top: float, fill: str, height: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    edge, line = (SOFT, (0, (3, 2))) if box.bare else (INK, "-")
    shape = FancyBboxPatch(
        (box.left + 0.03, top + 0.03), box.width - 0.06, height - 0.06, boxstyle="round,pad=0.03,rounding_size=0.06",
        facecolor=fill, edgecolor=edge, linestyle=line, linewidth=1.2, zorder=2,
    )  # fmt: skip
    made.ax.add_patch(shape)
    at = top + 0.07
    for text in box.head:
        made.write(box.left + 0.08, at, text, size=SIZE, weight="bold", color=INK, va="top", zorder=3)
        at += LINE
    for text, colour in box.lines:
        made.write(box.left + 0.08, at, text, size=SIZE, color=colour, va="top", zorder=3)
        at += LINE


def _arrow(ax, start: Box, end: Box, bottom: float, top: float) -> None:
    """From the lower edge of a box to the upper edge of a later one; behind the boxes where it passes a stage."""
    between = (start.left + start.width / 2, bottom), (end.left + end.width / 2, top)
    ax.annotate(
        "", xy=between[1], xytext=between[0], zorder=1,
        arrowprops={"arrowstyle": "-|>", "color": SOFT, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip
