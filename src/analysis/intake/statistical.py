"""SPSS and Stata files, and parquet: codes as they are, with labels, missing values and multiple-response sets beside
them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from analysis.intake.arrival import contents, refuse
from analysis.intake.checks import Problem, remark
from analysis.intake.codes import code
from analysis.intake.learnt import Learnt, MultipleResponse, remarked


def read_statistical(path: Path, *, encoding: str | None = None) -> tuple[pd.DataFrame, Learnt]:
    """An SPSS or Stata file: codes as text (index = case number) with what the file declares about them.

    User-missing values stay in the frame as their code; `Learnt.missing` gives each its reason. A file tells its own
    encoding; `encoding` overrides it, save for UTF-8, which is only the default of study.yaml.
    """
    contents(path)
    given = encoding if encoding and encoding.lower().replace("-", "") not in ("utf8", "utf8sig") else None
    frame, meta = _parsed(path, given)
    frame = frame.apply(code).set_axis(range(1, len(frame) + 1))
    labels = {name: label for name, label in meta.column_names_to_labels.items() if label}
    value_labels = {
        name: {_as_code(value): text for value, text in found.items()}
        for name, found in meta.variable_value_labels.items()
    }
    missing = {
        name: found for name in frame if (found := _missing(frame[name], meta, name, value_labels.get(name, {})))
    }
    learnt = Learnt(
        encoding=given or meta.file_encoding,
        labels=labels,
        value_labels=value_labels,
        missing=missing,
        multiple=_multiple(meta),
        types=dict(meta.original_variable_types),
        measures=dict(meta.variable_measure),
    )
    return frame, remarked(learnt, list(_label_remarks(path.name, frame, learnt)))


def _parsed(path: Path, encoding: str | None):
    import pyreadstat

    kind = path.suffix.lower()
    try:
        if kind == ".por":
            return pyreadstat.read_por(path)
        reader = pyreadstat.read_dta if kind == ".dta" else pyreadstat.read_sav
        return reader(path, encoding=encoding, user_missing=True)
    except MemoryError:
        refuse(
            path,
            "readable",
            "asks for more memory than there is",
            "It is damaged, or too large: save it again with fewer variables.",
        )
    except Exception:  # pyreadstat raises its own errors, Unicode and overflow errors; the file is wrong in all cases
        refuse(
            path,
            "SPSS or Stata file",
            "cannot be read: damaged, cut off, protected, or in an encoding that it does not name",
            "Open it in its program and save it again without a password, or declare its `encoding`.",
        )


def _as_code(value) -> str:
    return code(pd.Series([value], dtype="object")).iloc[0]


def _missing(values: pd.Series, meta, name: str, labels: Mapping[str, str]) -> dict[str, str]:
    """Codes that are met and declared missing, or labelled within a missing range, with the label as the reason."""
    present = dict.fromkeys([*values.dropna().unique(), *labels])
    ranges = meta.missing_ranges.get(name, [])
    letters = {str(letter) for letter in meta.missing_user_values.get(name, [])}
    declared = [each for each in present if each in letters or any(_within(each, limits) for limits in ranges)]
    return {each: reason(labels.get(each, "")) for each in sorted(declared)}


def reason(label: str) -> str:
    """A value label as the id of a reason; `user_missing` where there is no label."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", label.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "user_missing"


def _within(each: str, limits: Mapping) -> bool:
    low, high = limits["lo"], limits["hi"]
    if isinstance(low, str):
        return each == low.strip()
    try:
        return float(low) <= float(each) <= float(high)
    except ValueError:
        return False


def _multiple(meta) -> dict[str, MultipleResponse]:
    sets = {}
    for name, found in meta.mr_sets.items():
        counted = found["counted_value"]
        sets[name] = MultipleResponse(
            found["label"], tuple(found["variable_list"]), _as_code(counted) if found["is_dichotomy"] else None
        )
    return sets


def _label_remarks(file: str, frame: pd.DataFrame, learnt: Learnt) -> Iterator[Problem]:
    """Labels that stand twice, values without one, and letters that the wrong encoding broke."""
    for name, labels in learnt.value_labels.items():
        gone = learnt.missing.get(name, {})
        if len(set(labels.values())) < len(labels):
            text = "two codes have the same label; codes are kept apart"
            yield remark(file, "label once", text, "Correct the labels.", name)
        bare = frame.index[frame[name].notna() & ~frame[name].isin([*labels, *gone])]
        if len(set(labels) - set(gone)) > 1 and len(bare):
            remedy = "Label them, or declare a range in codebook.csv."
            yield remark(file, "labelled values", "values without a label", remedy, name, list(bare))
    for name, label in learnt.labels.items():
        if "\ufffd" in label or re.search("Ã[\u0080-\u00bf]", label):
            yield remark(
                file, "letters in labels", "a label has broken letters", "Declare the file's `encoding`.", name
            )


def read_parquet(path: Path) -> tuple[pd.DataFrame, Learnt]:
    """A parquet file as text codes (index = row number)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    contents(path)
    try:
        table = pq.ParquetFile(path).read()
        nested = [
            field.name for field in table.schema if pa.types.is_nested(field.type) or pa.types.is_binary(field.type)
        ]
        frame = None if nested else table.to_pandas()
    except Exception:  # pyarrow raises ArrowInvalid, OSError and others for a damaged file
        refuse(path, "parquet file", "cannot be read: damaged or cut off", "Write it again.")
    if nested:
        refuse(path, "plain columns", "holds lists, records or bytes", "Write one value a cell.", column=nested[0])
    frame = pd.DataFrame({place: code(frame.iloc[:, place]) for place in range(frame.shape[1])}).set_axis(
        map(str, table.column_names[: frame.shape[1]]), axis=1
    )
    return frame.set_axis(range(1, len(frame) + 1)), Learnt(encoding="utf-8")
