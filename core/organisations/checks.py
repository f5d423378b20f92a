"""The points every federation asks of its clubs. Plugins add their own with `readiness_checks`."""

from __future__ import annotations

from datetime import date

from flask import url_for
from sqlalchemy import select

from core.contacts.services import functions_here, missing_functions
from core.db import db
from core.extend.contributions import ReadinessCheck
from core.i18n import _, format_date
from core.organisations.models import Organisation
from core.tenancy import unscoped
from core.users.models import OrganisationRole, User

#: setting of an organisation: {name of a check: {"on": ISO date, "by_id": login}}; the name is looked up, so that it goes with its person
LOOKED_AT = "core.looked_at"


def looked_at(organisation: Organisation, name: str, day: date) -> str | None:
    """'11/03/2027, by An Verlinden' when somebody confirmed a point in the year before `day`, else None."""
    seen = (organisation.setting(LOOKED_AT) or {}).get(name)
    if not seen:
        return None
    on = date.fromisoformat(seen["on"])
    if on <= a_year_before(day):
        return None
    name = _name_here(seen.get("by_id"), organisation)
    return _("On %(day)s, by %(name)s", day=format_date(on), name=name) if name else _("On %(day)s", day=format_date(on))


def _name_here(user_id: int | None, organisation: Organisation) -> str:
    """What somebody with a part in the organisation is called; nobody any more after leaving."""
    with unscoped("the name of who looked at something of an organisation, also for its federation"):
        held = select(User).join(OrganisationRole, OrganisationRole.user_id == User.id).where(OrganisationRole.organisation_id == organisation.id)
        found = db.session.scalars(held.where(User.id == user_id).limit(1)).first() if user_id else None
    return found.full_name if found else ""


def a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


def core_checks(club: Organisation, day: date) -> list[ReadinessCheck]:
    """Club details, functions and the address for invoices."""
    found = [details_check(club, day), invoice_email_check(club, day)]
    if any(function.required for function in functions_here()):
        found.append(functions_check())
    return found


def details_check(club: Organisation, day: date) -> ReadinessCheck:
    url = url_for("ClubDetails.show")
    missing = [title for title, value in ((_("address"), club.street and club.postcode and club.town), (_("e-mail address"), club.email)) if not value]
    if missing:
        return ReadinessCheck(
            "details", _("Complete the club details"), "open", _("Still missing: %(what)s.", what=", ".join(missing)), url, _("Fill in"), 10, _("Club details")
        )
    seen = looked_at(club, "details", day)
    if seen:
        return ReadinessCheck("details", _("Club details looked at"), "ok", seen, url, position=10, short=_("Club details"))
    return ReadinessCheck(
        "details",
        _("Look at the club details"),
        "open",
        _("Is everything still right? Once a year is enough."),
        url,
        _("Look"),
        10,
        _("Club details"),
        can_confirm=True,
    )


def functions_check() -> ReadinessCheck:
    url, short = url_for("ContactFunctions.list"), _("Board and trainers")
    missing = missing_functions()
    if missing:
        names = ", ".join(str(function.title) for function in missing)
        return ReadinessCheck("functions", _("Say who holds which function"), "open", _("Nobody is: %(names)s.", names=names), url, _("Fill in"), 20, short)
    names = ", ".join(str(function.title) for function in functions_here() if function.required)
    return ReadinessCheck("functions", names, "ok", _("All these functions are filled in."), url, position=20, short=short)


def invoice_email_check(club: Organisation, day: date) -> ReadinessCheck:
    url, short = url_for("ClubDetails.edit", _anchor="f-invoice"), _("Invoice e-mail")
    if not club.invoice_email:
        detail = _("The invoices of your federation go to this address.")
        return ReadinessCheck("invoice_email", _("Fill in the invoice e-mail address"), "open", detail, url, _("Fill in"), 40, short)
    seen = looked_at(club, "invoice_email", day)
    if seen:
        return ReadinessCheck("invoice_email", _("Invoice e-mail address confirmed"), "ok", f"{club.invoice_email} · {seen}", url, position=40, short=short)
    title = _("Confirm the invoice e-mail address")
    return ReadinessCheck("invoice_email", title, "open", club.invoice_email, url, _("Change"), 40, short, can_confirm=True)
