"""The figures of a page as HTML, each with the table of what is drawn folded below it."""

import base64
import inspect
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from analysis import present
from analysis.present.figures import anchoring as anchoring_figures
from analysis.present.figures import change as change_figures
from analysis.present.figures import evaluation as evaluation_figures
from analysis.present.figures import joint as joint_figures
from analysis.present.figures import logic as logic_figures
from analysis.present.figures import network as network_figures
from analysis.present.figures import process as process_figures
from analysis.present.figures import responders as responder_figures
from analysis.present.figures import specification as specification_figures
from analysis.present.figures import timeline as timeline_figures
from analysis.publish.anchors import Anchors
from analysis.publish.contents import Part
from analysis.publish.material import Block, Material
from analysis.publish.tabled import folded, tabled

PIXELS = 110  # of the page, per inch of a figure
FIGURES: Mapping[str, Callable] = {
    "forest": change_figures.forest, "waves": change_figures.waves, "stacked": responder_figures.stacked,
    "funnel": process_figures.funnel, "bars": process_figures.bars, "curves": process_figures.curves,
    "dots": network_figures.dots, "specifications": specification_figures.specifications,
    "sociogram": network_figures.sociogram, "balance": evaluation_figures.balance,
    "over_time": timeline_figures.over_time, "loop": timeline_figures.loop, "trend": timeline_figures.trend,
    "joint_display": joint_figures.joint_display, "logic_model": logic_figures.logic_model,
    "plan_strip": anchoring_figures.plan_strip, "integration": anchoring_figures.integration,
    "heat": anchoring_figures.heat,
}  # fmt: skip


def figures(part: Part, table: "present.Released | None", material: Material, anchors: Anchors) -> Sequence[Block]:
    """A figure, or one an outcome; nothing where there is nothing to draw (the sentences say why)."""
    if part.what == "time_strip":
        drawn = [present.time_strip(material.words)] if material.words.study.periods else []
        return [_figure(picture, part, material, anchors) for picture in drawn]
    if table is None or table.empty:
        return []
    draw, given = FIGURES[part.what], dict(part.options)
    if "highlight" in inspect.signature(draw).parameters:
        given["highlight"] = "" if material.unit == "all" else material.unit
    outcomes = [one.id for one in material.words.study.outcomes if one.role == part.each]
    asked = [given | {"outcome": one} for one in outcomes if one in table.levels("outcome")] if part.each else [given]
    pictures = [(options.get("outcome", ""), draw(table, material.words, **options)) for options in asked]
    return [_figure(picture, part, material, anchors, outcome) for outcome, picture in pictures if not picture.empty]


def _figure(picture: "present.Picture", part: Part, material: Material, anchors: Anchors, outcome: str = "") -> Block:
    content = present.png(picture)
    name = "__".join(filter(None, [part.table, part.what, outcome]))
    width, height = (round(side * PIXELS) for side in picture.figure.get_size_inches())
    image = Markup('<img src="data:image/png;base64,{}" width="{}" height="{}" alt="{}">').format(
        base64.b64encode(content).decode("ascii"), width, height, picture.alt
    )
    caption = Markup("<figcaption>{}</figcaption>\n").format(picture.caption) if picture.caption else Markup("")
    twin = Markup("")
    if picture.drawn is not None:
        title = material.text("page.twin_title", title=present.title_of(part.table, material.words))
        found = present.grid(picture.drawn, material.words)
        twin = tabled(picture.drawn, found, part, material, anchors, title=title, id=f"t-{name}")
        twin = folded(material.text("page.table_twin"), twin)
    html = Markup("<figure>\n{}\n{}</figure>\n{}").format(image, caption, twin)
    return Block(html, f"{name}.png", content, picture.alt)
