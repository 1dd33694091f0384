"""Our quick canvas, layout and PNG writer give what matplotlib and Pillow give."""

import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from analysis.present.figures.canvas import Canvas
from analysis.present.figures.layout import Rows
from analysis.present.picture import Picture, png

RECT = (0.1, 0.2, 0.8, 0.6)


def _ink(canvas: FigureCanvasAgg) -> np.ndarray:
    canvas.draw()
    return 255 - np.asarray(canvas.buffer_rgba())[..., :3].min(axis=2).astype(int)


@pytest.mark.parametrize("angle", [0, 90, 30])
@pytest.mark.parametrize("text", ["Meer meedoen, ◐ 3,4 (−1,0 tot 7,8)", "twee\nregels jg", "$x^2$"])
def test_a_text_stands_within_a_pixel_of_where_matplotlib_draws_it(text, angle):
    figure = Figure(figsize=(4, 3), dpi=150)
    figure.text(0.41, 0.47, text, rotation=angle, va="top", color="#1D1756", fontsize=11)
    theirs, ours = _ink(FigureCanvasAgg(figure)), _ink(Canvas(figure))
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.03) and theirs.sum() > 10_000
    for axis in (0, 1):
        edges = [np.flatnonzero(ink.max(axis=axis) > 60)[[0, -1]] for ink in (theirs, ours)]
        assert np.abs(edges[0] - edges[1]).max() <= 1


def test_a_text_half_seen_through_is_as_pale_as_matplotlib_draws_it():
    figure = Figure(figsize=(3, 1), dpi=100)
    figure.text(0.1, 0.4, "half", alpha=0.5, color="black")
    assert _ink(Canvas(figure)).max() == pytest.approx(_ink(FigureCanvasAgg(figure)).max(), abs=3)


def _laid_out(ratios: tuple[float, ...]) -> Figure:
    figure = Figure(figsize=(5, 6), dpi=100, layout=Rows(RECT, ratios))
    for ax in figure.subplots(len(ratios), 1, squeeze=False, height_ratios=ratios)[:, 0]:
        ax.plot([0, 1000], [0, 0.001], label="a line")
        ax.set_ylabel("two\nlines")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1))
    Canvas(figure).draw()
    return figure


def test_axes_are_as_high_as_asked_in_proportion_and_keep_with_their_labels_within_their_rectangle():
    figure = _laid_out((2, 1))
    upper, lower = (ax.get_position() for ax in figure.axes)
    assert upper.height == pytest.approx(2 * lower.height) and upper.x0 == lower.x0
    boxes = [ax.get_tightbbox().transformed(figure.transFigure.inverted()) for ax in figure.axes]
    left, bottom, wide, high = RECT
    for box in boxes:
        assert left <= box.x0 and box.x1 <= left + wide and bottom <= box.y0 and box.y1 <= bottom + high
    assert boxes[0].y0 > boxes[1].y1
    assert max(box.y1 for box in boxes) == pytest.approx(bottom + high, abs=0.02)


def test_labels_without_room_leave_an_axes_that_can_be_drawn():
    figure = Figure(figsize=(1, 1), layout=Rows(RECT, (1,)))
    figure.subplots().set_ylabel("a label that is far\ntoo\nlarge\nfor\nit", fontsize=30)
    Canvas(figure).draw()
    assert figure.axes[0].get_position().width > 0


def test_a_png_holds_the_pixels_that_were_drawn_and_its_resolution():
    figure = _laid_out((1,))
    content = png(Picture(figure, "", ""), 96)
    image = Image.open(io.BytesIO(content))
    image.load()  # checks the sums of all parts
    assert image.mode == "RGB" and image.info["dpi"] == pytest.approx((96, 96), abs=0.1)
    assert np.array_equal(np.asarray(image), np.asarray(figure.canvas.buffer_rgba())[..., :3])
    assert content == png(Picture(figure, "", ""), 96)
