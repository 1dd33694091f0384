"""From how somebody is doing to the codes on the form, and to what is not filled in."""

from collections.abc import Mapping

import numpy as np

from analysis.synthetic.world import WAVES, Item, assumed, items

Answers = Mapping[str, np.ndarray]  # column of the raw file: codes, shape (people, 3 waves), NaN for not filled in


def fill_in(levels: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Complete answers to every question at every wave.

    `levels`: traits, shape (people, waves, traits). A graded response: tendency = loading x trait + noise with total
    variance 1, cut into codes.
    """
    shape = levels.shape[:2]
    return {
        item.column: _code(
            item,
            item.loading * levels[:, :, item.trait] + np.sqrt(1 - item.loading**2) * rng.standard_normal(shape),
            rng,
        )
        for item in items()
    }


def _code(item: Item, tendency: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if item.kind == "grade":
        step = np.searchsorted(np.array(item.cuts), tendency)
        return (item.lowest + step if item.direction > 0 else item.lowest + len(item.cuts) - step).astype(float)
    if item.kind == "mark":
        mark = item.cuts[0] + item.cuts[1] * tendency
        rounded = np.where(rng.random(tendency.shape) < 0.7, 5 * np.round(mark / 5), np.round(mark))
        return np.clip(rounded, 0, 100)
    zero, mean, sd = item.cuts
    amount = np.exp(mean + sd * np.clip((tendency + rng.standard_normal(tendency.shape)) / np.sqrt(2), -3, 3))
    return np.where(tendency > zero, np.clip(15 * np.round(amount / 15), 15, 1110), 0.0)  # six parts stay below 6720


def leave_open(answers: Answers, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The answers with single questions refused, unknown or blank, and now and then a page that was skipped.

    Which ones is chance alone. A declared code (8, 9, 999 ...) or a blank stands in the place of the answer.
    """
    plan = assumed()["items"]
    n = len(next(iter(answers.values())))
    skipped = {trait: rng.random((n, len(WAVES))) < plan["page"] for trait in sorted({item.trait for item in items()})}
    found = {}
    for item in items():
        code = np.where(rng.random((n, len(WAVES))) < plan["unknown"], item.missing[-1], np.nan)
        if len(item.missing) > 1:
            code = np.where(rng.random(code.shape) < plan["refused"], item.missing[0], code)
        given = answers[item.column]
        open_ = np.where(rng.random(code.shape) < plan["missing"], code, given)
        found[item.column] = np.where(skipped[item.trait], np.nan, open_)
    return found


def known(answers: Answers) -> dict[str, np.ndarray]:
    """The answers with every declared code for missing taken out, by the name of the processed column; the minutes
    of activity are added up (missing when a part is missing)."""
    found = {}
    for item in items():
        codes = answers[item.column]
        found[item.name] = np.where(np.isin(codes, item.missing), np.nan, codes)
    parts = [found[item.name] for item in items() if item.kind == "minutes"]
    return found | {"beweegrichtlijn_2017_1": np.sum(parts, axis=0)}
