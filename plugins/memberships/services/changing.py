"""Changing a membership: its sport branches, and before it is decided on all of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from core.access import Actor, require
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import _
from core.tenancy import current_scope
from core.web.context import current_organisation
from plugins.memberships.models import Membership, MembershipType
from plugins.memberships.services.ending import refuse_double
from plugins.memberships.services.events import apply
from plugins.memberships.services.extra import clean_extra
from plugins.memberships.services.reading import get_membership, today
from plugins.memberships.services.requesting import WRITE, Wish, period_of


def change_membership(
    membership: Membership,
    *,
    extra: Mapping[str, Any] | None = None,
    kind: MembershipType | None = None,
    from_on: date | None = None,
    season: str | None = None,
    version: int | None = None,
    actor: Actor,
) -> Membership:
    """Change the values that are given. Type and days only as long as nobody decided on a request.

    `version` is the one the editor started from: when somebody else changed it since, StaleVersion.
    """
    require(actor, WRITE)
    now = get_membership(membership.id, locked=True)
    if now.organisation_id != current_scope().organisation_id:
        raise NotFound(f"membership {membership.id}")
    if version is not None and now.version != version:
        raise StaleVersion(f"membership {now.id}")
    if now.state_on(today()) in ("ended", "refused", "withdrawn"):
        raise UserMistake(_("This membership is over. Ask for a new one."))
    values: dict[str, Any] = {}
    wanted = kind or now.kind
    if now.status == "requested" and (kind is not None or from_on is not None or season is not None):
        if kind is not None and kind.organisation_id != now.kind.organisation_id:
            raise UserMistake(_("Choose a type of the same federation, or withdraw this request and ask again."), field="type")
        period = period_of(Wish(now.contact_id, wanted, from_on or now.from_on, None, season), today())
        values = {"type_id": wanted.id, "from_on": period.starts_on, "until_on": period.ends_on, "season": period.season or None}
    if extra is not None:
        values["extra"] = clean_extra(wanted, extra, current_organisation(), stored=now.extra, actor=actor)
    if values.get("from_on", now.from_on) != now.from_on or values.get("until_on", now.until_on) != now.until_on:
        now_until = now.until_on
        before = now.from_on
        now.from_on = values["from_on"]
        try:
            refuse_double(now, until_on=values.get("until_on", now_until))
        finally:
            now.from_on = before
    if all(getattr(now, name) == value for name, value in values.items()):
        return now
    return apply(now, "changed", values, actor=actor)
