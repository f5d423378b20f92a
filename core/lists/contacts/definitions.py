"""The list of contacts, and the bin beside it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_

from core.contacts.models import Contact
from core.i18n import _l
from core.lists.contacts.columns import COLUMNS
from core.lists.contacts.filters import FILTERS
from core.lists.contacts.search import contact_search
from core.lists.definition import AddEntry, ListDefinition


def in_use() -> Any:
    return Contact.deleted_at.is_(None)


def in_bin() -> Any:
    return and_(Contact.deleted_at.is_not(None), Contact.erased_at.is_(None))


CONTACTS = ListDefinition(
    name="contacts",
    model=Contact,
    title=_l("Contacts"),
    noun=_l("contacts"),
    permission="contacts.read",
    export_permission="contacts.export",
    columns=COLUMNS,
    filters=FILTERS,
    search=contact_search,
    search_hint=_l("Search by name, e-mail or town"),
    default_sort="name",
    base_condition=in_use,
    base_reason=_l("In the bin"),
    profile_endpoint="ContactProfile.show",
    edit_endpoint="ContactProfile.edit",
    edit_permission="contacts.write",
    extra_fields=(("contact", Contact.extra),),
    add=(
        AddEntry(_l("Contact"), "user-plus", "ContactProfile.add", "contacts.write"),
        AddEntry(_l("Add several contacts"), "table-import", "ImportWizard.start", "contacts.import"),
        AddEntry(_l("Type a few contacts"), "users", "SeveralContacts.add", "contacts.write"),
    ),
    empty_title=_l("No contacts yet"),
    empty_text=_l("Add the first person, or bring in a whole list at once."),
    tabs=("crm", "contacts"),
)

BIN = ListDefinition(
    name="contacts_bin",
    model=Contact,
    title=_l("Bin"),
    noun=_l("contacts"),
    permission="contacts.delete",
    columns=COLUMNS,
    filters=FILTERS,
    search=contact_search,
    search_hint=_l("Search by name, e-mail or town"),
    default_sort="name",
    base_condition=in_bin,
    base_reason=_l("Not in the bin"),
    extra_fields=(("contact", Contact.extra),),
    shares="contacts",
    empty_title=_l("The bin is empty"),
    empty_text=_l("Contacts you remove stay here until they are erased. You can bring them back."),
    tabs=("crm", "contacts"),
)
