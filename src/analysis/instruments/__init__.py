"""Questionnaires to scores: definitions are YAML, value sets are CSV, the code is one scorer."""

from analysis._lazy import lazy

_MODULES = {
    "scoring": "score",
    "library": "instruments load overview",
    "change": "pchc level_sum reliable_change",
    "reference": "cards",
    "definition": "Instrument Item Scale Convention Band Text",
    "answers": "Coded Measured",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
