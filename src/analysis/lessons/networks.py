"""The picture of a small made-up network: organisations in a circle, ties as lines, silence visible."""

import numpy as np
import pandas as pd

from analysis.present.figures.style import GREY, INK, RC, SERIES, WIDTH
from analysis.present.picture import Picture

SHAPES = "osD^vP"
LINES = ("-", "--")


def draw(
    ties: pd.DataFrame, organisations: pd.DataFrame, *, title: str, answered: str = "", domain: str = "domain"
) -> Picture:
    """Organisations in a circle with the ties that were reported between them (`source` says so of `target`).

    A tie that both sides report is a full line, a tie of one side only a broken one. Colour and shape tell the domain;
    with `answered` (a column of true and false) organisations that did not answer are open. For made-up organisations
    only: a real network shows domains, never organisations.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    names = list(organisations["organisation"])
    turn = np.linspace(0, 2 * np.pi, len(names), endpoint=False)
    place = {name: (1.5 * np.sin(at), np.cos(at)) for name, at in zip(names, turn, strict=True)}
    pairs = ties[["source", "target"]].apply(lambda row: tuple(sorted(row)), axis=1).value_counts()
    with rc_context(RC):
        figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
        ax = figure.subplots()
        figure.suptitle(title, x=0.015, ha="left", fontsize=12, color=INK, weight="bold")
    for (one, other), reports in pairs.items():
        ax.plot(*zip(place[one], place[other], strict=True), color=GREY, linestyle=LINES[reports == 1], zorder=1)
    for at, (name, members) in enumerate(organisations.groupby(domain, sort=False)):
        look = {"marker": SHAPES[at % len(SHAPES)], "color": SERIES[at % len(SERIES)], "linestyle": ""}
        silent = members[answered].eq(False) if answered else np.zeros(len(members), bool)
        for member, open_ in zip(members["organisation"], silent, strict=True):
            ax.plot(*place[member], **look, markersize=13, mew=2, mfc="white" if open_ else None, zorder=2)
            _name(ax, member, *place[member])
        ax.plot([], [], **look, label=str(name))
    for reports, label in enumerate(("allebei noemen de band", "een van de twee noemt de band")):
        ax.plot([], [], color=GREY, linestyle=LINES[reports], label=label)
    ax.set(xlim=(-2.6, 2.6), ylim=(-1.3, 1.3))
    ax.axis("off")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    both = int((pairs > 1).sum())
    alt = f"{title.rstrip('.?: ')}. {len(names)} organisaties, {len(pairs)} banden, waarvan {both} door beide genoemd."
    return Picture(figure, alt, "")


def _name(ax, name: str, x: float, y: float) -> None:
    """The name of an organisation outside the circle, on the side where it stands."""
    side = "center" if abs(x) < 0.1 else "left" if x > 0 else "right"
    height = ("bottom" if y > 0 else "top") if side == "center" else "center"
    away = (0 if side == "center" else 12 * np.sign(x), 11 * np.sign(y) if side == "center" else 0)
    ax.annotate(name, (x, y), away, textcoords="offset points", ha=side, va=height, color=INK, fontsize=9.5)
