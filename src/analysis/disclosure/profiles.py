"""Named disclosure profiles: how large a cell must be before it may be shown, as data."""

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from analysis._yaml import read_yaml


@dataclass(frozen=True)
class Profile:
    """The thresholds of one set of disclosure rules; `profiles.yaml` explains each and gives its source.

    Minima count unweighted persons (`min_organisations`: organisations; `min_df`: residual degrees of freedom).
    `zero` and `all` are `hide | review | show`; `magnitudes` (minima, maxima, dominated sums) is hide or show.
    `round_base` 0 means exact counts. Shares lie between 0 and 1.
    """

    name: str
    source: str
    min_cell: int
    min_complement: int
    min_denominator: int
    zero: str
    all: str
    protection: int
    round_base: int
    interim_base: int
    percent_from: str
    totals: str
    hide_question: bool
    stricter: str
    min_quantile: int
    min_df: int
    min_organisations: int
    nk_share: float
    p_share: float
    max_hidden_share: float
    magnitudes: str
    whole_percent_below: int

    def interim(self) -> "Profile":
        """The same rules for a release that later ones follow: counts are rounded, so that two give no difference."""
        base = max(self.round_base, self.interim_base)
        return replace(self, round_base=base, percent_from="rounded")

    def threshold(self, counts_of: str) -> int:
        """Smallest width and upper bound of what an outsider may derive for a hidden `counts_of`; 0: no rule."""
        return {"persons": self.protection, "organisations": self.min_organisations}.get(counts_of, 0)


def profile(name: str = "samen10_30", *, interim: bool = False) -> Profile:
    """The profile called `name` (default: this programme's own), for a final or an interim release.

    Raises KeyError that lists the known names.
    """
    known = _all()
    if name not in known:
        raise KeyError(f"disclosure profile {name!r} is unknown; known are {', '.join(known)}. Correct the name.")
    return known[name].interim() if interim else known[name]


@cache
def _all() -> dict[str, Profile]:
    rules = read_yaml((files(__package__) / "profiles.yaml").read_text(encoding="utf-8"))
    every = rules.pop("every")
    return {name: Profile(name=name, **(every | own)) for name, own in rules.items()}
