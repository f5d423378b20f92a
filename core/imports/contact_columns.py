"""The columns every organisation can import: those of the contact itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from core.contacts.attributes import BY_NAME, GENDER_TITLES
from core.contacts.parsing import language_choices
from core.i18n import _l
from core.imports import values
from core.imports.columns import ImportColumn


def gender_choices() -> Sequence[tuple[str, Any]]:
    return list(GENDER_TITLES.items())


CONTACT = _l("Contact")
ADDRESS = _l("Address")
REACH = _l("Contact details")


def _column(
    position: int, attribute: str, parse: Any, synonyms: str, example: str = "", group: Any = CONTACT, *, label: Any = None, **more: Any
) -> ImportColumn:
    words = tuple(word.strip() for word in synonyms.split("|") if word.strip())
    return ImportColumn(attribute, label or BY_NAME[attribute].label, attribute, parse, words, example, group=group, position=position, **more)


_EMAIL = (
    "e-mail {n}|email {n}|mail {n}|mailadres {n}|e-mailadres {n}|emailadres {n}|adresse e-mail {n}|courriel {n}|e-mail-adresse {n}"
    "|e-mail address {n}|email address {n}"
)
_MOBILE = (
    "gsm {n}|mobiel {n}|gsm-nummer {n}|gsmnummer {n}|mobiel nummer {n}|mobile {n}|numéro de gsm {n}|portable {n}|handy {n}|handynummer {n}|mobilnummer {n}"
    "|mobile number {n}|cell phone {n}"
)
_FIRST_EMAIL = _EMAIL.format(n="1") + "|" + _EMAIL.replace(" {n}", "") + "|e-mailadres lid|persoonlijk e-mailadres|mail privé"
_FIRST_MOBILE = _MOBILE.format(n="1") + "|" + _MOBILE.replace(" {n}", "") + "|mobiele telefoon|gsm privé|gsm lid"

IMPORT_COLUMNS = (
    _column(
        10,
        "last_name",
        values.parse_name,
        "naam|achternaam|familienaam|naam lid|nom|nom de famille|nachname|familienname|name|last name|surname|family name|lastname",
        "Peeters",
        required=True,
    ),
    _column(
        20,
        "first_name",
        values.parse_name,
        "voornaam|voorn|roepnaam|voornamen|prénom|vorname|rufname|first name|given name|firstname",
        "Maria",
        required=True,
    ),
    _column(
        30,
        "language",
        values.parse_language,
        "taal|taalcode|voorkeurstaal|langue|sprache|language|lang",
        "nl",
        choices=language_choices,
    ),
    _column(
        40, "gender", values.parse_gender, "geslacht|sekse|m/v|m/v/x|v/m|sexe|genre|geschlecht|gender|sex|aanspreking", "F", choices=gender_choices
    ),
    _column(
        50,
        "birth_date",
        values.parse_birth_date,
        "geboortedatum|geb datum|geb. dat.|gebdatum|geboren|geboren op|geboorte datum|date de naissance|né le|né(e) le|naissance|"
        "geburtsdatum|geburtstag|geboren am|date of birth|birth date|birthdate|birthday|dob",
        "14/05/1954",
    ),
    _column(
        60,
        "street",
        partial(values.parse_text, longest=120),
        "straat|straatnaam|adres|rue|adresse|straße|strasse|street|address",
        "Kerkstraat",
        ADDRESS,
    ),
    _column(
        70,
        "house_number",
        partial(values.parse_text, longest=12),
        "huisnummer|huisnr|nr|nummer|huis nr|numéro|n°|num|hausnummer|hausnr|house number|number",
        "12",
        ADDRESS,
        label=_l("House number"),
    ),
    _column(
        80,
        "box",
        partial(values.parse_text, longest=12),
        "busnummer|bus|busnr|bus nr|boîte|bte|boite postale|postfach|zusatz|box|box number",
        "b",
        ADDRESS,
        label=_l("Box number"),
    ),
    _column(
        90,
        "postcode",
        values.parse_loose_postcode,
        "postcode|postnummer|post code|postnr|pc|zip|zipcode|code postal|cp|postleitzahl|plz|postal code|zip code",
        "3200",
        ADDRESS,
    ),
    _column(
        100,
        "town",
        partial(values.parse_text, longest=80),
        "gemeente|woonplaats|plaats|stad|localité|commune|ville|ort|wohnort|gemeinde|stadt|town|city|place",
        "Aarschot",
        ADDRESS,
    ),
    _column(110, "country", values.parse_country, "land|landcode|pays|code pays|country|country code", "België", ADDRESS),
    _column(
        120,
        "nationality",
        values.parse_country,
        "nationaliteit|nat|nationalité|nationalität|staatsangehörigkeit|staatsbürgerschaft|nationality",
        "BE",
    ),
    _column(130, "email_1", values.parse_email, _FIRST_EMAIL, "maria.peeters@mail.example", REACH),
    _column(140, "email_2", values.parse_email, _EMAIL.format(n="2"), "", REACH),
    _column(150, "email_3", values.parse_email, _EMAIL.format(n="3"), "", REACH),
    _column(160, "mobile_1", values.parse_phone, _FIRST_MOBILE, "0470 12 34 56", REACH),
    _column(170, "mobile_2", values.parse_phone, _MOBILE.format(n="2"), "", REACH),
    _column(180, "mobile_3", values.parse_phone, _MOBILE.format(n="3"), "", REACH),
    _column(
        190,
        "phone",
        values.parse_phone,
        "telefoon|tel|telefoonnummer|tel nr|telnr|vaste telefoon|vast nummer|téléphone|tél|téléphone fixe|fixe|"
        "telefon|telefonnummer|festnetz|phone|telephone|phone number|landline",
        "016 12 34 56",
        REACH,
    ),
    _column(
        200,
        "remarks",
        values.parse_remarks,
        "opmerkingen|opmerking|nota|notities|commentaar|remarques|remarque|note|bemerkungen|bemerkung|anmerkung|remarks|remark|notes|comment",
    ),
)
