"""Finding one's account from outside: the organisation, then the person, then a mail with a link."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography.fernet import InvalidToken
from sqlalchemy import func, select

from core.access import Actor, system_actor
from core.audit.services import record
from core.contacts.models import Contact
from core.contacts.names import fold
from core.contacts.parsing import parse_email
from core.db import db
from core.errors import NotFound, UserMistake
from core.fields.secrets import box
from core.i18n import _
from core.lists.conditions import like_pattern
from core.organisations.models import Organisation
from core.tenancy import scope, unscoped
from core.users import finding
from core.users.finding import FindingRules
from core.users.limits import MAILS, ONCE_A_DAY, allow, count_different
from core.users.services.mailed_links import mail_link
from core.users.services.members import logins_of, send_requested

logger = logging.getLogger(__name__)

#: organisations people can be a member of
KINDS = ("club", "federation")
MOST_ORGANISATIONS, MOST_HITS = 10, 5
HANDLE_LIFE = timedelta(minutes=15)
#: so many different names looked for from one address in a day are no longer one's own
MANY_NAMES = 20


@dataclass(frozen=True)
class Place:
    """An organisation somebody chooses."""

    slug: str
    name: str
    town: str


@dataclass(frozen=True)
class Typed:
    """Whom somebody looks for."""

    first_name: str
    last_name: str
    email: str | None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class Postman:
    """How the links in mails are made: of an invitation, and of a new password."""

    invitation: Callable[[str], str]
    password: Callable[[str], str]
    site: str
    demo_allowed: bool


@dataclass(frozen=True)
class Found:
    """What a search gives to show: handles of hits, or that there are too many."""

    handles: tuple[str, ...] = ()
    too_many: bool = False


# --- the organisation --------------------------------------------------------------------------------


def find_places(text: str) -> list[Place]:
    """Clubs and federations with these parts in their name or town, or with these initials."""
    wanted = fold(text)
    if len(wanted) < 2:
        return []
    query = select(Organisation.slug, Organisation.name, Organisation.official_name, Organisation.town)
    with unscoped("the names of all organisations, for somebody who looks for the own one"):
        rows = db.session.execute(query.where(Organisation.kind.in_(KINDS), Organisation.closed_on.is_(None)).order_by(Organisation.name)).all()
    scored = [(_fits(wanted, row), Place(row.slug, row.name, row.town or "")) for row in rows]
    return [place for score, place in sorted((pair for pair in scored if pair[0]), key=lambda pair: (pair[0], fold(pair[1].name)))][:MOST_ORGANISATIONS]


def _fits(wanted: str, row: tuple[str, str, str, str | None]) -> int:
    """0: not at all; 1: the name starts like this; 2: an abbreviation; 3: parts of it."""
    _slug, name, official, town = row
    names = [fold(name), fold(official)]
    if any(one.startswith(wanted) for one in names):
        return 1
    if any(_initials(one).startswith(wanted.replace(" ", "").replace(".", "")) for one in names):
        return 2
    text = " ".join([*names, fold(town or "")])
    return 3 if all(word in text for word in wanted.split()) else 0


def _initials(name: str) -> str:
    return "".join(word[0] for word in re.split(r"[^\w]+", name) if word)


def place_of(slug: str) -> Organisation:
    """An organisation somebody chose; NotFound for others."""
    with unscoped("the organisation somebody looks for a login of"):
        found = db.session.scalars(
            select(Organisation).where(Organisation.slug == slug, Organisation.kind.in_(KINDS), Organisation.closed_on.is_(None))
        ).one_or_none()
    if found is None:
        raise NotFound("organisation")
    return found


# --- the person --------------------------------------------------------------------------------------


def clean(first_name: str, last_name: str, email: str, rules: FindingRules) -> Typed:
    """What was typed, or a UserMistake; the same whether such a person exists or not."""
    typed = Typed(" ".join(first_name.split()), " ".join(last_name.split()), _address(email))
    if not typed.name:
        raise UserMistake(_("Fill in your first name, your family name, or both."), field="last_name")
    if not rules.by_name and typed.email is None:
        raise UserMistake(_("Fill in the e-mail address your club has of you."), field="email")
    return typed


def _address(email: str) -> str | None:
    try:
        return parse_email(email)
    except UserMistake as mistake:
        raise UserMistake(mistake.message, field="email") from None


def look_up(typed: Typed, organisation: Organisation, rules: FindingRules, *, nonce: str, postman: Postman) -> Found:
    """Search once. Whoever may not be shown gets a mail and is not spoken of. Inside transaction()."""
    with scope(organisation):
        people = [person for person in _matching(typed) if person.email_1]
        shown = [person for person in people if rules.hits and _may_be_shown(person)]
        silent = [person for person in people if person not in shown]
        is_precise = bool(typed.first_name and typed.last_name) or typed.email is not None
        if is_precise and len(silent) <= MOST_HITS:
            for person in silent:
                send_login_mail(person, organisation, postman=postman)
        if len(shown) > MOST_HITS:
            return Found(too_many=True)
        return Found(tuple(_handle(person, nonce) for person in shown))


def _may_be_shown(person: Contact) -> bool:
    """Minors never are, nor whoever (or whose club) said so."""
    return not (person.is_minor or person.not_findable)


def _matching(typed: Typed) -> Sequence[Contact]:
    """Contacts with exactly these names, however they are written, and this address."""
    first, last = fold(typed.first_name), fold(typed.last_name)
    query = select(Contact).where(Contact.deleted_at.is_(None), Contact.erased_at.is_(None))
    if first and last:
        query = query.where(Contact.name_key == fold(f"{last} {first}"))
    elif last:
        query = query.where(Contact.name_key.like(f"{like_pattern(last)[1:-1]} %", escape="/"))
    else:
        query = query.where(Contact.name_key.like(f"% {like_pattern(first)[1:-1]}", escape="/"))
    if typed.email is not None:
        query = query.where(func.lower(Contact.email_1) == typed.email.lower())
    people = db.session.scalars(query.order_by(Contact.id).limit(200)).all()
    return [person for person in people if (not first or fold(person.first_name) == first) and (not last or fold(person.last_name) == last)]


def _handle(person: Contact, nonce: str) -> str:
    """Stands for a hit on the page: nobody can read it, and it works in this browser only."""
    return box().encrypt(json.dumps([person.organisation_id, person.id, nonce]).encode()).decode("ascii")


def request_by_handle(handle: str, organisation: Organisation, rules: FindingRules, *, nonce: str, postman: Postman) -> str:
    """Mail the person behind a hit a link; returns what may be told of the address. Inside transaction()."""
    try:
        organisation_id, contact_id, owner = json.loads(box().decrypt(handle.encode(), ttl=int(HANDLE_LIFE.total_seconds())))
    except (InvalidToken, ValueError, TypeError):
        raise NotFound("handle") from None
    if not (nonce and secrets.compare_digest(str(owner), nonce) and organisation_id == organisation.id and rules.hits):
        raise NotFound("handle")
    with scope(organisation):
        person = db.session.scalars(select(Contact).where(Contact.id == contact_id, Contact.deleted_at.is_(None))).one_or_none()
        if person is None or not _may_be_shown(person) or not person.email_1:
            raise NotFound("handle")
        address = send_login_mail(person, organisation, postman=postman)
        return finding.masked(address, rules.address)


def send_login_mail(person: Contact, organisation: Organisation, *, postman: Postman) -> str:
    """Mail a link to choose a login, or another password when there is a login already.

    Returns the address that may be told about: an address of a login is told only when the club
    has the same one. A login gets its mail at its own address, whatever the club wrote down since.
    """
    written = person.email_1 or ""
    logins = logins_of(person)
    user = next((one for one in logins if one.active), None)
    if user is not None:
        if mail_link(user, "password", address_of=postman.password, site=postman.site, demo_allowed=postman.demo_allowed, organisation=organisation):
            record("contact.password_asked", person, actor=_nobody(organisation))
        return written if user.address.casefold() == written.casefold() else ""
    if not logins and allow(f"contact:{person.id}", MAILS):
        send_requested(person, organisation, address_of=postman.invitation, site=postman.site, actor=_nobody(organisation))
    return written


def _nobody(organisation: Organisation) -> Actor:
    return system_actor(organisation.id, name=_("Somebody on the login page"), language=organisation.language)


def note_name(typed: Typed, organisation: Organisation, address: str) -> None:
    """Count the names one internet address looks for; many are told to the club and to the operator."""
    mark = hashlib.sha256(fold(typed.name).encode()).hexdigest()[:16]
    number = count_different(f"names:{address}", mark, within=timedelta(days=1), most=MANY_NAMES + 1)
    if number > MANY_NAMES and allow(f"alert:{address}", ONCE_A_DAY):
        logger.warning("many names looked for from one address", extra={"number": number})
        with scope(organisation):
            record("organisation.many_names_looked_for", organisation, actor=_nobody(organisation), note=address)
