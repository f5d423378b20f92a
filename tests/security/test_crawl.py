"""The crawl: what admin B can reach, replayed as admin A with the address changed. Nothing may come of it."""

from __future__ import annotations

from collections.abc import Container, Iterable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import JSON, String, select

import plugins
from core import config as configuration
from core.app import create_app
from core.db import SIGNED, db, metadata, transaction
from core.extend.registry import registry
from core.testing.databases import TestDatabase
from core.users.models import User
from core.users.permissions import forget, sync_permissions
from tests.security import crawl
from tests.security import town as arranged
from tests.security.conftest import Town, furnish
from tests.security.town import CHOIRS, DOUBLE, FEDERATION, OF_EACH, A, B

ENDS_A_LOGIN = ("/logout/",)
#: where each federation, and their club, keeps what the secrets stand in: asked first, since one address of each kind is followed
OF_BOTH = (
    "/o/{}/federation/members/?q=secret", "/o/{}/federation/groups/?q=secret", "/o/{}/federation/requests/?q=secret", "/o/{}/invoicing/invoices/?q=torhout",
    "/o/{}/clubs/?q=torhout",
)  # fmt: skip
OF_THE_CLUB = ("/o/{}/crm/contacts/?q=secret", "/o/{}/crm/memberships/?q=secret", "/o/{}/invoices/", "/o/{}/groups/")
HERE = Path(__file__).parent


def intrude(town: Town, victim: str, intruder: str, *, most: int = crawl.MOST_PER_ENDPOINT) -> tuple[crawl.Recording, crawl.Findings]:
    """Record as the admin of one club, replay as the admin of another one."""
    app = town.app
    theirs, mine = town.client(arranged.ADMIN_OF[victim]), town.client(arranged.ADMIN_OF[intruder])
    secrets = arranged.secrets_of(app, arranged.organisation_id(app, victim))
    assert len(secrets) > 100
    before = arranged.dump(app)
    recording = crawl.record(app, theirs, victim, most=most, secrets=secrets)
    own = crawl.record(app, mine, intruder, most=most)
    assert arranged.difference(before, arranged.dump(app)) == {}, "looking changed something"
    return recording, replay(town, recording, own, secrets)


def replay(
    town: Town, recording: crawl.Recording, own: crawl.Recording, secrets: Iterable[str], *, known: Container[str] = (), club: str = ""
) -> crawl.Findings:
    """What one admin recorded, sent by the admin of `own`, with the address changed and as it was. No row of the first may change.

    known: endpoints that were replayed before; of those only the pages on which a secret stood.
    club: one of a federation that is intruded, whose rows for that federation may not change either.
    """
    app, victim, intruder = town.app, recording.slug, own.slug
    mine, owner = town.client(arranged.ADMIN_OF[intruder]), arranged.organisation_id(app, victim)
    club_id = arranged.organisation_id(app, club) if club else None
    findings = crawl.Findings()
    token = arranged.token_of(mine, f"/o/{intruder}/api-keys/add")
    for path in recording.pages:
        if _endpoint(app, path) not in known or path in recording.telling:
            for address in (path, crawl.swapped(path, victim, intruder)):
                crawl.look(findings, f"GET {address}", mine.get(address), secrets)
    untouched = _rows(app, owner, club_id)
    forms = [form for form in recording.forms.values() if _endpoint(app, form.path, form.method) not in known]
    targets = [(form, form.path, None) for form in forms]
    targets += [(form, crawl.swapped(form.path, victim, intruder), None) for form in forms]
    targets += [target for target in _with_their_ids(recording, own, victim, intruder) if _endpoint(app, target[1], target[0].method) not in known]
    for form, address, fields in targets:
        name = f"{form.method} {address}"
        if address in ENDS_A_LOGIN or "/account/" in address:
            continue  # would end the session of the intruder herself
        answer = crawl.send(mine, form, address, token, fields)
        crawl.look(findings, name, answer, secrets)
        if answer.status_code < 400:
            untouched = _note_changes(findings, name, untouched, _rows(app, owner, club_id))
    _note_changes(findings, "one of the refused", untouched, _rows(app, owner, club_id))
    assert mine.get(f"/o/{intruder}/dashboard/").status_code == 200, "the intruder was logged out on the way"
    for path in own.pages:  # what she brought into her own club would show here
        if _endpoint(app, path) not in known:
            crawl.look(findings, f"GET {path}", mine.get(path), secrets)
    return findings


def _rows(app: Flask, owner: int, club_id: int | None) -> dict[str, list[str]]:
    of_club = arranged.dump(app, club_id, federation=owner) if club_id is not None else {}
    return arranged.dump(app, owner) | {f"{name} of the club": rows for name, rows in of_club.items()}


def _endpoint(app: Flask, path: str, method: str = "GET") -> str:
    found = crawl.endpoint_of(app, path, method)
    return found[0] if found is not None else ""


def _note_changes(findings, name, before, after):
    if after != before:
        findings.changed.append(f"{name}: {sorted(arranged.difference(before, after))}")
    return after


def _with_their_ids(recording, own, victim, intruder):
    """The intruder's own forms, with ids of the victim in their fields."""
    for (method, path), theirs in recording.forms.items():
        mine = own.forms.get((method, crawl.swapped(path, victim, intruder)))
        if mine is None:
            continue
        numbers = {name: value for name, value in theirs.fields if value.isdigit()}
        if any(name in numbers and value != numbers[name] for name, value in mine.fields):
            yield mine, mine.path, [(name, numbers.get(name, value)) for name, value in mine.fields]


