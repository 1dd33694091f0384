"""The second synthetic study: families matched with volunteers, another kind of programme for the same design.

A family is referred, meets the coordinator, is matched with a volunteer, is visited, and keeps up or not. Everybody who
is visited gains what `GAIN` says, whoever fills in the forms: nothing is missing other than by chance, so that the mean
change of those with a form is the truth, apart from chance.
"""

import numpy as np
import pandas as pd

from analysis.synthetic.world import stream

NAME = "samen_oplopen"
SEED = 20110901
FAMILIES = {"Elzenhof": 150, "Lindehof": 100, "Beukhof": 70}
GAIN = {"welbevinden": (0.0, 6.0, 8.0), "steun": (0.0, 1.2, 1.5), "belasting": (0.0, -3.0, -4.0)}  # by wave
CHANCES = {"intake": 0.88, "match": 0.80, "start": 0.95, "kept": 0.72, "goal": 0.62, "goal_without": 0.25,
           "volunteer_stops": 0.34, "mark": 0.66}  # fmt: skip
_MARKS = {"welbevinden": (56, 14, 0, 100), "steun": (5.2, 1.8, 0, 10), "belasting": (22, 6, 0, 40)}
_FORM = (0.96, 0.80, 0.64)  # chance of a form at each wave
_FIRST, _LAST = np.datetime64("2021-01-04"), np.datetime64("2024-03-31")
_LAST_REFERRAL = 720  # days after the first
_REFERRERS = {"consultatiebureau": 0.32, "huisarts": 0.14, "wijkteam": 0.30, "school": 0.10, "zelf": 0.14}
_REASONS = {"verhuisd": 0.12, "geen_behoefte": 0.34, "geen_match": 0.22, "tijd": 0.22, "anders": 0.10}
_ELEMENTS = {
    "kennismaking": 0.95,
    "match_op_maat": 0.86,
    "doel_op_papier": 0.70,
    "wekelijks": 0.76,
    "begeleiding": 0.83,
}
_COSTS = [  # step, resource, volume for 100 families, price in euros, source
    ("intake", "uren_coordinator", 210, 52.0, "aangenomen uurtarief coördinator"),
    ("match", "uren_coordinator", 340, 52.0, "aangenomen uurtarief coördinator"),
    ("bezoek", "onkosten", 900, 4.5, "aangenomen onkosten per bezoek"),
    ("training", "training", 30, 85.0, "aangenomen training per vrijwilliger"),
]


def tables(seed: int = SEED) -> dict[str, pd.DataFrame]:
    """The raw tables by file name without `.csv`, columns and codes as in the codebook of the study; one row order."""
    families = _families(stream(seed, "families"))
    volunteers = _volunteers(stream(seed, "volunteers"))
    paths = _paths(families, volunteers, stream(seed, "paths"))
    volunteers = _stays(volunteers, paths, stream(seed, "stays"))
    return {
        "gezinnen": families.drop(columns=["nth"]),
        "trajecten": paths,
        "vragenlijsten": _forms(families, paths, stream(seed, "forms")),
        "bezoeken": _visits(paths, stream(seed, "visits")),
        "vrijwilligers": volunteers,
        "cijfers": _marks_given(paths, stream(seed, "marks")),
        "werkwijze": _fidelity(paths, stream(seed, "fidelity")),
        "kosten": _spent(),
    }


def _picked(luck: np.random.Generator, chances: dict[str, float], n: int) -> np.ndarray:
    return luck.choice(list(chances), size=n, p=list(chances.values()))


def _families(luck: np.random.Generator) -> pd.DataFrame:
    place = np.repeat(list(FAMILIES), list(FAMILIES.values()))
    n = len(place)
    return pd.DataFrame(
        {
            "gezin": [f"G{number:04d}" for number in luck.permutation(n) + 1], "locatie": place,
            "leeftijd_ouder": luck.integers(20, 52, n),
            "kinderen": luck.choice([1, 2, 3, 4], n, p=[0.38, 0.36, 0.18, 0.08]),
            "alleenstaand": luck.choice([0, 1, 9], n, p=[0.55, 0.42, 0.03]),
            "toestemming": (luck.random(n) < 0.93).astype(int),
            "nth": np.arange(n),
        }
    )  # fmt: skip


