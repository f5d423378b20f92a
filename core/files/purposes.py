"""What files are for. A purpose says who may read them, and which kinds are taken."""

from __future__ import annotations

from core.access import Actor
from core.extend.contributions import FilePurpose
from core.extend.registry import registry
from core.files.models import StoredFile
from core.web.context import active_plugins


def purpose_named(name: str) -> FilePurpose:
    """KeyError when nobody registered it: a file without a purpose has no reader."""
    return registry().get("file_purposes", name)  # type: ignore[no-any-return]


def is_known(name: str) -> bool:
    """False for files of a plugin that was taken away."""
    return name in {purpose.name for purpose in registry().all("file_purposes")}


def may_read(file: StoredFile, actor: Actor) -> bool:
    """May this person have the file? Never when it expired, or when its plugin is switched off here."""
    if file.is_expired or not is_known(file.purpose):
        return False
    owner = registry().owner("file_purposes", file.purpose)
    if owner != "core" and owner not in active_plugins():
        return False
    return purpose_named(file.purpose).may_read(file, actor)


def only_maker(file: StoredFile, actor: Actor) -> bool:
    """For files made for one person: who made it, nobody else."""
    return file.created_by is not None and file.created_by == actor.user_id
