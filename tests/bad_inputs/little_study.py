"""A study of twelve persons in three tables, in any file format: what the corpus of bad inputs spoils, one thing at a
time.
"""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import yaml

SECRET = "Zwaluwstraat"  # stands in spoilt cells that a message must never repeat
KEY = "0123456789abcdef" * 4


@dataclass
class Little:
    """The parts of the study before anything is written; `formats` says how each table is delivered."""

    tables: dict[str, pd.DataFrame]
    formats: dict[str, str]
    plan: dict
    codebook: pd.DataFrame
    levels: pd.DataFrame
    labels: dict[str, dict] = field(default_factory=dict)
    corrections: pd.DataFrame | None = None


def day(number: int) -> dt.date:
    return dt.date(2021, 2, 10) + dt.timedelta(number)


def little() -> Little:
    ids = [f"p7f3k{n:02d}" for n in range(12)]
    persons = pd.DataFrame(
        {
            "pid": ids,
            "gemeente": ["1", "2", "3"] * 4,
            "geslacht": ["1", "2"] * 6,
            "leeftijd": [61 + n for n in range(12)],
            "gewicht": [70.5 + n for n in range(12)],
            "aanmelding": [day(-n) for n in range(12)],
        }
    )
    waves = [(person, wave, place) for place, person in enumerate(ids) for wave in ("0", "1")]
    answers = pd.DataFrame(
        {
            "pid": [p for p, _, _ in waves],
            "meting": [w for _, w, _ in waves],
            "datum": [day(place + 180 * int(w)) for _, w, place in waves],
            **{f"q{k}": [(place + k + int(w)) % 6 + 1 for _, w, place in waves] for k in range(1, 6)},
            "score": [round(3.25 + 0.5 * place, 2) for _, _, place in waves],
            "actief": ["0", "1"] * 12,
        }
    )
    referrals = pd.DataFrame(
        {
            "vid": [f"v{n}" for n in range(12)],
            "pid": ids,
            "plaats": ["1", "2", "3"] * 4,
            "verwezen": [day(n) for n in range(12)],
            "gestart": [day(n + 30) for n in range(12)],
        }
    )
    return Little(
        {"persons": persons, "answers": answers, "referrals": referrals},
        dict.fromkeys(("persons", "answers", "referrals"), "csv"),
        plan(),
        codebook(),
        levels(),
    )


def plan() -> dict:
    outcome = {"domain": "participation", "role": "primary", "better": "high", "kind": "continuous"}
    return {
        "study": "little",
        "title": {"nl": "Klein", "en": "Little"},
        "kind": "synthetic",
        "source": "tests",
        "licence": "none",
        "seed": 1,
        "pseudonyms": "as_received",
        "tables": {name: {} for name in ("persons", "answers", "referrals")},
        "time": "date",
        "window": ["2020-06-01", "2022-06-30"],
        "waves": [{"id": "t0", "month": 0}, {"id": "t1", "month": 6}],
        "unit": {"name": {"nl": "gemeente", "en": "municipality"}, "all": {"nl": "Alle", "en": "All"}},
        "design": {"kind": "pre_post"},
        "referral_steps": ["referred", "started"],
        "referral_start": "started",
        "outcomes": [
            {"id": "mhi5", "instrument": "mhi5", "domain": "health", "role": "primary"},
            {"id": "wellbeing", "score": "wellbeing", "title": {"nl": "Welzijn", "en": "Wellbeing"}, **outcome},
        ],
    }


