"""What is recognised, what is not known and who was not heard, in words."""

from analysis.logic import EVIDENCE
from analysis.present.reading import Released
from analysis.present.sentences.sentence import Sentence, cell_ids, refuse_causal
from analysis.present.wording import Words


def not_known(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Of each expected result the kinds of evidence that nobody planned, and what was planned and not measured."""
    found = []
    for result in (one for one in table.levels("result") if one != "none"):
        here = table.where(result=result)
        absent = [words.level("evidence", kind) for kind in EVIDENCE if kind not in here.levels("evidence")]
        marks = here.only("strength").shown
        silent = [words.level("measured", one) for one in marks[marks["value"] == 0]["measured"]]
        hidden = [words.level("measured", one) for one in here.only("strength").hidden["measured"]]
        label = words.level("result", result)
        for key, names in (("no_such_evidence", absent), ("not_measured", silent), ("evidence_hidden", hidden)):
            if names:
                text = words.text(f"say.{key}", result=label, names="; ".join(names))
                found.append(Sentence(refuse_causal(text, words, labels=(label, *names)), table.name))
    return tuple(found)


def rules(table: Released, words: Words) -> tuple[Sentence, ...]:
    """The rules of the marks, for the kinds of evidence that the table has."""
    kinds = [kind for kind in EVIDENCE if kind in table.levels("evidence")]
    return tuple(Sentence(refuse_causal(words.text(f"say.rule.{kind}"), words), table.name) for kind in kinds)


def logic(table: Released, words: Words) -> tuple[Sentence, ...]:
    """How many boxes of the logic model were measured, and which were not."""
    nodes = words.study.nodes
    bare = [node for node in nodes if not _measured(table, node.id)]
    measured, names = words.number(len(nodes) - len(bare)), [node.label(words.language) for node in bare]
    text = words.text("say.logic", boxes=words.number(len(nodes)), measured=measured)
    found = [Sentence(refuse_causal(text, words), table.name, counted=(measured,))]
    further = [words.text("say.logic_bare", names="; ".join(names))] if bare else []
    return (*found, *(Sentence(refuse_causal(one, words, labels=names), table.name) for one in further))


def _measured(table: Released, node: str) -> bool:
    marks = table.where(node=node).only("strength")
    return bool((marks.shown["value"] != 0).any() or len(marks.hidden))


def interventions(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Each intervention with its recognition, policy theme and frame, in how many units, and the source."""
    found = []
    for row in table.shown.to_dict("records"):
        names = {dim: words.level(dim, row[dim]) for dim in table.dims}
        text = words.text("say.intervention", units=words.number(row["value"]), **names)
        levels = {dim: row[dim] for dim in table.dims}
        found.append(Sentence(text, table.name, cell_ids(table, "units", **levels)))
    return (*found, Sentence(words.text("say.interventions_note"), table.name))


def heard(table: Released, words: Words) -> tuple[Sentence, ...]:
    """Per place the roles that were not heard at all; a place where everybody was heard says so."""
    found = []
    for place in table.levels("place"):
        here = table.where(place=place)
        names = [words.level("who", who) for who in here.shown[here.shown["value"] == 0]["who"]]
        key = "not_heard" if names else "all_heard" if len(here.shown) else "heard_unknown"
        text = words.text(f"say.{key}", place=words.level("place", place), names=", ".join(names))
        found.append(Sentence(text, table.name))
    return tuple(found)
