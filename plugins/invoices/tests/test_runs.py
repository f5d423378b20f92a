"""The draft of a run: who is counted, by which rule, compared with the last time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update

from core import clock
from core.db import db
from core.errors import UserMistake
from core.extend.registry import registry
from core.organisations.models import Affiliation
from core.testing.factories import inside
from plugins.invoices import presentation
from plugins.invoices.hookspecs import CountedMember, FeeLine
from plugins.invoices.models import Fee, Invoice, InvoiceLine, InvoiceMember, RunClub
from plugins.invoices.services.fees import get_fee, remove_fee
from plugins.invoices.services.rules import HOOK
from plugins.invoices.services.runs import get_run, redo_draft, remove_run, start_run
from plugins.invoices.tests.conftest import (
    FIRST,
    FRIEND,
    SECOND,
    SPORTING,
    Shop,
    approve,
    draft,
    federation_of,
    redraft,
    rows,
    sent,
    the_run,
)
from plugins.memberships.api import Membership, request_membership
from plugins.memberships.services import get_type


def raw_totals(app: Flask, shop: Shop, day: date) -> dict[int, int]:
    """Cents per club, worked out from the raw tables by a program of a few lines of its own."""
    with app.app_context(), db.engine.connect() as connection:
        if not isinstance(connection.connection.dbapi_connection, sqlite3.Connection):
            connection.execute(
                text("SELECT set_config('koepel.low', '0', false), set_config('koepel.high', '2147483647', false), set_config('koepel.federation', '0', false)")
            )
        prices = {
            row.type_id: row.amount_cents
            for row in connection.execute(
                text("SELECT type_id, amount_cents, from_on, until_on FROM invoice_fee WHERE organisation_id = :f"), {"f": shop.federation.id}
            )
            if str(row.from_on) <= str(day) and (row.until_on is None or str(row.until_on) >= str(day))
        }
        found: dict[int, int] = {}
        for row in connection.execute(text("SELECT organisation_id, type_id, from_on, until_on, status, federation_id FROM membership")):
            counts = row.status == "accepted" and str(row.from_on) <= str(day) and (row.until_on is None or str(row.until_on) >= str(day))
            if counts and row.federation_id == shop.federation.id:
                found[row.organisation_id] = found.get(row.organisation_id, 0) + prices[row.type_id]
    return found


@pytest.mark.covers("R148", "R149", "R150")
def test_the_draft_counts_memberships_on_the_reference_date(app: Flask, members: Shop, join: Callable[..., int]) -> None:
    world = members.world
    join("Ended", "Before", until_on=SECOND - timedelta(days=1))
    join("Last", "Day", until_on=SECOND)
    join("First", "Day", from_on=SECOND)
    join("Begins", "After", from_on=SECOND + timedelta(days=1))
    with app.app_context(), inside(world.club):
        from core.testing.factories import make_contact  # noqa: PLC0415 -- only here

        make_contact("Contact", "Without membership")

    run_id = draft(app, members)

    assert {i.debtor_id: i.total_cents for i in rows(app, Invoice)} == {world.club.id: 5 * SPORTING + FRIEND, world.other_club.id: 2 * SPORTING}
    assert {i.debtor_id: i.total_cents for i in rows(app, Invoice)} == raw_totals(app, members, SECOND)
    run = the_run(app, run_id)
    assert (run.state, run.clubs, run.members, run.total_cents) == ("draft", 2, 8, 7 * SPORTING + FRIEND)
    assert run.not_counted == {"later": 1, "ended": 1}
    names = [m.name for m in sorted(rows(app, InvoiceMember), key=lambda m: m.name_key) if m.debtor_id == world.club.id]
    assert names == ["Day First", "Day Last", "Maes Dora", "Peeters Ann", "Peeters Bert", "Peeters Cis"]


@pytest.mark.covers("R149")
def test_each_line_names_its_members_type_and_rule(app: Flask, members: Shop) -> None:
    draft(app, members)

    lines = [line for line in rows(app, InvoiceLine) if line.debtor_id == members.world.club.id]
    assert [(x.text, x.quantity, x.unit_cents, x.total_cents, x.type_id, x.rule) for x in lines] == [
        ("Sporting member", 3, SPORTING, 3 * SPORTING, members.sporting, "fee_per_type"),
        ("Friend", 1, FRIEND, FRIEND, members.friend, "fee_per_type"),
    ]
    counted = {line.id: [m for m in rows(app, InvoiceMember) if m.line_id == line.id] for line in lines}
    assert [len(counted[line.id]) for line in lines] == [3, 1]
    assert {m.rule_text for m in counted[lines[1].id]} == {lines[1].rule_text}


def test_totals_agree_with_the_raw_tables_for_a_random_federation(app: Flask, shop: Shop, join: Callable[..., int]) -> None:
    from random import Random  # noqa: PLC0415 -- only here

    chance = Random(7)  # noqa: S311 -- test data
    for number in range(40):
        start = SECOND + timedelta(days=chance.randrange(-900, 60))
        end = start + timedelta(days=chance.randrange(1, 1200)) if chance.random() < 0.5 else None
        club = shop.world.club if chance.random() < 0.6 else shop.world.other_club
        join(f"N{number}", "Random", club=club, kind=chance.choice([shop.sporting, shop.friend]), from_on=start, until_on=end)

    draft(app, shop)

    assert {i.debtor_id: i.total_cents for i in rows(app, Invoice)} == raw_totals(app, shop, SECOND)
    for invoice in rows(app, Invoice):
        lines = [line for line in rows(app, InvoiceLine) if line.invoice_id == invoice.id]
        assert sum(line.total_cents for line in lines) == invoice.total_cents
        assert sum(m.amount_cents for m in rows(app, InvoiceMember) if m.invoice_id == invoice.id) == invoice.total_cents


def test_it_is_compared_with_the_run_before(app: Flask, members: Shop, join: Callable[..., int]) -> None:
    sent(app, members, FIRST)
    with app.app_context(), inside(members.world.club):
        ann = next(m for m in db.session.query(Membership).order_by(Membership.id))
        ann.until_on = date(2024, 12, 31)
        db.session.flush()
    join("Guy", "New", from_on=date(2025, 1, 1))
    join("Hilde", "New", from_on=date(2025, 1, 1), kind=members.friend)

    run_id = draft(app, members, SECOND)

    row = next(r for r in rows(app, RunClub) if r.run_id == run_id and r.club_id == members.world.club.id)
    assert (row.members_before, row.members_new, row.members_stopped, row.members) == (4, 2, 1, 5)
    assert (row.total_before_cents, row.total_cents, row.difference_cents) == (3 * SPORTING + FRIEND, 3 * SPORTING + 2 * FRIEND, FRIEND)
    with federation_of(app, members):
        shown = presentation.present(get_run(run_id))
        assert (shown.members_difference, shown.cents_difference) == (1, FRIEND)
        assert [(t.title, t.members, t.unit_cents, t.cents, t.difference_cents) for t in shown.types] == [
            ("Sporting member", 5, SPORTING, 5 * SPORTING, 0),
            ("Friend", 2, FRIEND, 2 * FRIEND, FRIEND),
        ]
        assert [r.club.name for r in shown.largest] == ["Club A"]
        club = presentation.present_club(get_run(run_id), shown.largest[0])
        assert ([m.name for m in club.members if m.contact_id in club.new_contacts], [m.name for m in club.stopped]) == (
            ["New Guy", "New Hilde"],
            ["Peeters Ann"],
        )


def test_a_club_that_left_is_shown_with_what_it_paid_the_last_time(app: Flask, members: Shop) -> None:
    sent(app, members, FIRST)
    with app.app_context(), inside(members.federation):
        leaves = Affiliation.organisation_id == members.world.other_club.id
        db.session.execute(update(Affiliation).where(leaves).values(until_on=date(2024, 12, 31)).execution_options(synchronize_session=False))

    run_id = draft(app, members, SECOND)

    row = next(r for r in rows(app, RunClub) if r.run_id == run_id and r.club_id == members.world.other_club.id)
    assert (row.members, row.members_before, row.members_stopped, row.invoice_id) == (0, 2, 2, None)
    assert the_run(app, run_id).not_counted == {"not_affiliated": 2}


def test_members_without_a_fee_are_named_and_block_the_approval(app: Flask, members: Shop) -> None:
    fee_id = next(fee.id for fee in rows(app, Fee) if fee.type_id == members.friend)
    with federation_of(app, members) as actor:
        remove_fee(get_fee(fee_id), actor=actor)
    run_id = draft(app, members)

    assert the_run(app, run_id).not_counted == {"no_fee": 1}
    with federation_of(app, members):
        assert [person.name for person in presentation.left_out(get_run(run_id), "no_fee")] == ["Maes Dora"]
    with pytest.raises(UserMistake, match="without a fee"):
        approve(app, members, run_id)
    assert [i.issued_at for i in rows(app, Invoice)] == [None, None]


def test_somebody_who_is_a_member_twice_pays_once(app: Flask, members: Shop) -> None:
    with app.app_context(), inside(members.world.club) as actor:
        first = db.session.query(Membership).order_by(Membership.id).first()
        second = Membership(
            federation_id=first.federation_id,
            contact_id=first.contact_id,
            type_id=members.friend,
            from_on=first.from_on,
            status="accepted",
            requested_by=actor.name,
        )
        db.session.add(second)
        db.session.flush()
    run_id = draft(app, members)

    run = the_run(app, run_id)
    assert (run.members, run.total_cents, run.not_counted) == (6, 5 * SPORTING + FRIEND, {"double": 1})
    with federation_of(app, members):
        assert [person.name for person in presentation.left_out(get_run(run_id), "double")] == ["Peeters Ann"]


def test_requests_that_wait_do_not_count(app: Flask, members: Shop) -> None:
    with app.app_context():
        with inside(members.federation):
            get_type(members.friend).acceptance = "ask"
            db.session.flush()
        with inside(members.world.club) as actor:
            from core.testing.factories import make_contact  # noqa: PLC0415 -- only here

            request_membership(make_contact("Waits", "Long"), get_type(members.friend), from_on=date(2022, 1, 1), actor=actor)
    run_id = draft(app, members)

    assert the_run(app, run_id).not_counted == {"requested": 1}
    with federation_of(app, members):
        assert [person.name for person in presentation.left_out(get_run(run_id), "requested")] == ["Long Waits"]


# --- the hook ----------------------------------------------------------------------------------


class Rules:
    """A federation plugin with rules of its own: half price from the third member of a club on, and a contribution per club."""

    def federation_fee_lines(self, federation: Any, club: Any, members: Sequence[CountedMember], day: date) -> Sequence[FeeLine] | None:
        if club.name == "Club B":
            return None
        return [
            FeeLine({"nl": "Eerste twee", "en": "First two"}, 2000, members[:2], "first", {"en": "Full price"}),
            FeeLine({"en": "Others"}, 1000, members[2:-1], "others", {"en": "Half price"}),
            FeeLine({"en": "Contribution"}, 500, (), "club", {"en": "Per club"}, quantity=1),
        ]


@pytest.fixture
def rules(app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Federation F has the plugin "rules_sample"."""
    from core.extend.hookspecs import hookimpl  # noqa: PLC0415 -- only here

    plugin = Rules()
    monkeypatch.setattr(Rules, HOOK, hookimpl(Rules.federation_fee_lines))
    with app.app_context():
        plugins = registry().plugins
        plugins.manager.register(plugin, name="rules_sample")
        monkeypatch.setitem(plugins.modules, "rules_sample", plugin)
        monkeypatch.setattr(plugins, "order", [*plugins.order, "rules_sample"])
        with inside(shop.federation):
            from core.organisations.models import Organisation  # noqa: PLC0415 -- only here

            db.session.get_one(Organisation, shop.federation.id).federation_plugin = "rules_sample"
    yield
    with app.app_context():
        registry().plugins.manager.unregister(plugin)


