"""The predictors of all chains of an imputation, kept up to date while values change."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.effect.encoding import Variable


class Predictors:
    """The predictors of all chains (m x n x q): a constant, each variable, passive scores, a dummy a unit."""

    def __init__(self, chosen: Sequence[Variable], unit: pd.Series | None, scores: Mapping[str, str], m: int):
        self.m, self.chosen, self.scores = m, {one.name: one for one in chosen}, dict(scores)
        self.places: dict[str, list[int]] = {}
        width = 1
        for name in [*self.chosen, *self.scores]:
            one = self.chosen.get(name)
            size = len(one.levels) - 1 if one is not None and one.method == "nominal" else 1
            self.places[name] = list(range(width, width + size))
            width += size
        dummies = pd.get_dummies(unit, drop_first=True).to_numpy(float) if unit is not None else None
        self.units = list(range(width, width + (0 if dummies is None else dummies.shape[1])))
        rows = len(next(iter(self.chosen.values())).numbers) if self.chosen else 0
        self.matrix = np.ones((m, rows, width + len(self.units)))
        if self.units:
            self.matrix[:, :, self.units] = (dummies - dummies.mean(axis=0)) / dummies.std(axis=0)
        self.sources = {
            name: {other for other in self.chosen if _mentions(text, other)} for name, text in scores.items()
        }

    def refresh_all(self, values: Mapping[str, np.ndarray]) -> None:
        """Write every variable and every passive score from the current values (m x n per variable)."""
        for one in self.chosen.values():
            self.matrix[:, :, self.places[one.name]] = one.columns(values[one.name])
        for name in self.scores:
            self._score(name, values)

    def refresh(self, one: Variable, values: Mapping[str, np.ndarray]) -> None:
        """Write a variable that has new values, and the scores that are derived from it."""
        columns = one.columns(values[one.name][:, one.missing])
        self.matrix[:, one.missing[:, None], self.places[one.name]] = columns
        for name in self.scores:
            if one.name in self.sources[name]:
                self._score(name, values)

    def _score(self, name: str, values: Mapping[str, np.ndarray]) -> None:
        sources = {other: self.chosen[other].decoded(values[other]).ravel() for other in self.sources[name]}
        score = pd.DataFrame(sources).eval(self.scores[name]).to_numpy(float).reshape(self.m, -1)
        spread = score.std()
        self.matrix[:, :, self.places[name][0]] = (score - score.mean()) / (spread if spread > 0 else 1.0)

    def predicting(self, one: Variable) -> list[int]:
        """Columns that predict a variable: all others, scores instead of their sources, no score of its own."""
        own = {name for name, sources in self.sources.items() if one.name in sources}
        replaced = {source for name, sources in self.sources.items() if name not in own for source in sources}
        siblings = {source for name in own for source in self.sources[name]}
        names = [name for name in self.places if name != one.name and name not in own]
        names = [name for name in names if name not in replaced or name in siblings]
        return [0, *(place for name in names for place in self.places[name]), *self.units]


def _mentions(expression: str, name: str) -> bool:
    """Whether an expression of `DataFrame.eval` uses a column."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", expression) is not None
