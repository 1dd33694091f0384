"""A canvas for figures in hundreds: it keeps how each text looks and how large it is, for figures repeat their words.

Matplotlib shapes and draws each text letter by letter, each time. Letters stand here as there, but for the part of a
pixel by which a text is moved to stand on whole pixels.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg, get_hinting_flag
from matplotlib.font_manager import findfont, get_font

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

KEPT = 2**12  # texts: those of the figures of a unit in two languages
TURNED = {0: 0, 90: 1}  # angle: quarter turns


@dataclass(frozen=True)
class Text:
    """A text in ink (0-255, rows from the top), which begins so many pixels right of where the base line does; its
    width, height and descent in pixels.
    """

    ink: np.ndarray
    left: float
    size: tuple[float, float, float]


class Canvas(FigureCanvasAgg):
    """The Agg canvas with our renderer."""

    def get_renderer(self) -> RendererAgg:
        """The renderer of the figure as large as it is now."""
        wide, high = self.get_width_height(physical=True)
        key = wide, high, self.figure.dpi
        if self._lastKey != key:
            self.renderer, self._lastKey = Renderer(*key), key
        return self.renderer


class Renderer(RendererAgg):
    """The Agg renderer with texts as pictures that are kept. Formulas and slanting texts are drawn as ever."""

    def get_text_width_height_descent(self, s: str, prop: "FontProperties", ismath: bool | str):
        """Width, height and descent of a text in pixels."""
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)
        return _text(s, prop.copy(), self.dpi).size  # a copy: properties are a key here, and their owner changes them

    def _get_font_height_metrics(self, prop: "FontProperties") -> tuple[float | None, ...]:
        """Ascent, descent and line gap of a font in pixels. Matplotlib (since 3.11) asks a renderer for them, and else
        reads the font anew for each text, which is two thirds of laying one out.
        """
        return _heights(prop.copy(), self.dpi)

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        """Draw a text with the start of its base line at x, y (pixels from the left and from the top)."""
        if ismath or angle not in TURNED:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)
            return
        text = _text(s, prop.copy(), self.dpi)
        if not text.ink.size:
            return
        ink, left, low = text.ink, text.left, text.size[2] + 1  # FreeType leaves a row empty
        x, y = (x + left, y + low) if angle == 0 else (x + low - len(ink), y - left)
        picture = np.rot90(ink, TURNED[angle])[::-1]  # the renderer's first row is the lowest
        *colour, alpha = gc.get_rgb()
        pixel = np.array([*(round(255 * part) for part in colour), 0], np.uint8).view(np.uint32)
        coloured = np.full(picture.shape, pixel).view(np.uint8).reshape(*picture.shape, 4)
        coloured[..., 3] = picture if alpha == 1 else np.round(picture * alpha)
        self.draw_image(gc, round(x), round(self.height - y), coloured)


@lru_cache(maxsize=KEPT)
def _text(text: str, prop: "FontProperties", dpi: float) -> Text:
    font = get_font([findfont(prop)])
    font.set_size(prop.get_size_in_points(), dpi)
    font.set_text(text, 0, flags=get_hinting_flag())
    font.draw_glyphs_to_bitmap(antialiased=True)
    wide, high = font.get_width_height()
    size = wide / 64, high / 64, font.get_descent() / 64
    return Text(np.array(font.get_image()), font.get_bitmap_offset()[0] / 64, size)


@lru_cache(maxsize=KEPT)
def _heights(prop: "FontProperties", dpi: float) -> tuple[float | None, ...]:
    font = get_font([findfont(prop)])
    table = font.get_sfnt_table("OS/2")
    if table is None:
        return None, None, None  # matplotlib then measures letters
    scale = 1 / font.get_sfnt_table("head")["unitsPerEm"] * prop.get_size_in_points() * dpi / 72
    return table["sTypoAscender"] * scale, -table["sTypoDescender"] * scale, table["sTypoLineGap"] * scale
