"""What identifies a person: stopped at the door, replaced by keyed pseudonyms, found in any folder and notebook."""

import json
import os

import pandas as pd
import pytest
import yaml
from bad_inputs.little_study import KEY, little, write
from hypothesis import given
from hypothesis import strategies as st

from analysis import __main__, prepare, store
from analysis.intake.checks import IntakeError
from analysis.intake.patterns import bank_account, citizen_service_number, home_address, identifying, telephone
from analysis.intake.privacy import key, pseudonyms
from analysis.intake.scan import scan


def test_published_examples_of_numbers():
    """The BSN and IBAN that the government and the bank federation print as examples, and near misses of each."""
    assert citizen_service_number("111222333") and citizen_service_number("1112.22.333")
    assert not citizen_service_number("111222334") and not citizen_service_number("000000000")
    assert bank_account("NL91 ABNA 0417 1643 00") and bank_account("GB82WEST12345698765432")
    assert not bank_account("NL91 ABNA 0417 1643 01")


@given(st.text(alphabet="0123456789", min_size=8, max_size=8))
def test_one_in_eleven_numbers_passes_the_eleven_test(first):
    """Of the ten numbers that share their first eight digits at most one passes: a column of counts does not look like
    BSNs.
    """
    assert sum(citizen_service_number(first + str(digit)) for digit in range(10)) <= 1


@pytest.mark.parametrize("text", ["06-12345678", "0612345678", "+31 6 1234 5678", "0031612345678", "038 123 45 67"])
def test_telephone_numbers(text):
    assert telephone(text)


@pytest.mark.parametrize("text", ["12-2021", "0612", "2021-02-03", "1234567890", "06-123456789"])
def test_no_telephone_numbers(text):
    assert not telephone(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [("Dorpsstraat 1, 8011 AB Zwolle", True), ("8011AB 12", True), ("8011 AB", False), ("2021 in 3 delen", False)],
)
def test_addresses(text, found):
    assert home_address(text) == found


def test_postcodes_identify_beside_a_house_number_only():
    values = pd.Series(["8011 AB", "8261BC"], name="postcode")
    assert identifying(values) is None
    assert identifying(values, ("postcode", "huisnummer")) == "postcodes with a house number"


