"""The pages of one contact, and those that make contacts."""

from core.contacts.views.bin import ContactBin
from core.contacts.views.functions import ContactFunctions
from core.contacts.views.profile import ContactProfile
from core.contacts.views.several import SeveralContacts

VIEWS = (ContactProfile, SeveralContacts, ContactBin, ContactFunctions)

__all__ = ["VIEWS", "ContactBin", "ContactFunctions", "ContactProfile", "SeveralContacts"]
