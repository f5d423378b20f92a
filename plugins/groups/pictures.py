"""Pictures of groups: who may see them."""

from __future__ import annotations

from core.access import Actor
from core.extend.contributions import FilePurpose
from core.files.models import StoredFile
from core.i18n import _l
from plugins.groups.services.groups import PICTURE
from plugins.groups.services.mine import is_mine


def may_read(file: StoredFile, actor: Actor) -> bool:
    """Whoever manages groups, and the members of a group that is shown to them."""
    if actor.can("groups.read"):
        return True
    return file.subject_id is not None and actor.contact_id is not None and is_mine(file.subject_id, actor.contact_id)


PURPOSE = FilePurpose(PICTURE, _l("Pictures of groups"), may_read, extensions=("jpg", "jpeg", "png", "webp"), max_mb=5, is_shown=True)
