"""Public figures from a server on loopback that answers like StatLine, with its padding, nulls, pages and bad days."""

import dataclasses
import datetime as dt
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from analysis import __main__ as command
from analysis import store
from analysis.codebook import StudyError
from analysis.intake import snapshots, statline
from analysis.intake.visits import Patience, Unreachable
from analysis.study import ContextLevels, ContextTable

DEFAULT = "samen_in_beweging"
QUICK = Patience(attempts=3, wait=0.001, longest=0.002, timeout=5, pages=30)
AREAS = {"hardenberg": "GM0160", "kampen": "GM0166"}
PAGE = 4  # rows a page; the real feed gives 10,000 (OData 3) or 100,000 (OData 4)
TOO_MANY = 60  # rows that the server refuses at once

HEALTH = ContextTable(
    table="50090NED", catalog="rivm", area="WijkenEnBuurten", areas={"nederland": "NL01"}, year="Perioden",
    population=ContextLevels(dimension="Leeftijd", levels={"18_plus": "20300", "65_plus": "80200"}),
    where={"Marges": "MW00000"}, source="GGD'en, CBS en RIVM (CC BY 4.0)",
    indicators={"good_health": "ErvarenGezondheidGoedZeerGoed", "lonely": "Eenzaam"},
)  # fmt: skip
PEOPLE = ContextTable(
    table="85984NED", catalog="cbs", area="WijkenEnBuurten", areas={"nederland": "NL00"}, year=2024, population="total",
    indicators={"inhabitants": "AantalInwoners"}, source="CBS (CC BY 4.0)",
)  # fmt: skip
VOLUNTEERS = ContextTable(
    table="85541NED", catalog="cbs4", area="RegioS", areas={"nederland": "NL01"}, year="Perioden", population="18_plus",
    indicators={"volunteer": "M001534"}, source="CBS (CC BY 4.0)",
)  # fmt: skip


def health_rows() -> list[dict]:
    """Areas x ages x margins x years: three areas that are asked for and one that only begins alike."""
    rows = []
    for area in ("NL01      ", "GM0160    ", "GM0166    ", "WK016000  "):
        for age in ("20300     ", "53115     ", "80200     "):
            for margin in ("MW00000   ", "MOG0095   "):
                for year in ("2016JJ00", "2020JJ00", "2020KW01"):
                    number = len(rows)
                    rows.append({
                        "ID": number, "WijkenEnBuurten": area, "Leeftijd": age, "Marges": margin, "Perioden": year,
                        "ErvarenGezondheidGoedZeerGoed_4": 50 + number / 10, "EmotioneelEenzaam_30": 20.0,
                        "Eenzaam_28": None if year == "2016JJ00" else 40 + number / 10,
                    })  # fmt: skip
    return rows


def people_rows() -> list[dict]:
    return [
        {
            "ID": 0,
            "WijkenEnBuurten": "NL00      ",
            "Gemeentenaam_1": "Nederland".ljust(40),
            "AantalInwoners_5": 17942942,
        },
        {"ID": 1, "WijkenEnBuurten": "GM0160    ", "Gemeentenaam_1": "Hardenberg".ljust(40), "AantalInwoners_5": 62932},
        {"ID": 2, "WijkenEnBuurten": "WK016000  ", "Gemeentenaam_1": "Hardenberg".ljust(40), "AantalInwoners_5": 18395},
    ]


def observations() -> list[dict]:
    """OData 4: one row a value; a value with an attribute is missing or secret."""
    found = [
        ("GM0160", 31.0, "None"),
        ("GM0166", None, "Confidential"),
        ("NL01", 41.2, "None"),
        ("GM9999", 1.0, "None"),
    ]
    return [
        {"Id": number, "Measure": measure, "ValueAttribute": attribute, "Value": value, "StringValue": None,
         "RegioS": area, "Perioden": "2022JJ00"}
        for number, (area, value, attribute) in enumerate(found)
        for measure in ("M001534", "M009999")
    ]  # fmt: skip


