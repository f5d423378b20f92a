"""Contacts and memberships are two lists, side by side."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.testing.factories import World, inside, make_contact


@pytest.mark.covers("R069", "R072")
def test_contacts_memberships_and_requests_have_tabs_with_numbers_of_their_own(
    app: Flask, world: World, ask: Callable[..., int], login: Callable[[str], FlaskClient]
) -> None:
    with app.app_context():
        ask(first_name="Asks")
    with app.app_context(), inside(world.club):
        make_contact("Only", "Contact")
        make_contact("Another", "Contact")

    page = login("admin.a").get("/o/club-a/crm/contacts/").text

    seg = page[page.index('class="k-seg"') :]
    tabs = re.findall(r">([A-Z][a-z ]+) <span class=\"k-count\">([0-9]+)</span>", seg[: seg.index("</nav>")])
    assert tabs == [("Contacts", "3"), ("Memberships", "0"), ("Requests in progress", "1"), ("Corrections", "0")]
