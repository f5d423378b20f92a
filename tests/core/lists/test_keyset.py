"""Paging by place: every row once, whatever the sort, with ties and empty values."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from core.access import system_actor
from core.contacts.models import Contact
from core.db import insert_rows
from core.lists.columns import Column
from core.lists.engine import COUNT_LIMIT, Cursor, Sort, fetch_page
from core.lists.filterset import FilterSet
from core.lists.listing import make_listing
from core.testing.factories import inside, make_contact

TOWNS = ("Herent", None, "Leuven", "Herent", "", "aalst", None, "Élewijt")


@pytest.fixture
def crowd(context, world):
    """43 contacts with ties and gaps in every sortable column, and one of another club."""
    with inside(world.other_club):
        make_contact("Bob", "Theirs", town="Herent")
    with inside(world.club):
        rows = [
            {
                "first_name": f"First{n % 5}",
                "last_name": f"Last{n % 7}",
                "name_key": f"last{n % 7} first{n % 5}",
                "search_text": "",
                "town": TOWNS[n % len(TOWNS)],
                "birth_date": None if n % 4 == 0 else date(1950 + n % 3, 5, 1),
                "email_1": None if n % 3 else f"p{n % 6}@x.example",
                "extra": {},
                "created_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n % 6, microseconds=n % 2),
            }
            for n in range(43)
        ]
        insert_rows(Contact, rows)
        yield


def walk(listing, sort, size):
    """Page forwards to the end, then backwards to the start; the ids of each page."""
    asked = FilterSet.parse("", listing)
    forwards, cursor = [], None
    while True:
        page = fetch_page(listing, asked, columns=[listing.columns["town"]], sort=sort, cursor=cursor, size=size)
        forwards.append(page)
        if page.next is None:
            break
        cursor = page.next
    backwards = [forwards[-1]]
    while backwards[-1].previous is not None:
        backwards.append(fetch_page(listing, asked, columns=[listing.columns["town"]], sort=sort, cursor=backwards[-1].previous, size=size))
    return forwards, backwards


SORTABLE = ("name", "first_name", "last_name", "age", "birth_date", "town", "email_1", "created_at", "address", "country")


def test_pages_visit_every_row_once(crowd, listing):
    for name, descending in product(SORTABLE, (False, True)):
        forwards, backwards = walk(listing, Sort(listing.columns[name], descending), 5)

        ids = [row.id for page in forwards for row in page.rows]
        assert (name, descending, len(ids), len(set(ids))) == (name, descending, 43, 43)
        assert [row.id for page in reversed(backwards) for row in page.rows] == ids
        assert [page.start for page in forwards] == [1, 6, 11, 16, 21, 26, 31, 36, 41]
        assert [page.start for page in backwards] == [41, 36, 31, 26, 21, 16, 11, 6, 1]
        assert {page.total for page in forwards} == {43}


@pytest.mark.parametrize("descending", [False, True])
def test_rows_without_a_value_come_last_both_ways(crowd, listing, descending):
    page = fetch_page(
        listing, FilterSet.parse("", listing), columns=[listing.columns["birth_date"]], sort=Sort(listing.columns["birth_date"], descending), size=100
    )

    values = [row.values[0] for row in page.rows]
    filled = [v for v in values if v is not None]
    assert values == [*filled, *[None] * 11]
    assert filled == sorted(filled, reverse=descending)


def test_mixed_directions_visit_every_row_once(crowd, listing):
    column = Column("mixed", "contacts", "Mixed", "Test", expression=Contact.town, order_by=(Contact.town.desc(), Contact.last_name, Contact.birth_date.desc()))
    mixed = make_listing(listing.definition, system_actor(1), columns=[column])

    forwards, _backwards = walk(mixed, Sort(mixed.columns["mixed"]), 4)

    assert len({row.id for page in forwards for row in page.rows}) == 43


def test_a_row_added_before_the_cursor_is_not_shown_twice(crowd, listing):
    asked, sort = FilterSet.parse("", listing), Sort(listing.columns["name"])
    first = fetch_page(listing, asked, columns=[], sort=sort, size=5)
    make_contact("Aaron", "Aaa")

    second = fetch_page(listing, asked, columns=[], sort=sort, cursor=first.next, size=5)

    assert {r.id for r in first.rows} & {r.id for r in second.rows} == set()


def test_going_back_to_the_start_gives_a_whole_page(crowd, listing):
    asked, sort = FilterSet.parse("", listing), Sort(listing.columns["name"])
    first = fetch_page(listing, asked, columns=[], sort=sort, size=5)
    make_contact("Aaron", "Aaa")
    second = fetch_page(listing, asked, columns=[], sort=sort, cursor=first.next, size=5)

    back = fetch_page(listing, asked, columns=[], sort=sort, cursor=second.previous, size=25)

    assert (back.start, len(back.rows), back.previous) == (1, 25, None)


def test_a_cursor_behind_the_last_row_shows_the_first_page(crowd, listing):
    asked, sort = FilterSet.parse("", listing), Sort(listing.columns["first_name"])

    page = fetch_page(listing, asked, columns=[], sort=sort, cursor=Cursor(("zzz", 10**9), False, 900), size=5)

    assert (page.start, page.total, len(page.rows)) == (1, 43, 5)


def test_counting_stops_at_1001(context, world, listing):
    with inside(world.club):
        insert_rows(
            Contact, [{"first_name": "A", "last_name": "B", "name_key": "b a", "search_text": "", "extra": {}} for _ in range(COUNT_LIMIT + 50)]
        )
        page = fetch_page(listing, FilterSet.parse("", listing), columns=[], sort=Sort(listing.columns["name"]))

    assert (page.total, page.is_capped) == (1_001, True)


def test_one_row_and_three_rows_cost_the_same_queries(context, world, listing, queries):
    seen = []
    for people in (1, 2):
        with inside(world.club):
            for _n in range(people):
                make_contact(town="Herent")
            counted = queries()
            page = fetch_page(listing, FilterSet.parse("", listing), columns=list(listing.columns.values()), sort=Sort(listing.columns["name"]))
            seen.append((len(page.rows), len(counted)))

    assert seen == [(1, 1), (3, 1)]
