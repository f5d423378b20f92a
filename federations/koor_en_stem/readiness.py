"""What Koor&Stem asks of its choirs, besides what the core, memberships and groups ask."""

from __future__ import annotations

from datetime import date

from flask import url_for

from core.api import Organisation, ReadinessCheck, _, _n, federations_of
from plugins.groups.api import linked_groups


def linked_check(club: Organisation, day: date) -> ReadinessCheck:
    """Is there a choir linked to the federation in the season of today?"""
    ours = [federation for federation in federations_of(club) if federation.federation_plugin == "koor_en_stem"]
    number = sum(len(linked_groups(federation)) for federation in ours)
    url, short = url_for("GroupList.list"), _("Linked choirs")
    if not number:
        return ReadinessCheck("linked_groups", _("Link your choir to Koor&Stem for this season"), "open", "", url, _("Go to the groups"), 20, short)
    return ReadinessCheck("linked_groups", _("Linked choirs"), "ok", _n("%(num)s choir", "%(num)s choirs", number), url, position=20, short=short)
