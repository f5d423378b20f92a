"""What a password has to be. The sentences people read come from the same rules that are checked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from core.contacts.names import fold
from core.db import db
from core.errors import UserMistake
from core.i18n import _, _l
from core.organisations.models import Affiliation, Organisation
from core.tenancy import unscoped
from core.users.guessable import is_guessable
from core.users.models import OrganisationRole, Role, User
from core.web.context import federation_setting

#: setting of a federation that names the rules for its people
SETTING = "users.password_policy"
DEFAULT = "modern"
MARKS = "!-@._#"
PASSPHRASE = 15
MEMBER = "member"


@dataclass(frozen=True)
class Policy:
    """Rules for a new password; a password that exists stays valid when they change.

    `is_strict`: only letters, digits and MARKS, with at least one digit and no space.
    `passphrase`: from so many characters on, anything goes.
    `shortest_alone`: for who administers something and has no second factor.
    """

    name: str
    title: Any
    shortest: int
    longest: int
    is_strict: bool = False
    passphrase: int | None = None
    shortest_alone: int | None = None

    def for_administrator(self) -> Policy:
        """The same rules for somebody whose password alone opens the data of others."""
        return replace(self, shortest=self.shortest_alone) if self.shortest_alone else self

    def rules(self) -> list[str]:
        """The rules as sentences, for the form."""
        found = [_("Between %(shortest)s and %(longest)s characters.", shortest=self.shortest, longest=self.longest)]
        if self.is_strict:
            found.append(_("At least one digit, no spaces, and of other signs only %(marks)s", marks=" ".join(MARKS)))
        if self.passphrase:
            found.append(_("Or a sentence of at least %(number)s characters.", number=self.passphrase))
        found.append(_("Not your own name, and not a password that many people use."))
        return found


POLICIES = {
    policy.name: policy
    for policy in (
        Policy("seed", _l("8 to 20 characters with a digit"), 8, 20, is_strict=True),
        Policy("seed+", _l("8 to 20 characters with a digit, or a sentence"), 8, 20, is_strict=True, passphrase=PASSPHRASE),
        Policy("modern", _l("At least 12 characters, whichever you like; 15 for administrators without a second factor"), 12, 128, shortest_alone=PASSPHRASE),
    )
}


def policy_of(user: User) -> Policy:
    """The rules of the federations this user has a role in; of several the one that asks most."""
    return policy_for(*_held(user), has_second_factor=user.has_second_factor)


def policy_of_organisation(organisation: Organisation, *, role: str = MEMBER) -> Policy:
    """The rules for somebody who gets a first role, in this organisation."""
    return policy_for({organisation.id}, {role})


def policy_for(organisations: set[int], roles: set[str], *, has_second_factor: bool = False) -> Policy:
    chosen = [POLICIES.get(federation_setting(federation, SETTING, DEFAULT), POLICIES[DEFAULT]) for federation in _federations(organisations)]
    found = max(chosen, key=lambda policy: policy.shortest, default=POLICIES[DEFAULT])
    return found if has_second_factor or roles <= {MEMBER} else found.for_administrator()


def _held(user: User) -> tuple[set[int], set[str]]:
    with unscoped("the organisations whose rules hold for a password"):
        held = select(OrganisationRole.organisation_id, Role.name).join(Role, Role.id == OrganisationRole.role_id)
        rows = db.session.execute(held.where(OrganisationRole.user_id == user.id)).all()
    return {row[0] for row in rows}, {row[1] for row in rows}


def _federations(organisations: set[int]) -> Sequence[Organisation]:
    """Those among these organisations, and those above them."""
    with unscoped("the federations whose rules hold for a password"):
        through_club = select(Affiliation.federation_id).where(Affiliation.organisation_id.in_(organisations))
        through_region = select(Organisation.parent_id).where(Organisation.id.in_(organisations))
        above = Organisation.id.in_(organisations) | Organisation.id.in_(through_club) | Organisation.id.in_(through_region)
        return db.session.scalars(select(Organisation).where(Organisation.kind == "federation", above)).all()


def names_around(user: User) -> tuple[str, ...]:
    """What may not be in the password of this user: own name and addresses, the clubs and federations."""
    held, _roles = _held(user)
    with unscoped("the names that may not be in a password"):
        clubs = db.session.scalars(select(Organisation.name).where(Organisation.id.in_(held))).all()
    return (*names_of(user.username, user.first_name, user.last_name, user.email, user.address), *clubs, *(f.name for f in _federations(held)))


def names_in(organisation: Organisation, *own: str) -> tuple[str, ...]:
    """The same for somebody who gets a first login here; `own` are names and addresses."""
    return (*names_of(*own), organisation.name, *(federation.name for federation in _federations({organisation.id})))


def names_of(*own: str) -> tuple[str, ...]:
    """Names and addresses as one would type them in a password: of an address what stands before the @."""
    return tuple(name.partition("@")[0] for name in own)


def check_password(password: str, policy: Policy, *, names: Iterable[str] = (), field: str = "new") -> None:
    """UserMistake with what to do, when a new password does not follow the rules."""
    typed = unicodedata.normalize("NFC", password)
    is_passphrase = policy.passphrase is not None and policy.passphrase <= len(typed) <= 128
    if not is_passphrase:
        _check_form(typed, policy, field)
    if is_guessable(typed):
        raise UserMistake(_("Many people use this password, so it is guessed first. Choose another one."), field=field)
    if _has_name(typed, names):
        raise UserMistake(_("Your name, or that of your club or federation, is in this password. Choose another one."), field=field)


def _has_name(typed: str, names: Iterable[str]) -> bool:
    """A whole name anywhere in it, or one word of a name with only digits and signs around it."""
    folded = fold(typed).replace(" ", "")
    bare = re.sub(r"[\W\d_]+", "", folded)
    for name in (fold(name) for name in names):
        whole = name.replace(" ", "")
        if len(whole) > 3 and (whole in folded or bare in (word for word in re.findall(r"\w+", name) if len(word) > 3)):
            return True
    return False


def _check_form(typed: str, policy: Policy, field: str) -> None:
    if len(typed) < policy.shortest:
        raise UserMistake(_("This password is too short: use at least %(number)s characters.", number=policy.shortest), field=field)
    if len(typed) > policy.longest:
        raise UserMistake(_("This password is too long: use at most %(number)s characters.", number=policy.longest), field=field)
    if not policy.is_strict:
        return
    if not any(character.isdigit() for character in typed):
        raise UserMistake(_("Put at least one digit in your password."), field=field)
    if " " in typed:
        raise UserMistake(_("Leave the spaces out of your password."), field=field)
    wrong = sorted({c for c in typed if not (c.isascii() and c.isalnum()) and c not in MARKS})
    if wrong:
        raise UserMistake(
            _("Leave %(signs)s out of your password. Of other signs only %(marks)s can be used.", signs=" ".join(wrong), marks=" ".join(MARKS)), field=field
        )
