"""People who left: whose extra information goes after its term, and who is erased by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from sqlalchemy import and_, exists, or_, select

from core import clock
from core.access import system_actor
from core.audit.services import HIDDEN, record
from core.contacts.models import Contact, ContactFunction
from core.db import db
from core.extend.contributions import RetentionRule
from core.extend.registry import registry
from core.fields import services as fields
from core.fields.catalogue import fields_of
from core.fields.extra_field import ExtraField
from core.fields.lists import expression_of
from core.files import services as files
from core.i18n import _l
from core.privacy.services import erase_contact, holds_of
from core.privacy.settings import months_of
from core.users.models import OrganisationRole, Role
from core.web.context import current_organisation


def _before(months: int) -> date:
    return clock.today() - relativedelta(months=months)


def gone_since(day: date) -> Any:
    """SQL condition on Contact: nothing here on or after `day`: no membership, no function, no change, no work."""
    plugins = registry().plugins
    kept = [condition for name in plugins.order for answer in plugins.ask("people_since", [name], day=day) for condition in answer or ()]
    function = exists(
        select(ContactFunction.id).where(ContactFunction.contact_id == Contact.id, or_(ContactFunction.until_on.is_(None), ContactFunction.until_on >= day))
    )
    manages = exists(
        select(OrganisationRole.id).join(Role, Role.id == OrganisationRole.role_id).where(OrganisationRole.contact_id == Contact.id, Role.name != "member")
    )
    moment = datetime.combine(day, time(), ZoneInfo(clock.DEFAULT_ZONE))
    return and_(Contact.erased_at.is_(None), Contact.changed_at < moment, ~function, ~manages, *(~condition for condition in kept))


# --- people -----------------------------------------------------------------------------------------------


def _former() -> Any:
    months = months_of(current_organisation())
    return select(Contact.id).where(gone_since(_before(months))) if months else None


def _people(ids: Sequence[int]) -> list[Contact]:
    return list(db.session.scalars(select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id)))


def _held(ids: Sequence[int]) -> Mapping[int, str]:
    found = {}
    for contact in _people(ids):
        holds = holds_of(contact)
        if holds:
            found[contact.id] = f"{holds[0].what}. {holds[0].why}"
    return found


def _names(ids: Sequence[int]) -> Mapping[int, str]:
    return {contact.id: contact.list_name for contact in _people(ids)}


def _erase(ids: Sequence[int]) -> None:
    actor = system_actor(current_organisation().id)
    for contact in _people(ids):
        erase_contact(contact, actor=actor)


# --- extra fields -----------------------------------------------------------------------------------------


def _kept_for_a_time() -> list[ExtraField]:
    return [field for field in fields_of() if field.target == "contact" and field.retention_months]


def _is_filled(field: ExtraField) -> Any:
    return expression_of(field, Contact.extra).is_not(None)


def _with_old_values() -> Any:
    by_months: dict[int, list[Any]] = {}
    for field in _kept_for_a_time():
        by_months.setdefault(field.retention_months or 0, []).append(_is_filled(field))
    if not by_months:
        return None
    # changed_at is not touched by this, so that the terms of other fields go on
    return select(Contact.id).where(or_(*(and_(or_(*filled), gone_since(_before(months))) for months, filled in by_months.items())))


def _empty_fields(ids: Sequence[int]) -> None:
    actor = system_actor(current_organisation().id)
    waiting: dict[int, set[str]] = {}
    for months in {field.retention_months or 0 for field in _kept_for_a_time()}:
        keys = {field.key for field in _kept_for_a_time() if field.retention_months == months}
        for pk in db.session.scalars(select(Contact.id).where(Contact.id.in_(ids), gone_since(_before(months)))):
            waiting.setdefault(pk, set()).update(keys)
    for contact in _people(list(waiting)):
        keys = waiting[contact.id] & set(contact.extra or {})
        if keys:
            files.remove_of(contact, parts=[key for key in keys if key in fields.files_of(contact)])
            contact.extra = {key: value for key, value in contact.extra.items() if key not in keys}
            record("contact.fields_forgotten", contact, actor=actor, changes={f"extra.{key}": HIDDEN for key in sorted(keys)})
    db.session.flush()


RULES = (
    RetentionRule(
        "extra_values", _l("Extra information about people who left"), _l("As long as each field says, counted from the day somebody left"),
        _with_old_values, Contact, forget=_empty_fields, label=_names, scope="organisation", position=10,
    ),
    RetentionRule(
        "former_members", _l("People who left"), _l("As many months as you choose here; off until you do"),
        _former, Contact, forget=_erase, held=_held, label=_names, scope="organisation", position=20,
    ),
)  # fmt: skip
