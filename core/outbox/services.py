"""Putting mails in the outbox, and looking at what became of them."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core import clock
from core.access import Actor, require
from core.contacts.parsing import parse_email
from core.db import after_commit, chunks, db, insert_rows, is_one_of, savepoint
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.jobs.models import FAILED, RUNNING, WAITING
from core.jobs.services import PRIORITIES
from core.jobs.wake import announce, has_broker
from core.organisations.models import Organisation
from core.outbox.models import OutboxMessage
from core.outbox.refusals import refused_among
from core.tenancy import current_scope, unscoped

LONGEST_TEXT = 500_000
MOST_FILES = 20
_NOT_ON_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def one_line(text: str, *, longest: int) -> str:
    """Text that fits in a header: one line, no control characters, cut off when too long."""
    clean = " ".join(_NOT_ON_A_LINE.sub(" ", unicodedata.normalize("NFC", text)).split())
    return clean if len(clean) <= longest else clean[: longest - 1] + "\u2026"


def queue_mail(
    *,
    to: str,
    subject: str,
    text: str,
    unique_key: str,
    actor: Actor,
    html: str | None = None,
    reply_to: str | None = None,
    file_ids: Sequence[int] = (),
    even_if_refused: bool = False,
) -> OutboxMessage:
    """Store a mail with the change it tells about; inside transaction(), in the scope it is from.

    It goes out after the commit, from the address of the platform and in the name of the
    organisation. An address that cannot receive mail gives a row that says so, never an error:
    one bad address must not stop the others.

    unique_key: asking again with the same key returns the mail that is already there.
    reply_to: default the address of the organisation. file_ids: stored files to send along.
    even_if_refused: try an address that did not work before; only for what a person waits for
        and cannot get otherwise, such as a link to log in with.

    Example:
        queue_mail(to=contact.email, subject=_("Welcome"), text=body, unique_key=f"welcome:{contact.id}", actor=actor)
    """
    _check_size(text, html, file_ids)
    found = _by_key(unique_key)
    if found is not None:
        return found
    refused = frozenset() if even_if_refused else refused_among([to])
    mail = Mail(to, subject, text, unique_key, html, reply_to, file_ids)
    now = clock.now()
    message = OutboxMessage(**_row(mail, _organisation(), refused, actor), run_at=now, sent_to_broker_at=now if has_broker() else None)
    try:
        with savepoint():
            db.session.add(message)
            db.session.flush()
    except IntegrityError:
        found = _by_key(unique_key)  # somebody else queued it at the same moment
        if found is None:
            raise
        return found
    if message.state == WAITING:
        _announce(message)
    return message


@dataclass(frozen=True)
class Mail:
    """One of many mails, see queue_mails; the names mean what they mean in queue_mail."""

    to: str
    subject: str
    text: str
    unique_key: str
    html: str | None = None
    reply_to: str | None = None
    file_ids: Sequence[int] = ()


def queue_mails(mails: Sequence[Mail], *, actor: Actor, wait: timedelta = timedelta()) -> int:
    """queue_mail for thousands, in a fixed number of queries; returns how many were not queued before.

    wait: they go out so much later, until when withdraw_mails() stops them.
    """
    for mail in mails:
        _check_size(mail.text, mail.html, mail.file_ids)
    once = {mail.unique_key: mail for mail in mails}
    known = set(db.session.scalars(select(OutboxMessage.unique_key).where(is_one_of(OutboxMessage.unique_key, list(once))))) if once else set()
    new = [mail for key, mail in once.items() if key not in known]
    if not new:
        return 0
    organisation, refused, now = _organisation(), refused_among([mail.to for mail in new]), clock.now()
    common = {"attempts": 0, "max_attempts": 5, "unsure": 0, "error": "", "created_at": now, "run_at": now + wait, "sent_to_broker_at": None}
    insert_rows(OutboxMessage, [{**common, **_row(mail, organisation, refused, actor)} for mail in new])
    if not wait:
        after_commit(lambda: announce("mail", 0, "mail", to_broker=False))
    return len(new)


def withdraw_mails(unique_keys: Sequence[str]) -> int:
    """Take mails back that nobody tried to send yet; returns how many."""
    number = 0
    for part in chunks(list(unique_keys)):
        query = select(OutboxMessage).where(OutboxMessage.unique_key.in_(part), OutboxMessage.state == WAITING, OutboxMessage.attempts == 0)
        for message in db.session.scalars(query.with_for_update(skip_locked=True)):
            db.session.delete(message)
            number += 1
    db.session.flush()
    return number


def _check_size(text: str, html: str | None, file_ids: Sequence[int]) -> None:
    if len(text) > LONGEST_TEXT or (html is not None and len(html) > LONGEST_TEXT) or len(file_ids) > MOST_FILES:
        raise UserMistake(_("This mail is too large. Make it shorter, or send a link instead of files."))


def _row(mail: Mail, organisation: Organisation, refused: frozenset[str], actor: Actor) -> dict[str, Any]:
    """The columns of a mail, but for its times."""
    address = _usable(mail.to)
    reason = "address" if address is None else "refused" if address.lower() in refused else None
    return {
        "organisation_id": organisation.id,
        "unique_key": mail.unique_key,
        "message_id": secrets.token_hex(16),
        "to_address": address or one_line(mail.to, longest=254),
        "sender_name": one_line(organisation.name, longest=120),
        "reply_to": _usable(mail.reply_to or organisation.email or ""),
        "subject": one_line(mail.subject, longest=250),
        "text": mail.text,
        "html": mail.html,
        "file_ids": [int(file_id) for file_id in mail.file_ids],
        "actor_user_id": actor.user_id,
        "priority": PRIORITIES["mail"],
        "state": FAILED if reason else WAITING,
        "reason": reason,
        "finished_at": clock.now() if reason else None,
    }


def _by_key(unique_key: str) -> OutboxMessage | None:
    return db.session.scalars(select(OutboxMessage).where(OutboxMessage.unique_key == unique_key)).one_or_none()


def _organisation() -> Organisation:
    organisation_id = current_scope().organisation_id
    with unscoped("the name and address of the organisation a mail is from"):
        return db.session.get_one(Organisation, organisation_id)


def _usable(address: str) -> str | None:
    """The address as it goes on the line, or None: only letters every mail server knows."""
    try:
        clean = parse_email(address)
    except UserMistake:
        return None
    if clean is None or not clean.rpartition("@")[0].isascii():
        return None
    return clean


def _announce(message: OutboxMessage) -> None:
    message_id = message.id
    after_commit(lambda: announce("mail", message_id, "mail"))


def get_message(pk: int) -> OutboxMessage:
    """A mail of this organisation; NotFound otherwise."""
    found = db.session.scalars(select(OutboxMessage).where(OutboxMessage.id == pk)).one_or_none() if abs(pk) < 2**31 else None
    if found is None:
        raise NotFound(str(pk))
    return found


def send_again(message: OutboxMessage, *, actor: Actor) -> OutboxMessage:
    """Have a mail that failed, or that waits for its next try, sent now."""
    require(actor, "mails.write")
    if message.state not in (FAILED, WAITING):
        raise UserMistake(_("This mail is sent already."))
    if _usable(message.to_address) is None:
        raise UserMistake(_("This address cannot receive mail. Correct it with the contact and send a new mail."))
    now = clock.now()
    message.state, message.reason, message.error = WAITING, None, ""
    message.attempts, message.unsure, message.finished_at, message.run_at = 0, 0, None, now
    message.sent_to_broker_at = now if has_broker() else None
    db.session.flush()
    _announce(message)
    return message


def recent_messages(*, state: str | None = None, before: int | None = None, limit: int = 50) -> Sequence[OutboxMessage]:
    """The newest mails of this organisation first; `before` is the id to go on from."""
    query = select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(limit)
    if state is not None:
        query = query.where(OutboxMessage.state.in_((WAITING, RUNNING)) if state == WAITING else OutboxMessage.state == state)
    if before is not None:
        query = query.where(OutboxMessage.id < before)
    return db.session.scalars(query).all()


def count_by_state() -> dict[str, int]:
    """How many mails of this organisation are in each state."""
    rows = db.session.execute(select(OutboxMessage.state, func.count()).group_by(OutboxMessage.state)).all()
    return {state: number for state, number in rows}


def erase_mails_to(address: str) -> int:
    """Forget everything about mails to this address, in every organisation (privacy); returns how many."""
    with unscoped("erasing a person's mails"):
        found = db.session.scalars(select(OutboxMessage).where(func.lower(OutboxMessage.to_address) == address.lower())).all()
        for message in found:
            db.session.delete(message)
        db.session.flush()
    return len(found)
