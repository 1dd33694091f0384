"""Axes below one another, each as large as its labels leave.

It is what figures need of matplotlib's constrained layout, which measures every label twice and solves a system of
equations: that took half of the time of a figure.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.layout_engine import LayoutEngine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import BboxBase

PAD = 0.06  # inches around each axes and its labels


class Rows(LayoutEngine):
    """Lays the axes of a figure out in one column, as high as `ratios` say in proportion.

    They and what stands beside them (labels, texts, legend) are within `rect`: left, bottom, width and height as parts
    of the figure.
    """

    _adjust_compatible = _colorbar_gridspec = False

    def __init__(self, rect: tuple[float, float, float, float], ratios: Sequence[float]):
        super().__init__()
        self.rect, self.ratios = np.asarray(rect), np.asarray(ratios) / sum(ratios)

    def execute(self, figure: "Figure") -> None:
        """Place the axes; and again where that gave an axis other ticks, or gave a legend less room beside it."""
        axes = [one for one in figure.axes if one.get_subplotspec() is not None]
        for axis in (axis for ax in axes for axis in (ax.xaxis, ax.yaxis) if not axis.get_label_text()):
            axis.set_label_coords(0, 0)  # or all ticks are measured for where a label would stand
        self._place(figure, axes, np.zeros((len(axes), 4)))  # the same start each time that a figure is drawn
        before, labels = _ticks(axes), [_labels(ax) for ax in axes]
        self._place(figure, axes, np.maximum(labels, [_beside(ax) for ax in axes]))
        if (moved := _ticks(axes) != before) or any(ax.get_legend() for ax in axes):
            labels = [_labels(ax) for ax in axes] if moved else labels
            self._place(figure, axes, np.maximum(labels, [_beside(ax) for ax in axes]))

    def _place(self, figure: "Figure", axes: Sequence["Axes"], needed: np.ndarray) -> None:
        """Place each axes with room for so many pixels at its left, below, at its right and above."""
        margins = np.asarray(needed) + PAD * figure.dpi
        size = figure.bbox.size
        left, bottom, wide, high = self.rect * [*size, *size]
        room = high - margins[:, 1].sum() - margins[:, 3].sum()
        before, after = margins[:, [0, 2]].max(axis=0)
        top = bottom + high
        for ax, margin, part in zip(axes, margins, self.ratios, strict=True):
            top -= margin[3] + part * room
            place = np.array([left + before, top, wide - before - after, part * room]) / [*size, *size]
            ax.set_position(np.clip(place, 0.001, 1))  # labels may leave no room at all
            top -= margin[1]


def _labels(ax: "Axes") -> np.ndarray:
    """What the labels of the axes and its title need."""
    renderer = ax.get_figure().canvas.get_renderer()
    return _beyond(ax, ax.get_tightbbox(renderer, for_layout_only=True, bbox_extra_artists=[]))


def _beside(ax: "Axes") -> np.ndarray:
    """What texts, a legend and marks on the edge need where they stand now."""
    renderer = ax.get_figure().canvas.get_renderer()
    beside = [*ax.texts, ax.get_legend(), *(line for line in ax.lines if not line.get_clip_on())]
    boxes = [one.get_tightbbox(renderer) for one in beside if one is not None and one.get_in_layout()]
    return np.max([np.zeros(4), *(_beyond(ax, box) for box in boxes if box is not None)], axis=0)


def _beyond(ax: "Axes", box: "BboxBase") -> np.ndarray:
    """How far a box sticks out of the axes: at the left, below, at the right and above."""
    own = ax.get_position(original=True).transformed(ax.get_figure().transFigure)
    found = np.array([own.x0 - box.x0, own.y0 - box.y0, box.x1 - own.x1, box.y1 - own.y1])
    return np.where(np.isfinite(found), found, 0)


def _ticks(axes: Sequence["Axes"]) -> list[tuple[float, ...]]:
    return [tuple(axis.get_majorticklocs()) for ax in axes for axis in (ax.xaxis, ax.yaxis)]
