"""The list page over HTTP: what it shows, what it costs, and what it does with strange addresses."""

from __future__ import annotations

import re
import threading
from html import unescape
from itertools import product

import pytest
from flask_babel import force_locale

from core.access import Actor
from core.contacts.models import Contact
from core.db import insert_rows
from core.lists.columns import Column
from core.lists.contacts.definitions import CONTACTS
from core.lists.filterset import FilterSet
from core.lists.listing import make_listing
from core.testing.factories import inside, make_contact
from core.testing.plugin import csrf_of

LIST = "/o/club-a/crm/contacts/"


@pytest.fixture
def club(world, app):
    with app.app_context(), inside(world.club):
        for n in range(30):
            make_contact(f"First{n:02}", f"Last{n:02}", town="Herent" if n % 2 else "Leuven", email_1=f"p{n}@mail.example")
    with app.app_context(), inside(world.other_club):
        make_contact("Bob", "Theirs")
    return world


def names(html: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'data-select-row aria-label="Select ([^"]+)"', html)]


def notices(html: str) -> list[str]:
    return [unescape(text) for text in re.findall(r'<p class="k-grow align-self-center mb-0">(.*?)</p>', html)]


def test_page_shows_own_contacts(club, login):
    page = login("admin.a").get(LIST)

    assert page.status_code == 200, page.text[-3000:]
    assert names(page.text) == [f"Last{n:02} First{n:02}" for n in range(25)]
    assert "Theirs" not in page.text
    assert "1–25 of 30" in page.text


def test_one_pages_forth_and_back(club, login):
    client = login("admin.a")
    first = client.get(LIST).text

    following = client.get(unescape(re.search(r'href="([^"]+)" id="next-top"', first)[1]))
    back = client.get(unescape(re.search(r'href="([^"]+)" id="previous-top"', following.text)[1]))

    assert names(following.text) == [f"Last{n:02} First{n:02}" for n in range(25, 30)]
    assert names(back.text) == names(first)


def test_sorting_turns_around(club, login):
    client = login("admin.a")

    assert names(client.get(f"{LIST}?sort=-name").text)[0] == "Last29 First29"
    assert names(client.get(f"{LIST}?sort=town").text)[:2] == ["Last01 First01", "Last03 First03"]
    assert 'aria-sort="descending"' in client.get(f"{LIST}?sort=-town").text


@pytest.mark.covers("R115", "R116", "R121")
def test_the_panel_asks_and_the_chips_say_what_was_asked(club, login):
    client = login("admin.a")
    panel = client.get(f"{LIST}panel").text
    assert "Contact details" in panel and "Reset" in panel
    assert re.findall(r'name="o.town".*?</select>', panel, re.DOTALL)[0].count("<option") == 4

    asked = client.get(f"{LIST}filter?o.town=contains&v.town=heren&o.town=is&v.town=Leuven&f.age.from=&q=")
    assert asked.location == f"{LIST}?f.town.contains=heren&f.town.is=Leuven"
    page = client.get(asked.location).text
    assert "Town contains <b>heren</b> or is <b>Leuven</b>" in page
    assert len(names(page)) == 25
    assert "30 contacts" in client.get(f"{LIST}count?f.town.contains=e").text


@pytest.mark.covers("R125", "R126", "R127", "R128")
def test_the_choice_of_columns_is_kept_per_list_and_person(club, login):
    client = login("admin.a")
    chooser = client.get(f"{LIST}columns").text
    assert "Load time" in chooser and "Contact</legend>" in chooser

    client.post(f"{LIST}columns", data={"csrf_token": csrf_of(chooser), "columns": ["name", "email_1"], "apply": "1"})

    def heads(page):
        return [re.sub("<.*?>", "", head).strip() for head in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page, re.DOTALL)]

    assert heads(client.get(LIST).text)[:2] == ["Name", "E-mail address 1"]
    assert heads(client.get("/o/club-a/crm/bin/").text)[:2] != ["Name", "E-mail address 1"]
    assert heads(login("admin.a").get(LIST).text)[:2] == ["Name", "E-mail address 1"]
    client.post(f"{LIST}columns", data={"csrf_token": csrf_of(chooser), "usual": "1"})
    assert heads(client.get(LIST).text)[:3] == ["Name", "Age", "Town"]
    nothing = client.post(f"{LIST}columns", data={"csrf_token": csrf_of(chooser), "apply": "1"})
    assert (nothing.status_code, "Choose at least one column." in nothing.text) == (422, True)


