"""From the text of a cell to the value to store, with the mistakes people make in lists.

On top of core.contacts.parsing, which the forms use too, these know what spreadsheets do to
dates and numbers. `text` is never empty. All are pure: the import remembers their answers.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from babel.dates import get_month_names

from core import clock
from core.contacts import parsing
from core.contacts.names import fold
from core.errors import UserMistake
from core.i18n import LANGUAGES, _, current_language
from core.imports.columns import CellMistake
from core.imports.countries import country_code, language_code

_TIME = re.compile(r"[ T]+0{1,2}:00(:00(\.0+)?)?$")
_DAY_FIRST = re.compile(r"(\d{1,2})\s*[/.\- ]\s*(\d{1,2})\s*[/.\- ]\s*(\d{4})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{1,2})", re.ASCII)
_SHORT_YEAR = re.compile(r"(\d{1,2})\s*[/.\- ]\s*(\d{1,2})\s*[/.\- ]\s*'?(\d{2})", re.ASCII)
_WITH_MONTH = re.compile(r"(?:[^\W\d]+\.?,?\s+)?(\d{1,2})\.?\s+([^\W\d]+)\.?\s+(\d{4})")
_GENDERS = {
    "F": "f v w vrouw vrouwelijk vr dame mevrouw mevr mw femme feminin fille madame mme frau weiblich weibl female woman girl meisje",
    "M": "m h man mannelijk heer dhr de heer jongen homme masculin garcon monsieur herr mann mannlich mannl male boy",
    "X": "x anders ander andere overig autre divers diverse other nonbinair non-binair non-binaire onbepaald",
}
_GENDER_OF = {word: code for code, words in _GENDERS.items() for word in words.split()}


def parse_name(text: str) -> str | None:
    """A first or family name."""
    name = parsing.parse_line(text, longest=80)
    if name and name[0] in "=+-@":
        raise CellMistake(_("A name does not start with %(sign)s. Type the name itself.", sign=name[0]))
    if name and not any(letter.isalpha() for letter in name):
        raise CellMistake(_("There is no name in this cell. Type the name."))
    return name


_FORMULA = re.compile(r"\s*(?:[=@＝＠]|[+-]\s*[A-Za-z@=].*[(!|])")


def parse_text(text: str, longest: int) -> str | None:
    """One line of text that is no formula of a spreadsheet."""
    return _no_formula(parsing.parse_line(text, longest=longest))


def parse_remarks(text: str) -> str | None:
    return _no_formula(parsing.parse_paragraphs(text, longest=2000))


def _no_formula(clean: str | None) -> str | None:
    """Looked at as it would be stored: a sign nobody sees, and which is taken out, must not hide one."""
    if clean and _FORMULA.match(clean):
        raise CellMistake(_("This is a formula of a spreadsheet. Type the text itself."))
    return clean


def _month_name(month: int) -> str:
    return str(get_month_names("wide", locale=current_language())[month])


def _months() -> dict[str, int]:
    if not _MONTHS:
        for language in LANGUAGES:
            for width in ("wide", "abbreviated"):
                for number, name in get_month_names(width, locale=language).items():
                    _MONTHS[fold(str(name)).rstrip(".")] = number
    return _MONTHS


_MONTHS: dict[str, int] = {}


def _checked_day(day: int, month: int, year: int) -> date:
    """The date, or why it does not exist."""
    try:
        return date(year, month, day)
    except ValueError:
        pass
    if not 1 <= month <= 12:
        if 1 <= day <= 12 and 1 <= month <= monthrange(max(year, 1), day)[1]:
            raise CellMistake(_("There is no month %(month)s. Day and month are probably swapped.", month=month), f"{month:02}/{day:02}/{year:04}")
        raise CellMistake(_("There is no month %(month)s. Write the date like 14/05/1954.", month=month))
    if month == 2 and day == 29:
        raise CellMistake(_("%(day)s %(month)s %(year)s does not exist", day=day, month=_month_name(month), year=year))
    if year < 1:
        raise CellMistake(_("The year 0 does not exist. Write the date like 14/05/1954."))
    raise CellMistake(_("%(day)s %(month)s does not exist", day=day, month=_month_name(month)))


def parse_date(text: str) -> date:
    """A day: 14/05/1954, 14-5-1954, 1954-05-14, 14 mei 1954. A year of two digits is asked back."""
    typed = text.strip()
    if len(typed) > 40:
        raise CellMistake(_("This is not a date. Write it like 14/05/1954."))
    typed = _TIME.sub("", typed)
    match = _DAY_FIRST.fullmatch(typed)
    if match:
        return _checked_day(int(match[1]), int(match[2]), int(match[3]))
    match = _YEAR_FIRST.fullmatch(typed)
    if match:
        return _checked_day(int(match[3]), int(match[2]), int(match[1]))
    match = _SHORT_YEAR.fullmatch(typed)
    if match:
        meant = _checked_day(int(match[1]), int(match[2]), _full_year(int(match[3])))
        raise CellMistake(_("Write the year with four digits"), f"{meant:%d/%m/}{meant.year:04}")
    match = _WITH_MONTH.fullmatch(typed)
    month = _months().get(fold(match[2]).rstrip(".")) if match else None
    if match and month:
        return _checked_day(int(match[1]), month, int(match[3]))
    raise CellMistake(_("This is not a date. Write it like 14/05/1954."), _date_in_number(typed))


def _full_year(short: int) -> int:
    this_year = clock.today().year
    year = this_year // 100 * 100 + short
    return year if year <= this_year else year - 100


def _date_in_number(typed: str) -> str | None:
    """19540514, 14051954, or the number Excel shows for a date in a cell that is not one."""
    if re.fullmatch(r"\d{8}", typed, re.ASCII):
        for year, month, day in ((typed[:4], typed[4:6], typed[6:]), (typed[4:], typed[2:4], typed[:2])):
            try:
                meant = date(int(year), int(month), int(day))
            except ValueError:
                continue
            if 1900 <= meant.year <= 2100:
                return f"{meant:%d/%m/%Y}"
    if re.fullmatch(r"\d{4,5}", typed, re.ASCII) and 2_200 < int(typed) < 73_000:
        return f"{date(1899, 12, 30) + timedelta(days=int(typed)):%d/%m/%Y}"
    return None


def parse_birth_date(text: str) -> date:
    """A birth date: not in the future, not before 1900."""
    day = parse_date(text)
    try:
        return parsing.parse_birth_date(day) or day
    except UserMistake as mistake:
        raise CellMistake(mistake.message) from None


def parse_gender(text: str) -> str:
    """F, M or X, or a word for it in one of four languages."""
    found = _GENDER_OF.get(fold(text).rstrip("."))
    if found is None:
        raise CellMistake(_("Use F for a woman, M for a man or X."))
    return found


def parse_country(text: str) -> str:
    """A country by its name or its code of two letters."""
    found = country_code(text)
    if found is None:
        raise CellMistake(_("This country is not known. Use its name or its code of two letters, like België or BE."))
    return found


def parse_language(text: str) -> str:
    found = language_code(text)
    if found is None:
        raise CellMistake(_("This language is not known. Use its code, like nl, fr, de or en."))
    return found


def parse_email(text: str) -> str | None:
    typed = text.strip().removeprefix("mailto:").strip("<>;, ")
    try:
        return parsing.parse_email(typed)
    except UserMistake:
        pass
    if re.search(r"[;,/\s]", typed) and typed.count("@") > 1:
        raise CellMistake(_("Only one address fits here. Put the second one in its own column."))
    if "@" not in typed:
        raise CellMistake(_("This address is incomplete. There is no @ in it."))
    if "." not in typed.rpartition("@")[2]:
        raise CellMistake(_("This address is incomplete. Check what comes after the @."))
    raise CellMistake(_("This address is not right. Check what comes before and after the @."))


def parse_phone(text: str, country: str | None = "BE") -> str | None:
    """A phone number; one without + is taken to be from `country`."""
    typed = text.strip().strip("'")  # an apostrophe is how spreadsheets keep a leading zero
    if re.fullmatch(r"4\d{8}|[1-9]\d{7}", typed, re.ASCII) and (country or "BE") == "BE":
        typed = f"0{typed}"  # the zero a spreadsheet ate
    try:
        return parsing.parse_phone(typed, country)
    except UserMistake:
        raise CellMistake(_("This number is not complete. Write it like 0470 12 34 56 or +31 6 12345678.")) from None


def parse_postcode(text: str, country: str | None = "BE") -> str | None:
    """A postcode the way its country writes it."""
    typed = text.strip()
    typed = typed[:-2] if typed.endswith(".0") else typed
    try:
        return parsing.parse_postcode(typed, country)
    except UserMistake as mistake:
        home = country or "BE"
        digits = {"BE": 4, "LU": 4, "FR": 5, "DE": 5}.get(home)
        raise CellMistake(_("Use %(digits)s digits", digits=digits) if digits else mistake.message) from None


def parse_loose_postcode(text: str) -> str | None:
    """A postcode whose country is not known yet."""
    return parse_text(text, 12)
