"""What correcting one's own details adds to the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from core.access import Permission
from core.corrections import services
from core.corrections.services import DECIDE
from core.corrections.services.asking import ASKED
from core.corrections.services.deciding import DECIDED
from core.corrections.views import CorrectionSettings, CorrectionsPage, OwnDetails, OwnDocuments
from core.db import db
from core.extend.contributions import MenuEntry, NotificationKind, Tab, Widget
from core.i18n import _l

PERMISSIONS = (Permission(DECIDE, _l("Decide about corrections members ask"), roles=("club_admin", "federation_admin", "region_admin", "members")),)
VIEWS = (OwnDetails, OwnDocuments, CorrectionsPage, CorrectionSettings)
MENU = (
    MenuEntry(
        _l("Contact details"), "address-book", "OwnDetails.show", "home.read", area="mine", kinds=("club",), position=50, short=_l("Details"),
        matches=("OwnDocuments.",),
    ),
)
TABS = (
    Tab("own_details", _l("Contact details"), "OwnDetails.show", "home.read", icon="address-book", position=10),
    Tab("own_details", _l("Documents"), "OwnDocuments.list", "home.read", icon="files", position=20),
    Tab("contacts", _l("Corrections"), "CorrectionsPage.list", DECIDE, position=40, count=services.count_waiting),
    Tab("settings", _l("Corrections"), "CorrectionSettings.edit", DECIDE, icon="pencil", position=45, kinds=("club", "federation")),
)
NOTIFICATION_KINDS = (
    NotificationKind(DECIDED, _l("A correction I asked was accepted or refused"), position=20),
    NotificationKind(ASKED, _l("A member asks to correct details"), audience="managers", permission=DECIDE, position=60),
)


def _waiting(_organisation: Any) -> Mapping[str, Any]:
    number = int(db.session.scalar(services.count_waiting()) or 0)
    rows = services.waiting_corrections(limit=4) if number else []
    members = [{"name": row.contact.full_name, "url": url_for("CorrectionsPage.show", pk=row.id), "asked_at": row.asked_at} for row in rows]
    return {"number": number, "members": members, "url": url_for("CorrectionsPage.list")}


WIDGETS = (Widget("corrections", _l("Corrections"), _waiting, DECIDE, template="corrections/_widget.html", column="side", position=70),)
