"""What changed, in words: size, direction, certainty and importance; never cause where there is no comparison."""

from dataclasses import dataclass
from math import isfinite

from analysis.present.cells import as_share, digits_of, interval_text, outcome_of, scale_of, size_text
from analysis.present.numbers import rounded
from analysis.present.reading import SHOWN, Released
from analysis.present.sentences.sentence import Sentence, cell_ids, refuse_causal
from analysis.present.wording import Words

LIMITS = ("estimate", "lower", "upper")


@dataclass(frozen=True)
class _Result:
    """One estimate with its limits, people, note and status."""

    outcome: str
    contrast: str
    estimate: float
    lower: float
    upper: float
    n: float
    note: str
    hidden: bool
    apart: tuple[tuple[str, str], ...] = ()

    @property
    def known(self) -> bool:
        return not self.hidden and all(map(isfinite, (self.estimate, self.lower, self.upper)))

    def clear(self, outcome) -> bool:
        """Whether the limits, as they are shown, lie on one side of zero."""
        low, high = (rounded(scale_of(outcome) * end, digits_of(outcome)) for end in (self.lower, self.upper))
        return low > 0 or high < 0


def change(
    table: Released, words: Words, *, role: str = "", first_only: bool = False, brief: bool = False
) -> tuple[Sentence, ...]:
    """A sentence an outcome and contrast, of the main method (the first in the table).

    `role` keeps the primary or the secondary outcomes; `first_only` keeps each outcome's first contrast. Primary
    outcomes are told with direction, certainty and (unless `brief`) importance, the others with size and interval.
    """
    found = []
    for outcome in table.levels("outcome"):
        about = outcome_of(words, outcome)
        if role and (about is None or about.role != role):
            continue
        results = _results(table.where(outcome=outcome), words, outcome)
        full = about is not None and about.role == "primary"
        found += [_told(result, table, words, about, full, brief) for result in results[: 1 if first_only else None]]
    return tuple(found)


def _results(part: Released, words: Words, outcome: str) -> list[_Result]:
    method = next(iter(part.levels("method")), "")
    parts = part.where(method=method).parts("outcome", "contrast", "method")
    return [
        _result(one.where(contrast=contrast), outcome, contrast)
        for contrast in part.levels("contrast")
        for one in parts
    ]


def _compares_arms(words: Words, table: Released) -> bool:
    """Whether the totals of a table are differences between the arms of a design that has a comparison."""
    return words.study.design.kind == "comparison" and words.study.design.arm in table.totals


def _result(part: Released, outcome: str, contrast: str) -> _Result:
    rows = part.rows[part.rows["measure"].isin(LIMITS)].set_index("measure")
    rows = rows[~rows.index.duplicated()]
    values = {name: float(rows["value"].get(name, float("nan"))) for name in LIMITS}
    hidden = any(rows["status"] != SHOWN)
    note = next((note for note in rows["note"] if note), "")
    n = float(rows["n"].get("estimate", float("nan")))
    return _Result(outcome, contrast, **values, n=n, note=note, hidden=hidden, apart=part.apart)


def _told(result: _Result, table: Released, words: Words, outcome, full: bool, brief: bool) -> Sentence:
    contrast = words.group(result.apart, words.level("contrast", result.contrast))
    names = {"outcome": words.level("outcome", result.outcome), "contrast": contrast}
    cells = cell_ids(table, *LIMITS, outcome=result.outcome, contrast=result.contrast, **dict(result.apart))
    if result.hidden:
        return Sentence(words.text("say.hidden_result", **names), table.name, cells)
    if not result.known:
        key = "say.not_estimable" if result.note else "say.not_estimable_plain"
        return Sentence(words.text(key, note=words.translated(result.note), **names), table.name, cells)
    arms = _compares_arms(words, table)
    parts = [_average(result, words, outcome, names, arms)]
    parts += _direction(result, words, outcome, arms)
    if full:
        parts += [_certainty(result, words, outcome, arms)]
        parts += [] if brief else _importance(result, words, outcome)
    text = refuse_causal(" ".join(parts), words, labels=names.values())
    return Sentence(text, table.name, cells)


def _average(result: _Result, words: Words, outcome, names: dict, arms: bool) -> str:
    size = rounded(scale_of(outcome) * result.estimate, digits_of(outcome))
    way = "up" if size > 0 else "down" if size < 0 else "flat"
    key = "say.arms" if arms else "say.share" if as_share(outcome) else "say.average"
    design = words.study.design
    groups = {name: words.level("arm", getattr(design, name)) for name in ("treated", "reference")} if arms else {}
    values = groups | {
        "size": size_text(words, result.estimate, outcome),
        "interval": interval_text(words, result.lower, result.upper, outcome),
    }
    if isfinite(result.n):
        return words.text(f"{key}.{way}", n=words.number(result.n), **values, **names)
    return words.text(f"{key}_no_n.{way}", **values, **names)


def _direction(result: _Result, words: Words, outcome, arms: bool) -> list[str]:
    """Better or worse, only where the interval is clear of zero and the study says which side is better."""
    if outcome is None or outcome.better is None or not result.clear(outcome) or arms:
        return []
    better = (result.estimate > 0) == (outcome.better == "high")
    return [words.text("say.direction.better" if better else "say.direction.worse")]


def _certainty(result: _Result, words: Words, outcome, arms: bool) -> str:
    return words.text(f"say.certainty.{'clear' if result.clear(outcome) else 'unclear'}{'_arms' if arms else ''}")


def _importance(result: _Result, words: Words, outcome) -> list[str]:
    """The whole interval against the smallest difference that people notice."""
    if not outcome.mid:
        return []
    ends = sorted((abs(result.lower), abs(result.upper)))
    where = (
        "above" if result.clear(outcome) and ends[0] >= outcome.mid else "below" if ends[1] < outcome.mid else "around"
    )
    mid, note = size_text(words, outcome.mid, outcome), words.of(getattr(outcome, "mid_note", None))
    return [words.text(f"say.importance.{where}", mid=f"{mid}, {note}" if note else mid)]


def responders(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Shares better, the same and worse of each outcome's first contrast, always together."""
    found = []
    for outcome in table.levels("outcome"):
        part = table.where(outcome=outcome).only("percent")
        contrast = next(iter(part.levels("contrast")), "")
        groups = part.where(contrast=contrast).parts("outcome", "contrast", "response")
        found += [_shares(group, words, outcome, contrast) for group in groups]
    return (*found, Sentence(words.text("say.responders_note")))


def _shares(part: Released, words: Words, outcome: str, contrast: str) -> Sentence:
    rows = part.rows.set_index("response")
    label = words.group(part.apart, words.level("contrast", contrast))
    names = {"outcome": words.level("outcome", outcome), "contrast": label}
    cells = cell_ids(part, "percent", outcome=outcome, contrast=contrast, **dict(part.apart))
    if rows["value"].notna().sum() < 3:
        return Sentence(words.text("say.responders_hidden", **names), part.name, cells)
    n = rows["n"].max()
    shares = {one: words.percent(rows["value"][one], n) for one in ("improved", "unchanged", "worse")}
    text = words.text("say.responders", n=words.number(n), **names, **shares)
    return Sentence(refuse_causal(text, words, labels=names.values()), part.name, cells)
