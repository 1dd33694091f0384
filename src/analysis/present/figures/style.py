"""What all figures share: size, colours that differ for colour-blind readers and in print, header and source line."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.present.picture import Picture, alt_text
from analysis.present.reading import Released
from analysis.present.tables import title_of, why_empty
from analysis.present.wording import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 5.4  # inches: on a phone 10 point text is then still about 9 pixels
WIDE = 7.4  # inches: the width of a page on a screen
INK, TEXT, SOFT = "#1D1756", "#222222", "#595959"
BLUE, ORANGE, GREY, SYNTHETIC = "#0072B2", "#C24E00", "#767676", "#B0004E"
SERIES = (BLUE, ORANGE, "#007E48", "#7A3E9D", "#1D1756", "#767676")  # each at least 4:1 on white
MARKERS = ("o", "s", "^", "D", "v", "P")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))
RC = {
    "font.family": "DejaVu Sans", "font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
    "axes.edgecolor": SOFT, "axes.labelcolor": TEXT, "text.color": TEXT, "xtick.color": TEXT, "ytick.color": TEXT,
    "hatch.linewidth": 0.8, "axes.unicode_minus": True, "savefig.facecolor": "white", "figure.facecolor": "white",
}  # fmt: skip
LINE = 0.19  # inches per line of 10 point text
BESIDE = 3.5  # points between axes and a name beside them


@dataclass(frozen=True)
class Sheet:
    """An empty figure with one or more axes, its header already written."""

    figure: "Figure"
    axes: tuple["Axes", ...]
    title: str

    @property
    def ax(self) -> "Axes":
        """The only axes."""
        return self.axes[0]

    def write(self, x: float, y: float, text: str, **style: object) -> None:
        """A text at a place of the only axes that stays within them: the layout makes no room for it, and nothing cuts
        it. In a diagram of hundreds of texts, measuring and clipping each is most of the work.
        """
        self.figure.text(x, y, text, transform=self.ax.transData, **style)


def sheet(
    words: Words, title: str, subtitle: str, source: str, *, height: float, ratios: tuple[float, ...] = (1,),
    width: float = WIDTH, real: bool = False,
) -> Sheet:  # fmt: skip
    """A figure `height` inches high below its header: title, subtitle, synthetic mark; source line at the foot.

    It has one axes a number in `ratios`, their heights in that proportion. `width` is for what cannot be read in the
    common width (a diagram); such a figure is as wide as the page. `real` is what of a synthetic study is not: public
    figures and dates.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from analysis.present.figures.layout import Rows

    room = width / WIDTH
    heading, below = textwrap.wrap(title, int(48 * room)), textwrap.wrap(subtitle, int(68 * room))
    foot = textwrap.wrap(source, int(82 * room))
    synthetic = words.study.kind == "synthetic" and not real
    top = 0.12 + 0.24 * len(heading) + LINE * len(below) + 0.26 * synthetic + 0.06
    bottom = 0.1 + 0.16 * len(foot)
    total = top + height + bottom
    with rc_context(RC):
        figure = Figure(figsize=(width, total), layout=Rows((0.01, bottom / total, 0.98, height / total), ratios))
        axes = figure.subplots(len(ratios), 1, squeeze=False, height_ratios=ratios)[:, 0]
        for spine in (spine for ax in axes for spine in ax.spines.values()):
            spine.set_in_layout(False)  # it is where the axes end, which is known
        write = _Writer(figure, total)
        if synthetic:
            write.line(words.text("synthetic.short"), 0.26, size=9, color="white", weight="bold", box=SYNTHETIC)
        for line in heading:
            write.line(line, 0.24, size=12, color=INK, weight="bold")
        for line in below:
            write.line(line, LINE, size=9.5, color=SOFT)
        for at, line in enumerate(reversed(foot)):
            figure.text(0.015 * WIDTH / width, (0.06 + 0.16 * at) / total, line, fontsize=8, color=SOFT, va="bottom")
    return Sheet(figure, tuple(axes), title)


class _Writer:
    """Writes lines from the top of a figure downwards."""

    def __init__(self, figure: "Figure", height: float):
        self.figure, self.height, self.at = figure, height, 0.1

    def line(self, text: str, step: float, *, size: float, color: str, weight: str = "normal", box: str = "") -> None:
        frame = {"facecolor": box, "edgecolor": "none", "boxstyle": "square,pad=0.3"} if box else None
        place = (
            (0.022 if box else 0.015) * WIDTH / self.figure.get_figwidth(),
            1 - (self.at + (0.04 if box else 0)) / self.height,
        )
        self.figure.text(*place, text, fontsize=size, color=color, weight=weight, va="top", bbox=frame)
        self.at += step


def named(ax: "Axes", places: Iterable[float], labels: Iterable[str], *, right: bool = False, size: float = 10) -> None:
    """Write what stands on each line of a figure beside it: names at the left, or values at the right.

    They are texts, not ticks: a tick is five objects, and making those took a sixth of all time.
    """
    from matplotlib.ticker import NullLocator
    from matplotlib.transforms import offset_copy

    ax.yaxis.set_major_locator(NullLocator())
    beside = offset_copy(ax.get_yaxis_transform(), ax.get_figure(), x=BESIDE if right else -BESIDE, units="points")
    style = {"transform": beside, "ha": "left" if right else "right", "va": "center_baseline", "fontsize": size}
    for place, label in zip(places, labels, strict=True):
        ax.text(int(right), place, label, color=TEXT, **style)


def numbered(axis, words: Words) -> None:
    """Write an axis' numbers as the language does, with the decimals that its ticks need once they are laid out."""
    from analysis.present.figures.ticks import Numbers

    axis.set_major_formatter(Numbers(words))


def source_line(words: Words, table: Released) -> str:
    """Study and table that a figure is drawn from."""
    return words.text("picture.source", study=words.of(words.study.title), table=title_of(table.name, words))


def subtitle(words: Words, table: Released, detail: str = "", unit: str = "") -> str:
    """Unit and whatever else must be known to read the figure."""
    name = words.level("unit", unit or table.unit)
    return words.text("picture.subtitle", unit=name, detail=detail) if detail else name


def wrapped(label: str, width: int = 24) -> str:
    """A label over as many lines as it needs: never cut."""
    return "\n".join(textwrap.wrap(label, width, break_long_words=False)) or label


def lines_of(labels: list[str], width: int = 24) -> int:
    """Lines that the longest label needs."""
    return max((wrapped(label, width).count("\n") + 1 for label in labels), default=1)


def not_shown(words: Words, labels: list[str]) -> str:
    """The caption's sentence on what is absent; empty when nothing is."""
    return words.text("picture.not_shown", levels=", ".join(labels)) if labels else ""


def nothing(words: Words, table: Released, title: str) -> Picture:
    """The stated empty state: a strip that says that all is hidden, or that there is nothing."""
    said = why_empty(table, words)
    made = sheet(words, title, subtitle(words, table), source_line(words, table), height=0.5)
    made.ax.axis("off")
    made.ax.text(0, 0.5, "\n".join(textwrap.wrap(said, 66)), va="center", color=TEXT, fontsize=10)
    return Picture(made.figure, alt_text(words, title, []), said, None)
