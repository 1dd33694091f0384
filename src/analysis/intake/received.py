"""One received file as a proposal sees it: one row a person and wave."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.intake.learnt import Learnt, renamed
from analysis.intake.readers import read
from analysis.intake.waves import Wide, lengthened, wide


@dataclass(frozen=True)
class Received:
    """One file as read: its name, its rows with one row a person and wave, what it told, and its wide shape if it has
    one.
    """

    file: str
    frame: pd.DataFrame
    learnt: Learnt
    shape: Wide | None
    conventions: str | None = None


def received(path: Path, conventions: str | None = None) -> Received:
    """A file read for a proposal; one with one column a wave is brought to one row a person and wave."""
    frame, learnt = read(path, conventions)
    shape = wide(list(frame.columns))
    if shape is None:
        return Received(path.name, frame, learnt, None, conventions)
    names = {shape.pattern.format(name=name, wave=wave): name for name in shape.names for wave in shape.waves}
    return Received(path.name, lengthened(frame, shape), renamed(learnt, names), shape, conventions)
