"""What OKRA-SPORT+ asks of its clubs before 1 April, besides what the core and memberships ask."""

from __future__ import annotations

from flask import url_for

from core.api import Organisation, ReadinessCheck, _, _n


def sports_check(club: Organisation) -> ReadinessCheck:
    """Does the club say which sports it has?"""
    sports = (club.extra or {}).get("sports") or []
    url, short = url_for("ClubDetails.edit"), _("Sports")
    if not sports:
        return ReadinessCheck("sports", _("Say which sports your club has"), "open", "", url, _("Fill in"), 15, short)
    return ReadinessCheck("sports", _("Sports of the club"), "ok", _n("%(num)s sport", "%(num)s sports", len(sports)), url, position=15, short=short)
