"""From what people type to what we store: names, addresses, numbers, dates. Pure and fast.

Used by the forms and by the import. Each function returns the value to store, None for an
empty text, or raises UserMistake with a sentence that says what to do.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache

import phonenumbers
from babel import Locale

from core import clock
from core.errors import UserMistake
from core.i18n import _, current_language

FIRST_BIRTH_DATE = date(1900, 1, 1)

# control characters, and the marks that turn the reading direction of what follows
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACES = re.compile(r"\s+")
_PLAIN_EMAIL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}", re.ASCII)
_NOT_FOR_MAIL = (".arpa", ".invalid", ".local", ".localhost", ".onion", ".test")
_PHONE_MARKS = re.compile(r"[\s./()\-\u2010-\u2015]+")
_BELGIAN_MOBILE = re.compile(r"(?:\+32|0032|0)(4[5-9]\d)(\d{2})(\d{2})(\d{2})", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})", re.ASCII)

#: how a postcode looks, where that is fixed: pattern and an example
POSTCODES: dict[str, tuple[re.Pattern[str], str]] = {
    "BE": (re.compile(r"[1-9]\d{3}", re.ASCII), "3200"),
    "NL": (re.compile(r"[1-9]\d{3} [A-Z]{2}", re.ASCII), "1012 AB"),
    "FR": (re.compile(r"\d{5}", re.ASCII), "59000"),
    "DE": (re.compile(r"\d{5}", re.ASCII), "52062"),
    "LU": (re.compile(r"\d{4}", re.ASCII), "1009"),
}
_NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
COUNTRIES: frozenset[str] = frozenset(
    code for code in map(str, Locale("en").territories) if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
)
LANGUAGES: frozenset[str] = frozenset(code for code in map(str, Locale("en").languages) if len(code) == 2)


def parse_line(text: str | None, *, longest: int) -> str | None:
    """One line of text, trimmed, in composed Unicode."""
    if text and text.isascii() and text.isprintable():
        clean = " ".join(text.split())
    else:
        clean = _SPACES.sub(" ", _UNWANTED.sub("", unicodedata.normalize("NFC", text))).strip() if text else ""
    if len(clean) > longest:
        raise UserMistake(_("This is too long: use at most %(longest)s characters.", longest=longest))
    return clean or None


def parse_paragraphs(text: str | None, *, longest: int) -> str | None:
    """Several lines of text, trimmed."""
    clean = _UNWANTED.sub("", unicodedata.normalize("NFC", text)).replace("\r\n", "\n").replace("\r", "\n").strip() if text else ""
    if len(clean) > longest:
        raise UserMistake(_("This is too long: use at most %(longest)s characters.", longest=longest))
    return clean or None


def parse_email(text: str | None) -> str | None:
    """An e-mail address; the part after the @ in small letters. No DNS is asked."""
    typed = text.strip() if text else ""
    if not typed:
        return None
    if len(typed) > 254:
        raise UserMistake(_("This is too long: use at most %(longest)s characters.", longest=254))
    local, _at, domain = typed.rpartition("@")
    if len(local) <= 64 and _PLAIN_EMAIL.fullmatch(typed) and "xn--" not in (small := domain.lower()) and not small.endswith(_NOT_FOR_MAIL):
        return f"{local}@{small}"
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 -- slow import, for unusual addresses

    try:
        return validate_email(typed, check_deliverability=False, allow_smtputf8=False, strict=True).normalized
    except EmailNotValidError:
        raise UserMistake(_("This e-mail address is incomplete. Check what comes before and after the @.")) from None


def parse_phone(text: str | None, country: str | None = "BE") -> str | None:
    """A phone number in international form: "0470/12.34.56" -> "+32 470 12 34 56".

    `country` is where a number without + is from.
    """
    typed = text.strip() if text else ""
    if not typed:
        return None
    plain = _PHONE_MARKS.sub("", typed)
    home = country or "BE"
    mobile = _BELGIAN_MOBILE.fullmatch(plain)
    if mobile and (home == "BE" or plain[:2] in ("+3", "00")):
        return "+32 " + " ".join(mobile.groups())
    problem = UserMistake(_("This phone number is not complete. Write it like 0470 12 34 56 or, from abroad, +31 6 12345678."))
    if len(typed) > 40 or any(letter.isalpha() for letter in typed):
        raise problem
    try:
        number = phonenumbers.parse(typed, home)
    except phonenumbers.NumberParseException:
        raise problem from None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise problem
    national = str(number.national_number)
    if number.country_code == 32 and re.match("4[5-9]", national) and len(national) < 9:  # a mobile number with a digit lost
        raise problem
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)[:40]


def parse_postcode(text: str | None, country: str | None = "BE") -> str | None:
    """A postcode as its country writes it."""
    typed = (parse_line(text, longest=12) or "").upper()
    if not typed:
        return None
    home = country or "BE"
    if typed.startswith((f"{home}-", f"{home[0]}-")):
        typed = typed.partition("-")[2]
    if home == "NL" and re.fullmatch(r"\d{4}[A-Z]{2}", typed):
        typed = f"{typed[:4]} {typed[4:]}"
    rule = POSTCODES.get(home)
    if rule and not rule[0].fullmatch(typed):
        raise UserMistake(_("This is not a postcode of %(country)s. It looks like %(example)s.", country=country_name(home), example=rule[1]))
    return typed


def parse_date(text: str | date | None) -> date | None:
    """A day, written 14/05/1954 or 1954-05-14."""
    if text is None or isinstance(text, date):
        return text
    typed = text.strip()
    if not typed:
        return None
    try:
        match = _DAY_FIRST.fullmatch(typed)
        return date(int(match[3]), int(match[2]), int(match[1])) if match else date.fromisoformat(typed)
    except ValueError:
        raise UserMistake(_("This day does not exist. Write it like 14/05/1954.")) from None


def parse_birth_date(text: str | date | None) -> date | None:
    """A birth date: not in the future, not before 1900."""
    day = parse_date(text)
    if day is None:
        return None
    if day > clock.today():
        raise UserMistake(_("This birth date is in the future."))
    if day < FIRST_BIRTH_DATE:
        raise UserMistake(_("This birth date is before 1900. Check the year."))
    return day


def parse_code(text: str | None, allowed: frozenset[str], *, capitals: bool) -> str | None:
    """A code out of a fixed list (country, language, gender)."""
    typed = text.strip() if text else ""
    typed = typed.upper() if capitals else typed.lower()
    if typed and typed not in allowed:
        raise UserMistake(_("Choose one from the list."))
    return typed or None


# --- names of countries and languages, in the language of the reader --------------------------


@lru_cache(maxsize=16)
def _territories(language: str) -> dict[str, str]:
    names = Locale(language).territories
    return {code: str(names.get(code, code)) for code in COUNTRIES}


@lru_cache(maxsize=16)
def _languages(language: str) -> dict[str, str]:
    names = Locale(language).languages
    return {code: str(names.get(code, code)) for code in LANGUAGES}


def country_name(code: str | None) -> str:
    return _territories(current_language()).get(code or "", code or "")


def language_name(code: str | None) -> str:
    name = _languages(current_language()).get(code or "", code or "")
    return name[:1].upper() + name[1:]


def country_choices(first: tuple[str, ...] = ("BE", "NL", "FR", "DE", "LU")) -> list[tuple[str, str]]:
    """[(code, "BE - België")]: the neighbours, then all others by name."""
    names = _territories(current_language())
    rest = sorted((code for code in names if code not in first), key=lambda code: names[code])
    return [(code, f"{code} - {names[code]}") for code in (*first, *rest)]


def language_choices(first: tuple[str, ...] = ("nl", "fr", "de", "en")) -> list[tuple[str, str]]:
    """[(code, name)]: the languages of this country first, then all others by name."""
    names = _languages(current_language())
    rest = sorted((code for code in names if code not in first), key=lambda code: names[code])
    return [(code, language_name(code)) for code in (*first, *rest)]
