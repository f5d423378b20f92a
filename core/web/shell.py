"""What the frame around every page shows: organisation, people, menu, language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app, g, request, session, url_for
from flask_login import current_user
from sqlalchemy import Select, select

from core.access import current_actor
from core.db import db
from core.demo.mode import is_demonstration
from core.extend.contributions import LookedAfter, MenuEntry
from core.extend.registry import registry
from core.i18n import LANGUAGES, _, current_language
from core.organisations.models import Organisation
from core.users.models import User
from core.users.services import organisations_of
from core.users.services.acting import people_to_act_for
from core.web.context import active_plugins
from core.web.session import known_role_title, landing_page

#: colours of the bars of the device, light and dark; --k-bg in css/koepel.css
LIGHT, DARK = "#f8f8f5", "#111514"
#: lines of the menu that fit in the bar of a phone, beside "More"
IN_BAR = 4


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
    #: of a linked login: its number and name; choosing it goes on as that one
    user_id: int | None = None
    user_name: str = ""


@dataclass(frozen=True)
class NavEntry:
    title: str
    icon: str
    url: str
    current: bool
    count: int | None
    #: what stands under its icon in the bar of a phone
    short: str = ""


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
            held = g.held if "held" in g else organisations_of(current_user.id)
            once = {o.id: _present(o, role, o.slug == here) for o, role in reversed(held)}
            g.shell_organisations = [*reversed(once.values())]
        return list(g.shell_organisations)

    @property
    def links(self) -> list[dict[str, str]]:
        """What is in the menu of the person, above language and logging out."""
        if "organisation" not in g or not current_user.is_authenticated:
            return []
        return [{"title": _("Security"), "icon": "shield-lock", "url": url_for("AccountPage.show")}]

    @property
    def linked(self) -> list[ShellOrganisation]:
        """Organisations of linked logins, reached by switching."""
        found = g.get("held_by_linked") or ()
        if not found:
            return []
        if "shell_linked" not in g:
            users = db.session.scalars(select(User).where(User.id.in_({user_id for _o, _r, user_id in found})))
            names = {user.id: user.full_name for user in users}
            once = {(o.id, number): replace(_present(o, role), user_id=number, user_name=names[number], logo_url=None) for o, role, number in reversed(found)}
            g.shell_linked = [*reversed(once.values())]
        return list(g.shell_linked)

    @property
    def people(self) -> list[LookedAfter]:
        """Whom this person may act for (children), in all organisations."""
        if not g.get("held_contacts"):
            return []
        if "shell_people" not in g:
            g.shell_people = people_to_act_for(g.held_contacts)
        return list(g.shell_people)

    @property
    def acting_for(self) -> str:
        """The name of whom this person acts for on this page; empty: for nobody."""
        return str(g.get("acting_for", ""))

    @property
    def nav(self) -> list[NavGroup]:
        if "organisation" not in g:
            return []
        if "shell_nav" not in g:
            g.shell_nav = _navigation(g.organisation)
        return list(g.shell_nav)

    @property
    def bar(self) -> list[NavEntry]:
        """The first lines of a member's menu, for the bar at the bottom of a phone; whoever manages something has the drawer."""
        groups = self.nav
        return groups[0].entries[:IN_BAR] if [group.area for group in groups] == ["mine"] else []

    @property
    def manifest_url(self) -> str:
        """What the app is called that one makes of this page."""
        slug = g.get("org_slug") if "organisation" in g else None
        return url_for("InstalledApp.manifest_of", slug=slug) if slug else url_for("InstalledApp.manifest")

    @property
    def bar_colours(self) -> list[dict[str, str]]:
        """Colours for the bars of the device: one when light or dark was chosen, else both."""
        colours = {"light": LIGHT, "dark": DARK}
        return [{"code": code, "when": "" if self.theme in colours else when} for when, code in colours.items() if self.theme in ("auto", when)]

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
    def is_demonstration(self) -> bool:
        """The demo with its people: their mails can be read."""
        return self.demo and is_demonstration()

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
        url=landing_page(organisation.slug, role),
        current=current,
        logo_url=_logo_of(organisation),
    )


def _logo_of(organisation: Organisation) -> str | None:
    file_id = organisation.setting("core.logo")
    return url_for("ClubDetails.logo", org=organisation.slug, pk=file_id) if file_id else None


@dataclass(frozen=True)
class _Line:
    """A menu entry as it is for everybody with the same rights; `url` has _SLUG where the organisation belongs."""

    entry: MenuEntry
    title: str
    url: str
    #: beginnings of the endpoints for which it is the current one
    matches: tuple[str, ...]


#: stands for an organisation in remembered addresses; no slug looks like it
_SLUG = "0-organisation-0"
#: so many menus are remembered at most
_MOST = 500


