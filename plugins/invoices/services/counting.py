"""Who counts on a day: the members an invoice is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import null

from core.contacts.names import fold
from core.db import db, is_one_of
from core.i18n import _
from plugins.invoices.hookspecs import CountedMember
from plugins.invoices.services.rules import FeeRules
from plugins.memberships.api import FederationMember, Membership, active_on

#: what is read of everybody who counts
COUNTED = (
    Membership.organisation_id,
    Membership.contact_id,
    Membership.id,
    Membership.type_id,
    Membership.from_on,
    Membership.until_on,
    FederationMember.first_name,
    FederationMember.last_name,
    FederationMember.name_key,
)


def members_by_club(club_ids: Sequence[int], rules: FeeRules) -> tuple[dict[int, list[CountedMember]], int]:
    """Who counts for these rules, by club, and how often somebody was a member twice: such a person counts once."""
    found: dict[int, list[CountedMember]] = {club_id: [] for club_id in club_ids}
    doubles = 0
    if not club_ids:
        return found, doubles
    unknown = _("Name no longer known")
    seen: set[tuple[int, int]] = set()
    # forty thousand JSON texts are not read when no rule looks at them
    looked_at = (null(), null()) if rules.plugin is None else (Membership.extra, FederationMember.birth_date)
    query: Any = active_on(rules.day, rules.federation).where(is_one_of(Membership.organisation_id, club_ids))
    query = query.with_only_columns(*COUNTED, *looked_at, maintain_column_froms=True)
    for club, contact, membership, type_id, from_on, until_on, first, last, name_key, extra, birth_date in db.session.execute(query):
        if (club, contact) in seen:
            doubles += 1
            continue
        seen.add((club, contact))
        name = f"{last or ''} {first or ''}".strip() or unknown
        found[club].append(CountedMember(membership, contact, type_id, name, birth_date, from_on, until_on, extra or {}, name_key or fold(name)))
    return found, doubles
