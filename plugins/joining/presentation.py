"""Words for the log, and the point in the list of what a club must do."""

from __future__ import annotations

from datetime import date

from flask import url_for

from core.api import Organisation, ReadinessCheck, _, _l, _n, describe_subject
from plugins.joining import services


def describe() -> None:
    """Teach the log what these rows are called."""
    describe_subject(
        "joining_act",
        fields={"contact_id": _l("Contact")},
        actions={
            "joining_act.joined": _l("Joined in one act"),
            "joining_act.left": _l("Left in one act"),
            "joining_act.repaired": _l("Repaired"),
            "joining_act.undone": _l("Put back as it was"),
        },
        title=_l("Joining and leaving"),
    )
    describe_subject("joining_exception", fields={"contact_id": _l("Contact")}, title=_l("Right as it is"))


def readiness(_organisation: Organisation, _day: date) -> list[ReadinessCheck]:
    """Everybody in a linked group has a membership; with the way to the page that repairs it. Silent in a club without members."""
    if not services.has_groups():
        return []
    number, has_members = services.stand_of_links()
    if not number and not has_members:
        return []
    url, short = url_for("HealthPage.show"), _("Groups and memberships")
    if number:
        text = _n("%(num)s person is in a linked group without a membership.", "%(num)s people are in a linked group without a membership.", number)
        return [ReadinessCheck("fits", _("People in a group without a membership"), "open", text, url, _("View"), 35, short)]
    title, detail = _("Members, groups and functions fit together"), _("Everybody in a linked group has a membership.")
    return [ReadinessCheck("fits", title, "ok", detail, url, position=35, short=short)]
