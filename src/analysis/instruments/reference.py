"""The reference cards in `docs/instruments.md`: one per questionnaire, written from its definition."""

from collections.abc import Iterable

from analysis.instruments.answers import Answers, Coded
from analysis.instruments.definition import Convention, Instrument, Item, Scale
from analysis.instruments.library import bands_in_words, important_difference, instruments, load, overview

_INTRODUCTION = """# Questionnaires

Written by `analysis.instruments.cards()` from `src/analysis/instruments/definitions/`; change those, not this page.

`score(instrument, answers)` returns the score in `<id>`, scales in `<id>_<scale>`, classes in `<id>_class` and the
number of missing items in `<id>_missing`. An answer that is not listed here raises an error. Status `confirmed` means
that the rule was read in the named source, `conflicting` that sources differ (choose a convention by name),
`unconfirmed` that no source was read. The note says what is not confirmed and belongs with every output. Where no
minimal important difference is agreed, half a standard deviation at the first wave (T0) is used and named.

Not here, because no public scoring rule was found: Index of Social Participation, PH17 and PH22 (which item belongs to
which factor), ICECAP-A, and the conversion of USER-Participation. Mijn Positieve Gezondheid is a tool for dialogue, not
a measurement scale, and is not scored.
"""
_FORMULAS = {
    "sum": "sum of the points",
    "prorated": "sum of the points, scaled up to all items",
    "mean": "mean points of the answered items",
    "all": "1 when every part is met, 0 as soon as one is not",
}


def cards() -> str:
    """All reference cards as one Markdown text, in the alphabetical order of their ids."""
    found = overview()[["id", "title", "items", "range", "better", "mid", "status"]]
    table = _table(["id", "title", "items", "range", "better", "minimal important difference", "status"], found.values)
    return "\n".join([_INTRODUCTION, table, *(_card(load(name)) for name in instruments())])


def _card(instrument: Instrument) -> str:
    low, high = instrument.range
    facts = [
        ("Dutch title", instrument.title.nl),
        ("Score", f"{low:g} to {high:g}, {instrument.better} is better, {instrument.kind}"),
        ("Minimal important difference", important_difference(instrument)),
        *((f"Answers to {items}", shown) for items, shown in _answer_lists(instrument)),
        ("Status", instrument.status),
        ("Source", instrument.source),
        ("Note", instrument.note.en),
        ("Toelichting", instrument.note.nl),
    ]
    parts = [
        f"## {instrument.id}\n\n{instrument.title.en}\n",
        "\n".join(f"* {name}: {value}" for name, value in facts) + "\n",
        _table(["item", "gist", "gist (nl)", "points"], (_item_row(instrument, item) for item in instrument.questions)),
        _table(
            ["score", "meaning", "items", "formula", "range", "better", "missing items allowed"],
            (_scale_row(instrument, scale) for scale in instrument.scales),
        ),
    ]
    if instrument.conventions:
        rows = [row for each in instrument.conventions.values() for row in _convention_rows(instrument, each)]
        parts.append(_table(["convention", "score", "classes", "status", "source"], rows))
    return "\n".join(parts)


def _answer_lists(instrument: Instrument) -> list[tuple[str, str]]:
    """Each list of answers once, with the items that have it."""
    distinct = {id(item.answers): item.answers for item in instrument.questions}
    return [
        (
            ", ".join(f"`{item.column}`" for item in instrument.questions if item.answers is answers)
            if len(distinct) > 1
            else "all items",
            _shown(answers),
        )
        for answers in distinct.values()
    ]


def _shown(answers: Answers) -> str:
    if not (isinstance(answers, Coded) and answers.labels):
        return answers.allowed
    labelled = [f"{code} {answers.labels[code].nl} ({answers.labels[code].en})" for code in answers.codes]
    return "; ".join([*labelled, *(f"{code} missing" for code in answers.missing)])


def _item_row(instrument: Instrument, item: Item) -> list[str]:
    """Column, gist, and the points in the instrument's own score (or in the first scale that uses the item)."""
    scale = next(scale for scale in instrument.scales if item.column in scale.items)
    points = scale.points[scale.items.index(item.column)]
    coded = isinstance(item.answers, Coded)
    names = [str(code) for code in item.answers.codes] if coded else _bands(item.answers.bounds)
    listed = ", ".join(f"{name}: {each:g}" for name, each in zip(names, points, strict=True))
    same = coded and points == item.answers.codes
    return [f"`{item.column}`", item.text.en, item.text.nl, "the code" if same else listed]


def _bands(bounds: tuple[float, ...]) -> list[str]:
    return [f"below {bounds[0]:g}", *(f"{bound:g} or more" for bound in bounds)]


def _scale_row(instrument: Instrument, scale: Scale) -> list[str]:
    formula = _FORMULAS[scale.formula]
    formula += f", times {scale.times:g}" if scale.times != 1 else ""
    if scale.worst:
        terms = ", ".join(f"{code}: {term:g}" for code, term in enumerate(scale.worst, start=1))
        formula += f", plus by worst level {terms}"
    formula += ", converted by table" if scale.conversion else ""
    items = "all" if scale.items == instrument.items else ", ".join(name.rsplit("_", 1)[-1] for name in scale.items)
    low, high = scale.range
    missing = f"{scale.max_missing} ({scale.missing_status})"
    return [f"`{scale.column}`", scale.title.en, items, formula, f"{low:g} to {high:g}", scale.better, missing]


def _convention_rows(instrument: Instrument, convention: Convention) -> list[list[str]]:
    default = " (default)" if convention.name == instrument.default_convention else ""
    columns = {scale.name: scale.column for scale in instrument.scales}
    ends = [convention.status, convention.source]
    return [
        [f"`{convention.name}`{default}", f"`{columns[name]}`", _classes(convention, name), *ends]
        for name in convention.bands
    ]


def _classes(convention: Convention, name: str) -> str:
    ids = ", ".join(f"`{band.name}`" for band in convention.bands[name])
    return f"{bands_in_words(convention.bands[name], 'en')} ({ids})"


def _table(heads: list[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
