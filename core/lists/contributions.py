"""What the lists add to the platform: the list of contacts and its bin."""

from core.access import Permission
from core.extend.contributions import MenuEntry, Tab
from core.i18n import _l
from core.lists.contacts.pages import ContactBinList, ContactList, number_of_contacts
from core.lists.saved import SHARE

_MANAGERS = ("club_admin", "federation_admin", "region_admin")

PERMISSIONS = (Permission(SHARE, _l("Share saved filters with the other administrators"), roles=(*_MANAGERS, "members")),)
VIEWS = (ContactList, ContactBinList)
MENU = (
    MenuEntry(
        _l("CRM"), "users", "ContactList.list", "contacts.read", position=20,
        matches=("ContactBinList.", "ContactProfile.", "SeveralContacts.", "ImportWizard."),
    ),
)
TABS = (
    Tab("crm", _l("Contacts"), "ContactList.list", "contacts.read", icon="users", position=10),
    Tab("contacts", _l("Contacts"), "ContactList.list", "contacts.read", position=10, count=number_of_contacts),
)
