"""Demo data: fees, last year's run with payments, and two orders. This year's run is left to you."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from core.access import Actor
from core.db import db
from core.organisations.models import Organisation
from plugins.invoices.models import Invoice
from plugins.invoices.services.approving import approve_run
from plugins.invoices.services.drafting import draft_run
from plugins.invoices.services.fees import save_fee
from plugins.invoices.services.invoices import OrderLine, issue_order, save_order
from plugins.invoices.services.payments import record_payment
from plugins.invoices.services.runs import get_run, start_run
from plugins.invoices.services.settings import settings_of
from plugins.memberships.api import types_of

#: of the last year and of this one, per type, in the order of the federation
FEES = ((1750, 1850), (1150, 1200))
#: of a hundred invoices
PAID, PARTLY = 84, 6


def seed(world: Any) -> None:
    """Fill the demo's federation; inside the transaction of the demo."""
    federation: Organisation = world.federation
    with world.inside(federation) as actor:
        kinds = types_of()
        prices = {kind.id: FEES[min(number, len(FEES) - 1)] for number, kind in enumerate(kinds)}
        seed_last_run(federation, world.today, prices, random=world.random_for("payments"), actor=actor)
        _orders(world, actor)


def seed_last_run(federation: Organisation, today: date, fees: Mapping[int, tuple[int, int]], *, random: Random, actor: Actor) -> None:
    """Fees of last year and of this one by type, and last year's run, sent and mostly paid. Inside the federation."""
    last = today.year - 1
    for type_id, (before, now) in fees.items():
        save_fee(None, type_id=type_id, amount_cents=before, from_on=date(last - 1, 1, 1), until_on=date(last, 12, 31), actor=actor)
        save_fee(None, type_id=type_id, amount_cents=now, from_on=date(last + 1, 1, 1), until_on=None, actor=actor)
    reference = settings_of(federation).reference_on(last)
    run_id = start_run(reference_on=reference, invoice_on=None, due_on=None, actor=actor, with_job=False).id
    draft_run(run_id, actor=actor)
    run = get_run(run_id)
    if run.clubs:
        approve_run(run, actor=actor)
        _payments(random, run.id, run.due_on, actor)


def _payments(random: Random, run_id: int, due_on: date, actor: Actor) -> None:
    """Most clubs paid, one paid a part, and at least one is late."""
    invoices = db.session.scalars(select(Invoice).where(Invoice.run_id == run_id).order_by(Invoice.sequence)).all()
    for place, invoice in enumerate(invoices):
        kind = "part" if place == 3 else "late" if place in (1, 7) else "paid" if place < 12 else None
        draw = random.randrange(100)
        kind = kind or ("paid" if draw < PAID else "part" if draw < PAID + PARTLY else "late")
        paid_on = due_on - timedelta(days=random.randrange(0, 24))
        if kind == "paid":
            record_payment(invoice, amount_cents=None, paid_on=paid_on, note="Overschrijving", actor=actor)
        elif kind == "part":
            record_payment(invoice, amount_cents=max(1, invoice.total_cents // 200 * 100), paid_on=paid_on, note="Eerste deel", actor=actor)


def _orders(world: Any, actor: Actor) -> None:
    """Merchandise: one invoice that is open, one that was paid, one draft."""
    shirts = [OrderLine("Sportshirt met logo, maat M", 12, 1450), OrderLine("Sportshirt met logo, maat L", 8, 1450), OrderLine("Verzending", 1, 950)]
    poles = [OrderLine("Set wandelstokken", 6, 2495)]
    banner = [OrderLine("Strandvlag met naam van het trefpunt", 1, 8900)]
    first, second = world.clubs[0], world.clubs[min(4, len(world.clubs) - 1)]
    opened = _order(first, "Sportshirts voor de wandeldag", shirts, actor)
    issue_order(opened, actor=actor)
    paid = _order(first, "Wandelstokken", poles, actor)
    issue_order(paid, actor=actor)
    record_payment(paid, amount_cents=None, paid_on=world.today, note="Overschrijving", actor=actor)
    _order(second, "Strandvlag", banner, actor)


def _order(club: Organisation, title: str, lines: list[OrderLine], actor: Actor) -> Invoice:
    return save_order(None, debtor_id=club.id, title=title, note="", due_on=None, lines=lines, actor=actor)