def _volunteers(luck: np.random.Generator) -> pd.DataFrame:
    place = np.repeat(list(FAMILIES), [size // 2 for size in FAMILIES.values()])
    n = len(place)
    return pd.DataFrame(
        {
            "vrijwilliger": [f"V{number:03d}" for number in range(1, n + 1)], "locatie": place,
            "gestart_op": _day(luck.integers(-200, 600, n).astype(float)),
            "training": (luck.random(n) < 0.85).astype(int),
        }
    )  # fmt: skip


def _stays(volunteers: pd.DataFrame, paths: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """A volunteer began before the first match and, for a third of them, stopped some time after the last one ended."""
    first = volunteers["vrijwilliger"].map(paths.groupby("vrijwilliger")["gekoppeld"].min())
    began = volunteers["gestart_op"].where(
        ~(volunteers["gestart_op"] > first), first - pd.to_timedelta(luck.integers(7, 60, len(volunteers)), unit="D")
    )
    last = volunteers["vrijwilliger"].map(paths.groupby("vrijwilliger")["gestopt"].max()).fillna(began)
    stop = last + pd.to_timedelta(luck.integers(20, 200, len(volunteers)), unit="D")
    leaves = (luck.random(len(volunteers)) < CHANCES["volunteer_stops"]) & (stop <= _LAST)
    return volunteers.assign(gestart_op=began, gestopt_op=stop.where(leaves))


def _marks_given(paths: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """The mark that two out of three families gave after five months of visits."""
    rows = paths.loc[paths["eerste_bezoek"].notna(), ["gezin", "eerste_bezoek"]].reset_index(drop=True)
    rows = rows.assign(datum=rows.pop("eerste_bezoek") + pd.Timedelta(days=150))
    rows["cijfer"] = np.clip(np.round(luck.normal(8.4, 0.9, len(rows))), 1, 10).astype(int)
    return rows[(luck.random(len(rows)) < CHANCES["mark"]) & (rows["datum"] <= _LAST)]


def _day(days: np.ndarray) -> pd.Series:
    """Days since the first as dates, missing where NaN or after the data end."""
    known = ~np.isnan(days)
    moments = np.full(len(days), np.datetime64("NaT"), dtype="datetime64[s]")
    moments[known] = _FIRST + days[known].astype("timedelta64[D]")
    return pd.Series(np.where(moments <= _LAST, moments, np.datetime64("NaT")))


def _paths(families: pd.DataFrame, volunteers: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """From referral to match, visits and goal: days since the first, NaN for a step that was not taken."""
    n = len(families)

    def after(base: np.ndarray, chance: np.ndarray | float, low: int, high: int) -> np.ndarray:
        return np.where(luck.random(n) < chance, base + luck.integers(low, high, n), np.nan)

    referred = luck.integers(0, _LAST_REFERRAL, n).astype(float)
    intake = after(referred, CHANCES["intake"], 3, 35)
    matched = after(intake, CHANCES["match"], 10, 90)
    started = after(matched, CHANCES["start"], 5, 24)
    kept = np.where(luck.random(n) < CHANCES["kept"], started + 183, np.nan)
    goal = after(started, np.where(np.isnan(kept), CHANCES["goal_without"], CHANCES["goal"]), 60, 300)
    stays = np.where(np.isnan(kept), luck.integers(20, 170, n), luck.integers(200, 400, n))
    gave_up = np.fmax(np.fmax(referred, intake), matched) + luck.integers(14, 60, n)
    ended = np.where(np.isnan(started), gave_up, started + stays)
    who = [luck.choice(volunteers.loc[volunteers["locatie"] == place, "vrijwilliger"]) for place in families["locatie"]]
    reason = _picked(luck, _REASONS, n)
    steps = {"aangemeld": referred, "kennismaking": intake, "gekoppeld": matched, "eerste_bezoek": started}
    steps |= {"nog_gekoppeld_6mnd": kept, "doel_bereikt": goal, "gestopt": ended}
    table = pd.DataFrame({
        "traject": [f"T{number:04d}" for number in range(1, n + 1)],
        "gezin": families["gezin"], "locatie": families["locatie"], "verwijzer": _picked(luck, _REFERRERS, n),
        **{name: _day(days) for name, days in steps.items()},
    })  # fmt: skip
    return table.assign(
        vrijwilliger=pd.Series(who).where(table["gekoppeld"].notna()),
        reden=pd.Series(reason).where(table["gestopt"].notna()),
    )


def _forms(families: pd.DataFrame, paths: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """One row a family and wave: marks that share a level of the family, plus `GAIN` for who is visited."""
    n, level = len(families), luck.normal(size=len(families))
    visited = paths["eerste_bezoek"].notna().to_numpy()
    parts = []
    for wave, (months, chance) in enumerate(zip((0, 6, 12), _FORM, strict=True)):
        asked = paths["kennismaking"].notna() & families["toestemming"].eq(1) & (visited | (wave == 0))
        there = (asked & (luck.random(n) < chance)).to_numpy()
        moment = paths["kennismaking"] + pd.to_timedelta(np.round(months * 30.44) + luck.integers(0, 10, n), unit="D")
        marks = {name: _marks(name, wave, level, visited, luck) for name in GAIN}
        part = pd.DataFrame({"gezin": families["gezin"], "meting": wave, "datum": moment, **marks})
        parts.append(part[there & (moment <= _LAST).to_numpy()])
    return pd.concat(parts, ignore_index=True).sort_values(["gezin", "meting"])


def _marks(name: str, wave: int, level: np.ndarray, visited: np.ndarray, luck: np.random.Generator) -> np.ndarray:
    mean, sd, low, high = _MARKS[name]
    sign = -1 if name == "belasting" else 1
    values = (
        mean + sd * (0.7 * sign * level + np.sqrt(1 - 0.49) * luck.normal(size=len(level))) + GAIN[name][wave] * visited
    )
    return np.clip(np.round(values, 1), low, high)


def _visits(paths: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """A visit every three weeks or so from the first to the last, and talks with the coordinator in between."""
    rows = []
    for path in paths[paths["eerste_bezoek"].notna()].itertuples():
        end = _LAST if pd.isna(path.gestopt) else path.gestopt
        days = np.cumsum(luck.integers(14, 28, 20)) - 14
        for day in days[days <= (pd.Timestamp(end) - path.eerste_bezoek).days]:
            talk = luck.random() < 0.2
            minutes = int(luck.integers(20, 60) if talk else luck.integers(60, 180))
            where = "buiten" if luck.random() < 0.4 else "thuis"
            what = ("gesprek", "coordinator") if talk else ("bezoek", "vrijwilliger")
            rows.append(
                (path.gezin, path.eerste_bezoek + pd.Timedelta(days=int(day)), what[0], where, minutes, what[1])
            )
    return pd.DataFrame(rows, columns=["gezin", "datum", "activiteit", "plaats", "minuten", "contact"])


def _fidelity(paths: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    cases = paths[paths["gekoppeld"].notna()].iloc[::2]
    parts = [
        pd.DataFrame({"casus": cases["traject"], "locatie": cases["locatie"], "element": element, "van_toepassing": 1,
                      "uitgevoerd": (luck.random(len(cases)) < chance).astype(int)})
        for element, chance in _ELEMENTS.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _spent() -> pd.DataFrame:
    rows = [
        (place, step, resource, round(volume * families / 100), price, 2023, source)
        for place, families in FAMILIES.items()
        for step, resource, volume, price, source in _COSTS
    ]
    return pd.DataFrame(rows, columns=["locatie", "stap", "middel", "volume", "prijs", "prijsjaar", "bron"])
