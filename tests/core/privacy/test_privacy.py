import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from core.access import Actor
from core.audit.chain import verify_chain
from core.audit.models import AuditEntry
from core.contacts.models import Contact, ContactFunction
from core.contacts.services import get_contact, save_contact
from core.db import db, is_postgres, metadata
from core.errors import NotFound, UserMistake
from core.extend.hookspecs import hookimpl
from core.extend.registry import registry
from core.privacy.services import erase_contact, personal_data
from core.tenancy import scope
from core.testing.factories import World, inside, make_contact
from core.users.models import OrganisationRole, User

#: a different word in every field, so that what stays behind is found; none can be part of a hexadecimal digest
CANARIES = {
    "first_name": "Canaryfirst", "last_name": "Canarylast", "birth_date": "03/02/1951", "email_1": "canary1@mail.example", "email_2": "canary2@mail.example",
    "email_3": "canary3@mail.example", "mobile_1": "+32 470 98 76 51", "mobile_2": "+32 470 98 76 52", "mobile_3": "+32 470 98 76 53",
    "phone": "+32 16 98 76 54",
    "street": "Canarystreet", "house_number": "98qx", "box": "77qx", "country": "NL", "postcode": "3981 QX", "town": "Canarytown", "remarks": "Canaryremark",
    "whose": {"email_2": "Canarydaughter"},
}  # fmt: skip


class Module:
    """A plugin that holds something about a person."""

    def __init__(self) -> None:
        self.erased: list[str] = []
        self.refusal = ""

    @hookimpl
    def privacy_data(self, contact: Contact) -> dict[str, Any]:
        return {"loans": [{"what": "drum", "since": date(2026, 1, 2)}]}

    @hookimpl
    def contact_erased(self, contact: Contact, actor: Actor) -> None:
        if self.refusal:
            raise UserMistake(self.refusal)
        self.erased.append(contact.full_name)


@pytest.fixture
def module(app: Flask) -> Any:
    with app.app_context():
        plugins = registry().plugins
    found = Module()
    plugins.manager.register(found, name="loans")
    plugins.order.append("loans")
    plugins.modules["loans"] = found  # type: ignore[assignment]
    yield found
    plugins.manager.unregister(found)
    plugins.order.remove("loans")
    del plugins.modules["loans"]


@pytest.fixture
def person(context: Flask, world: World) -> int:
    with inside(world.club) as actor:
        contact = save_contact(None, CANARIES, actor=actor)
        save_contact(contact, {"town": "Othercanarytown"}, actor=actor)
        db.session.add(ContactFunction(contact_id=contact.id, function="chair"))
        make_contact("Somebody", "Else", email_1="other@mail.example")
        return contact.id


def test_personal_data_holds_every_field_of_the_core_and_of_plugins(person: int, world: World, module: Module) -> None:
    with inside(world.club) as actor:
        found = personal_data(get_contact(person), actor=actor)

    everything = json.dumps(found)
    for name, typed in CANARIES.items():
        if name not in ("birth_date", "mobile_1", "mobile_2", "mobile_3", "phone", "whose", "town"):
            assert str(typed) in everything, name
    assert (found["core"]["contact"]["birth_date"], found["core"]["contact"]["mobile_1"]) == ("1951-02-03", "+32 470 98 76 51")
    assert found["core"]["whose"] == {"email_2": "Canarydaughter"}
    assert found["core"]["functions"][0]["function"] == "chair"
    assert ["Town", "Canarytown", "Othercanarytown"] in found["core"]["history"][0]["changes"]
    assert found["loans"] == {"loans": [{"what": "drum", "since": "2026-01-02"}]}
    assert "other@mail.example" not in everything


def test_giving_personal_data_is_recorded(person: int, world: World) -> None:
    with inside(world.club) as actor:
        personal_data(get_contact(person), actor=actor)

    with scope(world.club):
        assert db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(1)).all() == ["contact.exported"]


def test_erased_person_is_nowhere_any_more(person: int, world: World, module: Module) -> None:
    db.session.remove()
    assert "Canaryremark" in dump()
    with inside(world.club) as actor:
        erase_contact(get_contact(person), actor=actor)

    db.session.remove()
    left = dump()
    assert [word for word in ("anary", "470 98 76", "16 98 76", "1951-02-03", "98qx", "77qx", "3981 QX") if word in left] == []
    assert "other@mail.example" in left
    assert module.erased == ["Canaryfirst Canarylast"]
    with scope(world.club), pytest.raises(NotFound):
        get_contact(person, even_in_bin=True)


def row_of(pk: int) -> Contact:
    return db.session.scalars(select(Contact).where(Contact.id == pk)).one()


def dump() -> str:
    """Everything the database says, as text; of SQLite also the bytes of the file itself."""
    lines = []
    with db.engine.connect() as connection:
        if is_postgres():
            connection.execute(text("SELECT set_config('koepel.low', '0', false), set_config('koepel.high', '2147483647', false)"))
        for table in metadata.sorted_tables:
            lines += [str(tuple(row)) for row in connection.execute(select(*table.columns))]
    if not is_postgres():
        db.engine.dispose()
        file = Path(db.engine.url.database or "")
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        lines.append(file.read_bytes().decode("latin-1"))
    return "\n".join(lines)


def test_erasing_keeps_the_row_the_chain_and_the_fact(person: int, world: World) -> None:
    with inside(world.club) as actor:
        erase_contact(get_contact(person), actor=actor)
        erase_contact(row_of(person), actor=actor)

    with scope(world.club):
        row = row_of(person)
        assert (row.full_name, row.first_name, row.extra, row.deleted_at is None) == ("Erased person", "", {}, False)
        actions = db.session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == person).order_by(AuditEntry.id)).all()
        assert actions == ["contact.created", "contact.changed", "contact.erased"]
        assert db.session.scalar(select(func.count(ContactFunction.id))) == 0
    assert verify_chain(world.club).problems == []


def test_plugin_that_must_keep_the_person_stops_the_erasure(person: int, world: World, module: Module) -> None:
    module.refusal = "There is an open invoice."
    with pytest.raises(UserMistake, match="open invoice"), inside(world.club) as actor:
        erase_contact(get_contact(person), actor=actor)

    with scope(world.club):
        assert get_contact(person).first_name == "Canaryfirst"


def test_login_of_an_erased_person_loses_its_place_here(person: int, world: World) -> None:
    with inside(world.club) as actor:
        for row in db.session.scalars(select(OrganisationRole)):
            row.contact_id = person
        db.session.flush()
        before = db.session.scalar(select(func.count(OrganisationRole.id)))
        erase_contact(get_contact(person), actor=actor)

    with scope(world.club):
        left = db.session.execute(select(User.username, OrganisationRole.contact_id).join(OrganisationRole, OrganisationRole.user_id == User.id)).all()
    assert before == 2
    assert [tuple(row) for row in left] == [("admin.a", None)]
