"""What a list page is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.extend.registry import registry
from core.i18n import _l
from core.lists.columns import Column
from core.lists.filters import Filter


@dataclass(frozen=True)
class AddEntry:
    """A line of the green + of a list."""

    title: Any
    icon: str
    endpoint: str
    permission: str


@dataclass(frozen=True)
class ListDefinition:
    """A list of rows of one model, that everybody may add columns, filters and actions to.

    name: what columns, filters and bulk actions name as their `list_name`.
    model: the rows; their `id` is what selections hold.
    title, noun: heading, and what its rows are called after a number ("contacts").
    permission: needed to see it; export_permission: to take it away (None: no export).
    columns, filters: its own; those registered for `name` are added.
    search: (text) -> condition, for the search box; None: no search box.
    search_hint: what the empty search box says.
    default_sort: name of a column, "-" before it sorts downwards.
    base_condition: () -> condition every row meets ("not in the bin").
    base_reason: why a row is not in the list when it does not meet that ("In the bin").
    joins: (select) -> select with the joins its columns and filters need; always applied.
    profile_endpoint: view that shows one row; it gets `pk`.
    edit_endpoint: view that changes one row; shown in the row menu.
    extra_fields: (target, JSON column) pairs whose extra fields become columns and filters.
    shares: name of a list whose registered columns and filters this one has too.
    add: lines of the green +.
    empty_title, empty_text: what an empty list says, and what to do next.
    tabs: pages whose tabs stand above it: big ones first ("crm", "contacts").

    Example:
        ListDefinition("clubs", Organisation, _l("Clubs"), _l("clubs"), permission="clubs.read",
                       columns=CLUB_COLUMNS, default_sort="name", base_condition=is_our_club)
    """

    name: str
    model: Any
    title: Any
    noun: Any
    permission: str
    columns: tuple[Column, ...] = ()
    filters: tuple[Filter, ...] = ()
    search: Callable[[str], Any] | None = None
    search_hint: Any = ""
    default_sort: str = "name"
    base_condition: Callable[[], Any] | None = None
    base_reason: Any = _l("Does not belong in this list")
    joins: Callable[[Any], Any] | None = None
    profile_endpoint: str | None = None
    edit_endpoint: str | None = None
    edit_permission: str | None = None
    export_permission: str | None = None
    extra_fields: tuple[tuple[str, Any], ...] = ()
    shares: str | None = None
    add: tuple[AddEntry, ...] = ()
    empty_title: Any = ""
    empty_text: Any = ""
    tabs: tuple[str, ...] = ()


def list_endpoint(name: str) -> str:
    """The endpoint of the page that shows this list."""
    return next(f"{v.__name__}.list" for v in registry().all("views") if getattr(getattr(v, "definition", None), "name", None) == name)


def definition_named(name: str) -> ListDefinition:
    """The definition of the list page with this name; KeyError when there is none."""
    for view in registry().all("views"):
        definition = getattr(view, "definition", None)
        if isinstance(definition, ListDefinition) and definition.name == name:
            return definition
    raise KeyError(name)
