"""A club brings in its list: from the template to the members."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core import clock
from tests.browser.conftest import Person

PEOPLE = 200


@pytest.mark.covers("R098", "R099", "R101", "R105", "R112", "R113")
def test_two_hundred_members_with_sports_come_in_through_the_wizard(visit: Callable[..., Person], tmp_path: Path) -> None:
    person = visit("admin.brugge")
    page = person.page
    person.go("/o/trefpunt-brugge/crm/contacts/")
    before = int(page.locator("#results form[data-total]").get_attribute("data-total"))
    page.locator(".k-fab button").click()
    page.get_by_role("link", name="Add several contacts").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the template").click()
    columns = next(csv.reader(io.StringIO(waiting.value.path().read_text("utf-8-sig")), delimiter=";"))

    page.set_input_files("#file", _list(columns, tmp_path / "members.csv"))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your list")
    stats = page.locator("#import-stats")
    expect(stats).to_contain_text(f"{len(columns)}\nmatching columns\n0\nnon-matching columns", use_inner_text=True)
    expect(stats).to_contain_text(f"{PEOPLE - 1}\nrows are in order", use_inner_text=True)
    expect(stats).to_contain_text("1\nrow to correct", use_inner_text=True)

    cell = page.locator("#grid input[aria-invalid=true]")
    expect(cell).to_have_count(1)
    cell.fill("14/05/1954")
    cell.blur()
    expect(stats).to_contain_text(f"{PEOPLE}\nrows are in order", use_inner_text=True)
    page.get_by_role("button", name=f"Continue with {PEOPLE} rows").click()

    expect(page.get_by_label(f"Make {PEOPLE} new contacts")).to_be_checked()
    expect(page.get_by_text(f"for {PEOPLE} rows in which it is filled in")).to_be_visible()
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_role("heading", name="Import completed", level=2)).to_be_visible(timeout=60_000)
    expect(page.locator("#outcome")).to_contain_text(f"{PEOPLE}\nnew contacts", use_inner_text=True)

    expect(page.get_by_role("link", name="Close")).to_be_visible()
    page.get_by_role("link", name="Show the new contacts").click()
    assert page.locator("#results form[data-total]").get_attribute("data-total") == str(PEOPLE)
    person.go("/o/trefpunt-brugge/crm/requests/?q=importeur")
    assert page.locator("#results form[data-total]").get_attribute("data-total") == str(PEOPLE)
    person.go("/o/trefpunt-brugge/crm/contacts/")
    assert int(page.locator("#results form[data-total]").get_attribute("data-total")) == before + PEOPLE


def _list(columns: list[str], path: Path) -> Path:
    """A list as a club keeps it, with one impossible birth date."""
    known = {
        "Family name": lambda n: f"Importeur{chr(97 + n // 26)}{chr(97 + n % 26)}",
        "First name": lambda n: "Renée" if n % 2 else "Gérard",
        "Gender": lambda n: "F" if n % 2 else "M",
        "Birth date": lambda n: "31/02/1954" if n == 7 else f"{n % 28 + 1:02}/{n % 12 + 1:02}/{1940 + n % 30}",
        "Street": lambda n: "Langestraat",
        "House number": lambda n: str(n + 1),
        "Postcode": lambda n: "8000",
        "Town": lambda n: "Brugge",
        "Country": lambda n: "België",
        "E-mail address 1": lambda n: f"import{n}@post.example",
        "OKRA-SPORT+ membership type": lambda n: "Sporting member",
        "OKRA-SPORT+ membership start date": lambda n: f"{clock.today():%d/%m/%Y}",
        "OKRA-SPORT+ Sport": lambda n: "Badminton, Fitness" if n % 3 else "Padel",
    }
    assert known.keys() <= set(columns)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(columns)
        writer.writerows([known[column](number) if column in known else "" for column in columns] for number in range(PEOPLE))
    return path
