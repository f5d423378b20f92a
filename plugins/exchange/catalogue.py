"""What of a member can be exchanged: the fields a federation may read, and which of them may come back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from core.api import Organisation, UserMistake, _, clean_values, definitions, parse_date
from plugins.memberships.api import readable_keys

KEY, CLUB = "number", "club_number"
#: details of a person: what comes back is proposed to the club
DETAILS = ("first_name", "last_name", "birth_date", "gender", "street", "house_number", "box", "postcode", "town", "country", "email_1")
TYPE, FROM, UNTIL, DECISION = "type", "from_on", "until_on", "decision"
ACCEPT = "accept"


@dataclass(frozen=True)
class OurField:
    """A field on our side. `sends`, `receives`: what is possible."""

    key: str
    title: str
    sends: bool = True
    receives: bool = False
    hint: str = ""


def our_fields(federation: Organisation) -> list[OurField]:
    """All of them, in the order of the page."""
    details = {
        "first_name": _("First name"), "last_name": _("Family name"), "birth_date": _("Birth date"), "gender": _("Gender"), "street": _("Street"),
        "house_number": _("House number"), "box": _("Box"), "postcode": _("Postcode"), "town": _("Town"), "country": _("Country"),
        "email_1": _("E-mail address 1"),
    }  # fmt: skip
    return [
        OurField(KEY, _("Their member number"), receives=True, hint=_("The key: who is who on both sides.")),
        OurField(CLUB, _("Club number"), receives=True, hint=_("The number a club has with you.")),
        OurField("club_name", _("Club")),
        *(OurField(key, title, receives=True) for key, title in details.items()),
        OurField(TYPE, _("Membership type"), receives=True, hint=_("The key of the type. Of new people: which membership is asked for.")),
        OurField(FROM, _("Start date")),
        OurField(UNTIL, _("End date"), receives=True, hint=_("A day that comes in is proposed to the club as the last day.")),
        OurField("status", _("Status")),
        OurField(DECISION, _("Decision"), sends=False, receives=True, hint=_("“accept” accepts the request of a club: that is your own decision.")),
        *_extra(federation),
    ]


def _extra(federation: Organisation) -> list[OurField]:
    read = readable_keys(federation)
    found = []
    for target in ("contact", "membership"):
        for field in definitions(target, federation):
            is_read = field.key in read if target == "contact" else field.federation_reads
            if is_read and not field.is_sensitive and field.type != "file":
                found.append(OurField(f"{target}.{field.key}", field.title))
    return found


def as_text(value: Any) -> str:
    """A value as it stands in a file: ISO dates, lists with commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return ",".join(str(part) for part in value)
    return str(value)


def cleaned(field: str, text: str, *, country: str | None = None) -> str:
    """A value that came in, written the way we write it; UserMistake when it can be none."""
    plain = " ".join(text.split())
    if not plain:
        return ""
    if field in (FROM, UNTIL):
        day = parse_date(plain)
        return day.isoformat() if day else ""
    if field not in DETAILS:
        return plain[:200]
    values, mistakes = clean_values({field: plain}, country=country)
    if mistakes:
        raise UserMistake(mistakes[0].message, field=field)
    return as_text(values.get(field))