def test_all_results_can_be_chosen(club, login):
    client = login("admin.a")
    page = client.get(f"{LIST}?f.town.is=Herent&all=1").text
    assert "15 selected" in page

    answer = client.post(f"{LIST}select", data={"csrf_token": csrf_of(page), "all": "1", "query": "f.town.is=Herent"}, follow_redirects=True)

    assert "15 selected" in answer.text and "Remove contacts" in answer.text


def test_ticking_nothing_or_somebody_elses_row_says_so(club, login, app):
    client = login("admin.a")
    token = csrf_of(client.get(LIST).text)

    for ids in ([], ["31"], ["999999"], ["x", "-1", "99999999999999999999"]):
        answer = client.post(f"{LIST}select", data={"csrf_token": token, "ids": ids})
        assert (answer.status_code, "Nothing is selected. Tick at least one row." in answer.text) == (422, True), ids


def test_a_question_half_understood_is_never_acted_upon(club, login):
    client = login("admin.a")
    token = csrf_of(client.get(LIST).text)

    for query in ("f.town.is=Herent&f.nonsense.is=1", "&".join(f"f.town.is=a{n}" for n in range(1_500))):
        answer = client.post(f"{LIST}select", data={"csrf_token": token, "all": "1", "query": query})
        assert answer.status_code == 422


STRANGE = [
    ("sort=organisation_id", "This list cannot be sorted on “organisation_id”."),
    ("sort=created_by.password", "This list cannot be sorted on “created_by.password”."),
    ("sort=remarks", "This list cannot be sorted on “remarks”."),
    ("sort=", None),
    ("size=100000000", "A page has 25, 50 or 100 rows."),
    ("size=-1", "A page has 25, 50 or 100 rows."),
    ("at=nonsense", "This page of the list is no longer there. Here is the first page."),
    ("at=" + "A" * 5_000, "This page of the list is no longer there. Here is the first page."),
    ("at=%00%ff", "This page of the list is no longer there. Here is the first page."),
    ("f.extra.is=1", "“extra” is not something you can filter on here."),
    ("f.organisation_id.is=2", "“organisation_id” is not something you can filter on here."),
    ("f.whose.contains=a", "“whose” is not something you can filter on here."),
    ("f.search_text.contains=a", "“search_text” is not something you can filter on here."),
    ("f.town.like=%25", "“like” cannot be asked of Town."),
    ("f.=1", "“f.” is not something you can filter on here."),
    ("f.birth_date.on=31/02/1950", "“31/02/1950” is not a date. Write Birth date as dd/mm/yyyy."),
    ("f.age.from=abc", "“abc” is not a number. Write Age in digits."),
    ("f.gender.is=Q", "“Q” is not one of the choices for Gender."),
    ("f.town.contains=a%00b", "The value for Town is too long or has characters that cannot be typed."),
    ("f.town.contains=" + "a" * 3_000, "The value for Town is too long or has characters that cannot be typed."),
    ("q=" + "a" * 3_000, None),
    ("q=%00%ff%27%22%3Cscript%3E", None),
    ("q=&f.town.is=&all=x&page=abc&_oc_X=password", None),
    ("f.import.is=99999999999999999999", "“99999999999999999999” is not one of the choices for Came with an import."),
]


def test_strange_addresses_are_told_in_words(club, login):
    client = login("admin.a")

    for query, message in STRANGE:
        page = client.get(f"{LIST}?{query}")
        assert (query, page.status_code, notices(page.text)) == (query, 200, [message] if message else [])


def test_what_was_not_understood_shows_no_rows(club, login):
    page = login("admin.a").get(f"{LIST}?f.nonsense.is=1").text

    assert names(page) == []
    assert "This list is not shown" in page


