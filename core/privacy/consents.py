"""What people are asked to agree to, and what they said. Everything flushes and nothing commits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, select, update

from core import clock
from core.access import Actor, require
from core.audit.services import record
from core.contacts.models import Contact
from core.contacts.names import fold
from core.db import db
from core.errors import Forbidden, NotFound, StaleVersion, UserMistake
from core.i18n import LANGUAGES, Words, _, current_language
from core.organisations.models import Organisation
from core.organisations.services import set_setting
from core.privacy.models import GUARDIAN, PAPER, PERSON, Consent, ConsentPurpose, ConsentText
from core.privacy.requests import MANAGE, flush
from core.tenancy import current_scope

#: in Belgium a child decides alone about services of the internet from this age
CHILD_DECIDES = 13
ASKS = "privacy.asks"
LONGEST_TITLE, LONGEST_TEXT, LONGEST_NOTE = 80, 2_000, 300
#: what an organisation can start with
SUGGESTIONS: tuple[tuple[str, Words, Words], ...] = (
    (
        "photo",
        Words(nl="Foto’s en video’s", fr="Photos et vidéos", de="Fotos und Videos", en="Photos and videos"),
        Words(
            nl="Foto’s en video’s waarop ik herkenbaar ben, mogen op de website, de sociale media en in het drukwerk van de club.",
            fr="Les photos et vidéos sur lesquelles je suis reconnaissable peuvent paraître sur le site, les réseaux sociaux et les imprimés du club.",
            de="Fotos und Videos, auf denen ich erkennbar bin, dürfen auf der Website, in sozialen Medien und in Drucksachen des Vereins erscheinen.",
            en="Photos and videos that show me recognisably may be used on the website, the social media and the printed matter of the club.",
        ),
    ),
    (
        "newsletter",
        Words(nl="Nieuwsbrief", fr="Lettre d’information", de="Newsletter", en="Newsletter"),
        Words(
            nl="De club mag mij een nieuwsbrief mailen. Berichten die bij mijn lidmaatschap horen, krijg ik altijd.",
            fr="Le club peut m’envoyer une lettre d’information par e-mail. Je reçois toujours les messages liés à mon affiliation.",
            de="Der Verein darf mir einen Newsletter mailen. Nachrichten zu meiner Mitgliedschaft erhalte ich immer.",
            en="The club may mail me a newsletter. Messages that belong to my membership always reach me.",
        ),
    ),
    (
        "sponsor",
        Words(nl="Sponsors", fr="Sponsors", de="Sponsoren", en="Sponsors"),
        Words(
            nl="De club mag mij aanbiedingen van haar sponsors bezorgen. Mijn gegevens blijven bij de club.",
            fr="Le club peut me transmettre des offres de ses sponsors. Mes données restent au club.",
            de="Der Verein darf mir Angebote seiner Sponsoren zusenden. Meine Daten bleiben beim Verein.",
            en="The club may pass me offers of its sponsors. My data stays with the club.",
        ),
    ),
)


# --- purposes -------------------------------------------------------------------------------------------


def purposes(*, only_active: bool = False) -> Sequence[ConsentPurpose]:
    """What is asked here, in the order people see it."""
    query = select(ConsentPurpose).order_by(ConsentPurpose.position, ConsentPurpose.id)
    return db.session.scalars(query.where(ConsentPurpose.is_active.is_(True)) if only_active else query).all()


def get_purpose(pk: int) -> ConsentPurpose:
    found = db.session.scalars(select(ConsentPurpose).where(ConsentPurpose.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"purpose {pk}")
    return found


def texts_of(purpose: ConsentPurpose) -> Sequence[ConsentText]:
    """Every text this purpose had, the one in force first."""
    return db.session.scalars(select(ConsentText).where(ConsentText.purpose_id == purpose.id).order_by(ConsentText.number.desc())).all()


def save_purpose(
    purpose: ConsentPurpose | None, title: Mapping[str, str], text: Mapping[str, str], *, actor: Actor, version: int | None = None
) -> ConsentPurpose:
    """Make or change what is asked. Another text in any language gets a new number, and everybody is asked again."""
    require(actor, MANAGE)
    titles, texts = _clean(title, "title", LONGEST_TITLE), _clean(text, "text", LONGEST_TEXT)
    if purpose is not None and version is not None and purpose.version != version:
        raise StaleVersion(f"purpose {purpose.id}")
    if purpose is None:
        purpose = ConsentPurpose(key=_key(titles), title=titles, position=10 * (1 + len(purposes())))
        db.session.add(purpose)
        db.session.flush()
        _remember_that_something_is_asked()
        _add_text(purpose, texts)
        record("consent_purpose.created", purpose, actor=actor, changes={"title": (None, titles), "text": (None, texts)})
        return purpose
    before = texts_of(purpose)[0].text
    old_title, purpose.title = purpose.title, titles
    if before != texts:
        purpose.text_number += 1
        _add_text(purpose, texts)
    flush(purpose)
    record("consent_purpose.changed", purpose, actor=actor, changes={"title": (old_title, titles), "text": (before, texts)})
    return purpose


def something_is_asked(organisation: Organisation) -> bool:
    """Was a consent ever made here? Told by the organisation itself, so that lists of those that ask nothing need no query."""
    return bool(organisation.setting(ASKS))


def _remember_that_something_is_asked() -> None:
    organisation = db.session.get_one(Organisation, current_scope().organisation_id)
    if not something_is_asked(organisation):
        set_setting(organisation, ASKS, True)


def _clean(words: Mapping[str, str], name: str, longest: int) -> dict[str, str]:
    found = {code: (words.get(code) or "").replace("\r\n", "\n").replace("\x00", "").strip() for code in LANGUAGES}
    found = {code: text for code, text in found.items() if text}
    if not found:
        raise UserMistake(_("Fill this in, in at least one language."), field=f"{name}_{current_language()}")
    for code, text in found.items():
        if len(text) > longest:
            raise UserMistake(_("This is too long: at most %(number)s characters.", number=longest), field=f"{name}_{code}")
    return found


def _add_text(purpose: ConsentPurpose, texts: dict[str, str]) -> None:
    db.session.add(ConsentText(purpose_id=purpose.id, number=purpose.text_number, text=texts))
    db.session.flush()


def _key(titles: Mapping[str, str]) -> str:
    wished = re.sub(r"[^a-z0-9]+", "_", fold(titles.get("en") or next(iter(titles.values())))).strip("_")[:30] or "consent"
    taken = set(db.session.scalars(select(ConsentPurpose.key)))
    return next(key for key in (wished, *(f"{wished}_{number}" for number in range(2, 1_000))) if key not in taken)


def add_suggestions(*, actor: Actor) -> int:
    """Start with photos, newsletter and sponsors; what is there already stays as it is."""
    require(actor, MANAGE)
    there = {purpose.key for purpose in purposes()}
    wanted = [suggestion for suggestion in SUGGESTIONS if suggestion[0] not in there]
    for number, (key, title, text) in enumerate(wanted, start=1):
        purpose = ConsentPurpose(key=key, title=dict(title), position=10 * number)
        db.session.add(purpose)
        db.session.flush()
        _remember_that_something_is_asked()
        _add_text(purpose, dict(text))
        record("consent_purpose.created", purpose, actor=actor)
    return len(wanted)


def switch(purpose: ConsentPurpose, *, on: bool, actor: Actor) -> ConsentPurpose:
    """Ask it, or do not ask it any more; what people said stays."""
    require(actor, MANAGE)
    if purpose.is_active != on:
        purpose.is_active = on
        flush(purpose)
        record("consent_purpose.changed", purpose, actor=actor, changes={"is_active": (not on, on)})
    return purpose


# --- what people said ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """One purpose as one person sees it. `agrees` is None when nothing was said about the text in force."""

    purpose: ConsentPurpose
    text: str
    agrees: bool | None
    last: Consent | None
    #: something was said about an older text
    is_changed: bool


def asked(contact: Contact) -> list[Asked]:
    """Everything that is asked here, and what this person says to it. Two queries."""
    active = purposes(only_active=True)
    if not active:
        return []
    rows = db.session.scalars(select(Consent).where(Consent.contact_id == contact.id, Consent.is_latest.is_(True))).all()
    last = {row.purpose_id: row for row in rows}
    in_force = and_(ConsentText.purpose_id == ConsentPurpose.id, ConsentText.number == ConsentPurpose.text_number)
    texts = {text.purpose_id: str(text) for text in db.session.scalars(select(ConsentText).join(ConsentPurpose, in_force))}
    found = []
    for purpose in active:
        said = last.get(purpose.id)
        is_changed = said is not None and said.text_number != purpose.text_number
        counts = said is not None and not is_changed
        found.append(Asked(purpose, texts.get(purpose.id, ""), said.agrees if said is not None and counts else None, said, is_changed))
    return found


def history(contact: Contact) -> Sequence[tuple[Consent, ConsentPurpose]]:
    """Everything this person ever said, the last first."""
    query = select(Consent, ConsentPurpose).join(ConsentPurpose, ConsentPurpose.id == Consent.purpose_id)
    return [(row[0], row[1]) for row in db.session.execute(query.where(Consent.contact_id == contact.id).order_by(Consent.id.desc()).limit(200))]


def give(contact: Contact, purpose: ConsentPurpose, agrees: bool, *, actor: Actor, text_number: int | None = None) -> Consent:
    """The person (or a guardian) says yes or no on the own page; a yes counts for the text that was read."""
    if actor.contact_id != contact.id:
        raise Forbidden("consent of somebody else")
    by = PERSON if is_own(contact, actor) else GUARDIAN
    if by == PERSON and agrees and contact.age is not None and contact.age < CHILD_DECIDES:
        raise UserMistake(_("Until the age of %(age)s a parent or guardian answers this.", age=CHILD_DECIDES))
    if not purpose.is_active:
        raise NotFound(f"purpose {purpose.id}")
    if agrees and text_number is not None and text_number != purpose.text_number:
        raise UserMistake(_("The text was changed meanwhile. Read it again."))
    return _say(contact, purpose, agrees, by, "", actor)


def is_own(contact: Contact, actor: Actor) -> bool:
    """Is it the person, and not somebody who acts for the person?"""
    return actor.contact_id == contact.id and actor.on_behalf_of_id is None


def note_paper(contact: Contact, purpose: ConsentPurpose, agrees: bool, note: str | None, *, actor: Actor) -> Consent:
    """An administrator types over what somebody signed; says where the paper is."""
    require(actor, "contacts.write")
    text = (note or "").strip().replace("\x00", "")
    if agrees and not text:
        raise UserMistake(_("Say what was signed and where it is kept."), field="note")
    if len(text) > LONGEST_NOTE:
        raise UserMistake(_("This is too long: at most %(number)s characters.", number=LONGEST_NOTE), field="note")
    return _say(contact, purpose, agrees, PAPER, text, actor)


def _say(contact: Contact, purpose: ConsentPurpose, agrees: bool, by: str, note: str, actor: Actor) -> Consent:
    mine = (Consent.contact_id == contact.id, Consent.purpose_id == purpose.id)
    last = db.session.scalars(select(Consent).where(*mine, Consent.is_latest.is_(True))).first()
    if last is not None and (last.agrees, last.text_number, last.note) == (agrees, purpose.text_number, note):
        return last
    db.session.execute(update(Consent).where(*mine, Consent.is_latest.is_(True)).values(is_latest=False).execution_options(synchronize_session="fetch"))
    made = Consent(
        contact_id=contact.id,
        purpose_id=purpose.id,
        text_number=purpose.text_number,
        language=current_language(),
        agrees=agrees,
        given_by=by,
        recorded_by=actor.name[:160],
        recorded_by_id=actor.user_id,
        note=note,
        at=clock.now(),
    )
    db.session.add(made)
    db.session.flush()
    record("contact.consent_given" if agrees else "contact.consent_withdrawn", contact, actor=actor, note=str(purpose))
    return made


# --- for lists, mailings and other rooms ----------------------------------------------------------------


def agrees_condition(key: str) -> Any:
    """SQL condition on Contact: agrees to the text of this purpose that is in force now.

    Example:
        select(Contact).where(agrees_condition("newsletter"))
    """
    return exists(
        select(Consent.id)
        .join(ConsentPurpose, ConsentPurpose.id == Consent.purpose_id)
        .where(
            Consent.contact_id == Contact.id,
            Consent.is_latest.is_(True),
            Consent.agrees.is_(True),
            Consent.text_number == ConsentPurpose.text_number,
            ConsentPurpose.key == key,
            ConsentPurpose.is_active.is_(True),
        )
    )


def has_consent(contact_id: int, key: str) -> bool:
    """Does this person agree to the purpose with this key, now? No when there is no such purpose."""
    return db.session.scalar(select(Contact.id).where(Contact.id == contact_id, agrees_condition(key))) is not None


def said_condition(purpose_id: int, answer: str) -> Any:
    """SQL condition on Contact for a list: "yes", "no", or "none" (not asked, or asked again)."""
    purpose = select(ConsentPurpose.text_number).where(ConsentPurpose.id == purpose_id).scalar_subquery()
    said = select(Consent.id).where(Consent.contact_id == Contact.id, Consent.purpose_id == purpose_id, Consent.is_latest.is_(True))
    in_force = said.where(Consent.text_number == purpose)
    if answer == "none":
        return ~exists(in_force)
    return exists(in_force.where(Consent.agrees.is_(answer == "yes")))


def answers(purpose_id: int, text_number: int, ids: Sequence[int]) -> dict[int, str]:
    """What these people say to a text of a purpose: "yes" or "no"; those who said nothing are left out."""
    query = select(Consent.contact_id, Consent.agrees).where(
        Consent.contact_id.in_(ids), Consent.purpose_id == purpose_id, Consent.is_latest.is_(True), Consent.text_number == text_number
    )
    return {row.contact_id: "yes" if row.agrees else "no" for row in db.session.execute(query)}


def counts() -> dict[tuple[int, bool], int]:
    """(purpose, agrees) -> people who said so about the text in force."""
    query = (
        select(Consent.purpose_id, Consent.agrees, func.count(Consent.id))
        .join(ConsentPurpose, and_(ConsentPurpose.id == Consent.purpose_id, ConsentPurpose.text_number == Consent.text_number))
        .join(Contact, Contact.id == Consent.contact_id)
        .where(Consent.is_latest.is_(True), Contact.deleted_at.is_(None))
        .group_by(Consent.purpose_id, Consent.agrees)
    )
    return {(row[0], row[1]): row[2] for row in db.session.execute(query)}
