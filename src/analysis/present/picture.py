"""A figure with what somebody who cannot see it reads, ready for a page or a notebook."""

import base64
import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from analysis.present.reading import Released
from analysis.present.wording import Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALT_LIMIT = 200  # characters: longer texts are not read out in one go
DPI = 150
NOTEBOOK_DPI = 72  # sharp enough on a screen, and a notebook with five figures stays below 300 kB
PACKED = 3  # level of zlib: 6, which is usual, takes twice the time and saves a tenth
COMMON_WIDTH, DIAGRAM_COLOURS = 6.0, 24  # inches, above which a figure in a notebook is kept to so many colours


@dataclass(frozen=True)
class Picture:
    """A figure, its alternative text (shown values only), its caption, and the released rows that were drawn."""

    figure: "Figure" = field(repr=False)
    alt: str
    caption: str
    drawn: Released | None = field(default=None, repr=False)

    @property
    def empty(self) -> bool:
        """Whether there was nothing that may be shown."""
        return self.drawn is None or self.drawn.empty


def png(picture: Picture, dpi: int = DPI, *, colours: int = 0) -> bytes:
    """The picture as PNG without metadata, so that equal pictures are equal bytes; with at most so many `colours`, if
    asked, which makes a diagram with much text a third as large."""
    from PIL import Image

    from analysis.present.figures.canvas import Canvas

    picture.figure.set_dpi(dpi)
    canvas = Canvas(picture.figure)
    canvas.draw()  # once: savefig draws twice, and half of publishing is drawing
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    if not colours:
        return _packed(pixels, dpi)
    buffer = io.BytesIO()
    Image.fromarray(pixels).quantize(colours, dither=Image.Dither.NONE).save(buffer, format="PNG", dpi=(dpi, dpi))
    return buffer.getvalue()


def _packed(pixels: np.ndarray, dpi: int) -> bytes:
    """Pixels (rows x columns x 3 bytes) as a PNG file whose rows are not filtered.

    Pillow tries five filters on each row, which is for photographs: a figure is flat, so that it then takes twice the
    time and a tenth more room. Format: https://www.w3.org/TR/png-3/
    """
    high, wide, _ = pixels.shape
    rows = np.zeros((high, 1 + 3 * wide), np.uint8)  # the byte before each row says: not filtered
    for colour in range(3):  # one at a time: together they are copied pixel by pixel, five times slower
        rows[:, 1 + colour :: 3] = pixels[..., colour]
    metre = round(dpi / 0.0254)
    parts = (
        (b"IHDR", struct.pack(">2I5B", wide, high, 8, 2, 0, 0, 0)), (b"pHYs", struct.pack(">2IB", metre, metre, 1)),
        (b"IDAT", zlib.compress(rows, PACKED)), (b"IEND", b""),
    )  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
        for kind, data in parts
    )


def show(picture: Picture) -> None:
    """Display the picture in a notebook with its alternative text; the caption follows as text."""
    from IPython.display import display

    colours = DIAGRAM_COLOURS if picture.figure.get_figwidth() > COMMON_WIDTH else 0
    bundle = {
        "image/png": base64.b64encode(png(picture, NOTEBOOK_DPI, colours=colours)).decode("ascii"),
        "text/plain": picture.alt,
    }
    display(bundle, raw=True, metadata={"image/png": {"alt": picture.alt}})
    if picture.caption:
        display({"text/markdown": picture.caption, "text/plain": picture.caption}, raw=True)


def alt_text(words: Words, title: str, items: Sequence[tuple[str, str]]) -> str:
    """Title and as many shown values as fit in 200 characters; what does not fit is said to be in the table."""
    title = title.rstrip(".?: ")
    if not items:
        return words.text("picture.alt_empty", title=title)
    texts = [words.text("picture.item", label=label, value=value) for label, value in items]
    for kept in range(len(texts), 0, -1):
        key, shown = ("picture.alt" if kept == len(texts) else "picture.alt_more"), "; ".join(texts[:kept])
        found = words.text(key, title=title, shown=shown, more=words.number(len(texts) - kept))
        if len(found) <= ALT_LIMIT:
            return found
    return words.text("picture.alt_table", title=title)[:ALT_LIMIT]
