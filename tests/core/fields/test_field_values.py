"""Values of extra fields: each kind, protected ones, who may, and every place one definition feeds."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, text

from core import clock
from core.access import Actor, acting, system_actor
from core.audit.models import AuditEntry
from core.contacts.history import history_of_contact
from core.contacts.models import Contact
from core.contacts.services import get_contact, save_contact
from core.db import db, transaction
from core.errors import Forbidden, NotFound, UserMistake
from core.fields import imports, lists, services
from core.fields.catalogue import fields_of, forget_fields
from core.fields.declarations import FieldDeclaration
from core.fields.indexes import index_sql, make_indexes
from core.fields.secrets import MASK, is_sealed, reseal, seal, unseal
from core.files import services as files
from core.imports.columns import CellMistake
from core.lists.contacts.definitions import CONTACTS
from core.lists.engine import Sort, fetch_page
from core.lists.filterset import FilterSet
from core.lists.listing import listing_for
from core.privacy.services import erase_contact, personal_data
from core.tenancy import scope
from core.testing.databases import wants_postgres
from core.testing.factories import World, inside, make_contact

SIZES = {"choices": [{"value": "s", "label": {"en": "Small", "nl": "Klein"}}, {"value": "l", "label": {"en": "Large", "nl": "Groot"}}]}
NUMBER = "85073003328"  # an example number; its check digits are right


@pytest.mark.parametrize(
    ("kind", "typed", "stored", "shown"),
    [
        ("text", "  Nurse  ", "Nurse", "Nurse"),
        ("long_text", "One\r\nTwo ", "One\nTwo", "One\nTwo"),
        ("number", "1.234,50", 1234.5, "1234.5"),
        ("number", " 12 ", 12, "12"),
        ("number", "-3", -3, "-3"),
        ("date", "11/03/2027", "2027-03-11", "11/03/2027"),
        ("date", date(2027, 3, 11), "2027-03-11", "11/03/2027"),
        ("yes_no", "1", True, "Yes"),
        ("yes_no", "nee", False, "No"),
        ("choice", "l", "l", "Large"),
        ("choice", "klein", "s", "Small"),
        ("multi_choice", ["l", "s"], ["s", "l"], "Small, Large"),
        ("multi_choice", "Groot; Small", ["s", "l"], "Small, Large"),
        ("email", "An@Mail.Example", "An@mail.example", "An@mail.example"),
        ("phone", "0470/12 34 56", "+32 470 12 34 56", "+32 470 12 34 56"),
        ("url", "www.example.org/a", "https://www.example.org/a", "https://www.example.org/a"),
        ("iban", "be68 5390 0754 7034", "BE68539007547034", "BE68 5390 0754 7034"),
    ],
)
def test_every_kind_is_stored_typed_and_shown_plainly(
    context: Flask, world: World, make_field: Callable[..., str], kind: str, typed: Any, stored: Any, shown: str
) -> None:
    key = make_field(kind, "Field", **(SIZES if "choice" in kind else {}))
    with inside(world.club) as actor:
        cleaned = services.clean("contact", {key: typed}, actor=actor)
        assert cleaned == {key: stored}
        assert type(cleaned[key]) is type(stored)
        assert services.show(services.definition("contact", key), cleaned[key]) == shown


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("text", "x" * 201),
        ("number", "twelve"),
        ("number", "1e9"),
        ("number", "nan"),
        ("number", "9" * 13),
        ("date", "31/02/2027"),
        ("date", "11/03/0027"),
        ("yes_no", "perhaps"),
        ("choice", "xl"),
        ("multi_choice", ["s", "xl"]),
        ("file", "../etc"),
        ("file", "999"),
        ("email", "an@"),
        ("phone", "12"),
        ("url", "javascript:alert(1)"),
        ("url", "https://an:pw@example.org"),
        ("url", "http://[::1"),
        ("iban", "BE68 5390 0754 7035"),
        ("national_number", "85073003329"),
        ("national_number", "8507300332"),
    ],
)
def test_wrong_values_are_refused_beside_their_field(context: Flask, world: World, make_field: Callable[..., str], kind: str, typed: Any) -> None:
    key = make_field(kind, "Field", **(SIZES if "choice" in kind else {}))
    with inside(world.club) as actor, pytest.raises(UserMistake) as mistake:
        services.clean("contact", {key: typed}, actor=actor)
    assert mistake.value.field == f"extra-{key}"


def test_empty_removes_unless_required_and_all_mistakes_come_at_once(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    a, b = make_field(label="Aaa"), make_field(label="Bbb", required=True)
    with inside(world.club) as actor:
        cleaned, mistakes = services.check("contact", {a: " ", b: "", "unknown": "x"}, actor=actor)
        assert cleaned == {a: None}
        assert [(m.field, str(m)) for m in mistakes] == [(f"extra-{b}", "Fill in Bbb."), ("extra-unknown", "This cannot be filled in here.")]


@pytest.mark.covers("R081", "R085", "R086")
def test_saved_contact_keeps_typed_values_and_history_has_labels(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    key = make_field("date", "Certificate seen on")
    with inside(world.club) as actor:
        pk = save_contact(None, {"first_name": "An", "last_name": "Maes", "extra": {key: "11/03/2027"}}, actor=actor).id
    with inside(world.club) as actor:
        save_contact(get_contact(pk), {"extra": {key: "12/03/2027"}}, actor=actor)

    with scope(world.club):
        contact = get_contact(pk)
        change = history_of_contact(contact)[0][0].changes[0]
        assert contact.extra == {key: "2027-03-12"}
        assert (change.label, change.before, change.after) == ("Certificate seen on", "11/03/2027", "12/03/2027")


# --- whose fields exist where ----------------------------------------------------------------------


@pytest.mark.covers("R085", "R086")
def test_a_club_has_its_own_and_its_federations_fields(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    make_field(label="Of the club")
    make_field(label="Of the federation", owner=world.federation)
    make_field(label="Of another club", owner=world.other_club)
    make_field(label="Of another federation", owner=world.other_federation)
    make_field(label="Not in use", is_active=False)

    def there(organisation: Any) -> list[tuple[str, str]]:
        forget_fields()
        with scope(organisation):
            return [(field.title, field.owner_name) for field in services.definitions("contact")]

    assert there(world.club) == [("Of the club", ""), ("Of the federation", "Federation F")]
    assert there(world.other_club) == [("Of another club", ""), ("Of the federation", "Federation F")]
    assert there(world.foreign_club) == [("Of another federation", "Federation G")]
    assert there(world.region) == [("Of the federation", "Federation F")]
    assert there(world.federation) == [("Of the federation", "")]


def test_a_declared_field_exists_only_where_its_plugin_is_active(context: Flask, world: World, declare: Callable[..., None]) -> None:
    declare("core", FieldDeclaration("everywhere", "contact", "text", {"en": "Everywhere"}, purpose="x"))
    declare("not_here", FieldDeclaration("nowhere", "contact", "text", {"en": "Nowhere"}, purpose="x"))
    with scope(world.club):
        assert [field.key for field in services.definitions("contact")] == ["everywhere"]


def test_one_query_for_all_fields_of_a_request(context: Flask, world: World, make_field: Callable[..., str], queries: Callable[[], list[str]]) -> None:
    make_field()
    with scope(world.club):
        services.definitions("contact")
        forget_fields()
        seen = queries()
        services.definitions("contact"), services.definitions("membership"), fields_of()
        assert len(seen) == 1


# --- who may ---------------------------------------------------------------------------------------


def actor_with(world: World, *permissions: str) -> Actor:
    return Actor(1, "Somebody", world.club.id, frozenset(permissions), language="en", contact_id=None)


def test_who_may_not_change_a_field_cannot_and_who_may_not_see_it_does_not(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    key = make_field(sees=["club"], edits=["club"])
    with scope(world.club):
        field = services.definition("contact", key)
        admin, member = actor_with(world, "contacts.read", "contacts.write"), actor_with(world)
        assert (services.may_see(field, admin), services.may_edit(field, admin)) == (True, True)
        assert (services.may_see(field, member), services.may_edit(field, member)) == (False, False)
        with pytest.raises(UserMistake):
            services.clean("contact", {key: "x"}, actor=member)
        with acting(member):
            assert lists.columns("contacts", "contact", Contact.extra) == []


# --- protected values ------------------------------------------------------------------------------


@pytest.fixture
def protected(context: Flask, world: World, make_field: Callable[..., str]) -> tuple[str, int]:
    """A national number, filled in for one contact: (key, contact)."""
    key = make_field("national_number", "National number")
    with inside(world.club) as actor:
        return key, save_contact(None, {"first_name": "An", "last_name": "Maes", "extra": {key: "85.07.30-033.28"}}, actor=actor).id


@pytest.mark.covers("R081")
def test_protected_value_is_encrypted_masked_and_nowhere_in_clear(context: Flask, world: World, protected: tuple[str, int]) -> None:
    key, pk = protected
    with scope(world.club):
        contact = get_contact(pk)
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.subject_type == "contact")).one()
        assert is_sealed(contact.extra[key])
        assert unseal(contact.extra[key]) == NUMBER
        assert NUMBER not in json.dumps(contact.extra)
        assert entry.changes is not None
        assert entry.changes[f"extra.{key}"] == {"hidden": True}
        assert services.show(services.definition("contact", key), contact.extra[key]) == MASK


def test_protected_value_is_in_no_filter_sort_or_import(context: Flask, world: World, protected: tuple[str, int]) -> None:
    key, _pk = protected
    with scope(world.club), acting(system_actor(world.club.id, language="en")) as actor:
        listing = listing_for(CONTACTS, actor=actor)
        column = listing.columns[f"extra.{key}"]
        assert f"extra.{key}" not in listing.filters
        assert (column.order_by, column.sensitive, column.permission, column.shown("x")) == (None, True, "fields.reveal", MASK)
        assert [c.name for c in imports.columns("contact")] == []
    with scope(world.club), acting(actor_with(world, "contacts.read")) as actor:
        assert f"extra.{key}" not in listing_for(CONTACTS, actor=actor).columns


def test_looking_at_a_protected_value_needs_the_right_and_is_recorded(context: Flask, world: World, protected: tuple[str, int]) -> None:
    key, pk = protected
    with scope(world.club), pytest.raises(Forbidden):
        services.reveal(services.definition("contact", key), get_contact(pk), actor=actor_with(world, "contacts.read"))

    with inside(world.club) as actor:
        assert services.reveal(services.definition("contact", key), get_contact(pk), actor=actor) == "85.07.30-033.28"

    with scope(world.club):
        last = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert (last.action, last.subject_id, last.note) == ("contact.revealed", pk, "National number")


def test_an_unprotected_or_empty_field_has_nothing_to_reveal(context: Flask, world: World, make_field: Callable[..., str], protected: tuple[str, int]) -> None:
    open_key = make_field(label="Open")
    with inside(world.club) as actor:
        empty = make_contact()
        for key, contact in ((open_key, get_contact(protected[1])), (protected[0], empty)):
            with pytest.raises(NotFound):
                services.reveal(services.definition("contact", key), contact, actor=actor)


def test_keys_can_be_rotated_and_forged_tokens_are_refused(context: Flask, world: World, protected: tuple[str, int]) -> None:
    token = seal(NUMBER)
    assert reseal(token) != token
    assert unseal(reseal(token)) == NUMBER
    with inside(world.club) as actor, pytest.raises(UserMistake):
        services.clean("contact", {protected[0]: {"secret": "gAAAAforged"}}, actor=actor)


def test_personal_data_has_it_for_who_may_and_erasing_forgets_it(context: Flask, world: World, protected: tuple[str, int]) -> None:
    key, pk = protected
    with inside(world.club) as actor:
        assert personal_data(get_contact(pk), actor=actor)["core"]["extra"] == {key: NUMBER}
        assert personal_data(get_contact(pk), actor=actor_with(world, "contacts.read"))["core"]["extra"] == {key: MASK}
    with inside(world.club) as actor:
        assert erase_contact(get_contact(pk), actor=actor).extra == {}


# --- files -----------------------------------------------------------------------------------------


def test_a_file_goes_by_itself_when_its_time_is_over(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    key = make_field("file", "Certificate", retention_months="12")
    with inside(world.club) as actor:
        file = files.store(b"%PDF-1.4\n%%EOF\n", filename="attest.pdf", purpose="extra_field", part=key, actor=actor)
        pk = save_contact(None, {"first_name": "An", "last_name": "Maes", "extra": {key: file.id}}, actor=actor).id
        path = files.path_of(file)
        assert file.expires_at is not None
        assert (file.expires_at - clock.now()).days == 364
    with transaction():
        assert files.purge() == 0
    with time_machine.travel(clock.now() + timedelta(days=366)):
        with transaction():
            assert files.purge() == 1
        with scope(world.club):
            assert get_contact(pk).extra == {}
            last = history_of_contact(get_contact(pk))[0][0]
            assert (last.title, last.changes[0].label) == ("Contact changed", "Certificate")
    assert not path.exists()


def test_erasing_a_person_takes_the_files_too(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    key = make_field("file", "Certificate")
    with inside(world.club) as actor:
        file = files.store(b"%PDF-1.4\n%%EOF\n", filename="attest.pdf", purpose="extra_field", part=key, actor=actor)
        contact = save_contact(None, {"first_name": "An", "last_name": "Maes", "extra": {key: file.id}}, actor=actor)
        assert [kept["name"] for kept in personal_data(contact, actor=actor)["core"]["files"]] == ["attest.pdf"]
        path = files.path_of(file)
        erase_contact(contact, actor=actor)
    assert not path.exists()


# --- lists -----------------------------------------------------------------------------------------


@pytest.fixture
def ask(context: Flask, world: World) -> Callable[..., list[str]]:
    """ask("f.extra.size.is=l", sort="extra.size") -> first names, in order."""

    def answer(query: str = "", *, sort: str | None = None) -> list[str]:
        with scope(world.club), acting(system_actor(world.club.id, language="en")) as actor:
            listing = listing_for(CONTACTS, actor=actor)
            page = fetch_page(listing, FilterSet.parse(query, listing), columns=[listing.columns["first_name"]], sort=Sort.parse(sort, listing), size=50)
            return [row.values[0] for row in page.rows]

    return answer


@pytest.mark.covers("R127")
@pytest.mark.parametrize(
    ("kind", "values", "query", "found", "ordered"),
    [
        ("text", ["Zoo", "apple", "50% off"], "contains=PPL", ["B"], ["C", "B", "A"]),
        ("text", ["Zoo", "apple", "50% off"], "contains=%25", ["C"], None),
        ("number", [10, 9, 100.5], "from=10", ["A", "C"], ["B", "A", "C"]),
        ("number", [10, 9, -1], "is=9", ["B"], ["C", "B", "A"]),
        ("date", ["2027-01-01", "2026-12-31", "1999-01-01"], "until=2026-12-31", ["B", "C"], ["C", "B", "A"]),
        ("yes_no", [True, False, True], "is=1", ["A", "C"], None),
        ("yes_no", [True, False, True], "is=0", ["B", "D"], None),
        ("choice", ["s", "l", "s"], "is=s", ["A", "C"], None),
        ("choice", ["s", "l", "s"], "empty=1", ["D"], None),
        ("multi_choice", [["s"], ["l"], ["s", "l"]], "is=l", ["B", "C"], None),
        ("email", ["an@x.example", "bo@y.example", "ca@x.example"], "contains=@x.", ["A", "C"], ["A", "B", "C"]),
        ("long_text", ["one", "two", "one two"], "contains=two", ["B", "C"], None),
    ],
)
def test_fields_are_filtered_and_sorted(
    context: Flask,
    world: World,
    make_field: Callable[..., str],
    ask: Callable[..., list[str]],
    kind: str,
    values: list[Any],
    query: str,
    found: list[str],
    ordered: list[str] | None,
) -> None:
    key = make_field(kind, "Size", **(SIZES if "choice" in kind else {}))
    with inside(world.club):
        for name, value in zip("ABC", values, strict=True):
            make_contact(name, "Maes", extra={key: value})
        make_contact("D", "Maes")

    assert sorted(ask(f"f.extra.{key}.{query}")) == found
    if ordered:
        assert ask(sort=f"extra.{key}") == [*ordered, "D"]  # who has no value comes last


@pytest.mark.covers("R127")
def test_cells_and_exports_are_typed_and_grouped_by_owner(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    kinds = {
        "number": 12.5,
        "date": "2027-03-11",
        "yes_no": True,
        "choice": "l",
        "multi_choice": ["s", "l"],
        "iban": "BE68539007547034",
        "text": "Nurse",
    }
    keys = {
        kind: make_field(kind, f"Field {kind}", owner=world.federation if kind == "text" else None, **(SIZES if "choice" in kind else {})) for kind in kinds
    }
    with inside(world.club):
        make_contact("A", "Maes", extra={keys[kind]: value for kind, value in kinds.items()})

    with scope(world.club), acting(system_actor(world.club.id, language="en")) as actor:
        listing = listing_for(CONTACTS, actor=actor)
        columns = [listing.columns[f"extra.{key}"] for key in keys.values()]
        row = fetch_page(listing, FilterSet.parse("", listing), columns=columns, sort=Sort.parse(None, listing), size=5).rows[0]
        shown = [column.shown(value) for column, value in zip(columns, row.values, strict=True)]
        exported = [column.exported(value) for column, value in zip(columns, row.values, strict=True)]

    assert shown == [12.5, date(2027, 3, 11), "Yes", "Large", "Small, Large", "BE68 5390 0754 7034", "Nurse"]
    assert exported[:2] == [12.5, date(2027, 3, 11)]
    assert {str(column.group) for column in columns} == {"Extra fields", "Extra fields of Federation F"}


def test_hostile_keys_never_reach_sql(context: Flask, world: World) -> None:
    for key in ("a'b", "a.b", "A", "", "1a", "a" * 61):
        with pytest.raises(ValueError, match="not a key"):
            lists.text_of(Contact.extra, key)
        with pytest.raises(ValueError, match="not a key"):
            index_sql("contact", key, "text")


@pytest.mark.skipif(wants_postgres(), reason="needs SQLite: behind row-level security PostgreSQL does not use such an index")
def test_an_index_is_used_on_long_tables(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    keys = {kind: make_field(kind, f"Field {kind}") for kind in ("text", "number")}

    make_indexes(Run(), long_table=-1)  # type: ignore[arg-type]
    make_indexes(Run(), long_table=-1)  # type: ignore[arg-type]

    with scope(world.club), db.engine.connect() as connection:
        for kind, key in keys.items():
            wanted = lists.number_of(Contact.extra, key) == 3 if kind == "number" else func.lower(lists.text_of(Contact.extra, key)) == "x"
            query = select(Contact.id).where(Contact.organisation_id == 1, wanted).compile(db.engine, compile_kwargs={"literal_binds": True})
            plan = str(connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all())
            assert f"ix_contact_extra_{key}" in plan, plan


class Run:
    """A job nobody looks at."""

    def progress(self, *_arguments: Any) -> None:
        pass


# --- import ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("number", "12,5", 12.5),
        ("date", "11/03/2027", "2027-03-11"),
        ("yes_no", "Ja", True),
        ("choice", "Groot", "l"),
        ("multi_choice", "Klein, Groot", ["s", "l"]),
        ("url", "www.example.org", "https://www.example.org"),
    ],
)
def test_import_columns_understand_what_people_write(context: Flask, world: World, make_field: Callable[..., str], kind: str, typed: str, value: Any) -> None:
    key = make_field(kind, "Field", **(SIZES if "choice" in kind else {}))
    with scope(world.club), acting(system_actor(world.club.id, language="en")):
        column = imports.columns("contact")[0]
        assert (column.name, column.writes, column.attribute, column.parse(typed)) == (f"extra.{key}", "extra", key, value)


def test_import_proposes_the_choice_that_was_meant(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    make_field("choice", "Size", **SIZES)
    with scope(world.club), acting(system_actor(world.club.id, language="en")), pytest.raises(CellMistake) as mistake:
        imports.columns("contact")[0].parse("lar")
    assert mistake.value.suggestion == "Large"


def test_transactions_are_needed_to_store(context: Flask, world: World, make_field: Callable[..., str]) -> None:
    key = make_field()
    with scope(world.club), acting(system_actor(world.club.id)) as actor:
        with transaction():
            pk = make_contact().id
        with transaction():
            save_contact(get_contact(pk), {"extra": {key: "M"}}, actor=actor)
        assert get_contact(pk).extra == {key: "M"}
