"""OR within a field, AND between fields, and nothing dropped in silence."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import exists

from core import clock
from core.access import system_actor
from core.contacts.models import Contact, ContactFunction
from core.db import db
from core.errors import UserMistake
from core.lists.contacts.definitions import CONTACTS
from core.lists.filters import Filter
from core.lists.filterset import FilterSet
from core.lists.listing import make_listing
from core.testing.factories import inside, make_contact

TYPES = [("sporting", "Sporting member"), ("playing", "Playing member"), ("supporting", "Supporting member")]
SPORTS = [("padel", "Padel"), ("badminton", "Badminton")]


def holds(prefix):
    """A condition as the memberships plugin makes them: on rows of a table of its own."""

    def condition(_operator, value):
        return exists().where(ContactFunction.contact_id == Contact.id, ContactFunction.function == f"{prefix}:{value}")

    return condition


@pytest.fixture
def listing():
    plugin = [
        Filter("membership.type", "contacts", "Type of membership", "Membership details", "choice", holds("type"), choices=lambda: TYPES, operators=("is",)),
        Filter("membership.sport", "contacts", "Sport", "Membership details", "choice", holds("sport"), choices=lambda: SPORTS, operators=("is",)),
        Filter(
            "is_member", "contacts", "Is a member", "Membership details", "yes_no", lambda _o, v: exists().where(ContactFunction.contact_id == Contact.id) == v
        ),
    ]
    return make_listing(make_plain(), system_actor(1), filters=plugin)


def make_plain():

    return replace(CONTACTS, extra_fields=())


def member(first_name, *functions, **values):
    contact = make_contact(first_name, **values)
    db.session.add_all([ContactFunction(contact_id=contact.id, function=f) for f in functions])
    db.session.flush()


@pytest.fixture
def club(context, world):
    with inside(world.club):
        yield


@pytest.mark.covers("R119", "R118")
def test_type_and_sport_must_both_hold(club, ask):
    member("Both", "type:sporting", "sport:padel")
    member("Type only", "type:sporting", "sport:badminton")
    member("Sport only", "type:supporting", "sport:padel")
    member("Neither")

    assert ask("f.membership.type.is=sporting&f.membership.sport.is=padel") == ["Both"]


@pytest.mark.covers("R120", "R117")
def test_alternatives_in_one_field_and_both_fields_together(club, ask):
    member("Playing Belgian", "type:playing", country="BE", last_name="A")
    member("Supporting French", "type:supporting", country="FR", last_name="B")
    member("Both types", "type:playing", "type:supporting", country="FR", last_name="C")
    member("Sporting Belgian", "type:sporting", country="BE", last_name="D")
    member("Playing Dutch", "type:playing", country="NL", last_name="E")

    query = "f.membership.type.is=playing&f.membership.type.is=supporting&f.country.is=BE&f.country.is=FR"
    assert ask(query) == ["Playing Belgian", "Supporting French", "Both types"]


@pytest.mark.covers("R121")
def test_contains_and_is_are_different(club, ask):
    for n, town in enumerate(("Herent", "Sint-Herentals", "herent", "Leuven", None)):
        make_contact(f"P{n}", "X", town=town)

    assert ask("f.town.contains=heren") == ["P0", "P1", "P2"]
    assert ask("f.town.is=HERENT") == ["P0", "P2"]
    assert ask("f.town.empty=yes") == ["P4"]
    assert ask("f.town.empty=no&f.town.is=Leuven") == ["P0", "P1", "P2", "P3"]


def test_wildcards_and_accents_mean_themselves(club, ask):
    make_contact("A", "X", town="100% Élewijt_")
    make_contact("B", "X", town="1000 elewijtX")

    assert ask("f.town.contains=100%25") == ["A"]
    assert ask("f.town.contains=ÉLEWIJT_") == ["A"]
    assert ask("f.town.contains=élewijt") == ["A"]
    assert ask("f.name.contains=x") == ["A", "B"]


def test_names_are_found_without_accents_and_in_both_orders(club, ask):
    make_contact("René", "D’Hondt")

    assert ask("f.name.contains=rene") == ["René"]
    assert ask("f.name.is=D'HONDT rene") == ["René"]
    assert ask("f.name.is=rene d'hondt") == ["René"]


@time_machine.travel("2027-03-10 12:00")
def test_age_is_that_of_today(club, ask):
    for name, born in (("Ten", (2017, 3, 10)), ("Nine", (2017, 3, 11)), ("Eleven", (2015, 3, 11)), ("Leap", (2016, 2, 29))):
        make_contact(name, name, birth_date=date(*born))
    make_contact("Unknown", "Zz")

    assert ask("f.age.is=10") == ["Ten"]
    assert ask("f.age.from=10") == ["Eleven", "Leap", "Ten"]
    assert ask("f.age.until=9") == ["Nine"]
    assert ask("f.age.from=9&f.age.until=10") == ["Nine", "Ten"]
    assert ask("f.age.empty=yes") == ["Unknown"]


def test_ranges_are_paired_and_are_alternatives(club, ask):
    for year in (1940, 1950, 1960, 1970):
        make_contact(str(year), str(year), birth_date=date(year, 6, 1))

    query = "f.birth_date.from=1939-01-01&f.birth_date.until=1941-01-01&f.birth_date.from=01/01/1959&f.birth_date.until=1961-01-01&f.birth_date.on=1970-06-01"
    assert ask(query) == ["1940", "1960", "1970"]


def test_days_of_moments_are_local_days(club, ask):

    make_contact("Late", created_at=datetime(2027, 1, 1, 22, 59, tzinfo=UTC))
    make_contact("Next day", created_at=datetime(2027, 1, 1, 23, 0, tzinfo=UTC))

    assert ask("f.created_at.on=2027-01-01") == ["Late"]
    assert ask("f.created_at.from=2027-01-02") == ["Next day"]
    assert ask("f.created_at.until=2027-01-01") == ["Late"]


def test_yes_and_no(club, ask):
    member("Member", "type:playing")
    member("Other")

    assert ask("f.is_member.is=yes") == ["Member"]
    assert ask("f.is_member.is=no") == ["Other"]


# --- what cannot be understood -----------------------------------------------------------------

WRONG = {
    "f.shoe_size.is=42": "“shoe_size” is not something you can filter on here.",
    "f.town.like=x": "“like” cannot be asked of Town.",
    "f.membership.type.is=boss": "“boss” is not one of the choices for Type of membership.",
    "f.birth_date.on=31/02/2020": "“31/02/2020” is not a date. Write Birth date as dd/mm/yyyy.",
    "f.age.from=old": "“old” is not a number. Write Age in digits.",
    "f.age.from=1e9": "“1e9” is not a number. Write Age in digits.",
    "f.age.from=" + "9" * 30: "“" + "9" * 30 + "” is not a number. Write Age in digits.",
    "f.is_member.is=maybe": "Is a member is asked with yes or no, not with “maybe”.",
    "f.town.contains=" + "x" * 201: "The value for Town is too long or has characters that cannot be typed.",
    "f.town.contains=a%00b": "The value for Town is too long or has characters that cannot be typed.",
    "f.=1": "“f.” is not something you can filter on here.",
    "f.search_text.is=x": "“search_text” is not something you can filter on here.",
}


def test_what_is_not_understood_is_said_and_refused(club, listing):
    for query, message in WRONG.items():
        asked = FilterSet.parse(query, listing)

        assert [p.message for p in asked.problems] == [message]
        with pytest.raises(UserMistake):
            asked.conditions()


def test_a_problem_can_be_taken_out_and_the_rest_stays(club, listing, ask):
    asked = FilterSet.parse("f.town.is=Herent&f.nope.is=1", listing)

    assert asked.to_query() == "f.town.is=Herent&f.nope.is=1"
    assert asked.without_problem(asked.problems[0]).to_query() == "f.town.is=Herent"


def test_too_many_conditions_are_refused(club, listing):
    asked = FilterSet.parse("&".join(f"f.town.is=t{n}" for n in range(101)), listing)

    assert [p.message for p in asked.problems] == ["This search has more than 100 conditions. Use fewer."]


def test_a_filter_without_the_right_does_not_exist(club):
    hidden = Filter("secret", "contacts", "Secret", "Contact details", "text", lambda _o, v: Contact.remarks == v, permission="contacts.secret")
    actor = SimpleNamespace(can=lambda permission: permission != "contacts.secret")
    listing = make_listing(make_plain(), actor, filters=[hidden])

    assert [p.key for p in FilterSet.parse("f.secret.is=x", listing).problems] == ["f.secret.is"]


# --- one string for everything -----------------------------------------------------------------


def test_the_query_is_canonical(club, listing):
    asked = FilterSet.parse(
        "f.membership.sport.is=padel&f.age.from=10&f.town.is=++Herent+&f.town.is=Herent&q=+jan&f.town.contains=&f.birth_date.on=1/2/1950", listing
    )

    query = "q=jan&f.age.from=10&f.birth_date.on=1950-02-01&f.town.is=Herent&f.membership.sport.is=padel"
    assert asked.to_query() == query
    assert FilterSet.parse(query, listing).to_query() == query


def test_the_question_is_said_in_words(club, listing):
    asked = FilterSet.parse(
        "f.membership.sport.is=padel&f.membership.sport.is=badminton&f.age.from=60&f.age.until=70&f.town.empty=yes&f.birth_date.from=1950-02-01", listing
    )

    assert [str(s) for s in asked.sentences()] == ["Age from 60 to 70", "Birth date from 01/02/1950", "Town is empty", "Sport is Padel or Badminton"]


def test_one_filter_can_be_taken_out(club, listing):
    asked = FilterSet.parse("q=jan&f.town.is=a&f.town.contains=b&f.age.is=3", listing)

    assert asked.without("town").to_query() == "q=jan&f.age.is=3"
    assert asked.without("").to_query() == "f.age.is=3&f.town.contains=b&f.town.is=a"


# --- against an oracle -------------------------------------------------------------------------

PEOPLE = [
    {"town": town, "country": country, "birth_date": born, "email_1": email}
    for town, country, born, email in (
        ("Herent", "BE", date(1950, 1, 1), "a@x.example"),
        ("herent", "FR", None, None),
        ("Leuven", "BE", date(1960, 5, 5), ""),
        (None, "NL", date(1970, 9, 9), "leuven@x.example"),
        ("", "", date(1950, 1, 1), "b@herent.example"),
        ("Sint-Herent", "FR", date(1999, 12, 31), None),
    )
]


def matches(person, name, operator, value):
    if name in ("town", "email_1"):
        held = person[name] or ""
        if operator == "empty":
            return (held == "") == (value == "yes")
        return value.lower() in held.lower() if operator == "contains" else held.lower() == value.lower() and person[name] is not None
    held = person[name]
    if operator == "empty":
        return (not held) == (value == "yes")
    if name == "country":
        return held == value
    asked = date.fromisoformat(value)
    return held is not None and {"on": held == asked, "from": held >= asked, "until": held <= asked}[operator]


def oracle(person, criteria):
    by_field = {}
    for criterion in criteria:
        by_field.setdefault(criterion[0], []).append(criterion)
    for asked in by_field.values():
        alternatives = [matches(person, *c) for c in asked if c[1] not in ("from", "until")]
        starts = [c for c in asked if c[1] == "from"]
        ends = [c for c in asked if c[1] == "until"]
        for place in range(max(len(starts), len(ends))):
            alternatives.append(all(matches(person, *c[place]) for c in (starts, ends) if place < len(c)))
        if not any(alternatives):
            return False
    return True


texts = st.sampled_from(["herent", "Leuven", "x", "LEUVEN@X.EXAMPLE", "b@herent.example"])
days = st.sampled_from(["1950-01-01", "1960-05-05", "1980-01-01", "1999-12-31"])
criterion = st.one_of(
    st.tuples(st.sampled_from(["town", "email_1"]), st.sampled_from(["contains", "is"]), texts),
    st.tuples(st.sampled_from(["town", "email_1", "country", "birth_date"]), st.just("empty"), st.sampled_from(["yes", "no"])),
    st.tuples(st.just("country"), st.just("is"), st.sampled_from(["BE", "FR", "NL", "DE"])),
    st.tuples(st.just("birth_date"), st.sampled_from(["on", "from", "until"]), days),
)


@pytest.fixture
def people(club):
    for number, person in enumerate(PEOPLE):
        make_contact(str(number), f"L{number}", **person)


@pytest.mark.covers("R117", "R118")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(criteria=st.lists(criterion, max_size=7, unique=True))
def test_or_within_and_between_as_an_oracle_says(people, ask, criteria):
    expected = [str(number) for number, person in enumerate(PEOPLE) if oracle(person, criteria)]

    assert ask([(f"f.{name}.{operator}", value) for name, operator, value in criteria]) == expected


# --- the search box ----------------------------------------------------------------------------


@pytest.fixture
def searchable(club):
    make_contact("Guido", "Aerts", email_1="guido.a@mail.example", town="Herent")
    make_contact("Lieve", "Claes", email_1="lieve@post.example", town="Winksele")
    make_contact("René", "De Backer", email_2="second@mail.example", town="Leuven")


SEARCHES = {
    "aerts": ["Guido"],
    "Guido Aerts": ["Guido"],
    "aerts guido": ["Guido"],
    "herent claes": [],
    "eRT": ["Guido"],
    "mail.example": ["Guido", "René"],
    "second@": ["René"],
    "rene": ["René"],
    "WINKS": ["Lieve"],
    "cl": ["Lieve"],
    "c": ["Lieve"],
    "ks": [],
    "de": ["René"],
    "de backer": ["René"],
    "%%%": [],
    "___": [],
    '"aerts"': ["Guido"],
    "aerts OR claes": [],
    "NOT aerts": [],
    "aer*": ["Guido"],
}


@pytest.mark.covers("R115")
@pytest.mark.parametrize("small", [2_000, 0])
def test_search_finds_any_part(searchable, ask, monkeypatch, small):
    monkeypatch.setattr("core.lists.contacts.search.SMALL", small)

    assert {text: ask([("q", text)]) for text in SEARCHES} == SEARCHES


def test_the_search_index_follows_changes(searchable, ask, monkeypatch):
    monkeypatch.setattr("core.lists.contacts.search.SMALL", 0)
    guido = db.session.query(Contact).filter_by(first_name="Guido").one()
    guido.last_name = "Peeters"
    guido.refold()
    db.session.flush()
    assert (ask("q=aerts"), ask("q=peeters")) == ([], ["Guido"])

    db.session.delete(guido)
    db.session.flush()
    assert ask("q=peeters") == []


def test_contacts_in_the_bin_are_not_found(searchable, ask):

    guido = db.session.query(Contact).filter_by(first_name="Guido").one()
    guido.deleted_at = clock.now()
    db.session.flush()

    assert ask() == ["Lieve", "René"]
    assert ask("q=aerts") == []
