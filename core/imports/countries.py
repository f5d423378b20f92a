"""Countries, nationalities and languages by whatever people call them, in nl, fr, de and en."""

from __future__ import annotations

from functools import cache

from babel import Locale

from core.contacts.names import fold
from core.contacts.parsing import COUNTRIES, LANGUAGES
from core.i18n import LANGUAGES as ORGANISATION_LANGUAGES

# what lists really hold beside the official names
_OTHER_COUNTRIES = {
    "holland": "NL",
    "nl nederland": "NL",
    "nederlande": "NL",
    "brd": "DE",
    "groot brittannie": "GB",
    "engeland": "GB",
    "angleterre": "GB",
    "england": "GB",
    "schotland": "GB",
    "uk": "GB",
    "usa": "US",
    "amerika": "US",
    "luxemburg": "LU",
    "gd luxemburg": "LU",
    "b": "BE",
    "d": "DE",
    "f": "FR",
    "l": "LU",
    "bel": "BE",
    "nld": "NL",
    "fra": "FR",
    "deu": "DE",
    "ger": "DE",
    "lux": "LU",
    "tsjechie": "CZ",
    "turkije": "TR",
}
_NATIONALITIES = {
    "BE": "belg belgisch belgische belge belgier belgierin belgian",
    "NL": "nederlander nederlands nederlandse neerlandais neerlandaise hollandais niederlander niederlandisch dutch",
    "FR": "fransman frans franse francaise francais franzose franzosisch french",
    "DE": "duitser duits duitse allemand allemande deutsch deutsche german",
    "LU": "luxemburger luxemburgs luxemburgse luxembourgeois luxembourgeoise luxemburgisch",
    "GB": "brit brits britse britannique britisch british engels engelse anglais english",
    "IT": "italiaan italiaans italiaanse italien italienne italiener italienisch italian",
    "ES": "spanjaard spaans spaanse espagnol espagnole spanier spanisch spanish",
    "PT": "portugees portugese portugais portugaise portugiese portugiesisch portuguese",
    "PL": "pool pools poolse polonais polonaise polnisch polish",
    "RO": "roemeen roemeens roemeense roumain roumaine rumanisch romanian",
    "BG": "bulgaar bulgaars bulgaarse bulgare bulgarisch bulgarian",
    "MA": "marokkaan marokkaans marokkaanse marocain marocaine marokkanisch moroccan",
    "TR": "turk turks turkse turc turque turkisch turkish",
    "UA": "oekraiener oekraiens oekraiense ukrainien ukrainienne ukrainisch ukrainian",
    "US": "amerikaan amerikaans amerikaanse americain americaine amerikanisch american",
}


@cache
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in ORGANISATION_LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code in COUNTRIES:
                found.setdefault(fold(str(name)), code)
    for code, names in _NATIONALITIES.items():
        for name in names.split():
            found.setdefault(name, code)
    found.update(_OTHER_COUNTRIES)
    found.update({code.lower(): code for code in COUNTRIES})
    return found


@cache
def _languages() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in ORGANISATION_LANGUAGES:
        for code, name in Locale(language).languages.items():
            if code in LANGUAGES:
                found.setdefault(fold(str(name)), code)
    found |= {code: code for code in LANGUAGES}
    found |= {"n": "nl", "f": "fr", "d": "de", "e": "en", "ned": "nl", "nld": "nl", "vlaams": "nl", "fra": "fr", "ger": "de", "deu": "de", "eng": "en"}
    found |= {f"{code} {country}": code for code in ("nl", "fr", "de", "en") for country in ("be", "nl", "fr", "de", "gb")}
    return found


def country_code(text: str) -> str | None:
    """Two-letter code of a country or nationality: country_code("Belgique") == "BE"."""
    return _countries().get(fold(text).replace(".", ""))


def language_code(text: str) -> str | None:
    """Two-letter code of a language: language_code("Frans") == "fr"."""
    return _languages().get(fold(text).replace("_", " ").replace("-", " "))
