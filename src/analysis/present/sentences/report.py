"""What is true of a whole report: design, what cannot be separated, what is hidden or missing, how to read it."""

from collections.abc import Iterable

from analysis.present.cells import as_share
from analysis.present.reading import ALL, Released
from analysis.present.sentences.sentence import Sentence, refuse_causal
from analysis.present.tables import profile_text, title_of
from analysis.present.wording import Words


def design(words: Words) -> tuple[Sentence, ...]:
    """The design in a sentence or two, and the outcomes chosen beforehand."""
    study, labels = words.study, ", ".join(words.level("wave", wave.id) for wave in words.study.waves)
    arms = {name: words.level("arm", getattr(study.design, name, None) or "") for name in ("treated", "reference")}
    plan = words.text(f"say.design.{study.design.kind}", waves=words.number(len(study.waves)), labels=labels, **arms)
    primary = "; ".join(words.of(outcome.title) for outcome in study.outcomes if outcome.role == "primary")
    return (Sentence(plan), Sentence(words.text("say.outcomes", outcomes=primary)))


def estimand(words: Words) -> tuple[Sentence, ...]:
    """The estimand written out: population, variable, intercurrent events, summary measure, both inference targets."""
    study = words.study
    waves = ", ".join(words.level("wave", wave.id) for wave in study.waves[1:])
    started = words.text(f"say.estimand.started_{study.design.kind}")
    units = words.level("unit", "all")
    texts = [
        words.text("say.estimand.population", started=started, units=units[:1].lower() + units[1:]),
        words.text("say.estimand.variable", waves=waves),
        *(words.text(f"say.estimand.{part}") for part in ("events", "summary", "these")),
    ]
    return tuple(Sentence(refuse_causal(text, words)) for text in texts)


def limits(words: Words) -> tuple[Sentence, ...]:
    """What the design cannot separate: regression to the mean, the national shock, dropout."""
    few = len(words.study.units)
    found = [words.text("say.few_units", units=words.number(few))] if 1 < few < 10 else []
    if words.study.design.kind != "pre_post":
        return tuple(map(Sentence, [words.text("say.limits_comparison"), *found]))
    parts = [words.text(f"say.limits.{part}") for part in ("intro", "regression", "national", "dropout")]
    return tuple(Sentence(refuse_causal(part, words)) for part in (*parts, *found))


def caution(words: Words) -> tuple[Sentence, ...]:
    """One line for who reads no further: what kind of claim the design allows."""
    return (Sentence(refuse_causal(words.text(f"say.caution.{words.study.design.kind}"), words)),)


def hidden(tables: Iterable[Released], words: Words) -> tuple[Sentence, ...]:
    """How many cells are hidden, which tables wholly, and how many estimates could not be made."""
    tables = [table for table in tables if len(table.rows)]
    cells, gone = sum(len(table.rows) for table in tables), sum(len(table.hidden) for table in tables)
    found = [words.text("say.hidden_none")]
    if gone:
        found = [words.text("say.hidden_cells", hidden=words.number(gone), cells=words.number(cells))]
    whole = words.level("unit", ALL)
    for key, chosen in (
        ("hidden", [table for table in tables if len(table.hidden) == len(table.rows) and not table.together]),
        ("together", [table for table in tables if table.together]),
    ):
        names = "; ".join(title_of(table.name, words) for table in chosen)
        found += [words.text(f"say.{key}_tables", tables=names, whole=whole)] if names else []
    without = sum(int((_estimates(table)["value"].isna()).sum()) for table in tables)
    if without:
        found.append(words.text("say.not_estimable_count", count=words.number(without)))
    return tuple(map(Sentence, found))


def _estimates(table: Released):
    rows = table.rows
    return rows[(rows["measure"] == "estimate") & (rows["status"] == "shown")]


def missing(absent: Iterable[str], words: Words) -> tuple[Sentence, ...]:
    """The tables that this study does not have."""
    names = "; ".join(title_of(name, words) for name in absent)
    return (Sentence(words.text("say.missing_tables", tables=names)),) if names else ()


def how_to_read(words: Words, as_of=None) -> tuple[Sentence, ...]:
    """How to read a report: the words used, the marks, profile, rounding, cut-offs, source and licence."""
    keys = ("change", "interval", "p_value", "n", "symbols", "figures")
    found = [words.text(f"say.read.{key}") for key in keys] + [profile_text(words), words.text("table.note_rounding")]
    if any(map(as_share, words.study.outcomes)):
        found.append(words.text("table.note_points"))
    found.append(words.text("say.read.source", source=words.source))
    found.append(words.text("say.read.licence", licence=words.study.licence))
    if as_of:
        found.append(words.text("say.read.as_of", date=words.date(as_of)))
        names = ", ".join(words.level("raw_table", table).lower() for table in words.study.undated)
        found += [words.text("say.undated", tables=names)] if names else []
    return tuple(map(Sentence, found))


def conventions(words: Words) -> tuple[Sentence, ...]:
    """The note of each outcome: its cut-off, its missing rule and what is not confirmed."""
    outcomes = [(words.of(outcome.title), words.of(outcome.note)) for outcome in words.study.outcomes]
    return tuple(
        Sentence(words.text("table.note_convention", outcome=title, note=note)) for title, note in outcomes if note
    )
