"""The network: its measures at each moment on their own axes, and which domains work together."""

import numpy as np
import pandas as pd

from analysis.present.cells import format_of, written
from analysis.present.figures.style import (
    BLUE,
    INK,
    SOFT,
    Sheet,
    named,
    not_shown,
    nothing,
    sheet,
    source_line,
    subtitle,
    wrapped,
)
from analysis.present.picture import Picture, alt_text
from analysis.present.reading import Released, released
from analysis.present.wording import Words

ROOM = 0.08  # at both ends of a line of dots, of its length


def dots(table: pd.DataFrame | Released, words: Words) -> Picture:
    """Each measure of the network at its moments, on its own axis: open dot first, closed dot last.

    `table` has the dimension moment (others at their total) and one measure a network measure, or a dimension measure.
    """
    whole = released(table).totals_but("moment")
    title = words.text("figures.network")
    by = "network_measure" if "network_measure" in whole.dims else "measure"
    shown = whole.shown
    names = list(shown[by].unique())[:6] if "moment" in whole.dims else []
    if not names:
        return nothing(words, whole, title)
    made = sheet(words, title, subtitle(words, whole), source_line(words, whole), height=0.45 + 0.8 * len(names))
    items = []
    for place, name in enumerate(names):
        rows = shown[shown[by] == name].drop_duplicates("moment")
        texts = [written(words, row["measure"], row["value"], n=row["n"]) for row in rows.to_dict("records")]
        _dot_line(made, place, rows["value"].to_numpy(float), texts, format_of(name).how, words)
        items.append((words.measure(name), " / ".join(texts)))
    _dot_axes(made.ax, [wrapped(label, 22) for label, _ in items])
    moments = [words.level("moment", moment) for moment in whole.levels("moment")]
    marks = [made.ax.plot([], [], "o", color=INK, mfc=face, markersize=8)[0] for face in ("white", INK)]
    made.ax.legend(marks[: len(moments)], moments, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    absent = [words.measure(name) for name in whole.rows[by].unique() if name not in set(shown[by])]
    return Picture(made.figure, alt_text(words, title, items), not_shown(words, absent), whole)


def _dot_line(made: Sheet, place: int, values: np.ndarray, texts: list[str], how: str, words: Words) -> None:
    """One measure on a line of its own, which goes from zero (or the lowest value) to what is written at its end."""
    low, high = min(values.min(), 0), max(values.max(), 100 if how == "percent" else 1)
    for end, value in enumerate((low, high)):
        number = words.number(value, 0 if value == int(value) else 1)
        made.write(end, place + 0.36, number, ha="center", va="top", fontsize=8, color=SOFT)
    made.ax.plot([-ROOM, 1 + ROOM], [place + 0.33] * 2, color="#D4D4D4", linewidth=0.8)
    at = (values - low) / (high - low)
    made.ax.plot(at, [place] * len(values), color=SOFT, linewidth=2, zorder=1)
    for moment, (x, text) in enumerate(zip(at, texts, strict=True)):
        last = moment == len(values) - 1
        made.ax.plot(x, place, "o", color=INK, mfc=INK if last else "white", markersize=9, zorder=2)
        made.ax.annotate(text, (x, place), (0, 8 if last else -8), textcoords="offset points", ha="center",
                         va="bottom" if last else "top", fontsize=9, in_layout=False)  # fmt: skip


def _dot_axes(ax, labels: list[str]) -> None:
    ax.set_xlim(-ROOM, 1 + ROOM)
    ax.set_ylim(len(labels) - 0.4, -0.5)
    named(ax, range(len(labels)), labels)
    ax.xaxis.set_visible(False)
    ax.spines[:].set_visible(False)


def sociogram(table: pd.DataFrame | Released, words: Words) -> Picture:
    """Which domains work together, at the first and the last moment: a circle per domain, a line per pair, thicker and
    darker the more of the possible ties there are; the number in a circle is the share within the domain.

    `table` has the dimensions unit, moment, domain_1, domain_2 and the measure percent (of the possible ties); units
    are taken together by their mean. Domains only: no organisation is drawn.
    """
    whole, title = released(table).only("percent"), words.text("figures.sociogram")
    if whole.empty:
        return nothing(words, whole, title)
    pairs = whole.shown.groupby(["moment", "domain_1", "domain_2"], sort=True)["value"].mean()
    there = list(pairs.index.unique("moment"))
    moments = [there[0], there[-1]] if len(there) > 1 else there
    domains = _ordered(words, {*pairs.index.unique("domain_1"), *pairs.index.unique("domain_2")})
    made = sheet(words, title, subtitle(words, whole), source_line(words, whole), height=2.9 * len(moments),
                 ratios=(1,) * len(moments))  # fmt: skip
    for ax, moment in zip(made.axes, moments, strict=True):
        _domains(ax, pairs[moment], domains, words)
        ax.set_title(words.level("moment", moment), fontsize=10, color=INK, loc="left")
    last = pairs[moments[-1]].sort_values(ascending=False, kind="stable")
    named = [(words.level("domain", one), words.level("domain", other)) for one, other in last.index]
    items = [(" - ".join(pair), words.percent(value)) for pair, value in zip(named, last, strict=True)]
    return Picture(made.figure, alt_text(words, title, items), words.text("picture.sociogram_note"), whole)


def _ordered(words: Words, domains: set[str]) -> list[str]:
    """Domains in the plan's order, what was joined (`other`) last."""
    order = [level.level for level in words.study.levels("domain")]
    return sorted(domains, key=lambda domain: (order.index(domain) if domain in order else len(order), domain))


def _domains(ax, pairs: pd.Series, domains: list[str], words: Words) -> None:
    """One network of domains on a circle."""
    from matplotlib import colormaps

    turn = np.pi / 2 - 2 * np.pi * np.arange(len(domains)) / max(len(domains), 1)
    place = {domain: (np.cos(at), np.sin(at)) for domain, at in zip(domains, turn, strict=True)}
    for (one, other), value in pairs.items():
        if one != other:
            ax.plot(*zip(place[one], place[other], strict=True), color=colormaps["Blues"](0.15 + value / 125),
                    linewidth=0.3 + value / 9, solid_capstyle="round", zorder=value / 1000)  # fmt: skip
    for domain, (x, y) in place.items():
        ax.plot(x, y, "o", markersize=24, color="white", markeredgecolor=BLUE, markeredgewidth=1.5, zorder=2)
        within = pairs.get((domain, domain), np.nan)
        share = words.percent(within) if np.isfinite(within) else ""
        ax.text(x, y, share, ha="center", va="center", fontsize=8, zorder=3)
        side = "left" if x > 0.1 else "right" if x < -0.1 else "center"
        up = 0.33 * np.sign(y) if side == "center" else 0
        ax.text(x + (0.26 if side == "left" else -0.26 if side == "right" else 0), y + up,
                wrapped(words.level("domain", domain), 18), ha=side, va="center", fontsize=9)  # fmt: skip
    ax.set_xlim(-2.6, 2.6)
    ax.set_ylim(-1.5, 1.5)
    ax.set_aspect("equal")
    ax.axis("off")
