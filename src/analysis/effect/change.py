"""Change within persons: mixed models, marginal models, paired differences, standardised change, responders."""

from analysis.effect.gee import gee_change
from analysis.effect.mixed import mixed_change
from analysis.effect.paired import paired_change, responders, standardised_change

__all__ = ["gee_change", "mixed_change", "paired_change", "responders", "standardised_change"]
