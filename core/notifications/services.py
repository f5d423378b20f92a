"""Telling people something, and reading what one was told. Everything flushes and nothing commits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from core import clock
from core.access import Actor
from core.contacts.models import Contact
from core.db import db, insert_rows, savepoint
from core.errors import NotFound, OutOfScope
from core.extend.contributions import NotificationKind
from core.extend.registry import registry
from core.i18n import _
from core.notifications import letters, receivers
from core.notifications.models import Notification, NotificationChoice
from core.notifications.push import queue_push
from core.notifications.receivers import Receiver
from core.organisations.models import Organisation
from core.outbox.api import Mail, queue_mails, withdraw_mails
from core.outbox.services import one_line
from core.tenancy import current_scope, scope, unscoped

#: a text as it is, a lazy one, Words, or what makes it; asked once per language
Text = Any | Callable[[], str]
PREFERENCES = "/o/{slug}/my/preferences"
LONGEST_TEXT = 4_000
#: times we look again when somebody tells the same at the same moment
TRIES = 3


def notify(
    kind: str,
    *,
    subject: Text,
    text: Text,
    unique_key: str,
    actor: Actor,
    url: str = "",
    contact_ids: Sequence[int] = (),
    user_ids: Sequence[int] = (),
    about: int | None = None,
    organisation: Organisation | None = None,
) -> int:
    """Tell people something, each in the way and the language they chose; returns how many were told.

    Inside transaction(): it is stored with the change it tells about, once per `unique_key` and
    receiver, in a fixed number of queries for any number of receivers. Nothing is sent before
    the commit.

    kind: key of a registered NotificationKind; its audience says whether contact_ids, user_ids or
        neither ("managers") has to be given.
    subject, text: a lazy text, Words, or a function that makes it: asked once per language.
    url: path of the page it is about, "/o/<slug>/...".
    about: id of the contact whose name is in the text, so that it goes when that person is erased.
        Keep names out of subjects: what is in the log of mails stays there a while.
    organisation: of the receivers; default the one at hand. A federation may so tell a club.

    Example:
        notify("library.due", contact_ids=[loan.contact_id], subject=_l("Bring back your book"),
               text=_l("%(title)s is due.", title=loan.title), url=f"/o/{club.slug}/library", unique_key=f"due:{loan.id}", actor=actor)
    """
    known: NotificationKind = registry().get("notification_kinds", kind)
    if (known.audience == "contacts") != bool(contact_ids) and not (known.audience == "contacts" and not user_ids):
        raise ValueError(f"notification {kind!r} is for {known.audience}")
    if url and (not url.startswith("/") or url.startswith(("//", "/\\"))):
        raise ValueError(f"notification {kind!r}: the address of a page starts with one /")
    db.session.flush()  # what is changed belongs to the scope at hand
    here = organisation or _here()
    with scope(here):
        for left in reversed(range(TRIES)):
            try:
                with savepoint():
                    return _tell(_Telling(known, here, subject, text, url, unique_key, contact_ids, user_ids, about, actor))
            except IntegrityError:
                if not left:
                    raise  # not because somebody else told the same
    return 0


def _here() -> Organisation:
    organisation_id = current_scope().organisation_id
    if organisation_id is None:
        raise OutOfScope("a notification belongs to an organisation: name it")
    with unscoped("the organisation that tells something"):
        return db.session.get_one(Organisation, organisation_id)


@dataclass(frozen=True)
class _Telling:
    """One call of notify()."""

    kind: NotificationKind
    here: Organisation
    subject: Text
    text: Text
    url: str
    key: str
    contact_ids: Sequence[int]
    user_ids: Sequence[int]
    about: int | None
    actor: Actor

    def receivers(self) -> list[Receiver]:
        """Everybody it is for and who was not told yet."""
        told = set(db.session.scalars(select(Notification.receiver).where(Notification.unique_key == self.key)))
        if self.kind.audience == "contacts":
            found = receivers.with_others(receivers.of_contacts(self.contact_ids, self.here), self.here)
        elif self.user_ids or self.kind.audience == "user":
            found = receivers.of_users(self.user_ids, self.here)
        else:
            found = receivers.of_managers(self.kind.permission or "", self.here, but=self.actor.user_id)
        return receivers.with_choices([receiver for receiver in found if receiver.key not in told], self.kind)

    def words(self, language: str, for_name: str = "") -> tuple[str, str, letters.Letter]:
        """Subject, text and mail in one language; for a parent it says which child it is about."""
        with force_locale(language):
            title, body = one_line(_said(self.subject), longest=200), _said(self.text)[:LONGEST_TEXT]
            if for_name:
                body = f"{_('For %(name)s:', name=for_name)}\n\n{body}"[:LONGEST_TEXT]
            site = current_app.config["KOEPEL"].public_url.rstrip("/")
            settings = f"{site}{PREFERENCES.format(slug=self.here.slug)}"
            return title, body, letters.compose(title, body, link=f"{site}{self.url}" if self.url else "", settings=settings, sender=self.here.name)


def _tell(telling: _Telling) -> int:
    found = telling.receivers()
    if not found:
        return 0
    words = {key: telling.words(*key) for key in {_words_key(receiver) for receiver in found}}
    now = clock.now()
    insert_rows(Notification, [_row(receiver, telling, words[_words_key(receiver)], now) for receiver in found])
    mails = [mail for receiver in found for mail in _mails(receiver, telling.key, words[_words_key(receiver)][2])]
    queue_mails(mails, actor=telling.actor, wait=telling.kind.delay)
    queue_push(found, telling.key, telling.here, wait=telling.kind.delay)
    return len(found)


def _words_key(receiver: Receiver) -> tuple[str, str]:
    return receiver.language, receiver.for_name


def _said(words: Text) -> str:
    return str(words() if callable(words) else words)


def _row(receiver: Receiver, telling: _Telling, words: tuple[str, str, letters.Letter], now: Any) -> dict[str, Any]:
    return {
        "kind": telling.kind.key,
        "unique_key": telling.key,
        "receiver": receiver.key,
        "contact_id": receiver.contact_id,
        "user_id": receiver.user_id,
        "about_id": receiver.for_id or telling.about,
        "subject": words[0],
        "text": words[1],
        "url": telling.url,
        "is_shown": receiver.in_app,
        "created_at": now,
        "seen_at": None,
    }


def _mails(receiver: Receiver, key: str, letter: letters.Letter) -> list[Mail]:
    numbered = enumerate(receiver.mails(), start=1)
    return [Mail(address, letter.subject, letter.text, _mail_key(key, receiver.key, number), letter.html) for number, address in numbered]


def _mail_key(key: str, receiver: str, number: int) -> str:
    return f"n:{key}:{receiver}:{number}"


def take_back(unique_key: str, *, organisation: Organisation | None = None) -> int:
    """What was told is not true any more: forget it where nobody saw it, and stop mails that wait. Returns how many.

    For undoing what was told a moment ago; a kind with a `delay` makes it worth while.
    """
    db.session.flush()
    with scope(organisation or _here()):
        rows = db.session.scalars(select(Notification).where(Notification.unique_key == unique_key)).all()
        withdraw_mails([_mail_key(unique_key, row.receiver, number) for row in rows for number in range(1, len(receivers.EMAILS) + 1)])
        for row in rows:
            db.session.delete(row)
        db.session.flush()
    return len(rows)


# --- reading -----------------------------------------------------------------------------------------


def notifications_of(actor: Actor, *, before: int | None = None, limit: int = 25) -> Sequence[Notification]:
    """What somebody was told here, the newest first; `before` is the id to go on from."""
    query = select(Notification).where(*_mine(actor)).order_by(Notification.id.desc()).limit(limit)
    return db.session.scalars(query if before is None else query.where(Notification.id < before)).all()


def unseen(actor: Actor) -> Select[int]:
    """How many of these were not opened yet, to be asked with other numbers of a page."""
    return select(func.count(Notification.id)).where(*_mine(actor), Notification.seen_at.is_(None))


def count_unseen(actor: Actor) -> int:
    """The same, asked now; one query of an index."""
    return int(db.session.scalar(unseen(actor)) or 0)


def open_notification(pk: int, *, actor: Actor) -> Notification:
    """One of one's own, from now on seen; NotFound for those of others."""
    found = db.session.scalars(select(Notification).where(Notification.id == pk, *_mine(actor))).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"notification {pk}")
    found.seen_at = found.seen_at or clock.now()
    db.session.flush()
    return found


