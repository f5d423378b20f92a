"""The page over HTTP."""

import pytest

from core.testing.factories import inside, make_contact


@pytest.fixture
def club(world, app):
    with app.app_context(), inside(world.club):
        for n in range(30):
            make_contact(f"First{n:02}", f"Last{n:02}", town="Herent" if n % 2 else "Leuven", email_1=f"p{n}@mail.example")
    with app.app_context(), inside(world.other_club):
        make_contact("Bob", "Theirs")
    return world


def test_page_shows_own_contacts(club, login):
    page = login("admin.a").get("/o/club-a/crm/contacts/")

    assert page.status_code == 200, page.text[-3000:]
    assert page.text.count("data-select-row") == 25
    assert "Theirs" not in page.text
