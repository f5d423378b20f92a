"""Which rights a role holds: kept in FAB's tables, read once per version."""

from __future__ import annotations

from flask_appbuilder.security.sqla.models import Permission as FabPermission
from flask_appbuilder.security.sqla.models import PermissionView, Role, ViewMenu
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.access import FULL_ROLES, PARTS
from core.db import db
from core.extend.registry import Registry

#: per database: role id -> (its name, its rights)
_cache: dict[str, dict[int, tuple[str, frozenset[str]]]] = {}


def forget() -> None:
    """Drop what this process remembers (after a change of roles)."""
    _cache.clear()


def permissions_of(role_ids: frozenset[int], kind: str) -> frozenset[str]:
    """All rights of these roles together, as "<noun>.<verb>", in an organisation of this kind.

    A part of running it (finance, members ...) gives no right that its administrators lack.
    """
    known = _roles(role_ids)
    most = next((rights for name, rights in known.values() if name == FULL_ROLES[kind]), frozenset())
    return frozenset().union(*(rights & most if name in PARTS else rights for name, rights in (known[role_id] for role_id in role_ids if role_id in known)))


def _roles(wanted: frozenset[int]) -> dict[int, tuple[str, frozenset[str]]]:
    where = str(db.engine.url)
    if not wanted <= _cache.get(where, {}).keys():
        rows = db.session.execute(
            select(Role.id, Role.name, ViewMenu.name, FabPermission.name)
            .outerjoin(Role.permissions)
            .outerjoin(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
            .outerjoin(FabPermission, FabPermission.id == PermissionView.permission_id)
        ).all()
        found: dict[int, tuple[str, set[str]]] = {}
        for role_id, name, noun, verb in rows:
            rights = found.setdefault(role_id, (name, set()))[1]
            if noun is not None:
                rights.add(f"{noun}.{verb.removeprefix('can_')}")
        _cache[where] = {role_id: (name, frozenset(rights)) for role_id, (name, rights) in found.items()}
    return _cache[where]


def sync_permissions(registry: Registry) -> int:
    """Write the roles and rights that are registered into the database; returns how many rights.

    New rights are given to the roles their declaration names, and new roles get all of theirs;
    rights nobody registers any more are removed. Inside transaction().
    """
    session = db.session
    roles = {r.name: r for r in session.scalars(select(Role).options(selectinload(Role.permissions)))}
    fresh = {template.name for template in registry.roles} - roles.keys()
    for template in registry.roles:
        if template.name not in roles:
            roles[template.name] = Role(name=template.name)
            session.add(roles[template.name])
    verbs = {p.name: p for p in session.scalars(select(FabPermission))}
    nouns = {v.name: v for v in session.scalars(select(ViewMenu))}
    pairs = {(p.view_menu.name, p.permission.name): p for p in session.scalars(select(PermissionView))}
    wanted = set()
    for permission in registry.all("permissions"):
        noun, verb = permission.name.split(".")
        key = (noun, f"can_{verb}")
        wanted.add(key)
        if key in pairs:
            for role in fresh.intersection(permission.roles):
                roles[role].permissions.append(pairs[key])
            continue
        if key[1] not in verbs:
            verbs[key[1]] = FabPermission(name=key[1])
        if noun not in nouns:
            nouns[noun] = ViewMenu(name=noun)
        pair = PermissionView(permission=verbs[key[1]], view_menu=nouns[noun])
        session.add(pair)
        for role in permission.roles:
            roles[role].permissions.append(pair)
    for key, pair in pairs.items():
        if key not in wanted:
            for role in roles.values():
                if pair in role.permissions:
                    role.permissions.remove(pair)
            session.delete(pair)
    session.flush()
    forget()
    return len(wanted)
