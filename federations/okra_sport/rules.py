"""What OKRA-SPORT+ decides by itself: what can be asked, what a person always looks at, who pays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.api import Contact, ContactFunction, _, db, today

if TYPE_CHECKING:
    from plugins.invoices.api import CountedMember, FeeLine
    from plugins.memberships.api import Asked


def refused_at_once(asked: Sequence[Asked]) -> Mapping[int, str]:
    """A non-sporting member does no sport: most often the wrong type was chosen."""
    sentence = _("A non-sporting member has no sport and no competition. Choose sporting member, or leave these empty.")
    return {
        place: sentence
        for place, item in enumerate(asked)
        if item.kind.key == "non_sporting" and (item.extra.get("sports") or item.extra.get("competition"))
    }


def never_at_once(asked: Sequence[Asked]) -> Mapping[int, bool]:
    """Somebody of the federation checks that the main club of a secondary member exists."""
    return {place: False for place, item in enumerate(asked) if item.extra.get("secondary_club")}


def who_pays(members: Sequence[CountedMember], usual: Callable[[Sequence[CountedMember]], Sequence[FeeLine]]) -> Sequence[FeeLine]:
    """The main club pays for a member; a secondary club does not pay again."""
    return usual([member for member in members if not member.extra.get("secondary_club")])


def trainers_without_diploma(contact_ids: Sequence[int]) -> dict[int, list[str]]:
    """The government asks which diploma each trainer has."""
    rows = db.session.execute(
        select(Contact.id, Contact.extra)
        .join(ContactFunction, ContactFunction.contact_id == Contact.id)
        .where(
            Contact.id.in_(contact_ids),
            ContactFunction.function == "trainer",
            ContactFunction.from_on <= today(),
            ContactFunction.until_on.is_(None) | (ContactFunction.until_on >= today()),
        )
    )
    return {pk: [_("Trainer without a type of diploma")] for pk, extra in rows if not (extra or {}).get("diploma_type")}
