"""Planting a word of its own in every text of every table about one person.

It knows no tables but by what they point to, so a new one is planted from its first day; one that is
neither about people nor told here why not, fails.
"""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, LargeBinary, Numeric, String, Time, inspect
from sqlalchemy.types import TypeDecorator

from core import clock
from core.contacts.models import Contact
from core.db import SIGNED, Base, db, insert_rows, metadata, reserve_ids, signed_columns
from core.privacy.seen import pack
from core.tenancy import unscoped
from core.testing.factories import World
from core.users.models import User

#: no letter of them occurs in a hexadecimal digest, and few words are made of them
LETTERS = "ghjkmnpqrstvwxz"
#: tables that say nothing about one person, and why
IMPERSONAL = {
    "ab_group": "of the framework, empty", "ab_group_role": "of the framework, empty", "ab_permission": "rights", "ab_permission_view": "rights",
    "ab_permission_view_role": "rights", "ab_register_user": "of the framework, empty", "ab_role": "rights", "ab_user_group": "ids only",
    "ab_user_role": "ids only", "ab_view_menu": "rights", "affiliation": "clubs", "audit_seal": "digests", "club_note": "about clubs",
    "club_readiness": "about clubs",
    "consent_purpose": "what is asked", "consent_text": "what is asked", "field_definition": "which fields there are", "import_heading": "titles of columns",
    "invoice": "of a club; its contact person is the club's", "invoice_fee": "amounts", "invoice_line": "amounts", "invoice_number": "numbers",
    "invoice_payment": "of a club", "invoice_run": "of a federation", "invoice_run_club": "of a club", "membership_type": "kinds",
    "organisation": "clubs", "plugin_activation": "modules", "schedule_run": "the clock", "schema_state": "the schema", "selection_part": "ids only",
    "family_function": "kinds", "group_link": "groups", "group_link_event": "groups", "group_price": "amounts", "group_rule": "groups",
    "group_season": "seasons",
    "group_term": "kinds of groups", "group_unit": "groups", "statistics_club": "clubs", "statistics_number": "numbers",
    "statistics_snapshot": "numbers", "worker_sign": "workers",
    "exchange": "what was agreed", "exchange_run": "numbers", "import_run": "the file, which is gone after erasing; counts",
}  # fmt: skip
#: columns of such tables that point to somebody all the same, and why that says nothing
POINTS_TO_NOBODY = {
    ("ab_user_group", "user_id"): "of the framework: rights",
    ("ab_user_role", "user_id"): "of the framework: rights",
    ("organisation", "parent_id"): "an organisation",
}
#: columns that are called as if they held who did something, and what they hold
NO_SIGNATURE = {
    ("audit_entry", "actor_name"): "emptied with the entries, see core.audit.services.redact_names",
    ("field_definition", "declared_by"): "a plugin",
    ("group_term", "declared_by"): "a plugin",
    ("consent", "given_by"): "a code",
}
#: values that have to be right: codes a program reads, keys that make the row be about the person
FIXED: dict[str, dict[str, Any]] = {
    "address_refusal": {"address": "{address}"},
    "contact_correction": {"state": "refused"},
    "notification": {"receiver": "c{contact}"},
    "notification_choice": {"receiver": "c{contact}"},
    "ab_user": {"active": True, "is_demo": False},
    "export_note": {"contacts": lambda person: pack([person.contact_id]), "columns": "name"},
    "job": {"state": "done", "queue": "bulk", "reason": None},
    "outbox_message": {"state": "done", "reason": None, "file_ids": [], "to_address": "{address}"},
    "login_attempt": {"key": "account:{username}"},
    "tally": {"key": "login:{user}", "times": []},
    "job_item": {"label": "{name}"},
    "privacy_erasure": {"state": "withdrawn"},
    "consent": {"given_by": "person", "is_latest": True},
    "audit_entry": {"subject_type": "contact", "action": "contact.changed"},
    "membership": {"status": "accepted", "from_on": date(2026, 1, 1), "until_on": None, "season": None},
    "membership_event": {"act": "changed"},
    "user_session": {"expires_at": datetime(2030, 1, 1, tzinfo=UTC)},
    "invoice": {"number": ""},
    "membership_type": {"duration": "continuous", "period_start": None, "period_end": None, "transfer_on": None, "length_unit": None},
    "stored_file": {"subject_type": "contact", "purpose": "extra_field", "expires_at": None, "storage_name": lambda _person: secrets.token_hex(16)},
}  # fmt: skip
#: what is set when all rows are there: an issued invoice takes no more lines
AFTERWARDS: dict[str, dict[str, Any]] = {
    "statistics_snapshot": {"taken_at": datetime(2026, 1, 5, tzinfo=UTC)},
    "invoice": {
        "issued_at": datetime(2026, 1, 5, tzinfo=UTC),
        "issued_on": date(2026, 1, 5),
        "fiscal_year": 2026,
        "sequence": "{invoice}",
        "number": "2026-{invoice}",
    }
}
#: codes and technical texts, where a word of somebody's own cannot be
TECHNICAL = frozenset(
    {"token_hash", "endpoint_hash", "endpoint", "p256dh", "auth", "secret", "credential_id", "public_key", "handle", "transports", "code_hash", "challenge",
     "receiver", "option", "how",
     "type_title", "key_hash", "lookup_hash", "password", "sha256", "storage_name", "unique_key", "message_id", "worker", "salt", "uuid",
     "key_prefix", "prefix", "fingerprint", "kind", "list_name", "content_type", "name_key", "search_text", "part", "function", "queue", "key",
     "theme", "scopes", "base", "agreed", "sent_digest", "pending_digest", "outcome"}
)  # fmt: skip
#: shortest column a word fits in
SHORT = 7


