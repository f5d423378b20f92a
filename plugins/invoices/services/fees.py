"""What a federation asks per member, by type and period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import or_, select

from core.access import Actor, require
from core.audit.services import record
from core.db import db
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import _, format_date
from core.organisations.models import Organisation
from core.tenancy import current_scope
from plugins.invoices.models import Fee
from plugins.invoices.money import check_cents
from plugins.memberships.api import MembershipType

WRITE = "fees.write"


def fees_of(type_id: int | None = None) -> Sequence[Fee]:
    """All fees of the federation at hand, by type, the newest first."""
    query = select(Fee).order_by(Fee.type_id, Fee.from_on.desc())
    return db.session.scalars(query.where(Fee.type_id == type_id) if type_id is not None else query).all()


def fees_on(day: date) -> dict[int, Fee]:
    """Membership type -> its fee on a day. There is at most one."""
    query = select(Fee).where(Fee.from_on <= day, or_(Fee.until_on.is_(None), Fee.until_on >= day))
    return {fee.type_id: fee for fee in db.session.scalars(query)}


def get_fee(pk: int) -> Fee:
    found = db.session.scalars(select(Fee).where(Fee.id == pk)).one_or_none() if 0 < pk < 2**31 else None
    if found is None:
        raise NotFound(f"fee {pk}")
    return found


def save_fee(
    fee: Fee | None,
    *,
    type_id: int,
    amount_cents: int | None,
    from_on: date | None,
    until_on: date | None,
    actor: Actor,
    ends_former: bool = False,
    version: int | None = None,
) -> Fee:
    """Add or change a fee; a period that overlaps another one of the type is refused.

    ends_former: end the fee that runs on `from_on` the day before.
    """
    require(actor, WRITE)
    _lock()
    if fee is not None:
        db.session.refresh(fee)
        if version is not None and fee.version != version:
            raise StaleVersion(f"fee {fee.id}")
    cents = check_cents(amount_cents, field="amount_cents")
    if from_on is None:
        raise UserMistake(_("Fill in the first day on which this fee counts."), field="from_on")
    if until_on is not None and until_on < from_on:
        raise UserMistake(_("The last day lies before the first day."), field="until_on")
    kind = db.session.get(MembershipType, type_id)
    if kind is None or kind.organisation_id != current_scope().organisation_id:
        raise UserMistake(_("Choose a membership type of your federation."), field="type_id")
    _make_room(fee, type_id, from_on, until_on, ends_former=ends_former, actor=actor)
    values = {"type_id": type_id, "amount_cents": cents, "from_on": from_on, "until_on": until_on}
    if fee is None:
        fee = Fee(**values)
        db.session.add(fee)
        record("fee.created", fee, actor=actor, changes={name: (None, value) for name, value in values.items()})
        return fee
    changes = {name: (getattr(fee, name), value) for name, value in values.items() if getattr(fee, name) != value}
    for name, (_old, new) in changes.items():
        setattr(fee, name, new)
    db.session.flush()
    if changes:
        record("fee.changed", fee, actor=actor, changes=changes)
    return fee


def _make_room(fee: Fee | None, type_id: int, from_on: date, until_on: date | None, *, ends_former: bool, actor: Actor) -> None:
    for other in fees_of(type_id):
        if fee is not None and other.id == fee.id:
            continue
        if (other.until_on is not None and other.until_on < from_on) or (until_on is not None and until_on < other.from_on):
            continue
        if ends_former and other.from_on < from_on:
            record("fee.changed", other, actor=actor, changes={"until_on": (other.until_on, from_on - timedelta(days=1))})
            other.until_on = from_on - timedelta(days=1)
            db.session.flush()
            continue
        first, last = format_date(other.from_on), format_date(other.until_on)
        raise UserMistake(
            _("For this type there is a fee from %(first)s to %(last)s already. Change that one, or choose other days.", first=first, last=last)
            if last
            else _("For this type there is a fee from %(first)s on already. End that one first, or choose other days.", first=first),
            field="from_on",
        )


def remove_fee(fee: Fee, *, actor: Actor) -> None:
    """Remove a fee. Invoices that were sent keep their amounts."""
    require(actor, WRITE)
    record("fee.deleted", fee, actor=actor, changes={n: (getattr(fee, n), None) for n in ("type_id", "amount_cents", "from_on", "until_on")})
    db.session.delete(fee)
    db.session.flush()


def _lock() -> None:
    """One at a time per federation, so that two fees that overlap cannot both pass the check."""
    db.session.execute(select(Organisation.id).where(Organisation.id == current_scope().organisation_id).with_for_update(key_share=True))
