"""The mails of the demo, which nobody gets, to read: of all organisations, because one plays all parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import or_, select

from core.db import db
from core.demo.mode import is_demonstration
from core.errors import NotFound
from core.lists.conditions import like_pattern
from core.organisations.models import Organisation
from core.outbox.models import OutboxMessage
from core.tenancy import unscoped

PAGE = 50


@dataclass(frozen=True)
class DemoMail:
    """One mail, as its reader would have it."""

    id: int
    to_address: str
    subject: str
    text: str
    html: str | None
    written_at: datetime
    organisation: str

    @property
    def letter(self) -> Markup | None:
        """The page in the mail, for a frame without rights: a link in it opens in the whole window."""
        return Markup('<base target="_top">') + Markup(self.html) if self.html else None  # noqa: S704 -- it stands, escaped, in srcdoc of a sandbox


def newest(text: str = "", before: int | None = None) -> Sequence[DemoMail]:
    """One more than a page; `text` is a part of the address or the subject. NotFound outside the demo."""
    query = _mails().order_by(OutboxMessage.id.desc()).limit(PAGE + 1)
    if text:
        pattern = like_pattern(text)
        query = query.where(or_(OutboxMessage.to_address.ilike(pattern, escape="/"), OutboxMessage.subject.ilike(pattern, escape="/")))
    if before is not None:
        query = query.where(OutboxMessage.id < before)
    with unscoped("the mails of the demo"):
        return [DemoMail(*row) for row in db.session.execute(query)]


def one(pk: int) -> DemoMail:
    """NotFound outside the demo, and when there is no such mail."""
    with unscoped("a mail of the demo"):
        row = db.session.execute(_mails().where(OutboxMessage.id == pk)).one_or_none() if pk < 2**31 else None
    if row is None:
        raise NotFound(f"mail {pk}")
    return DemoMail(*row)


def _mails() -> Any:
    if not is_demonstration():
        raise NotFound("there are no mails of a demo")
    return select(
        OutboxMessage.id, OutboxMessage.to_address, OutboxMessage.subject, OutboxMessage.text, OutboxMessage.html, OutboxMessage.created_at, Organisation.name
    ).join(Organisation, Organisation.id == OutboxMessage.organisation_id)
