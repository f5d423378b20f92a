"""What the dashboard says about invoices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import url_for
from sqlalchemy import case, func, select

from core import clock
from core.db import db
from core.extend.contributions import Widget
from core.i18n import _, _l, _n, format_money
from core.organisations.models import Organisation
from plugins.invoices.lists.invoices import OPEN
from plugins.invoices.lists.statuses import unsettled
from plugins.invoices.models import Invoice


def _totals(today: date, *conditions: Any) -> tuple[int, int, int]:
    """(number of open invoices, number overdue, cents still open), in one query."""
    late = func.coalesce(func.sum(case((Invoice.due_on < today, 1), else_=0)), 0)
    row = db.session.execute(select(func.count(), late, func.coalesce(func.sum(OPEN), 0)).select_from(Invoice).where(unsettled(), *conditions)).one()
    return int(row[0]), int(row[1]), int(row[2])


def open_invoices(club: Organisation) -> Mapping[str, Any]:
    """For a club: how many are not settled, and whether one is late."""
    number, late, cents = _totals(clock.today(club.time_zone), Invoice.debtor_id == club.id)
    hint = _n("%(num)s is overdue", "%(num)s are overdue", late) if late else (format_money(cents) if cents else "")
    return {
        "value": number,
        "label": _n("open invoice", "open invoices", number),
        "url": url_for("InvoiceView.list"),
        "tone": "bad" if late else None,
        "hint": hint,
    }


def open_amount(federation: Organisation) -> Mapping[str, Any]:
    """For a federation: what clubs still have to pay."""
    number, late, cents = _totals(clock.today(federation.time_zone), Invoice.organisation_id == federation.id)
    hint = _n("%(num)s invoice is overdue", "%(num)s invoices are overdue", late) if late else _n("%(num)s invoice", "%(num)s invoices", number)
    url = url_for("InvoiceList.list", **{"f.status.is": "overdue" if late else "unpaid"})  # type: ignore[arg-type]
    return {"value": format_money(cents), "label": _("still to be paid by clubs"), "url": url, "tone": "warn" if late else None, "hint": hint}


WIDGETS = (
    Widget("invoices_open", _l("Open invoices"), open_invoices, "invoices.read", shape="stat", kinds=("club",), position=50),
    Widget("invoices_open_amount", _l("Open amount"), open_amount, "invoices.manage", shape="stat", kinds=("federation",), position=50),
)
