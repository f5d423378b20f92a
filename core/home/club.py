"""How a member reaches the club."""

from __future__ import annotations

from urllib.parse import quote

from core.contacts.profile import Fact
from core.i18n import _
from core.organisations.models import Organisation


def club_facts(club: Organisation) -> list[Fact]:
    """What the club filled in of itself, without what only its managers need."""
    street = " ".join(part for part in (club.street, club.house_number) if part)
    town = " ".join(part for part in (club.postcode, club.town) if part)
    found = [Fact(_("Address"), tuple(line for line in (street, town) if line))]
    if club.email:
        found.append(Fact(_("E-mail"), (club.email,), f"mailto:{quote(club.email, safe='@+')}"))
    if club.phone:
        found.append(Fact(_("Telephone"), (club.phone,), "tel:" + club.phone.replace(" ", "")))
    if club.website and club.website.startswith(("https://", "http://")):
        found.append(Fact(_("Website"), (club.website.partition("://")[2],), club.website))
    return [fact for fact in found if fact.lines]
