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
        """Place the axes; and again where what stands beside them may have moved with them: ticks, texts, a legend."""
        axes = [one for one in figure.axes if one.get_subplotspec() is not None]
        before = _ticks(axes)
        self._place(figure, axes)
        if any(ax.axison and (ax.texts or ax.get_legend()) for ax in axes) or _ticks(axes) != before:
            self._place(figure, axes)

    def _place(self, figure: "Figure", axes: Sequence["Axes"]) -> None:
        margins = np.array([_margins(ax) for ax in axes]) + PAD * figure.dpi
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


def _margins(ax: "Axes") -> tuple[float, float, float, float]:
    """Pixels that labels need at the left, below, at the right and above."""
    figure = ax.get_figure()
    around = ax.get_tightbbox(figure.canvas.get_renderer(), for_layout_only=True)
    own = ax.get_position(original=True).transformed(figure.transFigure)
    return own.x0 - around.x0, own.y0 - around.y0, around.x1 - own.x1, around.y1 - own.y1


def _ticks(axes: Sequence["Axes"]) -> list[tuple[float, ...]]:
    return [tuple(axis.get_majorticklocs()) for ax in axes for axis in (ax.xaxis, ax.yaxis)]
