"""A list of contacts with columns and filters as a plugin would add them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask_babel import force_locale

from core.access import system_actor
from core.lists.contacts.definitions import CONTACTS
from core.lists.engine import Sort, fetch_page
from core.lists.filterset import FilterSet
from core.lists.listing import make_listing


@pytest.fixture(autouse=True)
def english(request):
    """Sentences are compared in the language they are written in."""
    if "context" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("context")
    with force_locale("en"):
        yield


@pytest.fixture
def listing():
    """The core's list, without the columns of any plugin or extra field."""
    return make_listing(replace(CONTACTS, extra_fields=()), system_actor(1))


@pytest.fixture
def ask(listing):
    """ask("f.town.is=Herent") -> names found, in order."""

    def answer(query: str = "", *, sort: str | None = None, listing=listing, size: int = 100) -> list[str]:
        asked = FilterSet.parse(query, listing)
        page = fetch_page(listing, asked, columns=[listing.columns["first_name"]], sort=Sort.parse(sort, listing), size=size)
        return [row.values[0] for row in page.rows]

    return answer


