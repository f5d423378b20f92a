"""Which types, compositions, categories, functions and options exist in an organisation.

What plugins declare, with what the federation says differently, and what was made in the browser.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import g
from sqlalchemy import select

from core.db import db
from core.extend.registry import registry
from core.i18n import Words, in_own_language
from core.organisations.models import Organisation
from core.web.context import active_plugins, current_organisation, federations_of
from plugins.groups.hookspecs import GroupOptionDeclaration, GroupTermDeclaration
from plugins.groups.models import GroupTerm

#: what there is where no federation says which functions people have
USUAL = (
    GroupTermDeclaration("function", "leader", Words(nl="Verantwoordelijke", fr="Responsable", de="Verantwortliche Person", en="Leader"), position=10),
    GroupTermDeclaration("function", "member", Words(nl="Lid", fr="Membre", de="Mitglied", en="Member"), position=20),
)
OURSELVES = "groups"


@dataclass(frozen=True)
class Term:
    """A word to choose, whoever made it.

    owner_id: the organisation that made or prescribes it; None: it comes with the platform.
    id, version: of the row in the browser, when there is one.
    """

    kind: str
    key: str
    name: Mapping[str, str]
    help: Mapping[str, str] = field(default_factory=dict)
    is_required: bool = False
    is_active: bool = True
    position: int = 100
    per: str = "group"
    families_only: bool = False
    amount_cents: int = 0
    owner_id: int | None = None
    owner_name: str = ""
    declared_by: str | None = None
    id: int | None = None
    version: int = 0

    @property
    def title(self) -> str:
        return in_own_language(dict(self.name), self.key.replace("_", " ").capitalize())

    @property
    def hint(self) -> str:
        return in_own_language(dict(self.help))


def terms_of(kind: str, organisation: Organisation | None = None, *, even_inactive: bool = False) -> list[Term]:
    """The terms of one kind there, in the order people see them."""
    return [term for term in _all(organisation or current_organisation()) if term.kind == kind and (term.is_active or even_inactive)]


def term_of(kind: str, key: str, organisation: Organisation | None = None) -> Term | None:
    """One term, also when it is switched off."""
    return next((term for term in terms_of(kind, organisation, even_inactive=True) if term.key == key), None)


def title_of(kind: str, key: str | None, organisation: Organisation | None = None) -> str:
    """What a term is called; also one that is gone."""
    if not key:
        return ""
    term = term_of(kind, key, organisation)
    return term.title if term is not None else next((str(t.name) for t in USUAL if t.kind == kind and t.key == key), key.replace("_", " ").capitalize())


def choices_of(kind: str) -> list[tuple[str, str]]:
    """(key, title) of what can be chosen now."""
    return [(term.key, term.title) for term in terms_of(kind)]


def order_of(kind: str) -> dict[str, int]:
    """Key -> its place."""
    return {term.key: number for number, term in enumerate(terms_of(kind, even_inactive=True))}


def required_functions(federation: Organisation) -> list[Term]:
    """Functions somebody must hold in every group that is linked to this federation."""
    return [term for term in terms_of("function", federation) if term.is_required and term.owner_id == federation.id]


def forget_terms() -> None:
    """After one changed."""
    g.pop("group_terms", None)


def _all(organisation: Organisation) -> list[Term]:
    """One query per organisation and request."""
    kept: dict[int, list[Term]] = g.setdefault("group_terms", {})
    if organisation.id not in kept:
        kept[organisation.id] = _read(organisation)
    return kept[organisation.id]


def _read(organisation: Organisation) -> list[Term]:
    owners = {organisation.id: organisation} | {f.id: f for f in federations_of(organisation)}
    rows = db.session.scalars(
        select(GroupTerm).where(GroupTerm.organisation_id.in_(owners)).order_by(GroupTerm.position, GroupTerm.id).execution_options(populate_existing=True)
    ).all()
    adapted = {(row.organisation_id, row.kind, row.key): row for row in rows if row.declared_by}
    prescribed = {row.kind for row in rows if not row.declared_by and owners[row.organisation_id].kind == "federation"}
    found = [_declared(plugin, item, adapted, organisation, owners) for plugin, item in _declarations(organisation, prescribed)]
    found += [_made(row, organisation, owners[row.organisation_id]) for row in rows if not row.declared_by]
    return list(_first_of_each(sorted(found, key=lambda term: (term.owner_id == organisation.id and organisation.kind == "club", term.position))))


def _declarations(organisation: Organisation, prescribed: set[str]) -> list[tuple[str, GroupTermDeclaration | GroupOptionDeclaration]]:
    active = active_plugins(organisation)
    plugins = registry().plugins
    found = [(plugin, item) for hook in ("register_group_terms", "register_group_options") for plugin, item in plugins.collect(hook) if plugin in active]
    kinds = {kind_of(item) for _plugin, item in found} | prescribed
    return found + [(OURSELVES, item) for item in USUAL if item.kind not in kinds]


def kind_of(item: GroupTermDeclaration | GroupOptionDeclaration) -> str:
    return "option" if isinstance(item, GroupOptionDeclaration) else item.kind


def _declared(plugin: str, item: Any, adapted: Mapping[Any, GroupTerm], organisation: Organisation, owners: Mapping[int, Organisation]) -> Term:
    kind = kind_of(item)
    owner = next((o for o in owners.values() if o.kind == "federation" and o.federation_plugin == plugin), None)
    speaker = owner or organisation
    term = Term(
        kind,
        item.key,
        dict(item.name),
        dict(getattr(item, "help", {})),
        getattr(item, "required", False),
        position=item.position,
        per=getattr(item, "per", "group"),
        families_only=getattr(item, "families_only", False),
        amount_cents=getattr(item, "amount_cents", 0),
        owner_id=owner.id if owner is not None else None,
        owner_name=_name_of(owner, organisation),
        declared_by=plugin,
    )
    row = adapted.get((speaker.id, kind, item.key))
    if row is None:
        return term
    return replace(
        term,
        name={**term.name, **row.name},
        help={**term.help, **(row.help or {})},
        is_required=row.is_required,
        is_active=row.is_active,
        position=row.position,
        per=row.per,
        families_only=row.families_only,
        id=row.id,
        version=row.version,
    )


def _made(row: GroupTerm, organisation: Organisation, owner: Organisation) -> Term:
    return Term(
        row.kind,
        row.key,
        row.name,
        row.help or {},
        row.is_required,
        row.is_active,
        row.position,
        row.per,
        row.families_only,
        owner_id=owner.id,
        owner_name=_name_of(owner, organisation),
        id=row.id,
        version=row.version,
    )


def _name_of(owner: Organisation | None, organisation: Organisation) -> str:
    """Empty for the organisation's own."""
    return "" if owner is None or owner.id == organisation.id else owner.name


def _first_of_each(terms: Iterable[Term]) -> Iterable[Term]:
    """Two federations of one club may use the same key: the first one has it."""
    seen: set[tuple[str, str]] = set()
    for term in terms:
        if (term.kind, term.key) not in seen:
            seen.add((term.kind, term.key))
            yield term
