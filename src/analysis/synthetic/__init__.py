"""Synthetic studies with a known truth: the default study `samen_in_beweging`, and worlds that a reader may change.

`make` gives the raw tables of the default study from one seed, `write` its files and `rewrite` all that is committed,
byte for byte; `make_study` changes the world (effect, dropout, shock, size), `units` makes it one municipality at a
time, `write_study` a whole study folder of one; `truth` says what every analysis should have found, `same_people` and
`true_change` what is true of the people who were drawn.
"""

from analysis._lazy import lazy

_MODULES = {
    "world": "World",
    "study": "make make_study units Study",
    "files": "rewrite write write_units unit_levels",
    "nation": "write_study",
    "parallel": "same_people true_change",
    "expected": "truth write_truth",
    "events": "latent_referrals step_chances",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
