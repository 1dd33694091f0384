"""How results look: every word, number, table, figure and sentence, made from released tables only."""

from analysis._lazy import lazy

_MODULES = {
    "numbers": "rounded",
    "wording": "Words words fixed_texts",
    "reading": "Released read parsed released",
    "tables": "Grid wide footnotes grid caption_of html_table html_grid title_of",
    "crossings": "Crossing crossing_grid people_grid crossing_notes",
    "picture": "Picture png show",
    "figures.change": "forest waves",
    "figures.responders": "stacked",
    "figures.process": "funnel bars curves",
    "figures.timeline": "time_strip over_time loop trend",
    "figures.network": "dots sociogram",
    "figures.specification": "specifications",
    "figures.evaluation": "balance",
    "figures.anchoring": "plan_strip integration heat",
    "figures.logic": "logic_model",
    "figures.joint": "joint_display",
    "sentences.sentence": "Sentence markdown refuse_causal",
    "sentences.describe": "describe",
    "sentences.report": "design estimand limits how_to_read",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
