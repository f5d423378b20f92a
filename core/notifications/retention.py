"""Forgetting what people were told long ago."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from core import clock
from core.extend.contributions import RetentionRule
from core.i18n import _l
from core.notifications.models import Notification

KEEP = timedelta(days=365)

RULES = (
    RetentionRule(
        "notifications", _l("Notifications"), _l("A year"), lambda: select(Notification.id).where(Notification.created_at < clock.now() - KEEP), Notification,
        position=52,
    ),
)  # fmt: skip
