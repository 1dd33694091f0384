"""Our own slide template: the plain one of python-pptx made wide, with room for the text and our colour."""

from typing import TYPE_CHECKING

from analysis.present.figures.style import INK

if TYPE_CHECKING:
    from pptx.presentation import Presentation

WIDE = 16 / 9
EDGE = 0.055  # of the width: the margin at both sides
HEAD, BODY = (0.05, 0.17), (0.25, 0.66)  # top and height of title and text, of the height of a slide
BAR = 0.018  # width of the coloured bar at the left, of the width of a slide
TITLED = ("Title and Content", "Title Only")  # layouts whose title stands at the top


def house(deck: "Presentation") -> "Presentation":
    """The template `deck`, which is 4:3, as wide as screens are; titles at the left in our colour, beside a bar."""
    width, height = round(deck.slide_height * WIDE), deck.slide_height
    ratio = width / deck.slide_width
    for holder in (*deck.slide_layouts, deck.slide_master):
        for shape in holder.shapes:
            shape.left, shape.width, shape.top, shape.height = (
                round(shape.left * ratio), round(shape.width * ratio), shape.top, shape.height,
            )  # fmt: skip
    deck.slide_width = width
    for holder in (deck.slide_master, *(one for one in deck.slide_layouts if one.name in TITLED)):
        for shape, (top, tall) in zip(_texts(holder), (HEAD, BODY), strict=False):
            shape.left, shape.width = round(EDGE * width), round((1 - 2 * EDGE) * width)
            shape.top, shape.height = round(top * height), round(tall * height)
    _aligned(next(one for one in deck.slide_layouts if one.name == "Title Slide"), round(EDGE * width))
    _coloured(deck, round(BAR * width))
    return deck


def _texts(holder) -> list:
    """Title and text of a layout or master, in this order; date, footer and slide number are left where they are."""
    found = sorted(holder.placeholders, key=lambda one: one.placeholder_format.idx)
    return [one for one in found if one.placeholder_format.idx in (0, 1)]


def _aligned(layout, left: int) -> None:
    """Title and subtitle of the first slide, both at the left."""
    from pptx.oxml.ns import qn

    for shape in _texts(layout):
        shape.width, shape.left = shape.width + shape.left - left, left
        for level in shape._element.iter(qn("a:lvl1pPr")):
            level.set("algn", "l")


def _coloured(deck: "Presentation", bar: int) -> None:
    """Titles at the left, bold, in our colour; a bar at the left edge of every slide, which tells nothing itself."""
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls, qn

    master = deck.slide_master._element
    style = master.find(qn("p:txStyles")).find(qn("p:titleStyle")).find(qn("a:lvl1pPr"))
    style.set("algn", "l")
    letters = style.find(qn("a:defRPr"))
    letters.set("b", "1")
    fill = letters.find(qn("a:solidFill"))
    fill.clear()
    fill.append(parse_xml(f'<a:srgbClr {nsdecls("a")} val="{INK.lstrip("#")}"/>'))
    tree = master.find(qn("p:cSld")).find(qn("p:spTree"))
    tree.insert(
        2, parse_xml(_BAR.format(names=nsdecls("p", "a"), width=bar, height=deck.slide_height, ink=INK.lstrip("#")))
    )


_BAR = """<p:sp {names}>
<p:nvSpPr><p:cNvPr id="99" name="Bar" descr=""/><p:cNvSpPr/><p:nvPr userDrawn="1"/></p:nvSpPr>
<p:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{width}" cy="{height}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>
</a:prstGeom><a:solidFill><a:srgbClr val="{ink}"/></a:solidFill><a:ln><a:noFill/></a:ln></p:spPr></p:sp>"""
