"""Raw to processed: what the codebook does not declare stops with one clear message, and nothing is half-written."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis import __main__, prepare, store
from analysis.codebook import StudyError

DEFAULT = "samen_in_beweging"


def raw(project, file: str):
    return project / "data" / "raw" / DEFAULT / file


def edit(project, file: str, change) -> None:
    path = raw(project, file)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(frame).to_csv(path, index=False, lineterminator="\n")


def refused(study: str = DEFAULT) -> str:
    with pytest.raises(StudyError) as error:
        prepare.write(store.study(study))
    assert not (store.processed(study) / "tables").exists(), "something was written"
    return "\n".join(error.value.problems)


def set_cell(row: int, column: str, value: str):
    def change(frame):
        frame.loc[row, column] = value
        return frame

    return change


def test_the_default_study_is_prepared(project):
    prepared = prepare.write(store.study(DEFAULT))
    study = store.study(DEFAULT)
    for name, frame in prepared.tables.items():
        assert list(frame.columns) == [v.name for v in study.columns(name)], name
    persons = prepared.tables["persons"]
    assert persons["excluded"].isna().sum() == persons["in_study"].sum() > 600


def test_corrections_are_counted_and_an_unused_one_is_refused(project):
    log = prepare.prepare(store.study(DEFAULT)).log
    path = project / "studies" / DEFAULT / "corrections.csv"
    lines = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert log.loc[log["rule"] == "corrected", "rows"].sum() == len(lines)
    lines.assign(**{"from": "no such value"}).to_csv(path, index=False)
    assert "must fit exactly one" in refused()


def test_a_missing_raw_file(project):
    raw(project, "referrals.csv").unlink()
    assert "referrals.csv: not found" in refused()


def test_an_empty_file(project):
    raw(project, "persons.csv").write_bytes(b"")
    assert "persons.csv: the file is empty" in refused()


def test_a_header_without_rows(project):
    path = raw(project, "persons.csv")
    path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert "a header and no rows" in refused()


def test_a_windows_1252_file_with_semicolons(project):
    path = raw(project, "persons.csv")
    text = path.read_text("utf-8").replace(",", ";").replace("Kampen", "Kampën")
    path.write_bytes(text.encode("windows-1252"))
    message = refused()
    assert "not readable as utf-8" in message and "encoding" in message


def test_a_declared_encoding_is_read(project):
    import yaml

    path = raw(project, "costs.csv")
    before = prepare.prepare(store.study(DEFAULT)).tables["costs"]
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    path.write_bytes(frame.to_csv(index=False, sep=";", lineterminator="\n").encode("windows-1252"))
    plan_path = project / "studies" / DEFAULT / "study.yaml"
    plan = yaml.safe_load(plan_path.read_text("utf-8"))
    plan["tables"]["costs"]["encoding"] = "windows-1252"
    plan_path.write_text(yaml.safe_dump(plan, allow_unicode=True), encoding="utf-8")
    pd.testing.assert_frame_equal(prepare.prepare(store.study(DEFAULT)).tables["costs"], before)


def test_an_unknown_code_names_column_code_count_and_remedy(project):
    edit(project, "measures.csv", lambda frame: frame.assign(mhi3=frame["mhi3"].mask(frame.index < 3, "7")))
    message = refused()
    assert "answers.mhi5_3: 3 rows hold 7, not in codebook (allowed 1-6, missing 8, 9)" in message
    assert "Add the code to codebook.csv" in message


def test_a_text_that_could_be_a_persons_own_is_not_repeated(project):
    edit(project, "persons.csv", set_cell(0, "gemeente", "Jan Jansen, Dorpsstraat 1"))
    message = refused()
    assert "1 row holds a text, not in codebook" in message and "Jansen" not in message


def test_a_duplicated_person(project):
    def change(frame):
        twin = frame.iloc[[0]].assign(leeftijd="70" if frame["leeftijd"].iloc[0] != "70" else "71")
        return pd.concat([frame, twin])

    edit(project, "persons.csv", change)
    message = refused()
    assert "persons.person: 2 rows share person with another row" in message


def test_t1_before_t0(project):
    def change(frame):
        later = frame[frame["meting"] == "1"].index[0]
        frame.loc[later, "datum"] = "2020-01-02"
        return frame

    edit(project, "measures.csv", change)
    assert "1 row dates a wave before the wave that precedes it" in refused()


def test_all_files_problems_come_together(project):
    raw(project, "ties.csv").unlink()
    edit(project, "persons.csv", set_cell(0, "geslacht", "7"))
    edit(project, "measures.csv", set_cell(0, "datum", "31-12-2020"))
    message = refused()
    for part in (
        "ties.csv: not found",
        "persons.sex: 1 row holds 7",
        "answers.date: 1 row holds something that is not a date",
    ):
        assert part in message


def test_the_command_prints_the_problems_and_exits_1(project):
    raw(project, "referrals.csv").unlink()
    with pytest.raises(SystemExit) as exit_:
        import sys

        sys.argv = ["analysis", "check", DEFAULT]
        __main__.main()
    assert exit_.value.code == 1


def test_check_summarises_a_sound_study(project):
    result = CliRunner().invoke(__main__.app, ["check", "help"])
    assert result.exit_code == 0, result.output
    assert "470" in result.output and "No problem found" in result.output


def test_row_and_column_order_do_not_matter(project):
    before = prepare.prepare(store.study(DEFAULT)).tables

    def shuffle(frame):
        return frame.sample(frac=1, random_state=1)[list(reversed(frame.columns))]

    for file in ("persons.csv", "referrals.csv", "organisations.csv"):
        edit(project, file, shuffle)
    after = prepare.prepare(store.study(DEFAULT)).tables
    for name in ("persons", "referrals", "organisations", "measures"):
        pd.testing.assert_frame_equal(before[name], after[name])


def test_columns_that_the_codebook_does_not_name_are_counted_and_not_carried(project):
    edit(project, "persons.csv", lambda frame: frame.assign(naam="x", opmerking="y"))
    prepared = prepare.prepare(store.study(DEFAULT))
    log = prepared.log.set_index(["table", "rule"])["rows"]
    assert log.loc[[("persons", "not in codebook")]].tolist() == [2]
    assert not {"naam", "opmerking"} & set(prepared.tables["persons"].columns)
