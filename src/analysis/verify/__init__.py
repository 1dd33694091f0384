"""Published numbers beside the numbers that this repository obtains: match, no match, or not computed and why."""

from analysis._lazy import lazy

_MODULES = {
    "published": "claims printed remarks sources",
    "verdicts": "compare conclusion shown MATCH NO_MATCH NOT_COMPUTED",
    "obtaining": "obtain tables run_cells Tables",
    "certificate": "certify by_notebook",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