def test_a_federation_plugin_brings_its_own_rules(app: Flask, members: Shop, rules: None) -> None:
    run_id = draft(app, members)

    lines = [(x.text, x.quantity, x.total_cents, x.rule) for x in rows(app, InvoiceLine) if x.debtor_id == members.world.club.id]
    assert lines == [("First two", 2, 4000, "first"), ("Others", 1, 1000, "others"), ("Contribution", 1, 500, "club")]
    by_default = [(x.text, x.rule) for x in rows(app, InvoiceLine) if x.debtor_id == members.world.other_club.id]
    assert by_default == [("Sporting member", "fee_per_type")]
    assert the_run(app, run_id).not_counted == {"rule": 1}


# --- again, and away ---------------------------------------------------------------------------


def test_calculating_again_follows_the_memberships_and_leaves_nothing_behind(app: Flask, members: Shop, join: Callable[..., int]) -> None:
    run_id = draft(app, members)
    join("Late", "Arrival")

    redraft(app, members, run_id)

    run = the_run(app, run_id)
    assert (run.generation, run.members, len(rows(app, Invoice)), len(rows(app, RunClub)), len(rows(app, InvoiceMember))) == (2, 7, 2, 2, 7)


def test_a_second_run_on_the_same_day_is_refused(app: Flask, members: Shop) -> None:
    draft(app, members)
    with pytest.raises(UserMistake) as refused:
        draft(app, members)
    assert refused.value.field == "reference_on"