def test_admin_a_gets_nothing_of_club_b(town, capsys):
    recording, findings = intrude(town, B, A)
    with capsys.disabled():
        recorded = f"{recording.requests} addresses and {len(recording.forms)} forms recorded"
        print(f"\ncrawl: {recorded}, {findings.requests} requests replayed, {len(findings.all())} findings")
    assert len(recording.telling) > 30, "positive control: the right person reads those secrets on many pages"
    reached = recording.endpoints(town.app)
    assert len(recording.pages) > 100 and len(recording.forms) > 40 and len(reached) > 60
    assert [path for path, code in recording.pages.items() if code >= 400] == []
    assert findings.all() == []
    town.crawled |= {*reached, *(_endpoint(town.app, form.path, form.method) for form in recording.forms.values())}


def test_of_a_club_in_two_federations_each_reads_what_is_its_own(town, capsys):
    """The admins of two federations, with other rules, and of the club that belongs to both; only pages the first crawl did not reach."""
    app, everything = town.app, sorted(secret for secrets in OF_EACH.values() for secret in secrets)
    before = arranged.dump(app)
    recorded = {
        slug: crawl.record(app, town.client(arranged.ADMIN_OF[slug]), slug, most=1, secrets=everything, first=[path.format(slug) for path in first])
        for slug, first in ((FEDERATION, OF_BOTH), (CHOIRS, OF_BOTH), (DOUBLE, OF_THE_CLUB))
    }
    assert arranged.difference(before, arranged.dump(app)) == {}, "looking changed something"
    assert {slug: sorted(recorded[slug].told) for slug in OF_EACH} == {slug: sorted(secrets) for slug, secrets in OF_EACH.items()}
    assert {secret for secret in everything if "line" not in secret} <= recorded[DOUBLE].told, "positive control: the club reads all of it"
    requests = 0
    for victim, intruder in ((FEDERATION, CHOIRS), (CHOIRS, FEDERATION)):
        findings = replay(town, recorded[victim], recorded[intruder], OF_EACH[victim], known=town.crawled, club=DOUBLE)
        assert findings.all() == [], (victim, intruder)
        requests += findings.requests
    findings = crawl.Findings()
    for of, by in ((DOUBLE, FEDERATION), (DOUBLE, CHOIRS), (FEDERATION, DOUBLE), (CHOIRS, DOUBLE)):
        client = town.client(arranged.ADMIN_OF[by])
        for path in recorded[of].telling:
            answer = client.get(path)
            crawl.look(findings, f"{by} GET {path}", answer, everything)
            assert answer.status_code in (403, 404), (by, path, answer.status_code)
    assert findings.all() == []
    with capsys.disabled():
        pages = sum(len(found.pages) for found in recorded.values())
        print(f"\ncrawl of two federations: {pages} pages recorded, {requests + findings.requests} requests replayed")


#: columns where the name of an administrator stands that are no signature, and how it goes from there
NAMES_ELSEWHERE = {
    ("audit_entry", "actor_name"): "emptied with what the person did",
    ("outbox_message", "text"): "the greeting of a mail to that person: goes with the address, and is wiped once sent",
    ("outbox_message", "html"): "the same",
}


def test_the_name_of_an_administrator_stands_only_where_it_can_be_emptied(town):
    """All of the town was made in their names; a column (or JSON) that keeps one without being a signature shows here."""
    with town.app.app_context(), arranged.everything() as connection:
        names = [f"{first} {arranged.OF_ADMINS}" for first in connection.execute(select(User.first_name).where(User.last_name == arranged.OF_ADMINS)).scalars()]
        places: dict[tuple[str, str], str] = {}
        for table in metadata.sorted_tables:
            columns = [column for column in table.columns if isinstance(column.type, (String, JSON))]
            for row in connection.execute(select(*columns)) if columns else ():
                for column, value in zip(columns, row, strict=True):
                    if value and any(name in str(value) for name in names):
                        places[table.name, column.name] = str(value)
    signed = {(table.name, column.name) for table in metadata.sorted_tables for column in table.columns if SIGNED in column.info}
    assert len(names) >= 5 and len(signed & places.keys()) >= 5, "positive control"
    assert {place: value for place, value in places.items() if place not in signed | NAMES_ELSEWHERE.keys()} == {}


@pytest.fixture
def with_hole(_app, database: TestDatabase):
    """The same platform, with a plugin that looks past the wall."""
    instance = furnish(_app, database).app.config["KOEPEL"].instance_dir
    forget()
    plugins.__path__.append(str(HERE / "plugins"))
    config = configuration.load({}, environment="test", instance_dir=instance, database_url=database.url, embedded_worker=False, ask_second_factor=False)
    app = create_app(config)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with app.app_context(), transaction():
        sync_permissions(registry())
    yield Town(app)
    plugins.__path__.remove(str(HERE / "plugins"))
    forget()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.mark.once
def test_the_crawl_finds_a_planted_hole(with_hole):
    """A view that reads unscoped, and one that writes unscoped."""
    _recording, findings = intrude(with_hole, B, A, most=1)
    read = {path.rpartition("/")[0] for path in findings.read}
    assert f"GET /o/{A}/hole" in read
    assert any(change.startswith(f"POST /o/{A}/hole/") and "contact" in change for change in findings.changed)
