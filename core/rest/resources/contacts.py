"""Contacts: read, added, changed and put in the bin, with the checks of the form."""

from __future__ import annotations

from typing import Any

from core.access import Actor, current_actor
from core.contacts import services
from core.contacts.attributes import ATTRIBUTES
from core.contacts.models import GENDERS, Contact
from core.i18n import _l
from core.lists.contacts.definitions import CONTACTS
from core.rest.fields import ApiField
from core.rest.resource import CoreRestApi
from core.rest.values import check_extra, shown_extra


class ContactApi(CoreRestApi):
    resource = "contacts"
    title = _l("Contacts")
    description = _l("The people of this organisation. Removing one puts it in the bin, from which people can bring it back.")
    permission = "contacts.read"
    definition = CONTACTS
    changes = {"create": "contacts.write", "change": "contacts.write", "remove": "contacts.delete"}
    is_versioned = True
    fields = (
        ApiField("id", "integer"),
        *(
            ApiField(
                attribute.name,
                {"date": "date", "yes": "boolean"}.get(attribute.kind, "text"),  # type: ignore[arg-type]  # its kinds
                help=attribute.label,
                writable=True,
                required=attribute.required,
                choices=tuple(GENDERS) if attribute.name == "gender" else (),
            )
            for attribute in ATTRIBUTES
        ),
        ApiField("whose", "object", help=_l("Whose address or number it is, when not the contact's own")),
        ApiField(
            "extra",
            "object",
            help=_l("Values of extra fields, by key"),
            writable=True,
            get=lambda row: shown_extra("contact", row.extra, current_actor()),
        ),
        ApiField("created_at", "instant"),
        ApiField("changed_at", "instant"),
        ApiField("version", "integer"),
    )

    def find(self, pk: int, *, actor: Actor) -> Contact:
        return services.get_contact(pk)

    def create(self, values: dict[str, Any], *, actor: Actor) -> Contact:
        check_extra(values)
        return services.save_contact(None, values, actor=actor)

    def change(self, row: Contact, values: dict[str, Any], *, actor: Actor, version: int | None) -> Contact:
        check_extra(values)
        return services.save_contact(row, values, actor=actor, version=version)

    def remove(self, row: Contact, *, actor: Actor) -> None:
        services.put_in_bin(row, actor=actor)
