"""What the room of extra fields adds to the platform."""

from __future__ import annotations

from datetime import timedelta

from core.access import Actor, Permission
from core.contacts.models import Contact
from core.errors import NotFound
from core.extend.contributions import FieldTarget, FilePurpose, JobKind, Schedule, Tab
from core.fields import history as history  # teaches the log our words
from core.fields.indexes import make_indexes
from core.fields.services import audience_of, definition, forget_file, may_see, target_of
from core.fields.services.values import PURPOSE
from core.fields.views import ExtraFields
from core.files.models import StoredFile
from core.files.purposes import only_maker
from core.i18n import _l
from core.organisations.models import Organisation

_MANAGERS = ("club_admin", "federation_admin")

PERMISSIONS = (
    Permission("fields.read", _l("See which extra fields there are"), roles=(*_MANAGERS, "members", "read_only")),
    Permission("fields.write", _l("Make and change extra fields"), roles=_MANAGERS),
    Permission("fields.reveal", _l("See protected values, such as a national number"), roles=_MANAGERS, data=_l("Protected values, such as a national number")),
)
VIEWS = (ExtraFields,)
TABS = (Tab("settings", _l("Extra fields"), "ExtraFields.list", "fields.read", icon="list-details", position=40, kinds=("club", "federation")),)
FIELD_TARGETS = (
    FieldTarget("contact", _l("Contact"), lambda: Contact.extra, "contacts.read", position=10),
    FieldTarget("organisation", _l("Club"), lambda: Organisation.extra, "contacts.read", kinds=("federation",), position=30),
)


def _may_read(file: StoredFile, actor: Actor) -> bool:
    """Who may see the field; while it belongs to nothing yet, who sent it."""
    if file.subject_id is None:
        return only_maker(file, actor)
    target = target_of(file)
    try:
        field = definition(target, file.part or "")
    except NotFound:
        return False
    if not may_see(field, actor):
        return False
    if audience_of(actor, target) != "member":
        return True
    return target == "contact" and actor.contact_id is not None and actor.contact_id == file.subject_id


FILE_PURPOSES = (FilePurpose(PURPOSE, _l("Files in extra fields"), _may_read, forget=forget_file),)
JOBS = (JobKind("index_extra_fields", _l("Make long lists faster"), make_indexes, queue="bulk"),)
SCHEDULES = (Schedule("index_extra_fields", "index_extra_fields", timedelta(days=1)),)