def test_strange_addresses_of_the_other_pages_are_no_mistake_of_ours(club, login):
    client = login("admin.a")
    queries = ("f.town.like=1&sort=x&size=y&at=z", "f.nonsense.is=%00", "name=%00&o.town=nonsense&v.town=x", "o.town=is&v.town=")

    for path, query in product(("panel", "columns", "filter", "count", "missing", "saved", "saved/new", "row/1"), queries):
        assert client.get(f"{LIST}{path}?{query}").status_code in (200, 302), (path, query)
    assert client.get(f"{LIST}row/31").status_code == 404
    assert client.get(f"{LIST}row/99999999999999999999999").status_code == 404


def test_a_column_or_filter_without_the_right_does_not_exist_over_http(club, login):
    client = login("admin.a")

    assert "“salary”" in client.get(f"{LIST}?sort=salary").text
    assert "“salary”" in client.get(f"{LIST}?f.salary.is=1").text


def test_a_page_holds_at_most_a_hundred_rows(club, login, app):
    with app.app_context(), inside(club.club):
        common = {"first_name": "A", "search_text": "", "extra": {}, "whose": {}}
        insert_rows(Contact, [{**common, "last_name": f"B{n:04}", "name_key": f"b{n:04} a"} for n in range(300)])
    client = login("admin.a")

    assert [len(names(client.get(f"{LIST}?size={size}").text)) for size in ("25", "50", "100", "250", "100000")] == [25, 50, 100, 25, 25]


def test_why_somebody_is_missing(club, login):
    page = login("admin.a").get(f"{LIST}missing?name=First03&f.town.is=Leuven").text

    assert "Last03 First03" in page and "Town is Leuven" in page


@pytest.mark.parametrize("rows", [1, 3, 25])
def test_a_page_costs_at_most_eight_statements_whatever_it_shows(world, app, login, queries, rows):
    with app.app_context(), inside(world.club):
        for n in range(rows):
            make_contact(f"First{n:02}", "Last", town="Herent")
    client = login("admin.a")
    client.get(LIST)  # what is remembered between requests

    counted = queries()
    page = client.get(LIST).text
    seen = len(counted)

    assert len(names(page)) == rows
    assert seen <= 8, "\n".join(counted)
    with_filter = len(counted)
    client.get(f"{LIST}?f.town.is=Herent&q=last&sort=-town")
    assert len(counted) - with_filter <= 9, "\n".join(counted[with_filter:])


def test_requests_at_the_same_time_never_mix(club, login):
    """FAB keeps one object with filter values for all threads; ours belong to one request."""
    clients = [login("admin.a") for _ in range(4)]
    wrong: list[str] = []

    def ask(client, town):
        for _time in range(12):
            page = client.get(f"{LIST}?f.town.is={town}&size=50").text
            found = names(page)
            if f"Town is <b>{town}</b>" not in page or len(found) != 15 or any((int(name[4:6]) % 2 == 1) != (town == "Herent") for name in found):
                wrong.append(f"{town}: {found}")

    threads = [threading.Thread(target=ask, args=(client, "Herent" if n % 2 else "Leuven")) for n, client in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_hidden_columns_are_not_in_the_listing(club, app):
    with app.app_context(), force_locale("en"):
        nobody = Actor(1, "Member", club.club.id, permissions=frozenset({"contacts.read"}))
        secret = Column("secret", "contacts", "Secret", "Private", expression=Contact.remarks, order_by=(Contact.remarks,), permission="contacts.secret")
        listing = make_listing(CONTACTS, nobody, columns=[secret])
        assert "secret" not in listing.columns
        assert FilterSet.parse("f.secret.is=1", listing).problems[0].message == "“secret” is not something you can filter on here."


def test_the_bin_is_a_list_of_its_own(club, login, app):
    client = login("admin.a")
    page = client.get("/o/club-a/crm/bin/")

    assert page.status_code == 200
    assert "The bin is empty" in page.text
    assert login("member.a").get("/o/club-a/crm/bin/").status_code == 403
