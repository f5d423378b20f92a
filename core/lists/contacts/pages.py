"""The pages of the list of contacts and of the bin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from sqlalchemy import func, select

from core.access import current_actor
from core.contacts.models import Contact
from core.i18n import _
from core.lists.contacts.definitions import BIN, CONTACTS, in_use
from core.lists.engine import COUNT_LIMIT
from core.lists.views import ListPage, RowLink


class ContactList(ListPage):
    """All contacts of the organisation, member or not."""

    route_base = "/o/<org>/crm/contacts"
    definition = CONTACTS

    def foot_links(self) -> Sequence[RowLink]:
        if not current_actor().can(BIN.permission):
            return []
        return [RowLink(_("Bin"), "trash", url_for("ContactBinList.list"))]


class ContactBinList(ListPage):
    """Contacts that were removed and can be brought back."""

    route_base = "/o/<org>/crm/bin"
    definition = BIN

    def foot_links(self) -> Sequence[RowLink]:
        return [RowLink(_("Back to the contacts"), "arrow-left", url_for("ContactList.list"))]


def number_of_contacts() -> Any:
    """For the tab; counts no further than a list does."""
    some = select(Contact.id).where(in_use()).limit(COUNT_LIMIT).subquery()
    return select(func.count()).select_from(some)