def codebook() -> pd.DataFrame:
    rows = [
        "persons,person,pid,id,,,,yes,direct",
        "persons,unit,gemeente,category,,unit,,yes,quasi",
        "persons,sex,geslacht,category,,sex,9=unknown,,quasi",
        "persons,age,leeftijd,integer,year,18..110,,,quasi",
        "persons,weight,gewicht,number,kg,,,,sensitive",
        "persons,registered,aanmelding,date,,,,,quasi",
        "persons,in_study,,boolean,,,,,open",
        "persons,excluded,,category,,excluded,,,open",
        "answers,person,pid,id,,,,yes,direct",
        "answers,unit,,category,,unit,,,quasi",
        "answers,wave,meting,category,,wave,,yes,open",
        "answers,date,datum,date,,,,yes,quasi",
        *(f"answers,mhi5_{k},q{k},integer,,1..6,9=unknown,,sensitive" for k in range(1, 6)),
        "answers,wellbeing,score,number,,0..100,,,sensitive",
        "answers,active,actief,boolean,,,,,open",
        "measures,person,,id,,,,,direct",
        "measures,unit,,category,,unit,,,quasi",
        "measures,wave,,category,,wave,,,open",
        "measures,date,,date,,,,,quasi",
        "measures,outcome,,text,,,,,open",
        "measures,value,,number,,,,,sensitive",
        "measures,class,,text,,,,,sensitive",
        "measures,n_missing_items,,integer,,,,,open",
        "referrals,referral,vid,id,,,,yes,direct",
        "referrals,person,pid,id,,,,yes,direct",
        "referrals,unit,plaats,category,,unit,,,quasi",
        "referrals,referred,verwezen,date,,,,yes,quasi",
        "referrals,started,gestart,date,,,,,quasi",
    ]
    columns = ["table", "name", "source", "type", "unit", "levels", "missing", "required", "sensitivity"]
    frame = pd.DataFrame([row.split(",") for row in rows], columns=columns)
    return frame.assign(label_nl=frame["name"], label_en=frame["name"], check="error", note="")


def levels() -> pd.DataFrame:
    rows = [
        "unit,1,north",
        "unit,2,south",
        "unit,3,east",
        "sex,1,man",
        "sex,2,woman",
        "wave,0,t0",
        "wave,1,t1",
        "excluded,,no_first_measurement",
    ]
    frame = pd.DataFrame([row.split(",") for row in rows], columns=["set", "code", "level"])
    return frame.assign(label_nl=frame["level"].str.title(), label_en=frame["level"].str.title())


def write(study: Little, root: Path) -> dict[str, Path]:
    """The study as a project folder; returns the raw file of each table."""
    folder, raw = root / "studies" / "little", root / "data" / "raw" / "little"
    folder.mkdir(parents=True, exist_ok=True)
    raw.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, frame in study.tables.items():
        files[name] = raw / f"{name}.{study.formats[name]}"
        deliver(frame, files[name], study.labels.get(name, {}))
        study.plan["tables"][name] = {"file": files[name].name, **study.plan["tables"][name]}
    (folder / "study.yaml").write_text(yaml.safe_dump(study.plan), encoding="utf-8")
    study.codebook.to_csv(folder / "codebook.csv", index=False)
    study.levels.to_csv(folder / "levels.csv", index=False)
    if study.corrections is not None:
        study.corrections.to_csv(folder / "corrections.csv", index=False)
    return files


def deliver(frame: pd.DataFrame, path: Path, labels: dict) -> None:
    """One table in the format of its file name."""
    {"csv": _csv, "xlsx": _xlsx, "sav": _sav, "dta": _dta, "parquet": _parquet}[path.suffix[1:]](frame, path, labels)


def _csv(frame: pd.DataFrame, path: Path, labels: dict) -> None:
    frame.to_csv(path, index=False, **labels)


def _xlsx(frame: pd.DataFrame, path: Path, labels: dict) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "blad"
    for row in [list(frame.columns), *frame.astype("object").where(frame.notna(), None).to_numpy().tolist()]:
        book.active.append(row)
    book.save(path)


def _numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Codes as numbers, as SPSS keeps them."""

    def column(values: pd.Series) -> pd.Series:
        written = values.dropna().astype("str")
        return values.astype("float64") if written.str.fullmatch(r"-?\d+(\.\d+)?").all() else values

    return frame.apply(column)


def _sav(frame: pd.DataFrame, path: Path, labels: dict) -> None:
    import pyreadstat

    dates = {name: "EDATE10" for name in frame if frame[name].map(lambda value: isinstance(value, dt.date)).any()}
    pyreadstat.write_sav(_numbers(frame), path, variable_format=dates, **labels)


def _dta(frame: pd.DataFrame, path: Path, labels: dict) -> None:
    import pyreadstat

    pyreadstat.write_dta(_numbers(frame), path, **labels)


def _parquet(frame: pd.DataFrame, path: Path, labels: dict) -> None:
    frame.to_parquet(path, index=False, **labels)
