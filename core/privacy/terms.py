"""How long it is kept who did, saw and took what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core import clock
from core.audit.chain import KEPT_DAYS, KEPT_FINANCE_DAYS
from core.audit.models import AuditEntry
from core.audit.services import forget_details
from core.extend.contributions import RetentionRule
from core.i18n import _l
from core.privacy.models import ContactView, ExportNote

KEPT = timedelta(days=KEPT_DAYS)


def _entries() -> Any:
    """Those that still say something; what has to do with invoices is kept longer."""
    now = clock.now()
    is_finance = AuditEntry.subject_type.like("invoice%")
    old = (AuditEntry.at < now - KEPT) & ~is_finance | (AuditEntry.at < now - timedelta(days=KEPT_FINANCE_DAYS))
    return select(AuditEntry.id).where(old, AuditEntry.salt != "")


RULES = (
    RetentionRule(
        "audit", _l("What the log says in detail"), _l("Two years, about invoices ten; that something happened, and when, stays"),
        _entries, AuditEntry, forget=forget_details, position=20,
    ),
    RetentionRule(
        "contact_views", _l("Who opened a profile"), _l("Two years"),
        lambda: select(ContactView.id).where(ContactView.seen_on < clock.today() - KEPT), ContactView, position=21,
    ),
    RetentionRule(
        "export_notes", _l("Who took whom out of a list"), _l("Two years"),
        lambda: select(ExportNote.id).where(ExportNote.at < clock.now() - KEPT), ExportNote, position=22,
    ),
)  # fmt: skip
