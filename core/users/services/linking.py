"""Linking two logins of one person: what is suggested, how it is proven, who is told."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from core import clock
from core.access import Actor
from core.audit.services import Record, record_many
from core.contacts.models import Contact
from core.db import db, savepoint
from core.errors import NotFound, UserMistake
from core.fields.secrets import box
from core.i18n import Words, _
from core.organisations.models import Organisation
from core.outbox.api import queue_mail
from core.tenancy import scope, unscoped
from core.users import letters, letters_linking
from core.users.finding import rules_of
from core.users.limits import MAILS, allow
from core.users.models import OrganisationRole, User, UserLink, UserLinkRequest
from core.users.services.accounts import check_credentials
from core.users.services.invitations import digest
from core.users.services.links import LinkedLogin, end_link, link_between, links_of
from core.users.services.mailed_links import sender_for

HANDLE_LIFE = timedelta(minutes=30)
MAIL_LIFE = timedelta(hours=1)
MOST_LINKS, MOST_SUGGESTIONS = 20, 8


@dataclass(frozen=True)
class Suggestion:
    """A login that seems to be the same person's. `handle` stands for it on the page; nobody can read it.

    `detail` is what this person may know: the user name of a login that has the same proven address (a mail
    to that address names it), or the club where the own name and birth date are known (its list of hits
    shows that to anybody).
    """

    handle: str
    name: str
    detail: str


@dataclass(frozen=True)
class Site:
    """How links in mails are made."""

    confirm: Callable[[str], str]
    my_links: str
    site: str


# --- suggestions -------------------------------------------------------------------------------------


def suggestions(me: User, *, demo_allowed: bool) -> list[Suggestion]:
    """Logins with the same proven address, or with the own name and birth date in a club that shows hits."""
    known = {me.id, *(linked.user_id for linked in links_of(me.id))}
    found: dict[int, Suggestion] = {}
    for user, detail in [*_same_address(me), *_same_person(me)]:
        if user.id not in known and user.id not in found and (demo_allowed or not user.is_demo):
            found[user.id] = Suggestion(_handle(me, user), me.full_name if not detail[0] else user.full_name, detail[1])
    return list(found.values())[:MOST_SUGGESTIONS]


def _same_address(me: User) -> Iterator[tuple[User, tuple[bool, str]]]:
    if me.mail_address is None:  # nobody proved that the address is this person's
        return
    wanted = me.mail_address.lower()
    query = select(User).where(User.active.is_(True), or_(func.lower(User.mail_address) == wanted, func.lower(User.email) == wanted))
    for user in db.session.scalars(query.order_by(User.id).limit(MOST_SUGGESTIONS)):
        yield user, (True, user.username)


def _same_person(me: User) -> Iterator[tuple[User, tuple[bool, str]]]:
    """Two questions: in one, PostgreSQL would compare every contact behind its wall with every other."""
    with unscoped("logins of people with the name and birth date of somebody who asks for the own ones"):
        mine = db.session.execute(
            select(Contact.name_key, Contact.birth_date)
            .join(OrganisationRole, (OrganisationRole.contact_id == Contact.id) & (OrganisationRole.organisation_id == Contact.organisation_id))
            .where(OrganisationRole.user_id == me.id, Contact.birth_date.is_not(None), Contact.deleted_at.is_(None))
            .distinct()
        ).all()
        rows = db.session.execute(_logins_of(mine, me)).all() if mine else []
    for user, contact, organisation in rows:
        if not (contact.is_minor or contact.not_findable) and rules_of(organisation).hits:
            yield user, (False, organisation.name)


def _logins_of(people: Sequence[Any], me: User) -> Any:
    """Logins of contacts with one of these names and birth dates."""
    same = or_(*((Contact.name_key == name_key) & (Contact.birth_date == birth_date) for name_key, birth_date in people))
    return (
        select(User, Contact, Organisation)
        .join(OrganisationRole, OrganisationRole.user_id == User.id)
        .join(Contact, (Contact.id == OrganisationRole.contact_id) & (Contact.organisation_id == OrganisationRole.organisation_id))
        .join(Organisation, Organisation.id == OrganisationRole.organisation_id)
        .where(same, User.id != me.id, User.active.is_(True), Contact.deleted_at.is_(None))
        .order_by(User.id)
        .limit(MOST_SUGGESTIONS)
    )


def _handle(me: User, other: User) -> str:
    return box().encrypt(json.dumps([me.id, other.id]).encode()).decode("ascii")


def behind(handle: str, me: User) -> User:
    """The login a handle of this person stands for; NotFound for all others."""
    try:
        owner, other_id = json.loads(box().decrypt(handle.encode(), ttl=int(HANDLE_LIFE.total_seconds())))
    except (InvalidToken, ValueError, TypeError):
        raise NotFound("handle") from None
    other = db.session.get(User, other_id) if owner == me.id else None
    if other is None or not other.active:
        raise NotFound("handle")
    return other


# --- proving it --------------------------------------------------------------------------------------


def check_other(name: str, password: str, address: str, *, demo_allowed: bool) -> User | None:
    """The login somebody typed the details of, or None; a mistake counts like one on the login page.

    The caller has asked the throttle and is inside transaction().
    """
    return check_credentials(name, password, address, demo_allowed=demo_allowed)


def link_logins(me: User, other: User, proof: str, *, site: Site) -> UserLink:
    """Link two logins and tell both. Inside transaction(); the caller has proof of both.

    A second step of the other one is asked when somebody goes on as it, not here (views/linking.py).
    """
    if me.id == other.id:
        raise UserMistake(_("This is the login you use now. Type the details of another one."), field="username")
    if link_between(me.id, other.id) is not None:
        raise UserMistake(_("This user is linked already."), field="username")
    if max(len(links_of(me.id)), len(links_of(other.id))) >= MOST_LINKS:
        raise UserMistake(_("There are %(number)s linked users already, which is the most. Unlink one first.", number=MOST_LINKS))
    low, high = sorted((me.id, other.id))
    link = UserLink(low_id=low, high_id=high, proof=proof)
    try:
        with savepoint():
            db.session.add(link)
            db.session.flush()
    except IntegrityError:  # pressed twice
        raise UserMistake(_("This user is linked already."), field="username") from None
    _note("ab_user.linked", me, other)
    _tell_both(me, other, letters_linking.LINKED, f"linked:{link.id}", site=site)
    return link


def mail_request(me: User, other: User, *, site: Site) -> bool:
    """Mail the owner of a suggested login a link; False when that was done lately. A newer link kills the older."""
    if not allow(f"link:{other.id}", MAILS) or not allow(f"link-by:{me.id}", MAILS):
        return False
    for older in db.session.scalars(select(UserLinkRequest).where(UserLinkRequest.user_id == me.id, UserLinkRequest.used_at.is_(None))).all():
        db.session.delete(older)
    token = secrets.token_urlsafe(32)
    db.session.add(UserLinkRequest(token_hash=digest(token), user_id=me.id, other_id=other.id, expires_at=clock.now() + MAIL_LIFE))
    db.session.flush()
    _mail(
        other, me, letters_linking.ASKED, f"link:{digest(token)}",
        link=site.confirm(token), button=letters_linking.CONFIRM, until=letters.HOUR, site=site,
    )  # fmt: skip
    return True


@dataclass(frozen=True)
class Asked:
    """A link by mail that still works."""

    asker: User
    other: User


def asked_by(token: str) -> Asked:
    """Who asked to link which login; NotFound when the link is wrong, used or too old. Changes nothing."""
    row = db.session.scalars(
        select(UserLinkRequest).where(
            UserLinkRequest.token_hash == digest(token), UserLinkRequest.used_at.is_(None), UserLinkRequest.expires_at > clock.now()
        )
    ).one_or_none()
    asker, other = (db.session.get(User, row.user_id), db.session.get(User, row.other_id)) if row else (None, None)
    if asker is None or other is None or not asker.active or not other.active:
        raise NotFound("link")
    return Asked(asker, other)


def confirm(token: str, me: User, *, site: Site) -> User:
    """Link what was asked. Only whoever asked can: having the mail is the one proof, being logged in the other."""
    asked = asked_by(token)
    if asked.asker.id != me.id:
        raise NotFound("link")
    done = db.session.execute(
        update(UserLinkRequest)
        .where(UserLinkRequest.token_hash == digest(token), UserLinkRequest.used_at.is_(None), UserLinkRequest.expires_at > clock.now())
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        raise NotFound("link")
    link_logins(me, asked.other, "mail", site=site)
    return asked.other


def unlink(link_id: int, me: User, *, site: Site) -> LinkedLogin:
    """End a link of one's own at once, from either side; NotFound for those of others."""
    mine = next((linked for linked in links_of(me.id) if linked.link_id == link_id), None)
    link = db.session.get(UserLink, link_id) if mine else None
    other = db.session.get(User, mine.user_id) if mine else None
    if mine is None or link is None or other is None:
        raise NotFound(f"link {link_id}")
    end_link(link)
    _note("ab_user.unlinked", me, other)
    _tell_both(me, other, letters_linking.UNLINKED, f"unlinked:{link_id}", site=site)
    return mine