# --- the key ------------------------------------------------------------------------------------------------


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "keys" / "key"
    path.parent.mkdir()
    path.write_text(KEY, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_a_key_comes_from_the_environment_or_a_private_file(tmp_path, key_file):
    inside = tmp_path / "repository"
    inside.mkdir()
    assert key({"ANALYSIS_KEY": KEY}, inside) == key({"ANALYSIS_KEY_FILE": str(key_file)}, inside) == KEY.encode()


@pytest.mark.parametrize(
    ("mode", "where", "rule"),
    [
        (0o644, "keys", "key private"),
        (0o640, "keys", "key private"),
        (0o600, "", "key outside"),
        (0o600, "elsewhere", "key present"),
    ],
)
def test_a_key_that_others_can_read_is_refused(tmp_path, key_file, mode, where, rule):
    if os.name == "nt":
        pytest.skip("Windows has no modes")
    key_file.chmod(mode)
    repository = tmp_path / "repository" if where else tmp_path
    named = key_file if where != "elsewhere" else tmp_path / "nothing"
    with pytest.raises(IntakeError) as error:
        key({"ANALYSIS_KEY_FILE": str(named)}, repository)
    assert [found.rule for found in error.value.found] == [rule]
    assert KEY not in str(error.value)


@pytest.mark.parametrize("environment", [{}, {"ANALYSIS_KEY": "short"}, {"ANALYSIS_KEY": ""}])
def test_no_key_or_a_short_one_is_refused(tmp_path, environment):
    with pytest.raises(IntakeError, match="token_hex"):
        key(environment, tmp_path)


# --- pseudonyms ---------------------------------------------------------------------------------------------


def test_pseudonyms_are_the_hmac_of_the_standard():
    """By another road: OpenSSL's HMAC through `hmac.digest` of the same bytes."""
    import hmac

    found = pseudonyms(pd.Series(["17", None, "17", "18"], dtype="str"), KEY.encode(), "s")
    assert found.iloc[0] == hmac.digest(KEY.encode(), b"s\x1f17", "sha256").hex()[:20]
    assert found.iloc[0] == found.iloc[2] != found.iloc[3] and pd.isna(found.iloc[1])
    assert pseudonyms(pd.Series(["17"]), KEY.encode(), "other").iloc[0] != found.iloc[0]
    assert pseudonyms(pd.Series(["17"]), KEY[::-1].encode(), "s").iloc[0] != found.iloc[0]


@pytest.fixture
def keyed(tmp_path, monkeypatch):
    """The little study with keyed pseudonyms, a direct identifier that is no key, and two columns of free text."""
    monkeypatch.setenv("ANALYSIS_ROOT", str(tmp_path))
    monkeypatch.setenv("ANALYSIS_KEY", KEY)
    study = little()
    study.plan["pseudonyms"] = "keyed"
    study.tables["persons"] = study.tables["persons"].assign(
        naam="Bep Bakker", opmerking="belt liever", bron="huisarts"
    )
    rows = [
        ("persons", "full_name", "naam", "text", "direct"),
        ("persons", "remark", "opmerking", "text", "sensitive"),
        ("persons", "origin", "bron", "text", "open"),
    ]
    more = pd.DataFrame(rows, columns=["table", "name", "source", "type", "sensitivity"])
    study.codebook = pd.concat(
        [study.codebook, more.assign(label_nl="x", label_en="x", check="error")], ignore_index=True
    ).fillna("")
    write(study, tmp_path)
    return prepare.write(store.study("little"))


def test_keys_are_replaced_alike_in_every_table(keyed):
    persons = set(keyed.tables["persons"]["person"])
    assert len(persons) == 12 and not [name for name in persons if name.startswith("p7f3k")]
    for table in ("answers", "measures", "referrals"):
        assert set(keyed.tables[table]["person"]) == persons
    assert not set(keyed.tables["referrals"]["referral"]) & {f"v{n}" for n in range(12)}


def test_names_and_free_text_are_not_carried_unless_the_codebook_says_so(keyed, tmp_path):
    assert {"full_name", "remark"} & set(keyed.tables["persons"].columns) == set()
    assert set(keyed.tables["persons"]["origin"]) == {"huisarts"}
    log = keyed.log[keyed.log["rule"] == "not carried"]
    assert list(log["variable"]) == ["full_name", "remark"] and list(log["rows"]) == [12, 12]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data" / "processed").rglob("*.*") if path.is_file())
    assert b"Bakker" not in stored and b"p7f3k" not in stored and b"belt liever" not in stored


def test_service_numbers_as_keys_are_taken_with_a_key_only(tmp_path, monkeypatch):
    monkeypatch.setenv("ANALYSIS_ROOT", str(tmp_path))
    monkeypatch.setenv("ANALYSIS_KEY", KEY)
    numbers = [str(n) for n in range(100000000, 100001000) if citizen_service_number(str(n))][:12]
    study = little()
    names = dict(zip(study.tables["persons"]["pid"], numbers, strict=True))
    for table in study.tables:
        study.tables[table] = study.tables[table].assign(pid=study.tables[table]["pid"].map(names))
    write(study, tmp_path)
    with pytest.raises(IntakeError) as error:
        prepare.prepare(store.study("little"))
    assert {found.column for found in error.value.found} == {"person"} and "pseudonyms: keyed" in str(error.value)
    assert not [number for number in numbers if number in str(error.value)]
    path = tmp_path / "studies" / "little" / "study.yaml"
    path.write_text(
        yaml.safe_dump({**yaml.safe_load(path.read_text("utf-8")), "pseudonyms": "keyed"}), encoding="utf-8"
    )
    assert prepare.prepare(store.study("little")).tables["persons"]["person"].str.len().eq(20).all()


# --- the search ---------------------------------------------------------------------------------------------


def notebook(source: str = "", text: str = "", html: str = "") -> str:
    outputs = [
        {"output_type": "stream", "text": [text]},
        {"output_type": "display_data", "data": {"text/html": [html]}},
    ]
    return json.dumps({"cells": [{"cell_type": "code", "source": [source], "outputs": outputs}], "nbformat": 4})


BSN = next(str(n) for n in range(200000000, 200000099) if citizen_service_number(str(n)))


@pytest.mark.parametrize(
    ("name", "content", "rule", "place"),
    [
        ("a.md", f"Bel over {BSN} morgen", "a citizen service number (BSN)", ""),
        ("a.txt", "mail j.bakker@kpn.nl", "an e-mail address", ""),
        ("a.py", "call('06-12345678')", "a telephone number", ""),
        ("a.html", "Dorpsstraat 1, 8011 AB", "a postcode with a house number", ""),
        ("a.json", '{"x": "NL91ABNA0417164300"}', "a bank account (IBAN)", ""),
        ("a.log", "geboren op 3-4-1948", "a birth date", ""),
        ("a.ipynb", notebook(source="x = 'j.bakker@kpn.nl'"), "an e-mail address", "cell 1"),
        ("a.ipynb", notebook(text=f"bsn {BSN}"), "a citizen service number (BSN)", "output of cell 1"),
        ("a.ipynb", notebook(html="<th>geboortedatum</th><td>x</td>"), "identifying column", "output of cell 1"),
        ("a.csv", "id,contact\n1,j.bakker@kpn.nl\n2,a@b.nl\n", "e-mail addresses", "contact"),
    ],
)
def test_what_identifies_is_found_wherever_it_stands(tmp_path, name, content, rule, place):
    path = tmp_path / "deep" / name
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    found = scan(tmp_path)
    assert [(each.rule, each.column) for each in found if each.rule == rule] == [(rule, place)]
    said = "".join(map(str, found))
    assert not [held for held in (BSN, "bakker", "06-123", "8011", "NL91", "1948") if held in said]


@pytest.mark.parametrize(
    "content",
    [
        "n = 123456789",
        "doi 10.1016/j.jval.2016.01.003",
        "2021-02-03",
        "a@example.org",
        "git@github.com:x/y",
        "tel 12345",
        "@decorator.name",
        "1234567.89",
    ],
)
def test_what_only_looks_like_it_is_let_through(tmp_path, content):
    (tmp_path / "a.md").write_text(content, encoding="utf-8")
    assert scan(tmp_path) == []


def test_the_command_exits_1_and_repeats_nothing(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.md").write_text("mail j.bakker@kpn.nl", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["analysis", "privacy", str(tmp_path)])
    with pytest.raises(SystemExit) as exit_:
        __main__.main()
    said = "".join(capsys.readouterr())
    assert exit_.value.code == 1 and "a.md" in said and "bakker" not in said


def test_the_repository_holds_nothing_that_identifies():
    root = store.Path(__file__).parents[1]
    for folder in ("src", "studies", "docs", "README.md"):
        if (root / folder).exists():
            assert scan(root / folder) == []
