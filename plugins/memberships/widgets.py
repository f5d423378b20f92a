"""Memberships on the dashboard, and in the list of what a club must do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import url_for
from sqlalchemy import func, select

from core.db import db
from core.extend.contributions import ReadinessCheck, Widget
from core.i18n import _, _l, format_number
from core.lists.engine import COUNT_LIMIT
from core.organisations.checks import looked_at
from core.organisations.models import Organisation
from plugins.memberships.chart import chart_of
from plugins.memberships.lists.club import count, counting
from plugins.memberships.lists.federation import number_waiting
from plugins.memberships.models import Membership
from plugins.memberships.services.federation import waiting_by_club
from plugins.memberships.services.flow import member_flow
from plugins.memberships.services.reading import counts_on, today

READ = "memberships.read"
#: clubs named on the dashboard
SOME = 5


def at_most(number: int) -> str:
    """Counting stops at a thousand: "1,000+"."""
    return f"{format_number(COUNT_LIMIT - 1)}+" if number >= COUNT_LIMIT else format_number(number)


def with_status(endpoint: str, status: str) -> str:
    """Address of a list of memberships with one status, so that a number leads to the rows it counts."""
    asked: dict[str, Any] = {"f.status.is": status}
    return url_for(endpoint, **asked)


def members_on(day: date) -> int:
    """Everybody who counts on a day in this organisation (of a club: at its federations or itself)."""
    return int(db.session.scalar(select(func.count(func.distinct(Membership.contact_id))).where(counts_on(day))) or 0)


def _number_active() -> Any:
    return counting(counts_on(today()))


def _number_requested() -> Any:
    return counting(Membership.status == "requested")


def _number_refused() -> Any:
    return counting(Membership.status == "refused")


def _number_of_federation() -> Any:
    return select(func.count(Membership.id)).where(counts_on(today()))


def _members(_organisation: Any, number: int) -> Mapping[str, Any]:
    return {"value": at_most(number), "label": _("active memberships"), "url": with_status("MembershipList.list", "active")}


def _requests(_organisation: Any, number: int) -> Mapping[str, Any]:
    url = with_status("MembershipRequestList.list", "requested")
    return {"value": at_most(number), "label": _("requests in progress"), "url": url, "tone": "info" if number else "ok"}


def _refused(_organisation: Any, number: int) -> Mapping[str, Any]:
    url = with_status("MembershipRequestList.list", "refused")
    return {"value": at_most(number), "label": _("refused requests"), "url": url, "tone": "bad" if number else "ok"}


def _federation_members(_organisation: Any, number: int) -> Mapping[str, Any]:
    return {"value": format_number(number), "label": _("members"), "url": with_status("FederationMemberList.list", "active")}


def _waiting(_organisation: Any, number: int) -> Mapping[str, Any]:
    return {"value": at_most(number), "label": _("requests to decide on"), "url": url_for("FederationRequestList.list"), "tone": "warn" if number else "ok"}


def _flow(_organisation: Any) -> Mapping[str, Any]:
    return {"chart": chart_of(member_flow(today())), "url": url_for("MembershipList.list"), "link": _("Memberships")}


def _federation_flow(_organisation: Any) -> Mapping[str, Any]:
    return {"chart": chart_of(member_flow(today())), "url": url_for("FederationMemberList.list"), "link": _("Members")}


def _requests_per_club(_organisation: Any) -> Mapping[str, Any]:
    def asked(name: str) -> str:
        return url_for("FederationRequestList.list", **{"f.club.is": name})  # type: ignore[arg-type]

    clubs = [{"name": name, "number": number, "url": asked(name)} for name, number in waiting_by_club(SOME)]
    return {"clubs": clubs, "url": url_for("FederationRequestList.list")}


ABOVE = ("federation", "region")
FLOW = "memberships/_flow_widget.html"
WIDGETS = [
    Widget("memberships", _l("Active memberships"), _members, READ, shape="stat", kinds=("club",), position=20, count=_number_active),
    Widget("membership_requests", _l("Requests in progress"), _requests, READ, shape="stat", kinds=("club",), position=50, count=_number_requested),
    Widget("membership_refusals", _l("Refused requests"), _refused, READ, shape="stat", kinds=("club",), position=60, count=_number_refused),
    Widget("federation_members", _l("Members"), _federation_members, READ, shape="stat", kinds=ABOVE, position=20, count=_number_of_federation),
    Widget("federation_requests", _l("Requests to decide on"), _waiting, READ, shape="stat", kinds=ABOVE, position=30, count=number_waiting),
    Widget("member_flow", _l("Member flow"), _flow, READ, template=FLOW, kinds=("club",), column="side", position=10),
    Widget("federation_flow", _l("Member flow"), _federation_flow, READ, template=FLOW, kinds=ABOVE, column="side", position=20),
    Widget(
        "requests_per_club", _l("Requests per club"), _requests_per_club, READ, template="memberships/_requests_widget.html",
        kinds=ABOVE, column="side", position=10,
    ),
]  # fmt: skip


def readiness(organisation: Organisation, day: date) -> list[ReadinessCheck]:
    """Once a year a club looks at its list of members, before its invoice follows from it.

    A federation that says it in its own way declares a check of the same name.
    """
    url, short = url_for("MembershipList.list"), _("Member list")
    refused = count(Membership.status == "refused")
    if refused:
        to_see = with_status("MembershipRequestList.list", "refused")
        return [
            ReadinessCheck(
                "members", _("Look at the refused requests"), "warn", _("Ask again with what is missing, or put them away."), to_see, _("View"), 30, short
            )
        ]
    number = format_number(members_on(today()))
    seen = looked_at(organisation, "members", day)
    if seen:
        return [
            ReadinessCheck(
                "members", _("Active memberships checked"), "ok", _("%(number)s members", number=number) + f" · {seen}", url, position=30, short=short
            )
        ]
    detail = _("%(number)s members now. End the memberships of those who stop: the invoice follows from this list.", number=number)
    return [ReadinessCheck("members", _("Check the active memberships"), "open", detail, url, _("View"), 30, short, can_confirm=True)]
