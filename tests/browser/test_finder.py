"""A choir is published by its administrator and found by a stranger; another one is not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from core.demo.logins import PASSWORD
from tests.browser.conftest import PHONE, Person, Site, axe_violations, is_wider_than_screen
from tests.browser.server import ROOT

FEDERATION, CLUB, ADMIN = "vind-een-koor", "zangers-van-leuven", "admin.zangers"
FIND = f"/find/{FEDERATION}/"

_ARRANGE = """
import sys
from datetime import date
from core import clock
from core.app import create_app
from core.config import load
from core.db import transaction
from core.organisations.services import affiliate, create_organisation
from core.tenancy import unscoped
from core.testing.factories import inside
from core.users.services import create_user, give_role
from plugins.groups.api import add_group, add_season

instance, federation_slug, club_slug, username, password = sys.argv[1:]
app = create_app(load({}, environment="demo", instance_dir=instance, embedded_worker=False, log_level="WARNING"))
with app.app_context():
    with transaction(), unscoped("a federation of choirs for a walk in a browser"):
        federation = create_organisation(kind="federation", name="Koorverbond", slug=federation_slug, federation_plugin="koor_en_stem", accent="#8a1c4a")
        club = create_organisation(kind="club", name="Zangers van Leuven", slug=club_slug, town="Leuven")
        affiliate(club, federation, number="7")
        for name, where, role in ((username, club, "club_admin"), (username + ".f", federation, "federation_admin")):
            values = {"email": name + "@mail.example", "first_name": "Zang", "last_name": "Beheer", "password": password, "language": "en", "is_demo": True}
            give_role(create_user(username=name, **values), where, role)
    with inside(club) as actor:
        today = clock.today()
        year = today.year - (today.month < 10)
        days = {"name": f"{year}-{year + 1}", "start_on": date(year, 10, 1), "end_on": date(year + 1, 9, 30)}
        season = add_season({**days, "is_current": True, "is_active": True}, actor=actor)
        for name in ("Leuvens Kamerkoor", "Stille Groep"):
            add_group({"name": name, "type": "adults", "composition": "mixed"}, season, actor=actor)
"""


@pytest.fixture(scope="module")
def choirs(site: Site) -> Site:
    """A federation of choirs beside the demo, with one club that has two groups."""
    command = [sys.executable, "-c", _ARRANGE, str(site.instance), FEDERATION, CLUB, ADMIN, PASSWORD]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return site


def link(club: Person, group: str, *, publish: bool) -> None:
    """Link a group to the federation, as its administrator does."""
    page = club.page
    club.go(f"/o/{CLUB}/groups/")
    page.get_by_role("link", name=group).first.click()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("link", name="Link to Koorverbond").click()
    page.locator("[name='extra-published']").set_checked(publish)
    page.locator("[name='extra-rehearsal_day']").select_option("tuesday")
    page.locator("[name='extra-rehearsal_hour']").fill("20:00")
    page.locator("[name='extra-rehearsal_place']").fill("Zaal Zang")
    page.locator("[name='extra-rehearsal_postcode']").fill("3000")
    page.locator("[name='extra-rehearsal_town']").fill("Leuven")
    page.locator("[name='extra-group_email']").fill("kamerkoor@leuven.example")
    page.get_by_role("button", name="Link group").click()
    expect(page.locator(".k-flash")).to_contain_text("Koorverbond reads it from now on")


@pytest.mark.covers("R219", "R222", "R223")
def test_a_published_choir_is_found_by_a_stranger_and_another_is_not(visit: Callable[..., Person], choirs: Site) -> None:
    stranger = visit(None, PHONE)
    page = stranger.page
    stranger.go(FIND)
    expect(page.get_by_text("Nothing here yet")).to_be_visible()

    club = visit(ADMIN)
    link(club, "Leuvens Kamerkoor", publish=True)
    link(club, "Stille Groep", publish=False)
    expect(club.page.get_by_text("Not published: strangers do not find this group")).to_be_visible()
    club.go(f"/o/{CLUB}/groups/")
    club.page.get_by_role("link", name="Leuvens Kamerkoor").first.click()
    club.page.get_by_role("link", name="See what strangers see").click()
    expect(club.page.locator("h1")).to_have_text("Leuvens Kamerkoor")

    page.get_by_label("Postcode or town").fill("tienen")
    page.get_by_label("Distance").select_option("20")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="1 found")).to_contain_text("seen from Tienen")
    expect(page.locator("main")).to_contain_text("20 km")
    expect(page.locator("main")).not_to_contain_text("Stille Groep")
    assert is_wider_than_screen(page) == ""
    assert axe_violations(page) == []
    page.get_by_role("link", name="Leuvens Kamerkoor").click()
    expect(page.locator("main")).to_contain_text("Zaal Zang")
    expect(page.get_by_role("link", name="kamerkoor@leuven.example")).to_be_visible()
    assert is_wider_than_screen(page) == ""
    assert axe_violations(page) == []
    page.get_by_role("navigation", name="Language").get_by_role("link", name="Nederlands").click()
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    expect(page.locator("main")).to_contain_text("Dinsdag")

    stranger.expected = {422}
    stranger.go(f"{FIND}?where=nergenshuizen")
    expect(page.locator("#where-error")).to_contain_text("We do not know this postcode or town")
    assert axe_violations(page) == []

    federation = visit(f"{ADMIN}.f")
    federation.go(f"/o/{FEDERATION}/settings/groups/finder/")
    expect(federation.page.locator("main")).to_contain_text("1 group is published.")
    assert axe_violations(federation.page) == []
