"""Groups in words, for their page, the profile of a contact, and the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import select

from core import clock
from core.audit.history import describe_subject
from core.contacts.models import Contact
from core.db import db
from core.fields import services as fields
from core.i18n import _, _l, format_date, in_own_language
from core.organisations.models import Organisation
from core.web.context import current_organisation, federations_of
from plugins.groups.finder.listing import declaration_of, is_open
from plugins.groups.models import ClubGroup, GroupLink, GroupLinkEvent, GroupMember, Season
from plugins.groups.services.asked import describe, fields_asked_by, own_fields
from plugins.groups.services.catalogue import term_of, title_of
from plugins.groups.services.links import charges_for
from plugins.groups.services.reading import lines_of, members_of
from plugins.groups.services.rules import kept_by
from plugins.groups.services.seasons import day_of
from plugins.groups.services.sharing import history_of, links_of


def facts_of(group: ClubGroup) -> list[tuple[str, str]]:
    """What a group is, in the order of its page; what is empty is left out, but for extra fields."""
    found = [
        (_("Season"), group.season.name if group.season is not None else _("None: it goes on")),
        (_("Abbreviation"), group.abbreviation or ""),
        (_("Type"), title_of("type", group.type)),
        (_("Composition"), title_of("composition", group.composition)),
        (_("Category"), title_of("category", group.category)),
    ]
    return [(label, text) for label, text in found if text] + describe(own_fields(), group.extra)


@dataclass(frozen=True)
class Line:
    """Somebody in a group with one function."""

    row: GroupMember
    contact: Contact
    period: str
    #: name of the rule that keeps the person here
    rule: str = ""
    is_later: bool = False


def period_of(row: GroupMember) -> str:
    if row.until_on is not None:
        return f"{format_date(row.from_on)} – {format_date(row.until_on)}"
    return _("since %(day)s", day=format_date(row.from_on))


def lines_by_function(group: ClubGroup) -> list[tuple[str, list[Line]]]:
    """(function, who holds it now or later), in the order of the functions."""
    found = members_of(group, also_later=True)
    rules, day = kept_by([row for row, _contact in found]), day_of(group.season)
    by_function: dict[str, list[Line]] = {}
    for row, contact in found:
        line = Line(row, contact, period_of(row), rules.get(row.rule_id or 0, ""), row.from_on > day)
        by_function.setdefault(title_of("function", row.function), []).append(line)
    return list(by_function.items())


@dataclass(frozen=True)
class ContactLine:
    """A group somebody is or was in, for the profile."""

    row: GroupMember
    group: ClubGroup
    function: str
    period: str
    rule: str
    is_over: bool
    can_change: bool


def contact_lines(contact: Contact) -> list[tuple[str, list[ContactLine]]]:
    """(season, lines), the newest first; committees before them."""
    found = lines_of(contact.id)
    rules = kept_by([row for row, _group in found])
    by_season: dict[str, list[ContactLine]] = {}
    for row, group in found:
        is_over = row.until_on is not None and row.until_on < day_of(group.season)
        is_open = group.season is None or group.season.is_active
        line = ContactLine(row, group, title_of("function", row.function), period_of(row), rules.get(row.rule_id or 0, ""), is_over, is_open and not is_over)
        by_season.setdefault(group.season.name if group.season is not None else _("Committees"), []).append(line)
    return list(by_season.items())


# --- links ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownLink:
    """The grey box: what one federation reads of a group."""

    federation: Organisation
    link: GroupLink
    shared: list[tuple[str, str]]
    options: list[str]
    holders: list[tuple[str, str]]
    history: list[EventLine]
    #: how strangers see it, when the federation has a page for them
    finder: FinderHint | None = None


@dataclass(frozen=True)
class FinderHint:
    """Where strangers find a group: state is "found", "later" (its season is not now) or "hidden" (not published)."""

    title: str
    url: str
    state: str


def finder_hint(link: GroupLink, federation: Organisation) -> FinderHint | None:
    """None: the federation has no page for strangers, or closed it."""
    says = declaration_of(federation)
    if says is None or not is_open(federation):
        return None
    is_published = (link.shared or {}).get(says.published) is True and link.unlinked_on is None
    day = clock.today()
    is_now = link.linked_on <= day and (link.season_start is None or link.season_end is None or link.season_start <= day <= link.season_end)
    state = "hidden" if not is_published else "found" if is_now else "later"
    return FinderHint(in_own_language(dict(says.title)), url_for("GroupFinder.show", slug=federation.slug, number=link.lineage), state)


def linkable(group: ClubGroup) -> list[Organisation]:
    """Federations of the club this group is not linked to."""
    held = {link.federation_id for link in links_of(group.id)}
    return [federation for federation in federations_of(current_organisation()) if federation.id not in held]


def links_shown(group: ClubGroup) -> list[ShownLink]:
    known = {federation.id: federation for federation in federations_of(current_organisation())}
    return [show_link(link, known[link.federation_id]) for link in links_of(group.id) if link.federation_id in known]


def show_link(link: GroupLink, federation: Organisation) -> ShownLink:
    asked = fields_asked_by(federation)
    return ShownLink(
        federation,
        link,
        describe(asked, link.shared),
        charges_for(link, federation),
        [(title_of("function", holder["function"], federation), holder["name"]) for holder in link.holders or ()],
        event_lines(history_of(link.id, limit=30), asked, federation),
        finder_hint(link, federation),
    )


def word_of(link: GroupLink, kind: str) -> str:
    """What a federation reads for the type, composition or category of a group of a club."""
    key = getattr(link, kind)
    term = term_of(kind, key) if key else None
    return term.title if term is not None else in_own_language((link.words or {}).get(kind), "")


@dataclass(frozen=True)
class EventLine:
    at: datetime
    who: str
    what: str
    changes: list[tuple[str, str, str]]


_LABELS: Mapping[str, Any] = {
    "name": _l("Name"),
    "abbreviation": _l("Abbreviation"),
    "type": _l("Type"),
    "composition": _l("Composition"),
    "category": _l("Category"),
    "season_name": _l("Season"),
    "season_start": _l("First day"),
    "season_end": _l("Last day"),
    "options": _l("Options"),
    "holders": _l("Who holds"),
}


def event_lines(events: Sequence[GroupLinkEvent], asked: Sequence[Any], federation: Organisation) -> list[EventLine]:
    """The history of a link in words, newest first."""
    acts = {"linked": _("Linked"), "changed": _("Changed"), "unlinked": _("Link ended")}
    by_key = {d.key: d for d in asked}
    return [
        EventLine(e.at, e.actor_name, acts.get(e.act, e.act), [_change(name, pair, by_key, federation) for name, pair in (e.changes or {}).items()])
        for e in events
    ]


def _change(name: str, pair: Sequence[Any], by_key: Mapping[str, Any], federation: Organisation) -> tuple[str, str, str]:
    if name.startswith("shared."):
        definition = by_key.get(name.removeprefix("shared."))
        if definition is None:
            return (name.removeprefix("shared.").replace("_", " ").capitalize(), str(pair[0] or ""), str(pair[1] or ""))
        return (definition.title, fields.show(definition, pair[0]), fields.show(definition, pair[1]))
    kind = {"options": "option", "holders": "function"}.get(name, name)
    return (str(_LABELS.get(name, name)), *(_said(kind, value, federation) for value in pair))  # type: ignore[return-value]


def _said(kind: str, value: Any, federation: Organisation) -> str:
    if not value:
        return ""
    if isinstance(value, list):
        return ", ".join(title_of(kind, key, federation) for key in value)
    if kind in ("type", "composition", "category"):
        return title_of(kind, value, federation)
    if kind in ("season_start", "season_end"):
        year, month, day = str(value).split("-")
        return f"{day}/{month}/{year}"
    return str(value)


# --- history of the audit -------------------------------------------------------------------------

_ACTIONS = {
    "group_member.joined": _l("Put in a group"),
    "group_member.left": _l("Taken out of a group"),
    "group_member.joined_undone": _l("Putting in a group undone"),
    "group_member.left_undone": _l("Taking out of a group undone"),
    "group_member.changed": _l("Days in a group changed"),
    "group_member.pinned": _l("Stays in a group, whatever the rule finds"),
}
_MEMBER_LABELS = {
    "group": _l("Group"),
    "function": _l("Function"),
    "from_on": _l("From"),
    "until_on": _l("Last day"),
    "contact_id": _l("Contact"),
}


def _contact_named(pk: Any) -> str:
    """Who it was; nobody any more after a person was erased."""
    found = db.session.scalars(select(Contact).where(Contact.id == pk)).one_or_none() if isinstance(pk, int) else None
    return found.full_name if found is not None else ""


def _named(model: type[ClubGroup] | type[Season]) -> Callable[[Sequence[int]], dict[int, str]]:
    return lambda ids: {row.id: row.name for row in db.session.execute(select(model.id, model.name).where(model.id.in_(ids)))}


describe_subject(
    "contact",
    fields=_MEMBER_LABELS,
    actions={
        **_ACTIONS,
        "contact.left_groups": _l("Taken out of all groups"),
        "group_member.not_joined": _l("Could not be put in the group"),
    },
)
describe_subject(
    "group_unit",
    title=_l("Group"),
    names=_named(ClubGroup),
    fields={
        **_LABELS,
        **_MEMBER_LABELS,
        "picture_id": _l("Picture"),
        "is_shown": _l("Members see this group"),
        "opens": _l("What members may also see of each other"),
        "federation": _l("Federation"),
        "season": _l("Season"),
        "rule": _l("Rule"),
        "extra": _l("Extra fields"),
    },
    show={"contact_id": _contact_named},
    actions={
        **_ACTIONS,
        "group.created": _l("Added"),
        "group.changed": _l("Changed"),
        "group.removed": _l("Removed"),
        "group.brought_back": _l("Brought back"),
        "group.copied": _l("Copied to another season"),
        "group.copy_undone": _l("Copy undone"),
        "group.linked": _l("Linked to a federation"),
        "group.link_changed": _l("Link changed"),
        "group.unlinked": _l("Link ended"),
        "group.rule_added": _l("Rule added"),
        "group.rule_removed": _l("Rule removed"),
    },
)
describe_subject(
    "group_season",
    title=_l("Season"),
    names=_named(Season),
    fields={
        "name": _l("Name"),
        "start_on": _l("First day"),
        "end_on": _l("Last day"),
        "is_current": _l("Current season"),
        "is_active": _l("Activate season"),
    },
)
describe_subject(
    "group_term", title=_l("Word of groups"), fields={"name": _l("Name"), "is_active": _l("In use"), "is_required": _l("Required in linked groups")}
)
describe_subject("group_price", title=_l("Price"), fields={"amount_cents": _l("Price in cents"), "from_on": _l("From")})
