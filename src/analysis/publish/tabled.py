"""The tables of a page as HTML: addresses for the cells that sentences tell of, and the way to file and notebook."""

from markupsafe import Markup, escape

from analysis import present
from analysis.publish.anchors import Anchors
from analysis.publish.contents import Part
from analysis.publish.material import Material


def tabled_part(part: Part, table: "present.Released", material: Material, anchors: Anchors, kind: str = "") -> Markup:
    """A table as a part of the report asks for it, folded where it is closed; its id ends in `kind`, else the verb."""
    found = material.grid(part, **part.options)
    html = tabled(table, found, part, material, anchors, id=f"t-{part.table}-{kind or part.verb}")
    return folded(present.title_of(table.name, material.words), html) if part.closed else html


def tabled(table: "present.Released", found: "present.Grid", part: Part, material: Material, anchors: Anchors, *,
           id: str, title: str = "") -> Markup:  # fmt: skip
    """A table and itself in words, with addresses for the cells that sentences are about, and the way to its file and
    its origin below."""
    words = material.words
    ids = anchors.place(table, found, id)
    title, notes = present.caption_of(table, words, title), present.footnotes(table, words, found)
    html = present.html_grid(found, words, title=title, notes=notes, id=id, ids=ids)
    return html + _origin(part, material)


def _origin(part: Part, material: Material) -> Markup:
    """The way on from a table: its file and its notebook cell (the notebook's name only where data are confidential).

    JupyterLab goes to the cell that the address names; others open the notebook.
    """
    folder = "../all/" if part.of == "all" and material.unit != "all" else ""
    notebook, text = part.table.split("__")[0], material.text
    title = present.title_of(part.table, material.words)
    file = Markup('<a href="{}tables/{}.csv">{}</a>').format(folder, part.table, text("page.csv", title=title))
    made = escape(text("page.made_by", notebook=notebook))
    if material.words.study.shareable:
        cell = f"#cell-id={material.cells[part.table]}" if part.table in material.cells else ""
        made = Markup('<a href="{}notebooks/{}.ipynb{}">{}</a>').format(folder, notebook, cell, made)
    return Markup('<p class="notes origin">{}; {}.</p>\n').format(file, made)


def crossing(part: Part, table: "present.Released", material: Material, anchors: Anchors) -> Markup:
    """Groups side by side, with their tests and public figures."""
    crossing, words, id = material.crossing(part), material.words, f"t-{part.table}-{part.verb}"
    found = present.crossing_grid(crossing, words)
    title = material.text("page.of_all", title=present.title_of(table.name, words), unit=words.level("unit", "all"))
    notes = present.crossing_notes(crossing, words, found)
    html = present.html_grid(found, words, title=title, notes=notes, id=id, ids=anchors.place(table, found, id))
    html += _origin(part, material)
    return folded(title, html) if part.closed else html


def folded(summary: str, html: Markup) -> Markup:
    """HTML that opens when its summary is chosen."""
    return Markup("<details>\n<summary>{}</summary>\n{}</details>").format(summary, html)
