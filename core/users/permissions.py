"""Which rights a role holds: kept in FAB's tables, read once per version."""

from __future__ import annotations

from flask_appbuilder.security.sqla.models import Permission as FabPermission
from flask_appbuilder.security.sqla.models import PermissionView, Role, ViewMenu
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.db import db
from core.extend.registry import Registry

_cache: dict[tuple[str, int], frozenset[str]] = {}


def forget() -> None:
    """Drop what this process remembers (after a change of roles)."""
    _cache.clear()


def permissions_of(role_ids: frozenset[int]) -> frozenset[str]:
    """All rights of these roles together, as "<noun>.<verb>"."""
    where = str(db.engine.url)
    missing = [i for i in role_ids if (where, i) not in _cache]
    if missing:
        rows = db.session.execute(
            select(Role.id, ViewMenu.name, FabPermission.name)
            .join(Role.permissions)
            .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
            .join(FabPermission, FabPermission.id == PermissionView.permission_id)
            .where(Role.id.in_(missing))
        ).all()
        for role_id in missing:
            _cache[where, role_id] = frozenset(f"{noun}.{verb.removeprefix('can_')}" for found, noun, verb in rows if found == role_id)
    return frozenset().union(*(_cache[where, i] for i in role_ids))


def sync_permissions(registry: Registry) -> int:
    """Write the roles and rights that are registered into the database; returns how many rights.

    New rights are given to the roles their declaration names; rights nobody registers any more
    are removed. Inside transaction().
    """
    session = db.session
    roles = {r.name: r for r in session.scalars(select(Role).options(selectinload(Role.permissions)))}
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
