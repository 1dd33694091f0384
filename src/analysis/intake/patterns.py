"""What identifies a person directly, as rules on text: citizen service number, e-mail, telephone, address, IBAN, birth
date, name.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

HALF = 0.5
_NAME = re.compile(
    r"^(voornaam|achternaam|familienaam|geslachtsnaam|roepnaam|voorletters?|tussenvoegsel|first_?name|last_?name|"
    r"surname|full_?name|volledige_?naam|recipient(first|last)name|(deelnemer|client|patient|respondent|bewoner|contact)_?naam|"
    r"naam_?(deelnemer|client|patient|respondent|bewoner|contact(persoon)?))$"
)
_BARE = re.compile(r"^(naam|name|names|namen)$")
_TWO_WORDS = re.compile(r"[^\W\d_a-z][\w'-]+(?: (?:van|de|der|den|ten|ter|te|het|el|al|'t))* [^\W\d_a-z][\w'-]+")
_BIRTH = re.compile(r"(geboorte_?(datum|dag)|geb_?dat(um)?|gebdat|birth_?da(te|y)|date_?of_?birth|^dob$)")
_DIRECT = re.compile(
    r"^(bsn|burgerservicenummer|sofi_?nummer|e_?mail(_?adres)?|telefoon(_?nummer)?|mobiel|phone|iban|ip_?addr(ess)?|adres|straat(naam)?|postcode_?6)$"
)
_DAY = re.compile(r"(?:(\d{4})-\d{1,2}-\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}))")
_HOUSE = re.compile(r"^(huisnummer|huisnr|house_?(number|no)|nr_huis)$")
_PHONE = re.compile(r"(?:(?:\+|00)31[\s-]?(?:\(0\)[\s-]?)?|0)[1-9](?:[\s-]?\d){8}")
_POSTCODE = r"[1-9]\d{3}(?:\s?[A-Z]{2}|[a-z]{2})"  # in small letters only without a blank: `2021 in` is none


@dataclass(frozen=True)
class Identifier:
    """A kind of direct identifier: its name in messages, and the test of one value."""

    name: str
    fits: Callable[[str], bool]


def citizen_service_number(value: str) -> bool:
    """True for a BSN: nine digits (eight where a spreadsheet dropped the first zero) that pass the eleven-test."""
    digits = re.sub(r"[\s.]", "", value)
    if not re.fullmatch(r"\d{8,9}", digits) or int(digits) == 0:
        return False
    digits = digits.zfill(9)
    return (
        sum(weight * int(digit) for weight, digit in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), digits, strict=True)) % 11 == 0
    )


def bank_account(value: str) -> bool:
    """True for an IBAN whose two check digits hold (ISO 13616: modulo 97 gives 1)."""
    text = re.sub(r"\s", "", value).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", text):
        return False
    return int("".join(str(int(mark, 36)) for mark in text[4:] + text[:4])) % 97 == 1


def telephone(value: str) -> bool:
    """True for a Dutch telephone number of ten digits, national or with +31."""
    return bool(_PHONE.fullmatch(value.strip()))


def mail_address(value: str) -> bool:
    """True for an e-mail address."""
    return bool(re.fullmatch(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}", value.strip()))


def home_address(value: str) -> bool:
    """True for a Dutch postcode and a house number in one text, in either order."""
    return bool(
        re.fullmatch(rf".*\b({_POSTCODE}[\s,]*\d{{1,5}}\b.*|\d{{1,5}}[\s\w-]*,?\s*{_POSTCODE}\b.*)", value.strip())
    )


def internet_address(value: str) -> bool:
    """True for an IPv4 or IPv6 address."""
    import ipaddress

    if not ("." in value or ":" in value):
        return False
    try:
        ipaddress.ip_address(value.strip())
    except ValueError:
        return False
    return True


IDENTIFIERS = (
    Identifier("citizen service numbers (BSN)", citizen_service_number),
    Identifier("e-mail addresses", mail_address),
    Identifier("telephone numbers", telephone),
    Identifier("postcodes with a house number", home_address),
    Identifier("bank accounts (IBAN)", bank_account),
    Identifier("internet addresses", internet_address),
)


def identifying(values: pd.Series, beside: tuple[str, ...] = (), *, sure: bool = False) -> str | None:
    """What at least half of a column's values look like, or None; `beside` names the columns that are kept with it.

    A column called just `name` counts as names of persons when it holds letters; when `sure` is asked, only when it
    holds two or more words with capitals (elsewhere than at the intake it may well name something else).
    """
    counts = Counter(text for value in values.dropna() if (text := str(value).strip()))
    if not counts:
        return None
    for kind in IDENTIFIERS:
        if _share(counts, kind.fits) >= HALF:
            return kind.name
    name = _plain(values.name)
    if _names(name, counts, sure):
        return "names of persons"
    if _births(name, counts):
        return "birth dates"
    housed = any(_HOUSE.search(other.casefold()) for other in beside)
    if housed and _share(counts, lambda value: bool(re.fullmatch(_POSTCODE, value))) >= HALF:
        return "postcodes with a house number"
    return None


def named_after_identifier(name: str) -> bool:
    """True for a column name that says that it holds a name, birth date, service number, address, telephone or
    account.
    """
    plain = _plain(name)
    return bool(_NAME.search(plain) or _BIRTH.search(plain) or _DIRECT.search(plain))


def _plain(name: object) -> str:
    return re.sub(r"[^a-z0-9]+", "_", str(name).casefold().replace("ë", "e").replace("ï", "i")).strip("_")


def _share(counts: Counter, fits: Callable[[str], bool]) -> float:
    return sum(count for value, count in counts.items() if fits(value)) / counts.total()


def _names(name: str, counts: Counter, sure: bool) -> bool:
    if _NAME.search(name):
        return _share(counts, lambda value: bool(re.search(r"[^\W\d_]", value))) >= HALF
    pattern = _TWO_WORDS if sure else re.compile(r".*[^\W\d_].*")
    return bool(_BARE.search(name)) and _share(counts, lambda value: bool(pattern.fullmatch(value))) >= HALF


def _births(name: str, counts: Counter) -> bool:
    """Days in a column named after birth, or days that mostly lie before 2005 and more than twenty years apart."""
    years: Counter = Counter()
    for value, count in counts.items():
        found = _DAY.match(value)
        if found:
            years[int(found[1] or found[2])] += count
    if years.total() / counts.total() < HALF:
        return False
    spread = sorted(years.elements())
    low, middle, high = (spread[int(share * (len(spread) - 1))] for share in (0.1, 0.5, 0.9))
    return bool(_BIRTH.search(name)) or (spread[0] > 1850 and middle < 2005 and high - low > 20)
