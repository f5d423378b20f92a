"""Reminding clubs of what is overdue, by mail."""

from __future__ import annotations

from flask_babel import force_locale

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import UserMistake
from core.i18n import _
from core.web.context import current_organisation
from plugins.invoices.mails import reminder_mail
from plugins.invoices.models import Invoice
from plugins.invoices.notices import tell_overdue
from plugins.invoices.services.invoices import get_invoice

REMIND = "invoices.remind"


def remind(invoice: Invoice, *, actor: Actor) -> Invoice:
    """Send a reminder of an overdue invoice, at most one a day. Inside transaction()."""
    require(actor, REMIND)
    now = get_invoice(invoice.id, locked=True)
    today = clock.today(current_organisation().time_zone)
    if now.status_on(today) != "overdue":
        raise UserMistake(_("This invoice is not overdue, so there is nothing to remind of."))
    if now.reminded_at is not None and now.reminded_at.date() == clock.now().date():
        raise UserMistake(_("A reminder was sent today already."))
    with force_locale(now.language):
        reminder_mail(now, today, actor=actor)
    tell_overdue(now, actor=actor)
    now.reminded_at, now.reminders = clock.now(), now.reminders + 1
    db.session.flush()
    record("invoice.reminded", now, actor=actor, changes={"reminders": (now.reminders - 1, now.reminders)})
    return now
