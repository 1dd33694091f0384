"""One sentence, the cells it came from, and the guard that keeps cause out of a change without comparison."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from analysis.present.reading import Released
from analysis.present.tables import title_of, why_empty
from analysis.present.wording import Words

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|])")


@dataclass(frozen=True)
class Sentence:
    """A sentence in words, the released table and the cells (`dim=level;measure`) that its numbers came from.

    `counted` are the numbers in it, as written, that no one cell holds: those counted or added up over the table.
    """

    text: str
    table: str = ""
    cells: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


def refuse_causal(text: str, words: Words, *, labels: Iterable[str] = ()) -> str:
    """`text`, or ValueError when it claims a cause in a study without comparison.

    The refused words are the list `refused_words` of the texts. `labels` are names of the study that stand in the text
    and are not ours to judge.
    """
    if words.study.design.kind != "pre_post":
        return text
    own = text
    for label in sorted(filter(None, labels), key=len, reverse=True):
        own = own.replace(label, "")
    for pattern in words.listed("refused_words"):
        found = re.search(pattern, own, flags=re.IGNORECASE)
        if found:
            raise ValueError(words.text("causal_words_refused", word=found.group(0), sentence=text))
    return text


def markdown(sentences: Iterable[Sentence | str], *, bullets: bool = False) -> object:
    """Sentences for display in a notebook, as one paragraph or as a list; markup in a label shows as plain text."""
    from IPython.display import Markdown

    texts = [_MARKUP.sub(r"\\\1", str(sentence)) for sentence in sentences]
    return Markdown("\n".join(f"- {text}" for text in texts) if bullets else " ".join(texts))


def cell_ids(table: Released, *measures: str, **levels: str) -> tuple[str, ...]:
    """The names of cells of a table at these levels, one a measure."""
    where = ";".join(f"{dim}={level}" for dim, level in levels.items() if dim in table.dims)
    return tuple(f"{where};{measure}" if where else measure for measure in measures)


def state(table: Released | None, words: Words) -> Sentence | None:
    """What is said of a table that is absent, wholly hidden or shown for all units together only; else None."""
    if table is None:
        return Sentence(words.text("empty.absent"))
    if not table.empty:
        return None
    said = why_empty(table, words)
    if table.name:
        said = words.text("empty.of", title=title_of(table.name, words), said=said[:1].lower() + said[1:])
    return Sentence(said, table.name)
