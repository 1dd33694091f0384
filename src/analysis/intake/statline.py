"""Public figures from StatLine (CBS, RIVM) over OData 3 and 4: the rows that a plan's `context` asks for.

OData 3 goes through `cbsodata`, which follows pages but waits for ever and never tires of a loop; so its sessions, and
ours for OData 4, are `visits.Session`: bounded retries, a time limit and no page twice. Codes come blank-padded and
missing values as null; columns carry a number that differs by table, so that an indicator is named by its stem.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd

from analysis.codebook import StudyError
from analysis.intake.visits import Patience, session
from analysis.study import ContextTable

COLUMNS = ("unit", "indicator", "population", "year", "value", "table_id", "source")
_YEAR = re.compile(r"^(\d{4})JJ00$")  # a whole year; quarters and months are other keys


@dataclass(frozen=True)
class Catalog:
    """Where tables of one publisher are: host (for OData 4 with its path), version of the protocol, attribution."""

    host: str
    version: int
    publisher: str
    https: bool = True

    @property
    def address(self) -> str:
        """Address that table ids are appended to."""
        return f"http{'s' if self.https else ''}://{self.host}"


CATALOGS: Mapping[str, Catalog] = {
    "cbs": Catalog("opendata.cbs.nl", 3, "CBS"),
    "cbs4": Catalog("datasets.cbs.nl/odata/v1/CBS", 4, "CBS"),
    "rivm": Catalog("dataderden.cbs.nl", 3, "RIVM"),
}


PATIENCE = Patience()


def fetch(
    asked: ContextTable, areas: Mapping[str, str], catalog: Catalog, patience: Patience = PATIENCE
) -> pd.DataFrame:
    """The rows of one table, long (`COLUMNS`, ids of the plan), for `areas` (id to official code), all years.

    An area that the table lacks has no row. Raises `StudyError` when the plan names what the table does not have, and
    `Unreachable` when the server does not give a usable answer in time.
    """
    codes = {code: area for area, code in {**areas, **asked.areas}.items()}
    read = _read_3 if catalog.version == 3 else _read_4
    long = read(asked, list(codes), catalog, patience)
    kept = long[long[asked.area].isin(list(codes)) & _where(long, asked)]
    year = kept[asked.year].str.extract(_YEAR, expand=False) if isinstance(asked.year, str) else str(asked.year)
    rows = kept.assign(unit=kept[asked.area].map(codes), year=year, population=_population(kept, asked))
    rows = rows.dropna(subset=["year", "population"]).astype({"year": int, "value": float})
    rows = rows.assign(table_id=f"{catalog.publisher} {asked.table}", source=asked.source)
    return rows[list(COLUMNS)].sort_values(list(COLUMNS[:4]), kind="stable").reset_index(drop=True)


def _where(long: pd.DataFrame, asked: ContextTable) -> pd.Series:
    fits = pd.Series(True, index=long.index)
    for dimension, code in asked.where.items():
        fits &= long[dimension] == code
    return fits


def _population(rows: pd.DataFrame, asked: ContextTable) -> pd.Series | str:
    """Ids of the populations: one for the whole table, or by the codes of a dimension (others are not asked for)."""
    if isinstance(asked.population, str):
        return asked.population
    return rows[asked.population.dimension].map({code: level for level, code in asked.population.levels.items()})


def _dimensions(asked: ContextTable) -> list[str]:
    by = [] if isinstance(asked.population, str) else [asked.population.dimension]
    return list(dict.fromkeys([asked.area, *asked.where, *by, *([asked.year] if isinstance(asked.year, str) else [])]))


def _selections(asked: ContextTable, codes: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    """Dimensions and the codes wanted of each: small enough a selection for a server that refuses large ones."""
    by = (
        []
        if isinstance(asked.population, str)
        else [(asked.population.dimension, list(asked.population.levels.values()))]
    )
    return [(asked.area, codes), *((dimension, [code]) for dimension, code in asked.where.items()), *by]


def _filter(asked: ContextTable, codes: Sequence[str], term: str) -> str:
    groups = [
        " or ".join(term.format(dim=dim, code=code) for code in wanted) for dim, wanted in _selections(asked, codes)
    ]
    return " and ".join(f"({group})" for group in groups)


# --- OData 3 --------------------------------------------------------------------------------------------------------


def _read_3(asked: ContextTable, codes: Sequence[str], catalog: Catalog, patience: Patience) -> pd.DataFrame:
    """Rows long: a column per dimension, `indicator` and `value`. Codes are padded, hence `startswith`."""
    import cbsodata

    with _cbsodata(asked, catalog, patience):
        properties = cbsodata.get_meta(asked.table, "DataProperties", catalog_url=catalog.host)
    columns = _columns(asked, [row["Key"] for row in properties if row.get("Key")])
    with _cbsodata(asked, catalog, patience):
        answer = cbsodata.download_data(
            asked.table, select=[*_dimensions(asked), *columns.values()], catalog_url=catalog.host,
            filters=_filter(asked, codes, "startswith({dim},'{code}')"),
        )  # fmt: skip
    # `typed=False`, the default of cbsodata, leaves the typed set, with numbers and nulls
    wide = pd.DataFrame(answer["TypedDataSet"], columns=[*_dimensions(asked), *columns.values()])
    wide = wide.assign(**{name: wide[name].astype("str").str.strip() for name in _dimensions(asked)})
    wide = wide.rename(columns={column: indicator for indicator, column in columns.items()})
    return wide.melt(_dimensions(asked), list(columns), "indicator", "value").assign(
        value=lambda rows: pd.to_numeric(rows["value"])
    )


@contextmanager
def _cbsodata(asked: ContextTable, catalog: Catalog, patience: Patience) -> Iterator[None]:
    """`cbsodata` with our sessions and protocol, and its errors in our words."""
    import requests
    from cbsodata import cbsodata3

    before = cbsodata3.Session, cbsodata3.options.use_https
    cbsodata3.Session, cbsodata3.options.use_https = session(patience), catalog.https
    try:
        yield
    except requests.HTTPError as error:
        raise _refused(asked, catalog, error) from None
    finally:
        cbsodata3.Session, cbsodata3.options.use_https = before


def _refused(asked: ContextTable, catalog: Catalog, error) -> StudyError:
    status = getattr(error.__cause__ or error, "response", None)
    status = status.status_code if status is not None else "an error"
    return StudyError(
        [f"context.{asked.table}: {catalog.host} answered {status}. Check table, catalog and dimensions in study.yaml."]
    )


def _columns(asked: ContextTable, known: Sequence[str]) -> dict[str, str]:
    """The column of each indicator: its full name, or its stem before the number; `StudyError` names the others."""
    found, problems = {}, [f"dimension {name!r}" for name in _dimensions(asked) if name not in known]
    for indicator, name in asked.indicators.items():
        fits = [key for key in known if key == name or re.fullmatch(rf"{re.escape(name)}_\d+", key)]
        if len(fits) == 1:
            found[indicator] = fits[0]
            continue
        near = difflib.get_close_matches(name, known, 1)
        problems.append(f"{len(fits)} columns {name!r} of {indicator}" + (f" (is it {near[0]!r}?)" if near else ""))
    if problems:
        raise StudyError(
            [f"context.{asked.table}: the table has not one of each: {'; '.join(problems)}. Correct study.yaml."]
        )
    return found


# --- OData 4 --------------------------------------------------------------------------------------------------------


def _read_4(asked: ContextTable, codes: Sequence[str], catalog: Catalog, patience: Patience) -> pd.DataFrame:
    """Rows long, as `_read_3`; here an indicator is a code of `Measure`, and a value with an attribute is missing."""
    measures = " or ".join(f"Measure eq '{code}'" for code in asked.indicators.values())
    selection = _filter(asked, codes, "{dim} eq '{code}'")
    query = {"$filter": f"({measures}) and {selection}"}
    rows = pd.DataFrame(_pages(f"{catalog.address}/{asked.table}/Observations", query, asked, catalog, patience))
    names = ["Measure", "Value", "ValueAttribute", *_dimensions(asked)]
    if absent := [name for name in names if len(rows) and name not in rows]:
        raise StudyError(
            [f"context.{asked.table}: the table has no {', '.join(absent)}. Correct the dimensions in study.yaml."]
        )
    rows = rows.reindex(columns=names)
    rows = rows.assign(**{name: rows[name].astype("str").str.strip() for name in ["Measure", *_dimensions(asked)]})
    known = {code: indicator for indicator, code in asked.indicators.items()}
    value = pd.to_numeric(rows["Value"]).where(rows["ValueAttribute"] == "None")
    return rows.assign(indicator=rows["Measure"].map(known), value=value).dropna(subset=["indicator"])


def _pages(url: str, query: Mapping[str, str], asked: ContextTable, catalog: Catalog, patience: Patience) -> list[dict]:
    import requests

    rows, visit, parameters = [], session(patience)(), dict(query)
    while url:
        try:
            answer = visit.get(url, params=parameters)
            answer.raise_for_status()
        except requests.HTTPError as error:
            raise _refused(asked, catalog, error) from None
        page = answer.json()
        rows += page["value"]
        url, parameters = page.get("@odata.nextLink"), {}
    return rows