# --- telling -----------------------------------------------------------------------------------------


def _note(action: str, me: User, other: User) -> None:
    """In the log of the platform: no club learns where else its people are."""
    sender = sender_for(me)
    if sender is not None:
        with scope(sender):
            record_many([Record(action, "ab_user", me.id, {"other": (None, other.id)})], actor=Actor(me.id, me.full_name, sender.id))


def _tell_both(me: User, other: User, text: Words, key: str, *, site: Site) -> None:
    for reader, linked in ((me, other), (other, me)):
        _mail(reader, linked, text, f"{key}:{reader.id}", link=site.my_links, button=letters_linking.MY_LINKS, until=letters_linking.ALWAYS, site=site)


def _mail(reader: User, linked: User, text: Words, key: str, *, link: str, button: Words, until: Words, site: Site) -> None:
    sender = sender_for(reader)
    if sender is None:
        return
    language = reader.language or sender.language
    values = {"first_name": reader.first_name, "username": reader.username, "asker": linked.username, "name": linked.full_name}
    letter = letters.compose(
        letters.in_language(letters_linking.SUBJECT, language),
        letters.in_language(text, language),
        values,
        link=link,
        button=button,
        until=until,
        site=site.site,
        language=language,
    )
    with scope(sender):
        actor = Actor(None, "Koepel", sender.id, is_system=True)
        queue_mail(to=reader.address, subject=letter.subject, text=letter.text, html=letter.html, unique_key=key, actor=actor)
