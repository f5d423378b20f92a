"""Texts, dates and amounts in the language of the reader."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency
from babel.support import NullTranslations
from flask import g, has_app_context
from flask_babel import format_date as _format_date
from flask_babel import format_datetime as _format_datetime
from flask_babel import get_domain, get_locale
from flask_babel.speaklater import LazyString

LANGUAGES = {"nl": "Nederlands", "fr": "Français", "de": "Deutsch", "en": "English"}
DEFAULT_LANGUAGE = "nl"

_catalogues: dict[str, Any] = {}


def _catalogue() -> Any:
    """The texts in the language of the reader. A page asks for hundreds of them, so it is found in one step."""
    if not has_app_context():
        return NullTranslations()
    kept = getattr(g._get_current_object(), "_flask_babel", None)  # where Flask-Babel keeps the locale
    locale = getattr(kept, "babel_locale", None) or get_locale()
    if locale is None:
        return NullTranslations()
    if locale.language not in _catalogues:
        _catalogues[locale.language] = get_domain().get_translations()
    return _catalogues[locale.language]


def gettext(string: str, **variables: Any) -> str:
    """A text in the language of the reader."""
    text: str = _catalogue().ugettext(string)
    return text % variables if variables else text


def ngettext(singular: str, plural: str, num: int, **variables: Any) -> str:
    """A text that depends on a number, which it may name as %(num)s."""
    text: str = _catalogue().ungettext(singular, plural, num)
    return text % {"num": num, **variables}


def lazy_gettext(string: str, **variables: Any) -> Any:
    """A text that is looked up when it is shown."""
    return LazyString(gettext, string, **variables)


_ = gettext
_l = lazy_gettext
_n = ngettext

__all__ = [
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "Words",
    "_",
    "_l",
    "_n",
    "current_language",
    "format_date",
    "format_day_heading",
    "format_instant",
    "format_long_date",
    "format_money",
    "format_number",
    "gettext",
    "in_own_language",
    "ngettext",
]


def current_language() -> str:
    """Two-letter code of the language in use, e.g. "nl"."""
    locale = get_locale()
    return locale.language if locale else DEFAULT_LANGUAGE


def format_date(day: date | None) -> str:
    """Short date as people here write it: 11/03/2027."""
    return day.strftime("%d/%m/%Y") if day else ""


def format_long_date(day: date | None) -> str:
    """Date for use in a sentence: donderdag 11 maart 2027."""
    return _format_date(day, "full") if day else ""


def format_day_heading(day: date) -> str:
    """Date standing alone: Donderdag 11 maart 2027."""
    text = format_long_date(day)
    return text[:1].upper() + text[1:]


def format_instant(instant: datetime | None) -> str:
    """Local date and time of a UTC instant: 11/03/2027 19:45."""
    return _format_datetime(instant, "dd/MM/yyyy HH:mm") if instant else ""


def format_number(number: int) -> str:
    """Whole number with the separators of the reader's language."""
    return f"{number:,}".replace(",", ".") if current_language() in ("nl", "de") else f"{number:,}".replace(
        ",", "\u202f" if current_language() == "fr" else ","
    )


def format_money(cents: int, currency: str = "EUR") -> str:
    """Amount of integer `cents` as text: 256250 -> "€ 2.562,50" in Dutch."""
    locale = get_locale()
    return format_currency(Decimal(cents) / 100, currency, locale=f"{locale.language}_BE" if locale and locale.language in ("nl", "fr", "de") else "en")


def in_own_language(texts: dict[str, str] | None, fallback: str = "") -> str:
    """Pick the reader's language from user content given per language.

    Falls back to Dutch, then to any language that was filled in, then to `fallback`.
    """
    if not texts:
        return fallback
    return texts.get(current_language()) or texts.get(DEFAULT_LANGUAGE) or next((t for t in texts.values() if t), fallback)


class Words(dict[str, str]):
    """A text given per language; as a string it is in the language of the reader.

    Example: Words(nl="Voorzitter", fr="Président", de="Vorsitz", en="Chair")
    """

    def __str__(self) -> str:
        return in_own_language(self)

    def __hash__(self) -> int:  # type: ignore[override]  # declarations are frozen and hashable
        return hash(tuple(sorted(self.items())))
