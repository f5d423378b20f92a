"""A member's own page: not empty, and nothing of anybody else."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.db import db
from core.testing.factories import World, inside, make_contact
from core.users.models import OrganisationRole, User


def _link(app: Flask, world: World) -> None:
    with app.app_context(), inside(world.club):
        contact = make_contact("Godelieve", "Peeters", email_1="godelieve@post.example", town="Aarschot", street="Kerkstraat")
        make_contact("Somebody", "Else", email_1="else@post.example")
        role = db.session.scalars(select(OrganisationRole).join(User, User.id == OrganisationRole.user_id).where(User.username == "member.a")).one()
        role.contact_id = contact.id
        db.session.flush()


def test_a_member_starts_at_home(login: Callable[[str], FlaskClient]) -> None:
    client = login("member.a")
    assert client.get("/").headers["Location"] == "/o/club-a/home/"
    assert client.get("/o/club-a/dashboard/").status_code == 403


def test_an_administrator_starts_at_the_dashboard(login: Callable[[str], FlaskClient]) -> None:
    client = login("admin.a")
    assert client.get("/").headers["Location"] == "/o/club-a/dashboard/"
    assert client.get("/o/club-a/home/").status_code == 200


def test_home_shows_what_the_club_knows_of_the_reader_and_of_nobody_else(app: Flask, world: World, login: Callable[[str], FlaskClient]) -> None:
    _link(app, world)
    page = login("member.a").get("/o/club-a/home/").text
    assert [text in page for text in ("Godelieve Peeters", "godelieve@post.example", "Kerkstraat")] == [True] * 3
    assert [text in page for text in ("Somebody", "else@post.example")] == [False] * 2


def test_home_without_a_linked_contact_says_what_to_do(login: Callable[[str], FlaskClient]) -> None:
    page = login("member.a").get("/o/club-a/home/")
    assert page.status_code == 200
    assert "Your account is not linked to a contact of this club." in page.text


def test_a_stranger_finds_no_home(login: Callable[[str], FlaskClient]) -> None:
    assert login("member.a").get("/o/club-b/home/").status_code == 404