def holes(tables: Iterable[Any]) -> list[str]:
    """Columns that let something about a person slip through: said to be about nobody while they point to somebody,
    or called as if they held who did something without being declared a signature."""
    found = []
    for table in tables:
        signed = {column.info[SIGNED] for column in table.columns if SIGNED in column.info}
        for column in table.columns:
            place = (table.name, column.name)
            if table.name in IMPERSONAL and _is_a_person(column) and column.name not in signed and place not in POINTS_TO_NOBODY:
                found.append(f"{table.name}.{column.name}: points to a person")
            is_text = isinstance(column.type, String) and SIGNED not in column.info
            if is_text and re.search(r"(_by|^by|^who|author|(actor|user|person|maker)_name)$", column.name) and place not in NO_SIGNATURE:
                found.append(f"{table.name}.{column.name}: who did it, declare it with core.db.signature()")
    return sorted(found)


def _is_a_person(column: Any) -> bool:
    """By a foreign key, or by what it is called."""
    targets = {key.target_fullname for key in column.foreign_keys}
    return bool(targets & {"contact.id", "ab_user.id"}) or _is_called_a_person(column)


def _is_called_a_person(column: Any) -> bool:
    return isinstance(column.type, Integer) and bool(re.search(r"^(contact|child|parent|user|member|person)_id$|_by(_id)?$|actor", column.name))


def words(start: str = "zq") -> Iterator[str]:
    """zqggg, zqggh ...: each once."""
    for letters in itertools.product(LETTERS, repeat=4):
        yield start + "".join(letters)


@dataclass
class Planted:
    """A person and the words that were planted about it: (table, column) -> word."""

    organisation_id: int
    contact_id: int = 0
    user_id: int = 0
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    signed_by: Planted | None = None

    def found_in(self, text: str) -> list[tuple[str, str]]:
        return sorted(place for place, word in self.words.items() if word in text)

    def missing_in(self, text: str) -> list[tuple[str, str]]:
        return sorted(place for place, word in self.words.items() if word not in text)


