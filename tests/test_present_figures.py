"""Figures are drawn from released rows only, are the same bytes twice, cut no label, and say what they leave out."""

import io
import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from matplotlib.text import Text
from present_cases import drawn_only, long, tables, the_study

from analysis import present
from analysis.present.figures import style
from analysis.present.picture import ALT_LIMIT

WORDS = {language: present.words(the_study(), language) for language in ("nl", "en")}
FIGURES = {
    "forest": ("03_change__forest", present.forest, {"outcome": "mhi5", "highlight": "winterswijk"}),
    "forest of a share": ("03_change__forest", present.forest, {"outcome": "volunteering"}),
    "waves": ("03_change__means", present.waves, {"outcome": "mhi5"}),
    "waves of a share": ("03_change__means", present.waves, {"outcome": "volunteering"}),
    "stacked": ("03_change__responders", present.stacked, {}),
    "funnel": ("05_referrals__funnel", present.funnel, {}),
    "curves": ("05_referrals__time_to_step", present.curves, {}),
    "bars": ("05_referrals__referrers", present.bars, {"dim": "referrer", "title": "figures.referrers"}),
    "negative bars": (
        "07_factors__factors",
        present.bars,
        {"dim": "factor", "measure": "mean", "axis": "picture.score_or_number"},
    ),
    "specifications": ("04_robustness__specifications", present.specifications, {"outcome": "mhi5"}),
    "balance": ("07_factors__factors", present.balance, {"dim": "factor"}),
    "over_time": ("05_referrals__by_quarter", present.over_time, {}),
    "loop": ("06_collaboration__loop", present.loop, {}),
    "sociogram": ("06_collaboration__domains", present.sociogram, {}),
    "trend": ("09_context__trend", present.trend, {}),
    "dots": ("06_collaboration__network", present.dots, {}),
    "nothing": ("08_costs__per_step", present.bars, {"dim": "step"}),
}  # fmt: skip


REAL = ("trend", "time_strip")  # public figures and dates are real in a synthetic study too


def _draw(name: str, language: str) -> present.Picture:
    table, make, options = FIGURES[name]
    return make(present.released((tables() | drawn_only())[table], {}, name=table), WORDS[language], **options)