def test_asking_to_calculate_again_twice_gives_one_job(app: Flask, members: Shop) -> None:
    run_id = draft(app, members)
    with federation_of(app, members) as actor:
        first, second = redo_draft(get_run(run_id), actor=actor).id, redo_draft(get_run(run_id), actor=actor).id
    assert first == second


def test_a_draft_can_be_removed_and_started_again(app: Flask, members: Shop) -> None:
    run_id = draft(app, members)
    with federation_of(app, members) as actor:
        remove_run(get_run(run_id), actor=actor)
    assert [len(rows(app, model)) for model in (Invoice, InvoiceLine, InvoiceMember, RunClub)] == [0, 0, 0, 0]
    draft(app, members)


def test_clubs_that_are_not_in_order_are_told_with_the_reasons(app: Flask, members: Shop) -> None:
    run_id = draft(app, members)

    run = the_run(app, run_id)
    points = {r.club_id: r.open_points for r in rows(app, RunClub)}
    assert run.not_ready == 2
    assert ["Invoice e-mail" in (points[club.id] or []) for club in (members.world.club, members.world.other_club)] == [True, True]


@pytest.mark.parametrize(
    ("dates", "field"),
    [
        ({"reference_on": None}, "reference_on"),
        ({"reference_on": date(1900, 1, 1)}, "reference_on"),
        ({"due_on": date(2025, 1, 1)}, "due_on"),
        ({"invoice_on": date(2035, 1, 1)}, "invoice_on"),
    ],
)
def test_dates_that_cannot_be_right_are_refused(app: Flask, shop: Shop, dates: dict[str, Any], field: str) -> None:
    with pytest.raises(UserMistake) as refused, federation_of(app, shop) as actor:
        start_run(**{"reference_on": SECOND, "invoice_on": None, "due_on": None, **dates}, actor=actor)
    assert refused.value.field == field


