"""ListPage: the page every long list of the platform is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from flask import current_app, redirect, request, url_for
from sqlalchemy import case, select

from core.access import current_actor
from core.db import db, transaction
from core.errors import NotFound, UserMistake
from core.i18n import _
from core.lists import panel
from core.lists.cells import header_class, shown_rows
from core.lists.definition import AddEntry, ListDefinition
from core.lists.engine import count_rows, visible_ids
from core.lists.filterset import FilterSet, clean_search, condition_of
from core.lists.listing import Listing, listing_for
from core.lists.saved_views import SavedFilterPages
from core.lists.services import choose_columns, forget_columns, load_time, load_words, move_column
from core.lists.state import ListState
from core.selections.services import freeze
from core.web.shell import expect_tabs
from core.web.views import CoreView, expose, needs, row_id

#: the part of the page that htmx replaces
RESULTS = "results"
MOST_MISSING = 5


class ListPage(SavedFilterPages, CoreView):
    """A list with search, filters, columns, sorting, paging and bulk actions.

    A subclass names its `definition` and `route_base`; rights come from the definition.

    Example:
        class ContactList(ListPage):
            route_base = "/o/<org>/crm/contacts"
            definition = CONTACTS
    """

    definition: ClassVar[ListDefinition]
    #: a page of its own around the list extends "lists/list.html"
    template: ClassVar[str] = "lists/list.html"
    default_view = "list"
    guarded = (
        "list", "filter", "count", "panel", "columns", "save_columns", "select", "row", "missing",
        "saved", "new_filter", "save_filter", "rename_filter", "remove_filter", "restore_filter",
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "definition" in cls.__dict__:
            for name in cls.guarded:
                setattr(cls, name, needs(cls.definition.permission)(getattr(cls, name)))

    # --- pages -------------------------------------------------------------------------------

    @expose("/")
    @needs("login")
    def list(self) -> Any:
        """The page, or only its results when htmx asks for those."""
        state = self._state()
        if _wants_part(RESULTS):
            return self.render("lists/_results.html", **self._context(state)), 200, {"HX-Push-Url": request_url(state), "Vary": "HX-Request"}
        expect_tabs(state.definition.tabs)
        return self.render(self.template, **self._context(state), **self.around(state), panel_open=False)

    @expose("/filter")
    @needs("login")
    def filter(self) -> Any:
        """Turn what the search panel asks into the address of the list."""
        state = self._state(self._of_form())
        if _wants_part(RESULTS):
            return self.render("lists/_results.html", **self._context(state)), 200, {"HX-Push-Url": state.url(), "Vary": "HX-Request"}
        return redirect(state.url())

    @expose("/count")
    @needs("login")
    def count(self) -> Any:
        """How many rows the search panel would find, while it is filled in."""
        state = self._state(self._of_form())
        found = None if state.asked.problems else count_rows(state.listing, state.asked)
        return self.render("lists/_count.html", state=state, found=found)

    @expose("/panel")
    @needs("login")
    def panel(self) -> Any:
        """The search panel; without script a page of its own."""
        state = self._state()
        context = {"state": state, "view": self, "folds": panel.folds(state.asked)}
        if _wants_part("filters-body"):
            return self.render("lists/_panel.html", **context)
        return self.render("lists/panel.html", **context)

    @expose("/columns")
    @needs("login")
    def columns(self) -> Any:
        """The column chooser; without script a page of its own."""
        state = self._state()
        return self._chooser(state, [c.name for c in state.columns])

    @expose("/columns", methods=["POST"])
    @needs("login")
    def save_columns(self) -> Any:
        """Keep the choice, put back the usual columns, or move one up or down."""
        state, actor = self._state(), current_actor()
        names = _ordered(request.form.getlist("order"), request.form.getlist("columns"))
        moved, direction = request.form.get("down") or request.form.get("up"), "up" in request.form
        if moved:
            return self._chooser(state, move_column(names, moved, up=direction))
        try:
            with transaction():
                if "usual" in request.form:
                    forget_columns(state.listing, actor=actor)
                else:
                    choose_columns(state.listing, names, actor=actor)
        except UserMistake as mistake:
            return self._chooser(state, names, mistake=str(mistake)), 422
        return ("", 204, {"HX-Redirect": state.url()}) if request.headers.get("HX-Request") else redirect(state.url())

    @expose("/select", methods=["POST"])
    @needs("login")
    def select(self) -> Any:
        """Freeze what was ticked and go on with the action that was chosen."""
        only = request.args.get("only", type=row_id)
        with transaction():
            selection = freeze(self._chosen(only), self.definition.name, actor=current_actor(), sort=request.form.get("sort") or None)
            pk = selection.id
        return redirect(url_for("SelectionView.begin", pk=pk, action=request.form.get("action") or None))

    @expose("/row/<int:pk>")
    @needs("login")
    def row(self, pk: int) -> Any:
        """The menu behind the three dots of one row."""
        listing = self.listing()
        if not visible_ids(listing, [pk]):
            raise NotFound
        return self.render("lists/_row_menu.html", view=self, listing=listing, pk=pk, links=self.row_links(pk))

    @expose("/missing")
    @needs("login")
    def missing(self) -> Any:
        """Why is somebody not in this list? Says which filter leaves her out."""
        state, name = self._state(), clean_search(request.args.get("name") or "")
        found = self._explain(state, name) if name and not state.asked.problems else []
        template = "lists/_missing.html" if _wants_part("missing") else "lists/missing.html"
        return self.render(template, view=self, state=state, name=name, found=found)

    # --- what templates ask ------------------------------------------------------------------

    def listing(self) -> Listing:
        return listing_for(self.definition, actor=current_actor())

    @property
    def add_entries(self) -> Sequence[AddEntry]:
        """Lines of the green + that lead somewhere here."""
        actor = current_actor()
        return [entry for entry in self.definition.add if actor.can(entry.permission) and entry.endpoint in current_app.view_functions]

    def row_links(self, pk: int) -> Sequence[RowLink]:
        """First lines of the row menu; a subclass may add its own."""
        found = []
        if self.definition.profile_endpoint:
            found.append(RowLink(_("Open"), "user", url_for(self.definition.profile_endpoint, pk=pk)))
        if self.definition.edit_endpoint and current_actor().can(self.definition.edit_permission or self.definition.permission):
            found.append(RowLink(_("Change"), "pencil", url_for(self.definition.edit_endpoint, pk=pk)))
        return found

    def around(self, state: ListState) -> dict[str, Any]:
        """What the template of a subclass needs besides the list."""
        return {}

    def foot_links(self) -> Sequence[RowLink]:
        """Links below the list, beside "Why is somebody not in this list?"."""
        return []

    header_class = staticmethod(header_class)
    shown_rows = staticmethod(shown_rows)

    def profile_url(self) -> str | None:
        """Address of a profile with 0 for the id: building it once per page is enough."""
        return url_for(self.definition.profile_endpoint, pk=0) if self.definition.profile_endpoint else None

    def address(self, method: str, **values: Any) -> str:
        return url_for(f"{self.endpoint}.{method}", **values)

    # --- inside ------------------------------------------------------------------------------

    def _state(self, args: Any = None) -> ListState:
        return ListState.read(self.definition, request.args if args is None else args, actor=current_actor(), base_url=self.address("list"))

    def _of_form(self) -> FormArguments:
        return FormArguments(request.args)

    def _context(self, state: ListState) -> dict[str, Any]:
        page = state.fetch()
        all_chosen = request.args.get("all") == "1"
        return {"view": self, "state": state, "page": page, "profile_url": self.profile_url(), "all_chosen": all_chosen}

    def _chooser(self, state: ListState, names: Sequence[str], mistake: str = "") -> Any:
        columns = [state.listing.columns[name] for name in names if name in state.listing.columns]
        groups: dict[str, list[Any]] = {}
        for column in state.listing.columns.values():
            groups.setdefault(str(column.group), []).append(column)
        loads = [*dict.fromkeys(c.load for c in state.listing.columns.values() if c.load is not None)]
        context = {
            "view": self,
            "state": state,
            "groups": groups,
            "chosen": columns,
            "load_time": load_time(columns),
            "load_words": load_words(),
            "loads": {c.name: loads.index(c.load) for c in state.listing.columns.values() if c.load is not None},
            "mistake": mistake,
            "is_moved": request.method == "POST" and not mistake,
            "save_url": state.url().replace(state.base_url, self.address("save_columns"), 1),
        }
        return self.render("lists/_columns.html" if _wants_part("columns-form") else "lists/columns.html", **context)

    def _chosen(self, only: int | None) -> FilterSet | Sequence[int]:
        if only is not None:
            return [only]
        if request.form.get("all") == "1":
            return FilterSet.parse(request.form.get("query", ""), self.listing())
        return [int(text) for text in request.form.getlist("ids") if text.isascii() and text.isdigit() and len(text) < 11]

    def _explain(self, state: ListState, name: str) -> Sequence[Missing]:
        search, model = self.definition.search, self.definition.model
        if search is None:
            return []
        base = self.definition.base_condition
        checks = [condition_of(criteria) for criteria in state.asked.by_filter().values()]
        labels = [str(sentence) for sentence in state.asked.sentences()]
        if state.asked.search:
            checks.append(search(state.asked.search))
            labels.append(_("The search for “%(text)s”", text=state.asked.search))
        if base is not None:
            checks.append(base())
            labels.append(str(self.definition.base_reason))
        column = state.listing.columns[self.definition.default_sort.removeprefix("-")]
        flags = [case((check, 1), else_=0) for check in checks]
        entities = [e.label(f"v{n}") for n, e in enumerate([model.id, *column.expressions, *flags])]
        statement = select(*entities).select_from(model).where(search(name)).order_by(*(column.order_by or ())).limit(MOST_MISSING)
        if self.definition.joins is not None:
            statement = self.definition.joins(statement)
        width = 1 + len(column.expressions)
        found = []
        for row in db.session.execute(statement):
            value = tuple(row[1:width]) if isinstance(column.expression, tuple) else row[1]
            reasons = tuple(label for label, holds in zip(labels, row[width:], strict=True) if not holds)
            found.append(Missing(row[0], str(column.shown(value)), reasons))
        return found


@dataclass(frozen=True)
class RowLink:
    title: Any
    icon: str
    url: str


@dataclass(frozen=True)
class Missing:
    """Somebody who was looked for, and the filters that leave her out (none: she is in the list)."""

    id: int
    name: str
    reasons: tuple[str, ...]


class FormArguments:
    """Arguments of the search panel, as ListState reads them."""

    def __init__(self, args: Any) -> None:
        self.args = args

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        return panel.pairs_of_form(self.args)

    def get(self, name: str, default: Any = None) -> Any:
        return self.args.get(name, default) if name in ("sort", "size") else default

    def __getitem__(self, name: str) -> Any:
        return self.args[name]

    def __iter__(self) -> Any:
        return iter(self.pairs)


def _wants_part(target: str) -> bool:
    """Does htmx ask for one part of the page? Going back in the browser asks for the whole."""
    headers = request.headers
    return headers.get("HX-Target") == target and "HX-History-Restore-Request" not in headers


def request_url(state: ListState) -> str:
    """The address of what is shown, without empty fields."""
    return state.url(at=state.cursor) if state.cursor is not None else state.url()


def _ordered(order: Sequence[str], ticked: Sequence[str]) -> list[str]:
    """Ticked columns: those already shown keep their place, new ones come behind."""
    kept = [name for name in order if name in ticked]
    return kept + [name for name in ticked if name not in kept]
