"""What comes in and goes out: the dry run, conflicts, proposals to clubs, own decisions, undo."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from core.api import StoredFile, UserMistake, db, file_path, registry, scope, transaction
from core.jobs.runner import work_off
from core.privacy.retention import apply
from core.testing.conformance import problems_of
from core.testing.crashes import work_again
from core.testing.factories import inside
from plugins.exchange.mapping import Link
from plugins.exchange.models import ExchangeLink, ExchangeRow, ExchangeRun, Proposal
from plugins.exchange.services.exchanges import (
    decide,
    decide_alike,
    get_exchange,
    get_row,
    get_run,
    save_exchange,
    start_applying,
    start_sending,
    start_undoing,
)
from plugins.exchange.services.privacy import data_about
from plugins.exchange.services.proposals import accept_proposal, refuse_proposal, undo_answer
from plugins.exchange.tests.conftest import LINKS, VALUES, Person, Town
from plugins.memberships.api import Membership

ANN = "P1;1001;Ann;Peeters;01/01/1950;V;{town};{mail};singer;;"


def ann(town: str = "Aarschot", mail: str = "ann@mail.example") -> str:
    return ANN.format(town=town, mail=mail)


def applied(town: Town, run: int) -> None:
    with town.working() as actor, transaction():
        start_applying(get_run(run), actor=actor)
    work_off(town.app)


def sent(town: Town, *, only_changed: bool = False) -> list[dict[str, str]]:
    with town.working() as actor, transaction():
        pk = start_sending(get_exchange(town.exchange), only_changed=only_changed, actor=actor).id
    work_off(town.app)
    with town.working():
        file = db.session.scalars(select(StoredFile).where(StoredFile.id == get_run(pk).file_id)).one()
        text = file_path(file).read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def status_of(town: Town, first: str) -> str:
    with town.working():
        return str(db.session.scalar(select(Membership.status).where(Membership.id == town.memberships[first])))


def test_plugin_keeps_the_rules_of_the_house() -> None:
    assert problems_of("exchange") == []


@pytest.mark.covers("R306")
def test_the_dry_run_says_what_each_row_is_and_changes_nothing(town: Town) -> None:
    run = town.receive(
        ann(),
        "P2;1001;Bert;Peeters;02/01/1950;V;Brugge;bert@mail.example;singer;;",
        "P3;1001;Zoë;Nieuw;03/03/1960;V;Gent;;singer;;",
        "P4;9999;Ann;Peeters;01/01/1950;V;;;;;",
        "P5;1001;Dirk;Slecht;32/01/1950;V;;;;;",
        ";1001;Bert;Peeters;02/01/1950;V;;;;;",
        "P1;1001;Ann;Peeters;01/01/1950;V;;;;;",
    )
    with town.working():
        found = [row.outcome for row in db.session.scalars(select(ExchangeRow).where(ExchangeRow.run_id == run).order_by(ExchangeRow.row_no))]
        assert found == ["changed", "conflict", "new", "unknown_club", "problem", "problem", "problem"]
        assert get_run(run).counts == {"changed": 1, "conflict": 1, "new": 1, "unknown_club": 1, "problem": 3}
        assert db.session.scalar(select(func.count()).select_from(StoredFile).where(StoredFile.purpose == "exchange")) == 0
        assert db.session.scalar(select(func.count()).select_from(ExchangeLink)) == 0
    assert town.proposals() == []
    assert town.contact("Bert").town == "Aarschot"


@pytest.mark.covers("R306")
def test_a_change_becomes_a_proposal_and_the_club_decides(town: Town) -> None:
    applied(town, town.receive(ann()))  # who is who, and what both have
    run = town.receive(ann(town="Leuven"))
    assert town.rows(run)["P1"].fields == {"town": ["Aarschot", "Leuven", "theirs"]}
    applied(town, run)
    proposal = town.proposals()[0]
    assert (proposal.kind, proposal.fields, proposal.partner) == ("change", {"town": ["Aarschot", "Leuven"]}, "Mother (Pamela)")
    assert town.contact("Ann").town == "Aarschot"
    assert town.rows(town.receive(ann(town="Leuven")))["P1"].outcome == "unchanged"  # it was asked already
    with town.working(town.world.club) as actor, transaction():
        accept_proposal(proposal.id, actor=actor)
    assert town.contact("Ann").town == "Leuven"
    with town.working(town.world.club) as actor:
        with pytest.raises(UserMistake), transaction():
            accept_proposal(proposal.id, actor=actor)
        with transaction():
            undo_answer(proposal.id, actor=actor)
        with transaction():
            refuse_proposal(proposal.id, actor=actor)
    assert town.contact("Ann").town == "Aarschot"
    assert town.rows(town.receive(ann(town="Leuven")))["P1"].outcome == "unchanged"  # refused is not asked again


def test_both_sides_changed_is_a_conflict_until_somebody_decides(town: Town) -> None:
    run = town.receive(ann(town="Leuven", mail="other@mail.example"))
    row = town.rows(run)["P1"]
    assert row.outcome == "conflict"
    assert sorted(row.open_fields) == ["email_1", "town"]
    applied(town, run)
    assert town.proposals() == []  # nothing that is open is applied
    with town.working() as actor, transaction():
        decide(get_run(run), get_row(get_run(run), row.id), {"town": "ours", "email_1": "nonsense", "phone": "ours"}, actor=actor)
        assert decide_alike(get_run(run), "", "theirs", actor=actor) == 1
    applied(town, run)
    assert [proposal.fields for proposal in town.proposals()] == [{"email_1": ["ann@mail.example", "other@mail.example"]}]
    # ours was kept: the same value of theirs is not asked again
    assert "town" not in town.rows(town.receive(ann(town="Leuven", mail="other@mail.example")))["P1"].fields


def test_what_only_we_changed_goes_out_and_does_not_come_back(town: Town) -> None:
    applied(town, town.receive(ann()))
    assert {row["Nr"] for row in sent(town)} == {"P1", ""}
    assert sent(town, only_changed=True) == []
    with town.app.app_context(), inside(town.world.club) as actor:
        from core.api import get_contact, save_contact  # noqa: PLC0415 -- only here

        save_contact(get_contact(town.people["Ann"]), {"town": "Diest"}, actor=actor)
    assert town.rows(town.receive(ann()))["P1"].outcome == "unchanged"  # theirs is what we last agreed on
    assert [(row["Nr"], row["Town"], row["Sex"], row["Born"]) for row in sent(town, only_changed=True)] == [("P1", "Diest", "V", "1950-01-01")]
    assert sent(town, only_changed=True) == []


def test_the_federation_accepts_the_club_ends_and_adds(town: Town) -> None:
    run = town.receive(
        "P3;1001;Cis;Peeters;03/01/1950;V;;;;;accept",
        "P2;1001;Bert;Peeters;02/01/1950;V;;;;2024-12-31;",
        "P9;1001;Zoë;Nieuw;03/03/1960;V;Gent;zoe@mail.example;singer;;",
    )
    applied(town, run)
    assert status_of(town, "Cis") == "accepted"
    kinds = {proposal.kind: proposal.id for proposal in town.proposals()}
    assert sorted(kinds) == ["end", "new"]
    with town.working(town.world.club) as actor:
        for pk in kinds.values():
            with transaction():
                accept_proposal(pk, actor=actor)
        ended = db.session.get_one(Membership, town.memberships["Bert"])
        assert str(ended.until_on) == "2024-12-31"
    added = town.contact("Zoë")
    with town.working(town.world.club):
        assert db.session.scalars(select(Membership.status).where(Membership.contact_id == added.id)).all() == ["requested"]


def test_undo_takes_back_what_nobody_answered(town: Town) -> None:
    run = town.receive("P3;1001;Cis;Peeters;03/01/1950;V;Leuven;;;;accept", "P9;1001;Zoë;Nieuw;03/03/1960;V;;;;;")
    with town.working() as actor, transaction():
        decide_alike(get_run(run), "town", "theirs", actor=actor)
    applied(town, run)
    with town.working() as actor, transaction():
        start_undoing(get_run(run), actor=actor)
    work_off(town.app)
    assert status_of(town, "Cis") == "requested"
    assert {proposal.state for proposal in town.proposals()} == {"withdrawn"}
    with town.working():
        assert db.session.scalar(select(func.count()).select_from(ExchangeLink)) == 0
        assert get_run(run).state == "undone"


def test_a_crash_half_way_proposes_nothing_twice(town: Town, crash: Callable[[str], None]) -> None:
    run = town.receive("P9;1001;Zoë;Nieuw;03/03/1960;V;;;;;")
    with town.working() as actor, transaction():
        start_applying(get_run(run), actor=actor)
    crash("exchange.applied_batch")
    work_again(town.app)
    assert [proposal.kind for proposal in town.proposals()] == ["new"]
    with town.working():
        assert get_run(run).state == "done"


def test_an_erased_person_is_gone_from_every_exchange(town: Town) -> None:
    applied(town, town.receive(ann()))
    run = town.receive(ann(town="Leuven"))
    applied(town, run)
    with town.app.app_context(), inside(town.world.club) as actor:
        from core.api import get_contact  # noqa: PLC0415 -- only here

        contact = get_contact(town.people["Ann"])
        told = data_about(contact)
        assert (told["exchanges"][0]["number"], told["exchange_proposals"][0]["state"]) == ("P1", "waiting")
        registry().plugins.tell("contact_erased", contact=contact, actor=actor)
        assert data_about(contact) == {}
    assert town.proposals() == []
    with town.working():
        assert [row.label for row in db.session.scalars(select(ExchangeRow).where(ExchangeRow.run_id == run))] == [""]


def test_rows_are_kept_for_a_month_and_the_log_stays(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    run = town.receive(ann(), "P9;1001;Zoë;Nieuw;03/03/1960;V;;;;;")
    with town.app.app_context():
        rule = registry().get("retention_rules", "exchange_rows")
        assert apply(rule) == 0
    with town.working(), transaction():
        get_run(run).created_at = get_run(run).created_at.replace(year=2020)
    with town.app.app_context():
        assert apply(rule) == 2
    with town.working():
        assert get_run(run).counts == {"changed": 1, "new": 1}
        assert get_run(run).rows_forgotten_at is not None


@pytest.mark.parametrize(
    ("values", "links", "field"),
    [
        ({"name": " "}, LINKS, "name"),
        ({"legal_basis": "because"}, LINKS, "legal_basis"),
        ({"sends": False, "receives": False}, LINKS, "sends"),
        ({}, [*LINKS[1:]], "column-number"),
        ({}, [*LINKS, Link("street", "town")], "column-street"),
    ],
    ids=["name", "basis", "direction", "key", "twice"],
)
def test_what_is_wrong_with_an_exchange_is_said_beside_it(town: Town, values: dict[str, Any], links: list[Link], field: str) -> None:
    with town.working() as actor, pytest.raises(UserMistake) as caught, transaction():
        save_exchange(None, {**VALUES, "name": "Another", **values}, links, actor=actor)
    assert caught.value.field == field


def test_pages_of_federation_and_club(town: Town, admin: Person, login: Callable[[str], FlaskClient]) -> None:
    edit = admin.page(f"/exchange/{town.exchange}/edit")
    assert 'value="Sex"' in edit
    typed = {"name": "Other", "partner": "X", "purpose": "Y", "legal_basis": "consent", "sends": "y", "column-number": "Nr", "values-number": "no pair"}
    answer = admin.post("/exchange/new", **typed)
    assert answer.status_code == 422
    assert "Write one pair on each line" in answer.text
    assert 'value="Other"' in answer.text
    for name, data in (("", b""), ("list.xlsx", b"PK\x03\x04"), ("list.csv", b"A;B\n1;2\n")):
        answer = admin.post(f"/exchange/{town.exchange}/receive", file=(io.BytesIO(data), name))
        assert answer.status_code == 422
    text = "Nr;Club;First;Last;Born;Town\nP1;1001;Ann;Peeters;01/01/1950;Leuven\n"
    answer = admin.post(f"/exchange/{town.exchange}/receive", file=(io.BytesIO(text.encode()), "p.csv"))
    run = int(answer.location.rsplit("/", 1)[1])
    work_off(town.app)
    assert "1 difference waits for your decision" in admin.page(f"/exchange/runs/{run}")
    row = town.rows(run)["P1"].id
    assert "Leuven" in admin.page(f"/exchange/runs/{run}/conflicts")
    assert admin.post(f"/exchange/runs/{run}/conflicts", **{f"{row}.town": "theirs"}).status_code == 302
    admin.post(f"/exchange/runs/{run}/apply")
    work_off(town.app)
    club = Person(login("admin.a"), "club-a")
    assert "Ann Peeters" in club.page("/crm/proposals/")
    pk = town.proposals()[0].id
    assert "Leuven" in club.page(f"/crm/proposals/{pk}")
    assert club.post(f"/crm/proposals/{pk}/accept").status_code == 302
    assert town.contact("Ann").town == "Leuven"
    assert "Accepted" in club.page("/crm/answered-proposals/")


def test_planted_foreign_ids(town: Town, admin: Person, login: Callable[[str], FlaskClient]) -> None:
    run = town.receive("P9;1001;Zoë;Nieuw;03/03/1960;V;;;;;", ann(town="Leuven"))
    applied(town, run)
    pk = town.proposals()[0].id
    other = Person(login("admin.b"), "club-b")
    assert other.get(f"/crm/proposals/{pk}").status_code == 404
    assert other.post(f"/crm/proposals/{pk}/accept").status_code == 404
    stranger = Person(login("admin.g"), "federation-g")
    assert stranger.get(f"/exchange/{town.exchange}").status_code == 404  # switched off there
    row = town.rows(run)["P1"].id
    another = town.receive("P8;1001;Zoë;Anders;03/03/1960;V;;;;;")
    assert admin.post(f"/exchange/runs/{another}/conflicts", **{f"{row}.town": "theirs"}).status_code == 404
    assert admin.get("/exchange/runs/999999").status_code == 404
    with town.working(town.world.other_club):
        assert db.session.scalar(select(func.count()).select_from(Proposal)) == 0
    with town.app.app_context(), scope(town.world.other_federation):
        assert db.session.scalar(select(func.count()).select_from(ExchangeRun)) == 0
        assert db.session.scalar(select(func.count()).select_from(Proposal)) == 0
