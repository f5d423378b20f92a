"""Forgetting calls and keys past their time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, select

from core import clock
from core.extend.contributions import RetentionRule
from core.i18n import _l
from core.rest.models import ApiKey, RestCall

#: a call that is sent again after so long is done again
KEEP_CALLS = timedelta(hours=48)
KEEP_DEAD_KEYS = timedelta(days=400)


def _dead_keys() -> object:
    before = clock.now() - KEEP_DEAD_KEYS
    return select(ApiKey.id).where(or_(ApiKey.expires_at < before, ApiKey.revoked_at < before))


RULES = (
    RetentionRule(
        "rest_calls", _l("Calls of programs"), _l("48 hours"), lambda: select(RestCall.id).where(RestCall.created_at < clock.now() - KEEP_CALLS), RestCall,
        position=70,
    ),
    RetentionRule("dead_keys", _l("Keys for programs that do not work any more"), _l("400 days"), _dead_keys, ApiKey, position=71),
)  # fmt: skip
