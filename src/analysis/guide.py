"""What 00_start and 01_prepare show of a study and its data: plan, tables, variables, outcomes, notebooks, what was
settled.
"""

import pandas as pd

from analysis import store
from analysis.present import Words


def about(words: Words, unit: str) -> str:
    """The study in a few sentences: title, kind of data, design, waves, and what this notebook is open on."""
    study = words.study
    return words.text(
        "guide.about",
        title=study.title(words.language),
        kind=words.text(f"guide.kind.{study.kind}"),
        source=words.source,
        design=words.text(f"guide.design.{study.design.kind}"),
        waves=", ".join(words.level("wave", wave.id) for wave in study.waves),
        units=len(study.units),
        unit_name=study.unit.name(words.language),
        unit=words.level("unit", unit),
    )


def tables(words: Words, log: pd.DataFrame) -> pd.DataFrame:
    """Tables of the study with the rows received and kept, and how many raw columns the codebook does not name."""
    counts = log.pivot_table(index="table", columns="rule", values="rows", aggfunc="sum", fill_value=0)
    order = [table for table in words.study.tables if table in counts.index]
    return _named(counts.loc[order, ["received", "kept", "not in codebook"]].astype(int).reset_index(), words)


def variables(words: Words, table: str) -> pd.DataFrame:
    """The codebook of a table: name, label, type, unit, how sensitive, and the note."""
    found = words.study.columns(table)
    rows = [(v.name, v.label(words.language), v.type, v.unit, v.sensitivity, v.note) for v in found]
    return _named(pd.DataFrame(rows, columns=["name", "label", "type", "measured_in", "sensitivity", "note"]), words)


def outcomes(words: Words) -> pd.DataFrame:
    """The outcomes of the plan: domain, role, direction, range, smallest difference that matters, cut-offs."""
    rows = [
        (
            words.level("outcome", o.id),
            words.text(f"guide.domain.{o.domain}"),
            words.text(f"guide.role.{o.role}"),
            words.text(f"guide.better.{o.better}"),
            words.interval(*o.range, digits=0) if o.range else "",
            _important(o, words),
            o.convention or "",
        )
        for o in words.study.outcomes
    ]
    return _named(
        pd.DataFrame(rows, columns=["outcome", "domain", "role", "better", "range", "mid", "convention"]), words
    )


def _important(outcome, words: Words) -> str:
    if outcome.mid is None:
        return words.text("guide.half_sd")
    note = f" ({words.of(outcome.mid_note)})" if outcome.mid_note else ""
    return words.number(outcome.mid, 2 if outcome.mid < 1 else 0) + note


def notebooks(words: Words) -> pd.DataFrame:
    """Every notebook with its question, read from its first cell, and whether this study has the tables that it
    reads.
    """
    import json

    from analysis.run.job import fits

    rows = []
    for path in sorted((store.root() / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        first = "".join(json.loads(path.read_text("utf-8"))["cells"][0]["source"])
        question = first.split("**Question**")[1].split("\n\n")[0].strip() if "**Question**" in first else ""
        rows.append((path.stem, question, words.text(f"guide.fits.{'yes' if fits(path, words.study) else 'no'}")))
    return _named(pd.DataFrame(rows, columns=["notebook", "question", "fits"]), words)


def settled(words: Words, log: pd.DataFrame) -> pd.DataFrame:
    """What preparing settled: corrections by variable and double rows by table, with the rule."""
    rows = log[log["rule"].isin(["corrected", "double"])]
    found = rows.assign(
        rule=[words.text(f"guide.rule.{rule}") for rule in rows["rule"]],
        detail=[words.texts.get(f"guide.how.{detail}", detail) for detail in rows["detail"]],
        variable=[
            words.study.label(variable, words.language, table) if variable else ""
            for table, variable in zip(rows["table"], rows["variable"], strict=True)
        ],
    )
    return _named(found[["table", "rule", "variable", "detail", "rows"]], words)


def warnings(words: Words, problems: pd.DataFrame) -> pd.DataFrame:
    """Rules that were broken without stopping the run: where, what, in how many rows, what to do."""
    return _named(problems[["table", "column", "found", "count", "remedy"]], words)


def _named(frame: pd.DataFrame, words: Words) -> pd.DataFrame:
    frame = frame.rename(
        columns={column: words.text(f"guide.columns.{column.replace(' ', '_')}") for column in frame.columns}
    )
    return frame.set_index(frame.columns[0]) if len(frame.columns) else frame