def see_all(*, actor: Actor) -> int:
    """Everything is seen; returns how much was new."""
    done: Any = db.session.execute(
        update(Notification).where(*_mine(actor), Notification.seen_at.is_(None)).values(seen_at=clock.now()).execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


def _mine(actor: Actor) -> tuple[Any, ...]:
    return Notification.receiver.in_(receivers.keys_of(actor)), Notification.is_shown.is_(True)


# --- privacy -----------------------------------------------------------------------------------------


def told_to(contact: Contact, *, most: int = 1_000) -> list[dict[str, Any]]:
    """What a contact was told, for the export of personal data."""
    rows = db.session.scalars(select(Notification).where(Notification.contact_id == contact.id).order_by(Notification.id.desc()).limit(most))
    return [{"at": row.created_at, "subject": row.subject, "text": row.text, "seen": row.seen_at} for row in rows]


def choices_of(contact: Contact) -> list[dict[str, Any]]:
    """How a contact wants to be told, for the export of personal data."""
    rows = db.session.scalars(select(NotificationChoice).where(NotificationChoice.contact_id == contact.id).order_by(NotificationChoice.id))
    return [{"kind": row.kind, "in_app": row.in_app, "addresses": row.addresses} for row in rows]


def forget_contact(contact: Contact) -> None:
    """A person is erased: nothing stays that was told to it or about it, nor how it wanted to be told."""
    about = or_(Notification.contact_id == contact.id, Notification.about_id == contact.id)
    for model, condition in ((Notification, about), (NotificationChoice, NotificationChoice.contact_id == contact.id)):
        db.session.execute(delete(model).where(condition).execution_options(synchronize_session=False))
