"""Base classes of all pages. Plugins build on these, never on Flask-AppBuilder directly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from typing import Any, ClassVar

from flask import abort, g, has_request_context, redirect, request, url_for
from flask_appbuilder import ModelView
from flask_appbuilder.baseviews import BaseView
from flask_appbuilder.models.filters import Filters
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_login import current_user

from core.access import current_actor, require
from core.db import db, transaction
from core.web.column_filters import FilterConverter
from core.web.generated import GeneratedPages
from core.web.generated import expose as expose

#: pages anybody may open, and pages every logged-in person may open
PUBLIC, LOGIN = "public", "login"


def needs(permission: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Refuse whoever lacks `permission` in the organisation of the URL.

    "login": any logged-in user; "public": anybody. A route without `needs` does not start.

    Example:
        @expose("/<int:pk>/end", methods=["POST"])
        @needs("memberships.write")
        def end(self, pk): ...
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
            if permission != PUBLIC and not current_user.is_authenticated:
                return to_login()
            if permission not in (PUBLIC, LOGIN):
                require(current_actor(), permission)
            return view(self, *args, **kwargs)

        guarded._koepel_permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def to_login() -> Any:
    """Send an anonymous visitor to the login page and back here afterwards; programs get a 401."""
    if request.path.startswith("/api/"):
        abort(401)
    if request.headers.get("HX-Request"):
        return "", 401, {"HX-Redirect": url_for("SessionView.login")}
    return redirect(url_for("SessionView.login", next=request.full_path.rstrip("?")))


class CoreView(BaseView):
    """A page, or a few that belong together, written by hand.

    part_of: name of the view whose line of the menu, and whose tab, stay current on these pages.
    on_behalf: what somebody who acts for another person (a parent for a child) needs to send a form
        here: "correct" (details), "answer" (take part, sign up), "own" (about the login itself, which stays
        the parent's), or "" when these pages are not for others at all (a chat): then they are 404.
    """

    part_of: ClassVar[str] = ""
    on_behalf: ClassVar[str] = "correct"

    @staticmethod
    def belongs_to(view: str) -> None:
        """Say to which view's line of the menu, and tab, this page belongs when that depends on what it shows.

        Example: a membership belongs to the list of requests until it is accepted: self.belongs_to("FederationMemberList")
        """
        g.part_of = view

    def render(self, template: str, **context: Any) -> str:
        return self.render_template(template, **context)  # type: ignore[no-any-return]


class CoreInterface(SQLAInterface):
    """FAB's data access, inside our transactions, without swallowing errors."""

    filter_converter_class = FilterConverter

    def add(self, item: Any, raise_exception: bool = False, commit: bool = True) -> bool:
        with transaction() as session:
            session.add(item)
            session.flush()
        return True

    def edit(self, item: Any, raise_exception: bool = False) -> bool:
        with transaction() as session:
            session.merge(item)
            session.flush()
        return True

    def delete(self, item: Any, raise_exception: bool = False) -> bool:
        with transaction() as session:
            session.delete(session.merge(item, load=True))
            session.flush()
        return True

    def delete_all(self, items: Any) -> bool:
        for item in items:
            self.delete(item)
        return True

    def get(self, pk: Any, filters: Any = None, select_columns: Any = None) -> Any:
        try:
            number = int(pk)
        except (TypeError, ValueError):
            return None
        return super().get(number, filters, select_columns) if abs(number) < 2**31 else None


class CoreModelView(GeneratedPages, ModelView):
    """A generated list, show, add, edit and delete of one simple table.

    noun: the first half of its permissions: reading needs "<noun>.read", changing
        "<noun>.write" (override with `method_permission_name`).
    Name the columns: what is not listed cannot be shown, searched or sorted.
    """

    noun: ClassVar[str] = ""
    base_order: Any = ("id", "asc")
    page_size = 25
    method_permission_name = {
        **dict.fromkeys(("list", "show", "options", "download", "api", "api_read", "api_get", "api_column_add", "api_column_edit"), "read"),
        **dict.fromkeys(("add", "edit", "delete", "api_create", "api_update", "api_delete", "action", "action_post"), "write"),
    }
    exclude_route_methods = {
        "api", "api_read", "api_get", "api_create", "api_update", "api_delete", "api_column_add", "api_column_edit",
        "api_readvalues", "download", "action", "action_post",
    }

    def __init__(self, **kwargs: Any) -> None:
        if not self.noun:
            raise TypeError(f"{type(self).__name__} needs a noun")
        self.class_permission_name = self.noun
        super().__init__(**kwargs)

    def _init_properties(self) -> None:
        # FAB searches and sorts on all columns unless told otherwise: a way to guess hidden ones
        self.search_columns = self.search_columns or [c for c in self.list_columns if c in self.datamodel.list_columns]  # type: ignore[has-type]
        self.order_columns = self.order_columns or [c for c in self.list_columns if c in self.datamodel.list_columns]  # type: ignore[has-type]
        super()._init_properties()

    @property
    def _filters(self) -> Filters:
        """One per request: FAB shares a single object between threads and mixes them up."""
        if not has_request_context():
            return self.datamodel.get_filters(self.search_columns)
        kept: dict[str, Filters] = g.setdefault("list_filters", {})
        if type(self).__name__ not in kept:
            kept[type(self).__name__] = self.datamodel.get_filters(self.search_columns)
        return kept[type(self).__name__]

    @_filters.setter
    def _filters(self, _value: Any) -> None:
        """FAB assigns it once, at start."""

    def update_redirect(self) -> None:
        """FAB keeps visited addresses, with names in them, in the cookie. We do not."""

    def get_redirect(self) -> str:
        return url_for(f"{self.endpoint}.{self.default_view}")


def fresh_or_404(model: type, pk: int) -> Any:
    """Load a row of the current scope, or answer 404 as if it did not exist."""
    row = db.session.get(model, pk) if abs(pk) < 2**31 else None
    return row if row is not None else abort(404)


def row_id(text: str) -> int:
    """A number of an address or a form that can be an id; ValueError for all others.

    Example:
        before = request.args.get("before", type=row_id)
    """
    if not (text.isascii() and text.isdigit() and len(text) < 11 and 0 < int(text) < 2**31):
        raise ValueError(text[:20])
    return int(text)


def row_ids(texts: Iterable[str]) -> list[int]:
    """The ids that were ticked on a form, each once; what can be no id is left out.

    Example:
        ids = row_ids(request.form.getlist("ids"))
    """
    found: dict[int, None] = {}
    for text in texts:
        with suppress(ValueError):
            found[row_id(text)] = None
    return list(found)
