"""A mail in words, for its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.access import Actor
from core.i18n import _, format_instant
from core.jobs.models import DONE, FAILED, RUNNING, WAITING
from core.jobs.reasons import explain
from core.lists.columns import Status
from core.outbox.models import OutboxMessage


@dataclass(frozen=True)
class MailShown:
    """What a template needs to know of a mail."""

    id: int
    to_address: str
    subject: str
    queued_at: datetime
    sent_at: datetime | None
    status: Status
    sentence: str
    can_send_again: bool


def present(mail: OutboxMessage, *, actor: Actor) -> MailShown:
    waits_again = mail.state == WAITING and mail.reason is not None
    sentence = explain(mail)
    if waits_again:
        sentence = _("%(reason)s We try again on %(moment)s.", reason=sentence, moment=format_instant(mail.run_at))
    text, tone = {
        WAITING: (_("Will be tried again"), "warn") if waits_again else (_("Waiting"), "info"),
        RUNNING: (_("Being sent"), "info"),
        DONE: (_("Sent"), "ok"),
        FAILED: (_("Failed"), "bad"),
    }[mail.state]
    return MailShown(
        id=mail.id,
        to_address=mail.to_address,
        subject=mail.subject,
        queued_at=mail.created_at,
        sent_at=mail.sent_at,
        status=Status(text, tone),  # type: ignore[arg-type]  # one of its tones
        sentence=sentence,
        can_send_again=actor.can("mails.write") and mail.reason != "address" and (mail.state == FAILED or waits_again),
    )