def _navigation(organisation: Organisation) -> list[NavGroup]:
    here = request.endpoint or ""
    whole = part_of(here)
    places = (here, f"{whole}.") if whole else (here,)
    groups = []
    lines = _lines(organisation)
    numbers = dict(zip(map(id, lines), _numbers_of_page([line.entry.count() if line.entry.count else None for line in lines]), strict=True))
    for area, title in (("mine", _("My Koepel")), ("manage", _("Manage"))):
        entries = [
            NavEntry(
                title=line.title,
                icon=line.entry.icon,
                url=line.url.replace(_SLUG, organisation.slug),
                current=any(place.startswith(line.matches) for place in places),
                count=numbers[id(line)],
                short=str(line.entry.short or line.title),
            )
            for line in lines
            if line.entry.area == area
        ]
        if entries:
            groups.append(NavGroup(area, title, entries))
    return groups


def _lines(organisation: Organisation) -> list[_Line]:
    """The menu for these rights, plugins and language: made once, because every page has it."""
    remembered: dict[Any, list[_Line]] = current_app.extensions.setdefault("koepel_menus", {})
    actor = current_actor()
    key = (current_language(), organisation.kind, active_plugins(organisation), actor.permissions, actor.is_system)
    if key not in remembered:
        if len(remembered) >= _MOST:
            remembered.clear()
        remembered[key] = [line for entry in registry().active("menu", key[2]) if (line := _line(entry, organisation)) is not None]
    return remembered[key]


def _line(entry: MenuEntry, organisation: Organisation) -> _Line | None:
    if organisation.kind not in entry.kinds or not (entry.permission == "login" or current_actor().can(entry.permission)):
        return None
    tabs_there = _open_tabs(entry.tabs) if entry.tabs else []
    if entry.tabs and not tabs_there:
        return None
    views = (f"{entry.endpoint.partition('.')[0]}.", *(f"{tab.endpoint.partition('.')[0]}." for tab in tabs_there))
    return _Line(entry, str(entry.title), url_for(tabs_there[0].endpoint if tabs_there else entry.endpoint, org=_SLUG), (*views, *entry.matches))


def _open_tabs(page: str) -> list[Any]:
    """The tabs of a page that the person may open, here."""
    actor, organisation = current_actor(), g.organisation
    return [
        tab
        for tab in registry().active("tabs", active_plugins(organisation))
        if tab.page == page and organisation.kind in tab.kinds and actor.can(tab.permission)
    ]


def part_of(endpoint: str) -> str:
    """The view that a page belongs to, when it says so: this time (`CoreView.belongs_to`), or always (`CoreView.part_of`)."""
    if "part_of" in g:
        return str(g.part_of)
    name = endpoint.partition(".")[0]
    return next((str(getattr(view, "part_of", "")) for view in registry().all("views") if view.__name__ == name), "")


def tabs(page: str) -> list[dict[str, Any]]:
    """The tabs of a page that the person may open, with their counts."""
    endpoint = request.endpoint or ""
    here = endpoint.partition(".")[0]
    found = _open_tabs(page)
    names = [tab.endpoint.partition(".")[0] for tab in found]
    current = here if here in names else part_of(endpoint)
    return [
        {
            "title": str(tab.title),
            "icon": tab.icon,
            "url": url_for(tab.endpoint),
            "current": name == current,
            "count": number,
        }
        for tab, name, number in zip(found, names, _numbers_of_tabs(page, found), strict=True)
    ]


def expect_tabs(pages: Sequence[str]) -> None:
    """Say which tabs a page will show: their numbers are then asked together with those of the menu, in one query."""
    g.expected_tabs = tuple(pages)


def _numbers_of_page(counts: Sequence[Any]) -> list[int | None]:
    """The numbers of the menu; those of the tabs that are expected are asked too, and kept for when they are drawn."""
    expected = [(page, _open_tabs(page)) for page in g.pop("expected_tabs", ())]
    numbers = numbers_of([*counts, *(tab.count() if tab.count else None for _page, found in expected for tab in found)])
    rest = iter(numbers[len(counts) :])
    g.tab_numbers = {page: [next(rest) for _tab in found] for page, found in expected}
    return numbers[: len(counts)]


def _numbers_of_tabs(page: str, found: Sequence[Any]) -> list[int | None]:
    kept: list[int | None] | None = g.get("tab_numbers", {}).get(page)
    return kept if kept is not None else numbers_of([tab.count() if tab.count else None for tab in found])


def numbers_of(counts: Sequence[Any]) -> list[int | None]:
    """The numbers of tabs or widgets; all that are still SELECTs are asked in one query."""
    asked = [count.scalar_subquery() for count in counts if isinstance(count, Select)]
    answers = iter(db.session.execute(select(*asked)).one() if asked else ())
    return [next(answers) if isinstance(count, Select) else count for count in counts]