def still_pointing(person: Planted) -> list[str]:
    """Tables without any text of its own where a row still says something about the person by its number."""
    found = []
    worded = {table for table, _column in person.words}
    with unscoped("what is left of somebody, in a test"):
        for name, pk in sorted(person.ids.items()):
            model: Any = models()[name]
            people = [c for c in metadata.tables[name].columns if "contact.id" in {key.target_fullname for key in c.foreign_keys} or c.name == "contact_id"]
            if name not in worded | set(IMPERSONAL) and people:
                row = db.session.get(model, pk)
                if row is not None and any(getattr(row, column.key) == person.contact_id for column in people):
                    found.append(name)
    return found


def models() -> dict[str, type]:
    """Every mapped class by its table."""
    found = {}
    for mapper in Base.registry.mappers:
        found[mapper.local_table.name] = mapper.class_
    for mapper in User.registry.mappers:
        found.setdefault(mapper.local_table.name, mapper.class_)
    found["ab_user"] = User
    return found


def plant(world: World, source: Iterator[str], signed_by: Planted | None = None) -> Planted:
    """A contact of club A with a login, and one row about it in every table about people. Inside transaction().

    signed_by: somebody else who did all of it, also in tables about nobody, and is named beside it.
    """
    person = Planted(world.club.id, signed_by=signed_by)
    known = models()
    with unscoped("planting words in every table of a test"):
        first = [metadata.tables[name] for name in ("ab_user", "contact")]
        for table in [*first, *(table for table in metadata.sorted_tables if table not in first)]:
            if table.name not in IMPERSONAL:
                assert table.name in known, f"{table.name}: no model; say in IMPERSONAL why it is about nobody"
                _plant_row(known[table.name], table, person, source, world)
        for name, model in known.items() if signed_by else ():
            if signed_columns(model) and name not in person.ids:
                _stand_in(name, person, source, world)
        _close(person)
    return person


def _plant_row(model: type, table: Any, person: Planted, source: Iterator[str], world: World) -> None:
    mapper = inspect(model)
    pk = next(iter(reserve_ids(model, 1)))
    row: dict[str, Any] = {}
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if column.primary_key:
            row[attribute.key] = pk
            continue
        row[attribute.key] = _value(table, column, person, source, world, pk)
    if person.signed_by is not None:
        for name, by in signed_columns(model).items():
            row[name], row[by] = person.signed_by.told["name"], person.signed_by.user_id
            person.words.pop((table.name, name), None)
    person.told[table.name] = str(pk)
    fixed = {name: _filled(value, person) for name, value in FIXED.get(table.name, {}).items() if name in row}
    for name in fixed:
        person.words.pop((table.name, name), None)
    row |= fixed
    if table.name == "contact":
        person.contact_id = pk
        person.told |= {"name": f"{row['first_name']} {row['last_name']}", "address": row["email_1"]}
    if table.name == "ab_user":
        person.user_id = pk
        person.told |= {"username": row["username"], "user": str(pk)}
    person.ids[table.name] = pk
    insert_rows(model, [row])


def _filled(value: Any, person: Planted) -> Any:
    if callable(value):
        return value(person)
    if not isinstance(value, str) or "{" not in value:
        return value
    filled = value.format(**person.told)
    return int(filled) if filled.isdigit() else filled