TABLES = {"50090NED": health_rows(), "85984NED": people_rows()}
DIMENSIONS = {"50090NED": ("WijkenEnBuurten", "Leeftijd", "Marges", "Perioden"), "85984NED": ("WijkenEnBuurten",)}


class Server(BaseHTTPRequestHandler):
    """What the real services answer, on a good day; `mood` and `bad_days` make it a bad one."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        state = self.server.state
        state["visits"].append(self.path)
        if state["bad_days"] > 0 and "Set" in self.path + "Set" * ("Observations" in self.path):
            state["bad_days"] -= 1
            return self.fail(state["mood"])
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        try:
            self.answer_4(query) if path.endswith("/Observations") else self.answer_3(path, query)
        except KeyError:  # a column that is not there
            self.fail("400")

    def fail(self, mood: str):
        if mood == "dropped":
            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"value": [')
            self.close_connection = True
        elif mood == "half":
            self.send(b'{"value": [{"ID":')
        else:
            self.send(
                json.dumps({"odata.error": {"code": "", "message": {"value": "An error occurred"}}}).encode(), int(mood)
            )

    def answer_3(self, path: str, query: dict):
        found = re.fullmatch(r"/ODataFeed/odata/(\w+)/(\w*)", path)
        if not found or found[1] not in TABLES:
            return self.send(b"{}", 404)
        table, part = found.groups()
        if not part:
            names = [
                "TableInfos",
                "UntypedDataSet",
                "TypedDataSet",
                "DataProperties",
                "CategoryGroups",
                *DIMENSIONS[table],
            ]
            return self.json({"odata.metadata": "", "value": [{"name": name, "url": name} for name in names]})
        if part == "DataProperties":
            return self.json({"value": [{"Key": key} for key in TABLES[table][0]]})
        if part != "TypedDataSet":
            return self.json({"value": []})
        self.page("odata.nextLink", selected(TABLES[table], query), query)

    def answer_4(self, query: dict):
        self.page("@odata.nextLink", selected(observations(), query), query)

    def page(self, key: str, rows: list[dict], query: dict):
        if len(rows) > TOO_MANY:
            return self.fail("500")
        start = int(query.get("$skip", ["0"])[0])
        start = 0 if self.server.state["mood"] == "circle" else start
        more = start + PAGE < len(rows) or self.server.state["mood"] in ("circle", "endless")
        query = {name: values[0] for name, values in query.items()} | {"$skip": str(start + PAGE)}
        link = f"http://{self.headers['Host']}{urlsplit(self.path).path}?" + "&".join(
            f"{k}={quote(v)}" for k, v in query.items()
        )
        wanted = query.get("$select", "").split(",") if "$select" in query else None
        part = [{k: v for k, v in row.items() if wanted is None or k in wanted} for row in rows[start : start + PAGE]]
        self.json({"value": part, **({key: link} if more else {})})

    def json(self, content: dict):
        self.send(json.dumps(content).encode())

    def send(self, content: bytes, status: int = 200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def selected(rows: list[dict], query: dict) -> list[dict]:
    """Rows that pass `(startswith(A,'x') or startswith(A,'y')) and (B eq 'z')`; values without padding."""
    for group in re.findall(
        r"\(((?:startswith\(.*?'\)|\w+ eq '.*?')(?: or (?:startswith\(.*?'\)|\w+ eq '.*?'))*)\)",
        query.get("$filter", [""])[0],
    ):
        starts, equals = re.findall(r"startswith\((\w+),'(.*?)'\)", group), re.findall(r"(\w+) eq '(.*?)'", group)
        rows = [
            row for row in rows
            if any(row[name].startswith(code) for name, code in starts)
            or any(row[name].strip() == code for name, code in equals)
        ]  # fmt: skip
    return rows


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    running = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    running.state = {"mood": "", "bad_days": 0, "visits": []}
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


def catalogs(server) -> dict[str, statline.Catalog]:
    host = f"127.0.0.1:{server.server_port}"
    return {
        name: dataclasses.replace(catalog, host=f"{host}/odata/v1/CBS" if catalog.version == 4 else host, https=False)
        for name, catalog in statline.CATALOGS.items()
    }


def fetch(server, asked: ContextTable, patience: Patience = QUICK, areas=None) -> pd.DataFrame:
    return statline.fetch(asked, AREAS if areas is None else areas, catalogs(server)[asked.catalog], patience)


# --- what is read ---


def test_rows_of_the_areas_ages_and_margin_asked_for(server):
    rows = fetch(server, HEALTH)
    assert list(rows.columns) == list(statline.COLUMNS)
    assert (
        len(rows) == 3 * 2 * 2 * 2
    )  # areas, populations, years, indicators; quarters, bounds and the district are left out
    assert set(rows["unit"]) == {"hardenberg", "kampen", "nederland"} and set(rows["year"]) == {2016, 2020}
    assert set(rows["table_id"]) == {"RIVM 50090NED"} and set(rows["source"]) == {HEALTH.source}
    # by hand: GM0160, 80200, MW00000, 2020JJ00 is the 32nd row that the server made (18 + 12 + 0 + 1)
    line = rows.query("unit == 'hardenberg' and population == '65_plus' and year == 2020").set_index("indicator")[
        "value"
    ]
    assert line.to_dict() == pytest.approx({"good_health": 50 + 3.1, "lonely": 40 + 3.1})


def test_pages_are_followed_to_the_end(server):
    fetch(server, HEALTH)
    pages = [path for path in server.state["visits"] if "/TypedDataSet" in path]
    # 3 areas x 2 ages x 1 margin x 3 periods, 4 a page
    assert len(pages) == -(-18 // PAGE)


def test_null_is_missing_and_not_zero(server):
    rows = fetch(server, HEALTH)
    assert rows.loc[rows["year"].eq(2016) & rows["indicator"].eq("lonely"), "value"].isna().all()
    assert rows.loc[rows["year"].eq(2020), "value"].notna().all()


def test_an_area_that_the_table_lacks_has_no_row_and_a_year_may_be_given(server):
    rows = fetch(server, PEOPLE)
    assert rows[["unit", "population", "year", "value"]].to_numpy().tolist() == [
        ["hardenberg", "total", 2024, 62932.0], ["nederland", "total", 2024, 17942942.0],
    ]  # fmt: skip


def test_odata_4_by_measure_with_secret_values_missing(server):
    rows = fetch(server, VOLUNTEERS)
    assert rows.set_index("unit")["value"].fillna(-1).to_dict() == {
        "hardenberg": 31.0,
        "kampen": -1.0,
        "nederland": 41.2,
    }
    assert set(rows["table_id"]) == {"CBS 85541NED"} and set(rows["year"]) == {2022}


# --- bad days ---


@pytest.mark.parametrize("asked", [HEALTH, VOLUNTEERS], ids=["odata3", "odata4"])
@pytest.mark.parametrize("mood", ["500", "503", "429", "dropped", "half"])
def test_a_bad_moment_passes(server, asked, mood):
    expected = fetch(server, asked)
    server.state.update(mood=mood, bad_days=QUICK.attempts - 1)
    pd.testing.assert_frame_equal(fetch(server, asked), expected)


@pytest.mark.parametrize("asked", [HEALTH, VOLUNTEERS], ids=["odata3", "odata4"])
@pytest.mark.parametrize(
    ("mood", "told"),
    [("500", "answered 500"), ("dropped", "ChunkedEncodingError|ConnectionError"), ("half", "half a text")],
)
def test_attempts_are_bounded_and_the_reason_is_told(server, asked, mood, told):
    server.state.update(mood=mood, bad_days=1000)
    with pytest.raises(Unreachable, match=told):
        fetch(server, asked)
    assert len(server.state["visits"]) <= 10 * QUICK.attempts


def test_too_large_a_selection_says_so(server):
    everything = HEALTH.model_copy(update={"areas": {"anywhere": ""}, "where": {}})
    everything = everything.model_copy(
        update={"population": ContextLevels(dimension="Leeftijd", levels={"18_plus": ""})}
    )
    with pytest.raises(Unreachable, match="500; large selections"):
        fetch(server, everything)


@pytest.mark.parametrize("asked", [HEALTH, VOLUNTEERS], ids=["odata3", "odata4"])
def test_pages_in_a_circle_are_refused(server, asked):
    server.state["mood"] = "circle"
    with pytest.raises(Unreachable, match="circle"):
        fetch(server, asked)


@pytest.mark.parametrize("asked", [HEALTH, VOLUNTEERS], ids=["odata3", "odata4"])
def test_pages_without_end_are_refused(server, asked):
    server.state["mood"] = "endless"
    with pytest.raises(Unreachable, match="more than 30 pages"):
        fetch(server, asked)


def test_nobody_at_home(server):
    server.shutdown()
    server.server_close()
    with pytest.raises(Unreachable, match="ConnectionError, 3 times"):
        fetch(server, HEALTH)


def test_pauses_double_up_to_a_longest():
    patience = Patience(wait=1, longest=5)
    assert [patience.pause(attempt) for attempt in (2, 3, 4, 5, 6)] == [1, 2, 4, 5, 5]


def test_cbsodata_is_as_it_was_afterwards(server):
    import requests
    from cbsodata import cbsodata3

    server.state.update(mood="500", bad_days=1000)
    with pytest.raises(Unreachable):
        fetch(server, HEALTH)
    assert cbsodata3.Session is requests.Session and cbsodata3.options.use_https


# --- what the plan may have wrong ---


def test_every_wrong_name_is_told_with_the_nearest(server):
    wrong = HEALTH.model_copy(
        update={"area": "RegioS", "indicators": {"lonely": "Eenzam", "good_health": "Gezondheid"}}
    )
    with pytest.raises(StudyError) as error:
        fetch(server, wrong)
    (told,) = error.value.problems
    for word in ("50090NED", "'RegioS'", "'Eenzam'", "'Eenzaam_28'", "'Gezondheid'"):
        assert word in told


def test_a_stem_of_two_columns_needs_the_full_name(server, monkeypatch):
    monkeypatch.setitem(TABLES, "50090NED", [row | {"Eenzaam_31": 9.0} for row in health_rows()])
    with pytest.raises(StudyError, match="2 columns 'Eenzaam'"):
        fetch(server, HEALTH)
    exact = HEALTH.model_copy(update={"indicators": {"lonely": "Eenzaam_31"}})
    assert set(fetch(server, exact)["value"]) == {9.0}


def test_an_unknown_table_is_no_network_problem(server):
    with pytest.raises(StudyError, match="answered 404"):
        fetch(server, HEALTH.model_copy(update={"table": "99999NED"}))


# --- snapshots and the command ---


def plan_with(project, *asked: ContextTable) -> None:
    path = project / "studies" / DEFAULT / "study.yaml"
    plan = yaml.safe_load(path.read_text("utf-8"))
    plan["context"] = [json.loads(table.model_dump_json()) for table in asked]
    path.write_text(yaml.safe_dump(plan, allow_unicode=True), encoding="utf-8")


def take(server, project, day: int = 1) -> snapshots.Snapshot:
    return snapshots.take(
        store.study(DEFAULT), project / "context", dt.date(2026, 1, day), catalogs=catalogs(server), patience=QUICK
    )


def test_a_snapshot_is_dated_and_hashed_and_read_like_any_raw_file(server, project):
    plan_with(project, HEALTH, PEOPLE)
    taken = take(server, project)
    assert taken.path.name == "2026-01-01.csv" and taken.tables == ("CBS 85984NED", "RIVM 50090NED")
    index = pd.read_csv(project / "context" / "snapshots.csv")
    assert index["sha256"].tolist() == [hashlib.sha256(taken.path.read_bytes()).hexdigest()]
    raw = pd.read_csv(taken.path, dtype=str)
    assert list(raw.columns) == ["gebied", "indicator", "populatie", "jaar", "waarde", "tabel", "bron"]
    assert {"Hardenberg", "Nederland"} <= set(raw["gebied"]) and {"18+", "65+", "totaal"} == set(raw["populatie"])
    assert raw["bron"].str.endswith("2026-01-01").all()


def test_prepare_reads_a_snapshot(server, project):
    from analysis import prepare

    plan_with(project, HEALTH)
    taken = take(server, project)
    folder = project / "data" / "raw" / DEFAULT / "context"
    folder.mkdir()
    (folder / taken.path.name).write_bytes(taken.path.read_bytes())
    plan = store.study(DEFAULT)
    plan = plan.model_copy(
        update={
            "tables": plan.tables
            | {"context": plan.tables["context"].model_copy(update={"file": "context/2026-01-01.csv"})}
        }
    )
    assert len(prepare.prepare(plan).tables["context"]) == taken.rows


def test_equal_figures_give_no_new_file_and_others_never_overwrite(server, project, monkeypatch):
    plan_with(project, PEOPLE)
    first = take(server, project)
    assert take(server, project) == first and len(list((project / "context").glob("2026*.csv"))) == 1
    monkeypatch.setitem(TABLES, "85984NED", [row | {"AantalInwoners_5": 5} for row in people_rows()])
    assert take(server, project).path.name == "2026-01-01_2.csv" and first.path.exists()
    assert take(server, project, day=2).path.name == "2026-01-02.csv"
    assert snapshots.last(project / "context").retrieved == dt.date(2026, 1, 2)


def test_nothing_is_written_when_one_table_fails(server, project):
    plan_with(project, PEOPLE, VOLUNTEERS.model_copy(update={"area": "Nergens"}))
    with pytest.raises(StudyError):
        take(server, project)
    assert not (project / "context").exists()


def test_a_snapshot_that_was_changed_is_refused(server, project):
    plan_with(project, PEOPLE)
    taken = take(server, project)
    taken.path.write_text(taken.path.read_text().replace("62932", "62933"))
    with pytest.raises(StudyError, match="sha256 differs"):
        snapshots.last(project / "context")


def test_the_command_writes_and_without_network_the_last_snapshot_serves(server, project, monkeypatch):
    plan_with(project, PEOPLE)
    monkeypatch.setattr(statline, "CATALOGS", catalogs(server))
    monkeypatch.setattr(statline, "PATIENCE", QUICK)
    run = CliRunner().invoke(command.app, ["context", DEFAULT])
    today = dt.date.today().isoformat()
    assert run.exit_code == 0 and f"context/{today}.csv (2 rows of CBS 85984NED)" in run.output
    assert f"file: context/{today}.csv" in run.output
    server.state.update(mood="500", bad_days=1000)
    run = CliRunner().invoke(command.app, ["context", DEFAULT])
    assert run.exit_code == 0 and "not fetched" in run.output and f"The snapshot of {today} serves" in run.output


def test_the_command_without_network_and_without_snapshot_ends_in_one(server, project, monkeypatch):
    plan_with(project, PEOPLE)
    monkeypatch.setattr(statline, "CATALOGS", catalogs(server))
    monkeypatch.setattr(statline, "PATIENCE", QUICK)
    server.state.update(mood="500", bad_days=1000)
    run = CliRunner().invoke(command.app, ["context", DEFAULT])
    assert run.exit_code == 1 and "no earlier snapshot" in run.output


def test_a_plan_that_names_no_tables_has_nothing_to_fetch(project):
    with pytest.raises(StudyError, match="names no `context` tables"):
        snapshots.take(store.study("help"), project / "context", dt.date(2026, 1, 1))
