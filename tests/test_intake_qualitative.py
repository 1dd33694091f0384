"""Coded interviews: the same coding gives the same fragments, whichever program wrote it; the text goes no further."""

import json
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
from bad_inputs.projects import PASSAGES, TEXT, Coded

from analysis.intake.checks import IntakeError
from analysis.intake.offsets import Unit, places
from analysis.intake.qualitative import read_codebook, read_fragments, read_project

CASES = json.loads((Path(__file__).parent / "reference" / "open_cases.json").read_text("utf-8"))["cases"]
WRITTEN = {
    "by hand": Coded(),
    "NVivo": Coded(origin="NVivo 12.6", utf16=True, crlf=True, bom=True, folder="Sources"),
    "ATLAS.ti": Coded(origin="ATLAS.ti 9.0", crlf=True, crlf_as_two=False),
    "QualCoder": Coded(origin="QualCoder 3", crlf=True, bom=True),
    "a program that is not known and counts as NVivo": Coded(origin="Unheard of", utf16=True, crlf=True),
    "a program that counts otherwise than it is known to": Coded(origin="NVivo 14", crlf=True, crlf_as_two=False),
}


@pytest.mark.parametrize("program", WRITTEN)
def test_every_program_gives_the_same_fragments(tmp_path, program):
    first = read_project(Coded().write(tmp_path / "first.qdpx")).fragments
    found = read_project(WRITTEN[program].write(tmp_path / "other.qdpx")).fragments
    pd.testing.assert_frame_equal(found, first)
    assert [TEXT[start:end] for start, end in zip(found["start"], found["end"], strict=True)] == [
        PASSAGES[place] for place in (0, 1, 1, 2, 3)
    ]


def test_the_fragments_hold_code_coder_passage_and_case_but_no_text(tmp_path):
    frame, learnt = read_fragments(WRITTEN["NVivo"].write(tmp_path / "p.qdpx"))
    assert list(frame["code_path"]) == ["Helpt", *["Helpt / Contact"] * 3, "Hindert"]
    assert list(frame["coder"]) == ["coder_1", "coder_1", "coder_2", "coder_1", "coder_2"]
    assert list(frame["passage"]) == ["1", "2", "2", "3", "4"] and set(frame["case_gemeente"]) == {"north"}
    shown = frame.to_csv() + "".join(map(str, learnt.remarks))
    assert not [passage for passage in PASSAGES if passage[:8] in shown]
    assert "UTF-16" in str(learnt.remarks[0]) and "100%" in str(learnt.remarks[0])


def test_positions_count_as_the_programs_do():
    text = "a🙂\r\ne\u0301"  # a, an emoji of two units, a line end of two marks, e with a combining accent
    assert list(places(text, Unit(utf16=False, crlf_as_two=True))) == [0, 1, 2, 2, 3, 4, 5]
    assert list(places(text, Unit(utf16=True, crlf_as_two=True))) == [0, 1, -1, 2, 2, 3, 4, 5]
    assert list(places(text, Unit(utf16=True, crlf_as_two=False))) == [0, 1, -1, 2, 3, 4, 5]


def test_the_open_sample_project():
    """Case O31: hand-made by the author of qdapy; codes, users and text sources as printed there."""
    expected = next(case for case in CASES if case["id"] == "O31_qdpx_qdapy")["expected"]
    project = read_project(Path(str(files("qdapy") / "data" / "sample.qdpx")))
    texts = int((project.documents["kind"] == "text").sum())
    assert {"codes": len(project.codes), "users": len(project.users), "text_sources": texts} == expected


def test_the_open_sample_agrees_with_qdapy_itself():
    """qdapy reads its own sample by other code: the same codings, by code and place."""
    import qdapy

    path = Path(str(files("qdapy") / "data" / "sample.qdpx"))
    theirs = qdapy.read_qdpx(str(path), warn=False).fragments
    mine = read_project(path).fragments
    assert list(mine["code_path"].str.replace(" / ", "/")) == list(theirs["code"])
    assert list(mine["coder"].map({"coder_1": "Ann", "coder_2": "Bob"})) == list(theirs["codedBy"])
    for column, other in (("start", "positionStart"), ("end", "positionEnd")):
        assert list(mine[column].astype("float64").fillna(-1)) == list(theirs[other].fillna(-1))


@pytest.mark.parametrize("namespace", ["urn:QDA-XML:codebook:1.0", "urn:QDA-XML:codebook:0:4"])
def test_a_codebook_in_either_namespace(tmp_path, namespace):
    path = tmp_path / "codes.qdc"
    path.write_text(
        f'<CodeBook xmlns="{namespace}" origin="ATLAS.ti"><Codes><Code guid="{{AB-1}}" name="Helpt" isCodable="false">'
        '<Code guid="ab-2" name="Steun" isCodable="true"/></Code></Codes></CodeBook>',
        encoding="utf-8",
    )
    codes, remarks = read_codebook(path)
    assert (
        list(codes["path"]) == ["Helpt", "Helpt / Steun"]
        and list(codes["parent"]) == ["", "ab-1"]
        and list(codes["codable"]) == [False, True]
    )
    assert bool(remarks) == namespace.endswith("0:4")


def test_codes_ten_thousand_deep_are_read(tmp_path):
    depth = 10_000
    codes = "".join(f'<Code guid="g{n}" name="n">' for n in range(depth)) + "</Code>" * depth
    path = tmp_path / "codes.qdc"
    path.write_text(f'<CodeBook xmlns="urn:QDA-XML:codebook:1.0"><Codes>{codes}</Codes></CodeBook>', encoding="utf-8")
    assert len(read_codebook(path)[0]) == depth


def test_positions_that_fit_nothing_are_refused(tmp_path):
    with pytest.raises(IntakeError, match="start and end on text"):
        read_project(Coded(shift=3).write(tmp_path / "p.qdpx"))
