"""What the frame around every page shows: organisation, people, menu, language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request, session, url_for
from flask_login import current_user

from core.access import current_actor
from core.extend.registry import registry
from core.i18n import LANGUAGES, _, current_language
from core.organisations.models import Organisation
from core.users.services import organisations_of
from core.web.context import active_plugins
from core.web.session import known_role_title, landing_page


@dataclass(frozen=True)
class ShellOrganisation:
    slug: str
    display_name: str
    accent: str
    initials: str
    logo_url: str | None = None
    role_title: str = ""
    url: str = ""
    current: bool = False


@dataclass(frozen=True)
class NavEntry:
    title: str
    icon: str
    url: str
    current: bool
    count: int | None


@dataclass(frozen=True)
class NavGroup:
    area: str
    title: str
    entries: list[NavEntry]


class Shell:
    """Lazily computed, so that pages without the frame cost nothing."""

    @property
    def organisation(self) -> ShellOrganisation | None:
        found: Organisation | None = g.get("organisation")
        return _present(found) if found is not None else None

    @property
    def user(self) -> dict[str, str] | None:
        return {"display_name": current_user.full_name} if current_user.is_authenticated else None

    @property
    def organisations(self) -> list[ShellOrganisation]:
        if not current_user.is_authenticated:
            return []
        if "shell_organisations" not in g:
            here = g.get("org_slug")
            g.shell_organisations = [_present(o, role, o.slug == here) for o, role in organisations_of(current_user.id)]
        return list(g.shell_organisations)

    @property
    def nav(self) -> list[NavGroup]:
        if "organisation" not in g:
            return []
        if "shell_nav" not in g:
            g.shell_nav = _navigation(g.organisation)
        return list(g.shell_nav)

    @property
    def languages(self) -> list[dict[str, Any]]:
        return [{"code": code, "title": title, "current": code == self.language} for code, title in LANGUAGES.items()]

    @property
    def language(self) -> str:
        return current_language()

    @property
    def theme(self) -> str:
        return str(session.get("theme", "auto"))

    @property
    def demo(self) -> bool:
        return bool(current_app.config["KOEPEL"].environment == "demo")

    @property
    def request_id(self) -> str:
        return str(g.get("request_id", ""))


def _present(organisation: Organisation, role: str = "", current: bool = False) -> ShellOrganisation:
    return ShellOrganisation(
        slug=organisation.slug,
        display_name=organisation.name,
        accent=organisation.accent,
        initials=organisation.initials,
        role_title=known_role_title(role) if role else "",
        url=landing_page(organisation.slug),
        current=current,
    )


def _navigation(organisation: Organisation) -> list[NavGroup]:
    actor, here = current_actor(), request.endpoint or ""
    groups = []
    for area, title in (("mine", _("My Koepel")), ("manage", _("Manage"))):
        entries = []
        for item in registry().active("menu", active_plugins(organisation)):
            if item.area != area or organisation.kind not in item.kinds:
                continue
            if item.permission != "login" and not actor.can(item.permission):
                continue
            view = item.endpoint.partition(".")[0]
            entries.append(
                NavEntry(
                    title=str(item.title),
                    icon=item.icon,
                    url=url_for(item.endpoint),
                    current=here.startswith((f"{view}.", *item.matches)),
                    count=item.count() if item.count else None,
                )
            )
        if entries:
            groups.append(NavGroup(area, title, entries))
    return groups


def tabs(page: str) -> list[dict[str, Any]]:
    """The tabs of a page that the person may open, with their counts."""
    actor, organisation = current_actor(), g.organisation
    here = (request.endpoint or "").partition(".")[0]
    return [
        {
            "title": str(tab.title),
            "icon": tab.icon,
            "url": url_for(tab.endpoint),
            "current": tab.endpoint.partition(".")[0] == here,
            "count": tab.count() if tab.count else None,
        }
        for tab in registry().active("tabs", active_plugins(organisation))
        if tab.page == page and organisation.kind in tab.kinds and actor.can(tab.permission)
    ]
