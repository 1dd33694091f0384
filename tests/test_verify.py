"""Published numbers: read with their tolerance, judged by rules that a hand can check, certified for all to read."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from analysis import store, verify
from analysis.__main__ import app
from analysis.codebook import StudyError
from analysis.run.document import ParameterError

HEAD = "claim,source,value,tolerance,tolerance_kind,notebook,table,cells,column,note\n"
RELEASED = """outcome,contrast,measure,value,n,status,reason
a,T1 - T0,estimate,2.04,20,shown,
a,T2 - T0,estimate,,3,hidden,fewer than ten persons
b,T1 - T0,estimate,5,20,shown,
"""
ROWS = """Change of a,Report p. 3,2.0,0.05,absolute,03_change,estimates,outcome=a; contrast=T1 - T0,value,
Change of b,Report p. 4,4,0.1,relative,03_change,estimates,outcome=b,value,
Later change of a,Report p. 3,1,0.1,absolute,03_change,estimates,outcome=a; contrast=T2 - T0,value,
All of it,Report p. 9,1,0.1,absolute,03_change,estimates,measure=estimate,value,
Costs,Report p. 8,7,,exact,08_costs,steps,step=intake,value,
Interviews,Report p. 7,12,,exact,,,,,the transcripts were destroyed
"""


def write(project, rows: str, head: str = HEAD) -> None:
    folder = project / "studies/little"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "published.csv").write_text(head + rows, "utf-8")


@pytest.fixture
def little(project):
    """A study with claims and one released table."""
    write(project, ROWS)
    tables = project / "reports/little/all/tables"
    tables.mkdir(parents=True)
    (tables / "03_change__estimates.csv").write_text(RELEASED)
    return project


def verdicts() -> dict[str, str]:
    found = verify.obtain(verify.claims("little"))
    return dict(zip(found["claim"], found["verdict"], strict=True))


def test_verdicts_on_released_tables(little):
    assert verdicts() == {
        "Change of a": "match",
        "Change of b": "no match",
        "Later change of a": "not computed, because fewer than ten persons",
        "All of it": "not computed, because 3 rows of estimates fit measure=estimate",
        "Costs": "not computed, because 08_costs has released no such table for all: "
        "run `python -m analysis run little` (steps)",
        "Interviews": "not computed, because the transcripts were destroyed",
    }


def test_claims_keep_their_order_and_a_unit_has_its_own_tables(little):
    north = "North,s,9,1,absolute,03_change,estimates,outcome=a,value,,north\n"
    whole = "All,s,5,1,absolute,03_change,estimates,outcome=b,value,,all\n"
    write(little, north + whole + north.replace("North,s,9", "Again,s,8"), HEAD.replace(",note\n", ",note,unit\n"))
    folder = little / "reports/little/north/tables"
    folder.mkdir(parents=True)
    (folder / "03_change__estimates.csv").write_text("outcome,value\na,9.5\n")
    assert list(verdicts().items()) == [("North", "match"), ("All", "match"), ("Again", "no match")]


@pytest.mark.parametrize(("row", "says"), [
    ("a,s,many,1,absolute,n,t,,value,", "line 2: value is 'many'. Give a number"),
    ("a,s,inf,1,absolute,n,t,,value,", "line 2: value is 'inf'"),
    ("a,s,1,,absolute,n,t,,value,", "line 2: tolerance is ''. Give a positive number"),
    ("a,s,1,0,relative,n,t,,value,", "line 2: tolerance is '0'"),
    ("a,s,1,-1,relative,n,t,,value,", "line 2: tolerance is '-1'"),
    ("a,s,1,1,exact,n,t,,value,", "line 2: tolerance is '1'"),
    ("a,s,1,1,about,n,t,,value,", "line 2: tolerance_kind is 'about'. Use absolute, relative, exact"),
    ("a,s,1,1,absolute,,t,,value,", "line 2: a table without its notebook or column"),
    ("a,s,1,1,absolute,n,,,value,", "line 2: no table and no note"),
    ("a,s,1,1,absolute,n,t,outcome,value,", "line 2: cells hold 'outcome'. Write column=value"),
])  # fmt: skip
def test_what_is_wrong_with_a_claim_is_said(project, row, says):
    write(project, row + "\n")
    with pytest.raises(StudyError, match=re.escape(says)):
        verify.claims("little")


def test_all_problems_are_said_at_once(project):
    write(project, "a,s,x,,absolute,n,t,,value,\nb,s,1,,exact,n,t,,value,\nc,s,y,1,about,n,t,,value,\n")
    with pytest.raises(StudyError) as caught:
        verify.claims("little")
    assert len(caught.value.problems) == 4
    write(project, "a\n", "claim\n")
    with pytest.raises(StudyError, match="column tolerance_kind is absent"):
        verify.claims("little")
    write(project, "a" + "," * 10 + "\n", HEAD.replace(",note\n", ",note,remark\n"))
    with pytest.raises(StudyError, match="column remark is unknown"):
        verify.claims("little")
    with pytest.raises(StudyError, match="studies/nowhere/published.csv: not found"):
        verify.claims("nowhere")
    with pytest.raises(StudyError, match="no claim of notebook 'nhefz'. There are: nhefs"):
        verify.claims("published", "nhefz")


def one(value: float, tolerance: float, kind: str, obtained: object, cells: str = "", **columns) -> str:
    claim = {"claim": "c", "value": value, "tolerance": tolerance, "tolerance_kind": kind, "table": "t",
             "cells": cells, "column": "value", "note": ""}  # fmt: skip
    table = pd.DataFrame([{"value": obtained, **columns}])
    return verify.compare(pd.DataFrame([claim]), {"t": table})["verdict"].item()


@pytest.mark.parametrize(("value", "tolerance", "kind", "obtained", "verdict"), [
    (2.0, 0.05, "absolute", 2.05, "match"), (2.0, 0.05, "absolute", 2.0501, "no match"),
    (-200.0, 0.01, "relative", -202.0, "match"), (-200.0, 0.01, "relative", -202.01, "no match"),
    (0.1 + 0.2, np.nan, "exact", 0.3, "match"), (3.0, np.nan, "exact", 3.000001, "no match"),
    (0.0, np.nan, "exact", 0.0, "match"), (0.0, 0.5, "relative", 1e-300, "no match"),
])  # fmt: skip
def test_tolerances_by_hand(value, tolerance, kind, obtained, verdict):
    assert one(value, tolerance, kind, obtained) == verdict


@given(value=st.floats(-1e6, 1e6), tolerance=st.floats(1e-6, 1e3), share=st.floats(-3, 3))
def test_a_number_matches_exactly_within_its_tolerance(value, tolerance, share):
    inside, outside = abs(share) < 0.99, abs(share) > 1.01 and abs(share) * tolerance > 1e-9 * abs(value)
    found = one(value, tolerance, "absolute", value + share * tolerance)
    assert not inside or found == "match"
    assert not outside or found == "no match"


def test_a_row_is_found_by_text_number_and_index():
    assert one(1, 1, "absolute", 1, "g=2004", g=2004.0) == "match"
    assert one(1, 1, "absolute", 1, "g=2004", g="2004") == "match"
    assert one(1, 1, "absolute", 1, "g=x; h=y", g="x", h="z").startswith("not computed, because 0 rows of t fit")
    assert one(1, 1, "absolute", 1, "g=x", g=2004).startswith("not computed, because 0 rows of t fit g=x")
    assert one(1, 1, "absolute", 1, "k=x") == "not computed, because table t has no column k"
    claim = pd.DataFrame([{"claim": "c", "value": 2.0, "tolerance": 0.1, "tolerance_kind": "absolute", "table": "t",
                           "cells": "kind=b", "column": "value", "note": ""}])  # fmt: skip
    series = pd.Series({"a": 1.0, "b": 2.0}).rename_axis("kind")
    assert verify.compare(claim, {"t": series})["verdict"].item() == "match"


def test_a_number_that_could_not_be_estimated_says_why():
    assert one(1, 1, "absolute", np.nan, note="not estimable, because one wave only") == (
        "not computed, because one wave only"
    )
    for note in ("", np.nan, None):
        assert one(1, 1, "absolute", np.nan, note=note) == "not computed, because the cell holds no number"
    assert one(1, 1, "absolute", np.inf, status="hidden") == "not computed, because hidden"
    assert one(1, 1, "absolute", "*", reason="dominated") == "not computed, because dominated"


# ---- notebooks as the source


def notebook(path, *cells: tuple[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = [{"cell_type": "code", "source": text, "metadata": {"tags": [tag] if tag else []}} for text, tag in cells]
    head = {"cell_type": "markdown", "source": "# Heading", "metadata": {}}
    path.write_text(json.dumps({"cells": [head, *made]}))


def test_cells_are_run_with_parameters_until_an_error(project):
    path = project / "notebooks/little/one.ipynb"
    notebook(path, ("share: float = 0.0  # of what", "parameters"), ("import pandas as pd", ""),
             ("t = pd.DataFrame({'value': [2 + share]})", ""), ("1 / 0", ""), ("u = t", ""))  # fmt: skip
    write(project, "a,s,2,0.1,absolute,one,t,,value,\nb,s,2,0.1,absolute,one,u,,value,\n")
    assert verdicts() == {"a": "match", "b": "not computed, because one, 'Heading': ZeroDivisionError (u)"}
    found = verify.obtain(verify.claims("little"), {"share": 1.0})
    assert found["verdict"].iloc[0] == "no match"
    with pytest.raises(ParameterError, match="shares"):
        verify.run_cells(path, {"shares": 1.0})


# ---- certificate and command


def test_certificate_for_people_and_programs(little):
    compared, paths = verify.certify("little")
    assert [path.name for path in paths] == ["certificate.html", "certificate.json"]
    assert all(path.parent == store.processed("little") for path in paths)
    about = json.loads(paths[1].read_text("utf-8"))
    assert about["study"] == "little" and about["conclusion"].startswith("no match: 1 of 2")
    assert [claim["verdict"] for claim in about["claims"]] == compared["verdict"].to_list()
    assert about["claims"][2]["obtained"] is None and about["versions"]["python"]


def test_the_page_can_be_read_with_a_screen_reader(little):
    _, paths = verify.certify("little")
    html = paths[0].read_text("utf-8")
    assert '<html lang="en">' in html and '<a class="skip" href="#main">' in html and "<h1>" in html
    tables = re.findall(r"<table>.*?</table>", html, re.DOTALL)
    assert len(tables) == 4 and all("<caption>" in table and 'scope="col"' in table for table in tables)
    assert len(re.findall(r'<tr><th scope="row">', html)) == 6 + html.count('<tr><th scope="row"><a')
    assert len(set(re.findall(r' id="([^"]+)"', html))) == len(re.findall(r' id="([^"]+)"', html))
    targets = set(re.findall(r'href="#([^"]+)"', html))
    assert targets <= set(re.findall(r' id="([^"]+)"', html))
    assert "src=" not in html and "<script" not in html


def test_markup_in_a_claim_is_text(little):
    write(little, '"<script>alert(1)</script>",s,2,1,absolute,03_change,estimates,outcome=b,value,\n')
    _, paths = verify.certify("little")
    assert "<script>" not in paths[0].read_text("utf-8")


def test_command_prints_and_exits_1_on_a_no_match(little):
    found = CliRunner().invoke(app, ["verify", "little"])
    assert found.exit_code == 1
    assert (
        "Change of b" in found.output
        and "no match: 1 of 2 numbers are within their tolerance; 4 not computed." in found.output
    )
    assert "written: data/processed/little/certificate.html" in found.output


def test_command_exits_0_when_nothing_is_missed(little):
    write(little, "".join(line + "\n" for line in ROWS.splitlines() if "Change of b" not in line))
    found = CliRunner().invoke(app, ["verify", "little"])
    assert found.exit_code == 0 and "match: 1 of 1 numbers" in found.output


def test_conclusion_in_words():
    table = pd.DataFrame({"verdict": ["match", "match", "not computed, because x"]})
    assert verify.conclusion(table) == "match: 2 of 2 numbers are within their tolerance; 1 not computed."
    assert (
        verify.conclusion(table.iloc[2:]) == "not computed: 0 of 0 numbers are within their tolerance; 1 not computed."
    )
