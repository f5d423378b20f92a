"""The small things a plugin adds to pages that are not its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal


@dataclass(frozen=True)
class MenuEntry:
    """A line of the side menu.

    area: "mine" (everybody's own part) or "manage".
    endpoint: view endpoint, e.g. "ContactList.list".
    kinds: organisation kinds in which it shows.
    count: optional () -> number shown as a badge (must be one indexed query).
    matches: other endpoint prefixes for which this entry is the current one.
    """

    title: Any
    icon: str
    endpoint: str
    permission: str
    area: Literal["mine", "manage"] = "manage"
    kinds: tuple[str, ...] = ("club", "region", "federation")
    position: int = 100
    count: Callable[[], int] | None = None
    matches: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tab:
    """A tab of a page that has tabs: `page` is "crm", "contacts" or a page of a plugin.

    count: optional () -> number shown in the tab (one indexed query).
    """

    page: str
    title: Any
    endpoint: str
    permission: str
    icon: str | None = None
    position: int = 100
    count: Callable[[], int] | None = None
    kinds: tuple[str, ...] = ("club", "region", "federation")


@dataclass(frozen=True)
class ContactSection:
    """A card on the profile of a contact.

    template: partial that gets what `context(contact)` returns, plus `contact`.
    column: "main" (left) or "side" (right).
    badges: optional (contact) -> list of core.lists.columns.Status shown under the name.
    """

    name: str
    title: Any
    template: str
    context: Callable[[Any], Mapping[str, Any]]
    permission: str
    column: Literal["main", "side"] = "side"
    position: int = 100
    badges: Callable[[Any], list[Any]] | None = None


@dataclass(frozen=True)
class Widget:
    """A block of the dashboard. `shape` "stat" is a number with a link, "card" a partial.

    For a stat, `context(organisation)` returns {"value", "label", "url", "tone", "hint"};
    for a card it returns the variables of `template`.
    """

    name: str
    title: Any
    context: Callable[[Any], Mapping[str, Any]]
    permission: str
    shape: Literal["stat", "card"] = "card"
    template: str | None = None
    kinds: tuple[str, ...] = ("club",)
    column: Literal["main", "side"] = "main"
    position: int = 100


@dataclass(frozen=True)
class JobKind:
    """Work that runs outside a request.

    run: run(job) where job is a core.jobs.api.JobRun with .arguments, .actor, .organisation
        and .progress(done, total). It runs inside scope(organisation) and acting(actor), NOT
        inside a transaction: it opens its own, small ones, and must be safe to run twice.
    permission: checked again when the job starts.
    queue: "interactive", "mail" or "bulk".
    """

    name: str
    title: Any
    run: Callable[[Any], Any]
    permission: str | None = None
    queue: Literal["interactive", "mail", "bulk"] = "interactive"
    max_attempts: int = 5


@dataclass(frozen=True)
class Schedule:
    """A job started by the clock, once per period, on one worker, for the whole platform."""

    name: str
    job: str
    every: timedelta
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadinessCheck:
    """One line of the "am I in order?" list of a club, answered by a plugin.

    state: "ok", "open" (something to do) or "warn".
    url: where it is repaired; action: text of that link.
    """

    name: str
    title: str
    state: Literal["ok", "open", "warn"]
    detail: str = ""
    url: str | None = None
    action: str | None = None
    position: int = 100


@dataclass(frozen=True)
class FunctionDeclaration:
    """A function contacts hold in a club (chair, secretary ...), declared by a federation.

    required: at least one contact must hold it to be in order.
    """

    key: str
    title: Any
    required: bool = False
    position: int = 100