def _texts(picture) -> list[Text]:
    FigureCanvasAgg(picture.figure).draw()
    return [text for text in picture.figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_bytes_twice_and_carries_no_metadata(name):
    first, second = present.png(_draw(name, "nl")), present.png(_draw(name, "nl"))
    assert first == second
    assert b"tEXt" not in first and b"iTXt" not in first and b"matplotlib" not in first
    assert imread(io.BytesIO(first)).std() > 0.02  # something is drawn


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", [*FIGURES, "time_strip"])
def test_no_text_is_cut_and_the_synthetic_mark_is_where_data_are_synthetic(name, language):
    picture = present.time_strip(WORDS[language]) if name == "time_strip" else _draw(name, language)
    found = _texts(picture)
    width, height = picture.figure.bbox.width, picture.figure.bbox.height
    ticks = {id(label) for ax in picture.figure.axes for axis in (ax.xaxis, ax.yaxis) for tick in axis.majorTicks
             for label in (tick.label1, tick.label2)}  # fmt: skip
    boxes = [(text.get_text(), text.get_window_extent()) for text in found if id(text) not in ticks]
    assert [text for text, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height] == []
    image = imread(io.BytesIO(present.png(picture)))[..., :3]  # tick labels that are drawn: no ink on the edge
    assert all(edge.min() == 1 for edge in (image[:2], image[-2:], image[:, :2], image[:, -2:]))
    marked = WORDS[language].text("synthetic.short") in [text.get_text() for text in found]
    assert marked == (name not in REAL)


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", FIGURES)
def test_alternative_text_is_short_and_neither_it_nor_the_figure_holds_a_hidden_value(name, language):
    picture = _draw(name, language)
    said = " ".join([picture.alt, picture.caption, *(text.get_text() for text in _texts(picture))])
    assert 10 < len(picture.alt) <= ALT_LIMIT
    assert "7777" not in re.sub(r"[.,\s]", "", said)


def test_the_caption_names_what_is_hidden_or_could_not_be_estimated():
    assert "Kampen, Steenwijkerland" in _draw("forest", "nl").caption
    assert "POH-GGZ" in _draw("bars", "nl").caption and "POH-GGZ" not in _draw("bars", "nl").alt
    assert "12 months (T2)" in _draw("waves of a share", "en").caption
    assert "Self-rated health today" in _draw("stacked", "en").caption
    assert _draw("nothing", "nl").empty and "verborgen" in _draw("nothing", "nl").caption


def test_the_forest_plot_draws_the_released_numbers():
    """Six estimates of 0.06 x (0.5 + 0.2 i), in percentage points; unit 1 is hidden, unit 3 has no estimate."""
    ax = _draw("forest of a share", "nl").figure.axes[0]
    points = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert np.allclose(points, [3.0, 5.4, 7.8, 9.0, 10.2])
    assert "3,0 (−3,6 tot 9,6)" in _draw("forest of a share", "nl").alt


def test_bars_start_at_zero_and_are_as_long_as_their_value():
    ax = _draw("funnel", "nl").figure.axes[0]
    assert [bar.get_x() for bar in ax.patches] == [0] * 8
    assert [bar.get_width() for bar in ax.patches] == [1900, 1712, 1390, 620, 1010, 640, 480, 300]


def test_intervals_of_means_are_students_t():
    """mean 60, SD 18, n 700: half width t(.975, 699) x 18 / sqrt(700) = 1.9634 x 0.68034 = 1.3358."""
    ax = _draw("waves", "nl").figure.axes[0]
    lower, upper = ax.collections[0].get_segments()[0][:, 1]
    assert (lower, upper) == (pytest.approx(60 - 1.3358, abs=1e-3), pytest.approx(60 + 1.3358, abs=1e-3))


def test_tick_labels_are_the_ticks_in_the_language():
    """Labels read back as the values they stand at: none is rounded away from its tick."""
    for name in ("forest", "waves", "waves of a share", "bars", "negative bars"):
        picture = _draw(name, "nl")
        FigureCanvasAgg(picture.figure).draw()
        ax = picture.figure.axes[0]
        axis = ax.yaxis if name.startswith("waves") else ax.xaxis
        labels = [label.get_text().replace("\N{MINUS SIGN}", "-") for label in axis.get_ticklabels()]
        assert labels and not any("." in label for label in labels)
        assert np.allclose([float(label.replace(",", ".")) for label in labels], axis.get_majorticklocs(), atol=1e-9)


def test_two_arms_are_two_lines_that_differ_in_more_than_colour():
    rows = [{"outcome": "mhi5", "wave": wave, "arm": arm, "mean": 60.0 + at, "sd": 10.0, "n": 100}
            for at, arm in enumerate(("programme", "waiting")) for wave in ("t0", "t1", "t2")]  # fmt: skip
    picture = present.waves(long(rows, ["outcome", "wave", "arm"]), WORDS["nl"], outcome="mhi5")
    ax = picture.figure.axes[0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Programma", "Wachtgroep"]
    drawn = [line for line in ax.lines if line.get_linestyle() != "None" and len(line.get_xdata()) == 3]
    assert len({(line.get_marker(), line.get_linestyle()) for line in drawn}) == 2


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [style.BLUE, style.ORANGE, style.GREY, style.SYNTHETIC, *style.SERIES])
def test_graphic_colours_stand_out_on_white(colour):
    assert 1.05 / (_luminance(colour) + 0.05) >= 4.0


@pytest.mark.parametrize("colour", [style.INK, style.TEXT, style.SOFT])
def test_text_colours_are_readable_on_white(colour):
    assert 1.05 / (_luminance(colour) + 0.05) >= 4.5


def test_a_notebook_shows_the_picture_with_its_alternative_text(monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda data, **options: shown.append((data, options)))
    picture = _draw("bars", "nl")
    present.show(picture)
    data, options = shown[0]
    assert options["metadata"] == {"image/png": {"alt": picture.alt}} and data["text/plain"] == picture.alt
    assert shown[1][0]["text/markdown"] == picture.caption