def _value(table: Any, column: Any, person: Planted, source: Iterator[str], world: World, pk: int) -> Any:
    """What goes into one column."""
    pointed = _pointed(column, table, person, source, world)
    if pointed is not None:
        return pointed
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, JSON) and column.name in TECHNICAL:
        return {}
    if isinstance(kind, JSON):
        word = _word(table, column, person, source)
        default = column.default.arg if column.default is not None and callable(column.default.arg) else None
        is_list = default is not None and isinstance(default(None) if default.__code__.co_argcount else default(), list)
        return [word] if is_list else {"remarks": ["", word]} if column.name in ("changes", "before") else {f"{column.name}_zq": word}
    if isinstance(kind, String):
        length = kind.length or 1_000
        allowed = _allowed(table, column)
        if allowed:
            return allowed[0]
        if column.name in TECHNICAL or length < SHORT or column.name == "language":
            return (
                f"{table.name[:8]}{column.name[:6]}{pk}"[:length] if column.unique or column.name.endswith(("hash", "key", "name")) else _code(column, length)
            )
        return _word(table, column, person, source)
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, DateTime):
        return None if column.nullable else clock.now()
    if isinstance(kind, Date):
        return date(1951, 2, 3)
    if isinstance(kind, Time):
        return time(20)
    if isinstance(kind, LargeBinary):
        return b"x"
    if isinstance(kind, (Integer, Numeric)):
        default = getattr(column.default, "arg", None)
        return None if column.nullable else default if isinstance(default, int) else 1
    return None


def _allowed(table: Any, column: Any) -> list[str]:
    """The codes a check of the table lets through in this column."""
    for check in table.constraints:
        found = re.search(rf"\b{column.name} in \(([^)]*)\)", str(getattr(check, "sqltext", "")), re.IGNORECASE)
        if found:
            return re.findall(r"'([^']*)'", found[1])
    return []


def _code(column: Any, length: int) -> str:
    default = column.default.arg if column.default is not None and not callable(column.default.arg) else None
    return default if isinstance(default, str) else "x"[:length]


def _word(table: Any, column: Any, person: Planted, source: Iterator[str]) -> str:
    person.words[table.name, column.name] = word = next(source)
    return word


def _pointed(column: Any, table: Any, person: Planted, source: Iterator[str], world: World) -> int | None:
    """The id a column holds, when it points to something (by a foreign key or by its name)."""
    targets = {key.column.table.name for key in column.foreign_keys if key.column.name == "id"}
    if column.name == "organisation_id":
        return _owner(table.name, person.organisation_id, world)
    if column.name in ("federation_id",):
        return world.federation.id
    if column.name in ("debtor_id", "club_id"):
        return world.club.id
    if (
        "contact" in targets
        or column.name in ("contact_id", "child_id", "parent_id")
        or (column.name == "subject_id" and table.name in ("audit_entry", "stored_file"))
    ):
        return person.contact_id
    if "ab_user" in targets or (_is_called_a_person(column) and table.name != "exchange_link"):
        return None if table.name == "ab_user" else person.user_id
    for target in targets:
        if target in person.ids:
            return person.ids[target]
        if target == "organisation":
            return person.organisation_id
        if target == "ab_role":
            return _member_role()
        return None if column.nullable and target in IMPERSONAL | {"invoice": ""} else _stand_in(target, person, source, world)
    return None


def _member_role() -> int:
    from core.users.services.members import member_role  # noqa: PLC0415 -- only here

    return int(member_role().id)


def _stand_in(target: str, person: Planted, source: Iterator[str], world: World) -> int:
    """A row of a table about nobody, that a row about the person needs beside it; without words."""
    nobody = Planted(_owner(target, person.organisation_id, world), person.contact_id, person.user_id, {}, person.ids, person.told, person.signed_by)
    _plant_row(models()[target], metadata.tables[target], nobody, source, world)
    return person.ids[target]


def _owner(table: str, own: int, world: World) -> int:
    """Invoices, snapshots and exchanges are the federation's; all else is the club's."""
    of_federation = table.startswith(("invoice", "statistics", "exchange")) and table != "exchange_proposal"
    return world.federation.id if of_federation or table == "membership_type" else own


def _close(person: Planted) -> None:
    """The contact's own codes, so that its pages work."""
    contact = db.session.get_one(Contact, person.contact_id)
    contact.deleted_at = contact.erased_at = None
    for name, values in AFTERWARDS.items():
        if name in person.ids:
            row = db.session.get_one(models()[name], person.ids[name])
            for key, value in values.items():
                setattr(row, key, _filled(value, person))
    db.session.flush()
