"""Exports of Castor, LimeSurvey and Qualtrics: headings, codes for missing, rows that are no answers, identifying
columns.
"""

import pytest

from analysis.intake.checks import IntakeError
from analysis.intake.learnt import reasons
from analysis.intake.readers import read


def written(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode(encoding))
    return path


def rules(learnt) -> set[str]:
    return {remark.rule for remark in learnt.remarks}


CASTOR = """Participant Id;lft;wandelt#Ja;wandelt#Nee;bezoek;opm
A-001;71;1;0;03-04-2021;goed
A-002;-95;0;1;01-01-2995;##USER_MISSING_96##
A-003;-96;;;31-12-2999;##_USER_MISSING_99##
A-004;-98;0;1;17-05-2021 10:15:00;-97
"""


def test_castor_keeps_five_reasons_apart(tmp_path):
    frame, learnt = read(written(tmp_path, CASTOR), "castor")
    why = reasons(frame, learnt)
    assert list(why["lft"]) == ["", "measurement_failed", "not_applicable", "asked_but_unknown"]
    assert list(why["bezoek"]) == ["", "measurement_failed", "not_done", ""]
    assert list(why["opm"]) == ["", "not_applicable", "not_done", "not_asked"]
    assert list(frame["bezoek"]) == ["2021-04-03", "2995-01-01", "2999-12-31", "2021-05-17"], (
        "Castor writes the day first"
    )
    assert learnt.separator == ";" and learnt.multiple["wandelt"].columns == ("wandelt#Ja", "wandelt#Nee")


def test_castor_surveys_that_were_not_completed_are_left_out_and_counted(tmp_path):
    text = "Participant Id;Survey Instance ID;Survey Completed On;q1\nA;1;02-03-2021 10:00:00;3\nB;2;;4\n"
    frame, learnt = read(written(tmp_path, text), "castor")
    assert list(frame["Participant Id"]) == ["A"] and "1 survey(s)" in str(learnt.remarks[0])


LIMESURVEY = {
    "code": "id,submitdate,lastpage,token,ipaddr,Q1,Q2[SQ001],Q2[other]",
    "spss": "id,submitdate,lastpage,token,ipaddr,Q1,Q2_SQ001,Q2_other",
    "code and text": (
        '"id. Response ID","submitdate. Date submitted","lastpage. Last page","token. Token","ipaddr. '
        'IP address","Q1. Hoe gaat het?","Q2[SQ001]. Wandelen","Q2[other]. Anders"'
    ),
}


@pytest.mark.parametrize("style", LIMESURVEY)
def test_limesurvey_headings_of_all_styles_become_the_same_names(tmp_path, style):
    text = LIMESURVEY[style] + (
        "\n1,2021-02-03 10:00:00,4,abc,145.97.1.1,A1,Y,\n2,,2,def,145.97.1.2,A2,,"
        "\n3,2021-02-05 11:00:00,4,ghi,145.97.1.3,A3,N,fietsen\n"
    )
    frame, learnt = read(written(tmp_path, text), "limesurvey")
    assert list(frame.columns) == ["id", "submitdate", "lastpage", "Q1", "Q2_SQ001", "Q2_other"]
    assert list(frame["id"]) == ["1", "3"], "the unfinished answer is left out"
    assert rules(learnt) == {"unfinished answers", "identifiers left out"}
    assert (learnt.labels.get("Q1") == "Hoe gaat het?") == (style == "code and text")


QUALTRICS = """\ufeffStartDate,EndDate,Status,IPAddress,Progress,Finished,RecordedDate,ResponseId,RecipientEmail,Q1
Start Date,End Date,Response Type,IP Address,Progress,Finished,Recorded Date,Response ID,Recipient Email,"Hoe gaat het,
met u?"
"{""ImportId"":""startDate"",""timeZone"":""America/New_York""}","{""ImportId"":""endDate"",""timeZone"":""America/New_York""}","{""ImportId"":""status""}","{""ImportId"":""ipAddress""}","{""ImportId"":""progress""}","{""ImportId"":""finished""}","{""ImportId"":""recordedDate"",""timeZone"":""America/New_York""}","{""ImportId"":""_recordId""}","{""ImportId"":""recipientEmail""}","{""ImportId"":""QID1""}"
2021-02-03 20:30:00,2021-02-03 20:40:00,0,1.2.3.4,100,1,2021-02-03 20:40:01,R_1,,4
2021-02-04 10:00:00,2021-02-04 10:10:00,Survey Preview,1.2.3.4,100,1,2021-02-04 10:10:01,R_2,,5
2021-02-05 10:00:00,2021-02-05 10:10:00,0,1.2.3.4,40,0,2021-02-05 10:10:01,R_3,,2
"""


def test_qualtrics_with_three_header_rows(tmp_path):
    frame, learnt = read(written(tmp_path, QUALTRICS), "qualtrics")
    assert list(frame["ResponseId"]) == ["R_1", "R_3"], "the preview is left out"
    assert frame["StartDate"].iloc[0] == "2021-02-04 02:30:00", "half past eight in New York is the next day here"
    assert learnt.labels["Q1"] == "Hoe gaat het,\nmet u?"
    assert rules(learnt) == {"previews", "unfinished answers", "identifiers left out"}
    assert not {"IPAddress", "RecipientEmail"} & set(frame.columns)


def test_qualtrics_legacy_with_two_header_rows(tmp_path):
    text = "V1,V2,Q1\nResponseID,ResponseSet,Hoe gaat het?\nR_1,Default,4\nR_2,Default,5\n"
    frame, learnt = read(written(tmp_path, text), "qualtrics")
    assert list(frame.columns) == ["ResponseID", "ResponseSet", "Q1"] and list(frame["Q1"]) == ["4", "5"]
    assert learnt.labels["Q1"] == "Hoe gaat het?"


def test_unknown_conventions_are_refused(tmp_path):
    with pytest.raises(IntakeError, match="castor, limesurvey, qualtrics"):
        read(written(tmp_path, "a,b\n1,2\n"), "redcap")