@pytest.mark.covers("R188")
def test_the_invoice_date_can_follow_that_of_the_mother_organisation(app: Flask, members: Shop) -> None:
    with app.app_context(), inside(members.federation) as actor:
        run = start_run(reference_on=SECOND, invoice_on=date(2025, 5, 15), due_on=None, actor=actor, with_job=False)
        run_id = run.id
        assert run.due_on == date(2025, 6, 14)
    redraft(app, members, run_id)
    approve(app, members, run_id)
    assert {(i.issued_on, i.due_on) for i in rows(app, Invoice)} == {(date(2025, 5, 15), date(2025, 6, 14))}


def test_the_cost_of_the_page_does_not_grow(app: Flask, members: Shop, join: Callable[..., int], queries: Callable[[], list[str]]) -> None:
    run_id = draft(app, members)

    def cost() -> int:
        with federation_of(app, members):
            run = get_run(run_id)
            seen = queries()
            presentation.present(run)
            return len(seen)

    few = cost()
    for number in range(12):
        join(f"More{number}", "Many", club=members.world.other_club)
    redraft(app, members, run_id)
    assert cost() == few
    assert few <= 10


def test_the_draft_asks_the_database_per_batch_not_per_club(app: Flask, members: Shop, join: Callable[..., int], queries: Callable[[], list[str]]) -> None:
    run_id = draft(app, members)  # readiness is known from here on

    def cost() -> int:
        seen = queries()
        redraft(app, members, run_id)
        return len(seen)

    few = cost()
    for number in range(15):
        join(f"More{number}", "Many")
    assert cost() == few


def test_today_is_a_reference_date_too(app: Flask, members: Shop) -> None:
    run_id = draft(app, members, clock.today())
    assert the_run(app, run_id).members == 6
