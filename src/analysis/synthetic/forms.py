"""Persons, forms and referrals as tables: with the columns and codes of the raw files, or as scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.synthetic.answers import known
from analysis.synthetic.world import WAVES, assumed, dates, items, slug

if TYPE_CHECKING:
    from analysis.synthetic.study import Sample

_ARMS = {True: "wacht", False: "programma"}
ARM_IDS = {True: "waiting", False: "programme"}  # ids of the processed tables, as in levels.csv
_GROUP_IDS = {"65+": "older", "chronisch": "chronic", "psychosociaal": "psychosocial"}
_STEP_COLUMNS = {
    "referred": "d_verwezen", "reached": "d_contact", "intake": "d_intake", "handover": "d_overdracht",
    "started": "d_start", "kept_3m": "d_3mnd", "kept_6m": "d_6mnd", "feedback": "d_terugkoppeling", "ended": "d_einde",
}  # fmt: skip


def whole(values: np.ndarray) -> pd.Series:
    """Numbers as integers that may be missing."""
    return pd.Series(values).astype("Int64")


def persons(sample: Sample) -> pd.DataFrame:
    """The raw file of persons: everybody who was referred."""
    people = sample.people
    alone = np.where(people["alone_known"], people["alone"].astype(int), 9)
    return pd.DataFrame(
        {
            "respondent": people["person"],
            "gemeente": sample.unit.name,
            "doelgroep": sample.unit.group,
            "status": people["waits"].map(_ARMS),
            "geslacht": people["sex"],
            "leeftijd": whole(people["age"]),
            "opleiding": people["education"],
            "alleenwonend": alone,
            "toestemming": people["consent"].astype(int),
        }
    )


def measures(sample: Sample) -> pd.DataFrame:
    """The raw file of forms: one row a person and wave that was filled in, one column a question."""
    row, wave = np.nonzero(sample.present)
    day = sample.asked[list(WAVES)].to_numpy()[row, wave]
    frame = pd.DataFrame({"respondent": sample.asked["person"].to_numpy()[row], "meting": wave, "datum": dates(day)})
    codes = {item.column: whole(sample.given[item.column][row, wave]) for item in items()}
    return pd.concat([frame, pd.DataFrame(codes)], axis=1)


def referrals(sample: Sample) -> pd.DataFrame:
    """The raw file of referrals: the first of everybody, and the further ones."""
    both = pd.concat([sample.people, sample.further], ignore_index=True)
    second = np.arange(len(both)) >= len(sample.people)
    frame = pd.DataFrame(
        {
            "verwijzing": "V" + both["person"].str[1:] + np.where(second, "-2", "-1"),
            "respondent": both["person"],
            "gemeente": sample.unit.name,
            "verwijzer": both["referrer"],
        }
    )
    moments = {column: dates(both[step].to_numpy(float)) for step, column in _STEP_COLUMNS.items()}
    return frame.assign(**moments, activiteit=both["activity"], reden=whole(both["reason"]))


def scores(sample: Sample) -> pd.DataFrame:
    """The scores of the effect study, long, from the forms that are there."""
    from analysis.instruments import score

    row, wave = np.nonzero(sample.present & sample.asked["in_study"].to_numpy()[:, None])
    answers = pd.DataFrame({name: values[row, wave] for name, values in known(sample.given).items()})
    asked = sample.asked.iloc[row]
    frame = pd.DataFrame(
        {
            "person": asked["person"].to_numpy(),
            "unit": slug(sample.unit.name),
            "group": _GROUP_IDS[sample.unit.group],
            "arm": asked["waits"].map(ARM_IDS).to_numpy(),
            "wave": np.array(WAVES)[wave],
            "date": dates(asked[list(WAVES)].to_numpy()[np.arange(len(row)), wave]),
        }
    )
    scored = [_one(frame, outcome, score(outcome, answers)) for outcome in assumed()["outcomes"]]
    return pd.concat(scored, ignore_index=True)


def _one(frame: pd.DataFrame, outcome: str, scored: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(outcome=outcome, value=scored[outcome], n_missing_items=scored[f"{outcome}_missing"])
