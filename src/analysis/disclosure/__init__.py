"""What may be shown: primary rules, secondary suppression over linked tables, and the attack that tests both."""

from analysis._lazy import lazy

_MODULES = {
    "profiles": "Profile profile",
    "meta": "Meta Nesting",
    "rounding": "round_half_up round_counts round_percent midpoint6",
    "rules": "check primary",
    "notes": "safe_note",
    "suppression": "suppress",
    "releases": "differencing",
    "auditing": "audit opened",
    "ladder": "too_hidden coarsen",
    "claims": "group_claims",
    "survival": "at_months",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
