"""The log of an organisation as a list: who did what, when, to what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

from sqlalchemy import select

from core.audit.history import known_actions, subject_names, subject_title, title_of, whoever
from core.audit.models import AuditEntry
from core.db import db
from core.i18n import _, _l, format_instant
from core.lists.columns import Column
from core.lists.conditions import choice_condition, instant_condition, text_condition
from core.lists.definition import ListDefinition
from core.lists.filters import Filter

LIST = "audit"
GROUP = _l("Log")


def _what(value: tuple[str, str]) -> str:
    return title_of(*value)


def _when(instant: datetime) -> str:
    return format_instant(instant)


def load_entries(ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """(what it is about, who did it) of each entry, by name: one query per kind of thing on the page."""
    wanted = (
        AuditEntry.id, AuditEntry.subject_type, AuditEntry.subject_id, AuditEntry.note, AuditEntry.actor_id, AuditEntry.actor_name, AuditEntry.on_behalf_of_id
    )  # fmt: skip
    rows = db.session.execute(select(*wanted).where(AuditEntry.id.in_(ids))).all()
    who = whoever(rows)
    by_kind: dict[str, set[int]] = {}
    for row in rows:
        by_kind.setdefault(row.subject_type, set()).add(row.subject_id)
    names = {kind: subject_names(kind, sorted(found)) for kind, found in by_kind.items()}
    about = {row.id: names[row.subject_type].get(row.subject_id) or row.note or f"{subject_title(row.subject_type)} {row.subject_id}" for row in rows}
    return {row.id: (about[row.id], who[row.id] or _("Koepel")) for row in rows}


COLUMNS = (
    Column("what", LIST, _l("What"), GROUP, expression=(AuditEntry.subject_type, AuditEntry.action), show=_what, export=_what, default=True, position=1),
    Column("about", LIST, _l("About"), GROUP, load=load_entries, pick=itemgetter(0), default=True, position=2),
    Column("who", LIST, _l("Who"), GROUP, load=load_entries, pick=itemgetter(1), default=True, position=3),
    Column("at", LIST, _l("When"), GROUP, expression=AuditEntry.at, order_by=(AuditEntry.id,), show=_when, export=_when, default=True, position=4),
    Column("kind", LIST, _l("Kind of thing"), GROUP, expression=AuditEntry.subject_type, show=subject_title, export=subject_title, position=5),
    Column("note", LIST, _l("Remark"), GROUP, expression=AuditEntry.note, position=6),
)


FILTERS = (
    Filter(
        "action", LIST, _l("What"), GROUP, "choice", choice_condition(AuditEntry.action), choices=known_actions, operators=("is",), position=1, icon="history"
    ),
    Filter("who", LIST, _l("Who"), GROUP, "text", text_condition(AuditEntry.actor_name), operators=("contains", "is"), position=2),
    Filter("at", LIST, _l("When"), GROUP, "date", instant_condition(AuditEntry.at), operators=("on", "from", "until"), position=3),
)

LOG = ListDefinition(
    name=LIST,
    model=AuditEntry,
    title=_l("Log"),
    noun=_l("entries"),
    permission="audit.read",
    export_permission="audit.export",
    columns=COLUMNS,
    filters=FILTERS,
    default_sort="-at",
    profile_endpoint="AuditEntryPage.show",
    empty_title=_l("Nothing happened yet"),
    empty_text=_l("Every change is listed here, with who made it and when."),
    tabs=("settings",),
)
