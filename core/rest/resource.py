"""CoreRestApi: a resource of the REST API, over the same services, lists and rights as the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import g, jsonify, request, url_for
from sqlalchemy import select

from core.access import Actor, current_actor
from core.db import db, is_one_of, transaction
from core.errors import NotFound, StaleVersion
from core.i18n import _
from core.lists.definition import ListDefinition
from core.lists.state import ListState
from core.rest.calls import replayed, take_call
from core.rest.errors import refuse, require_scope
from core.rest.fields import ApiField, take
from core.web.views import CoreView, expose, needs

#: arguments of a list besides its filters
LIST_ARGUMENTS = ("q", "sort", "size", "at")


@dataclass(frozen=True)
class Action:
    """Something one can do with a row besides changing it: POST <row>/<name>."""

    name: str
    method: str
    title: Any
    permission: str
    fields: tuple[ApiField, ...] = ()


def rest_action(name: str, *, title: Any, permission: str, fields: Sequence[ApiField] = ()) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a method a deed on one row: `method(self, row, values, *, actor)` returns the row. It runs in a transaction.

    Example:
        @rest_action("accept", title=_l("Accept"), permission="memberships.decide")
        def accept(self, row, values, *, actor):
            return accept_membership(row, actor=actor)
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method._rest_action = Action(name, method.__name__, title, permission, tuple(fields))  # type: ignore[attr-defined]
        return method

    return mark


class CoreRestApi(CoreView):
    """One resource: /api/v1/o/<organisation>/<resource>.

    resource: its name in the address and in the scopes ("contacts").
    title, description: for people.
    permission: the right to read it.
    fields: what it shows and takes.
    definition: the list whose filters, search and order it has; without it there is no list.
    changes: right per verb ("create", "change", "remove"); a verb that is not named has no route.
    is_versioned: rows have a `version`, which is their ETag, and change only with If-Match.

    A subclass implements `find` and, for the verbs in `changes`, `create`, `change` and `remove`
    with the services of its room. Everything else (rights, scopes, paging, errors, a call that
    is sent twice, the OpenAPI document) is done here.

    Example:
        class ClubApi(CoreRestApi):
            resource, title, permission = "clubs", _l("Clubs"), "clubs.read"
            fields = (ApiField("id", "integer"), ApiField("name", help=_l("Name")))
            definition = CLUBS
    """

    is_rest = True
    resource: ClassVar[str] = ""
    title: ClassVar[Any] = ""
    description: ClassVar[Any] = ""
    permission: ClassVar[str] = ""
    fields: ClassVar[tuple[ApiField, ...]] = ()
    definition: ClassVar[ListDefinition | None] = None
    changes: ClassVar[Mapping[str, str]] = {}
    is_versioned: ClassVar[bool] = False
    #: one row per organisation, which has no id of its own in the address
    is_single: ClassVar[bool] = False
    actions: ClassVar[tuple[Action, ...]] = ()
    default_view = "list_rows"
    kinds: ClassVar[tuple[str, ...]] = ("club", "region", "federation", "platform")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.resource:
            return
        cls.route_base = f"/api/v1/o/<org>/{cls.resource}"
        off = set()
        for method, verb in (("create_row", "create"), ("change_row", "change"), ("remove_row", "remove")):
            if verb in cls.changes:
                cls._guard(method, cls.changes[verb])
            else:
                off.add(method)
        for method, is_there in (("list_rows", cls.definition is not None), ("show_row", not cls.is_single), ("show_only", cls.is_single)):
            if is_there:
                cls._guard(method, cls.permission)
            else:
                off.add(method)
        cls.exclude_route_methods = off
        cls.actions = tuple(found for name in dir(cls) if (found := getattr(getattr(cls, name), "_rest_action", None)) is not None)
        for action in cls.actions:
            setattr(cls, f"do_{action.method}", _route_of(action))

    @classmethod
    def _guard(cls, method: str, permission: str) -> None:
        if method not in cls.__dict__:  # one that was written by hand names its right itself
            setattr(cls, method, needs(permission)(getattr(cls, method)))

    # --- what a subclass says ------------------------------------------------------------------

    def find(self, pk: int, *, actor: Actor) -> Any:
        """The row with this id for this actor; NotFound for all others."""
        raise NotFound(str(pk))

    def create(self, values: dict[str, Any], *, actor: Actor) -> Any:
        raise NotImplementedError

    def change(self, row: Any, values: dict[str, Any], *, actor: Actor, version: int | None) -> Any:
        raise NotImplementedError

    def remove(self, row: Any, *, actor: Actor) -> None:
        raise NotImplementedError

    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        """The rows of a page, in any order, with all that their fields need: no query per row."""
        model = self._list().model
        return db.session.scalars(select(model).where(is_one_of(model.id, ids))).all()

    @classmethod
    def read_permissions(cls) -> frozenset[str]:
        """Rights besides `permission` that single fields ask."""
        return frozenset(field.permission for field in cls.fields if field.permission)

    @classmethod
    def more_paths(cls) -> list[tuple[str, str, dict[str, Any]]]:
        """Routes a subclass adds by hand, for the OpenAPI document: (path after the resource, method, operation)."""
        return []

    @classmethod
    def write_permissions(cls) -> frozenset[str]:
        return frozenset(cls.changes.values()) | {action.permission for action in cls.actions}

    # --- routes --------------------------------------------------------------------------------

    @expose("")
    @needs("login")
    def list_rows(self) -> Any:
        """A page of rows."""
        self._enter("read")
        state = self._state()
        page = state.fetch()
        if page is None:
            refuse(400, _("The list could not be made of this question."))
        rows = {row.id: row for row in self.load([found.id for found in page.rows])} if page.rows else {}
        answer = {
            "data": [self.represent(rows[found.id], in_list=True) for found in page.rows if found.id in rows],
            "page": {
                "size": page.size,
                "total": page.total,
                "total_is_capped": page.is_capped,
                "next": state.url(at=page.next) if page.next else None,
                "previous": state.url(at=page.previous) if page.previous else None,
            },
        }
        return jsonify(answer)

    @expose("/<int:pk>")
    @needs("login")
    def show_row(self, pk: int) -> Any:
        """One row."""
        self._enter("read")
        return self._answer(self.find(pk, actor=current_actor()))

    @expose("")
    @needs("login")
    def show_only(self) -> Any:
        """The row of this organisation."""
        self._enter("read")
        return self._answer(self.find(0, actor=current_actor()))

    @expose("", methods=["POST"])
    @needs("login")
    def create_row(self) -> Any:
        """Make a row; an Idempotency-Key makes it safe to send again."""
        self._enter("write")
        actor = current_actor()
        values = take(body(), self._fields(actor), complete=True)
        with transaction():
            call, earlier = take_call(actor)
            row = self.find(earlier, actor=actor) if earlier is not None else self.create(values, actor=actor)
            if call is not None and earlier is None:
                call.row_id = row.id
                db.session.flush()
            answer = self._answer(row, 201)
        answer.headers["Location"] = url_for(f"{self.endpoint}.show_row", pk=row.id)
        return replayed(answer) if earlier is not None else answer

    @expose("/<int:pk>", methods=["PATCH"])
    @needs("login")
    def change_row(self, pk: int) -> Any:
        """Change the fields that are given, and leave the others alone."""
        self._enter("write")
        actor = current_actor()
        values = take(body(), self._fields(actor), complete=False)
        with transaction():
            row = self.find(pk, actor=actor)
            version = self._expected(row)
            try:
                row = self.change(row, values, actor=actor, version=version)
            except StaleVersion:
                refuse(412, _("Somebody else changed this meanwhile. Read it again and repeat your change."))
            return self._answer(row)

    @expose("/<int:pk>", methods=["DELETE"])
    @needs("login")
    def remove_row(self, pk: int) -> Any:
        """Remove a row; what that means is said in the description."""
        self._enter("write")
        actor = current_actor()
        with transaction():
            row = self.find(pk, actor=actor)
            self._expected(row)
            try:
                self.remove(row, actor=actor)
            except StaleVersion:
                refuse(412, _("Somebody else changed this meanwhile. Read it again and repeat your change."))
        return "", 204

    # --- inside --------------------------------------------------------------------------------

    def represent(self, row: Any, *, in_list: bool = False) -> dict[str, Any]:
        """A row as JSON."""
        return {field.name: field.read(row) for field in self._fields(current_actor()) if field.in_list or not in_list}

    def _fields(self, actor: Actor) -> list[ApiField]:
        return [field for field in self.fields if field.permission is None or actor.can(field.permission)]

    def _enter(self, verb: str) -> None:
        """Is this resource there for this kind of organisation, and does the key reach it?"""
        if g.organisation.kind not in self.kinds:
            raise NotFound(self.resource)
        require_scope(f"{self.resource}:{verb}")

    def _list(self) -> ListDefinition:
        if self.definition is None:
            raise NotFound(self.resource)
        return self.definition

    def _state(self) -> ListState:
        state = ListState.read(self._list(), request.args, actor=current_actor(), base_url=url_for(f"{self.endpoint}.list_rows"))
        unknown = [name for name in request.args if not name.startswith("f.") and name not in LIST_ARGUMENTS]
        mistakes = [*(_("“%(name)s” is not an argument of this list.", name=name[:60]) for name in unknown), *state.mistakes]
        mistakes += [problem.message for problem in state.asked.problems]
        if mistakes:
            refuse(400, mistakes[0])
        return state

    def _answer(self, row: Any, code: int = 200) -> Any:
        answer = jsonify(self.represent(row))
        answer.status_code = code
        if self.is_versioned:
            answer.set_etag(str(row.version))
            if request.method == "GET":
                answer.make_conditional(request)
        return answer

    def _expected(self, row: Any) -> int | None:
        """The version the caller has seen; without it nothing is overwritten."""
        if not self.is_versioned:
            return None
        if not request.headers.get("If-Match"):
            refuse(428, _("Send the ETag you read in If-Match, so that nobody's change is lost."))
        if not request.if_match.contains(str(row.version)):
            refuse(412, _("Somebody else changed this meanwhile. Read it again and repeat your change."))
        return int(row.version)


def _route_of(action: Action) -> Callable[..., Any]:
    def do(self: CoreRestApi, pk: int) -> Any:
        self._enter("write")
        actor = current_actor()
        values = take(body() if request.get_data() else {}, action.fields, complete=True)
        with transaction():
            call, earlier = take_call(actor)
            row = self.find(pk, actor=actor)
            if earlier is None:
                if request.headers.get("If-Match"):
                    self._expected(row)
                row = getattr(self, action.method)(row, values, actor=actor)
                if call is not None:
                    call.row_id = row.id
                    db.session.flush()
            answer = self._answer(row)
        return replayed(answer) if earlier is not None else answer

    do.__name__ = f"do_{action.method}"
    do.__doc__ = str(action.title)
    return expose(f"/<int:pk>/{action.name}", methods=["POST"])(needs(action.permission)(do))  # type: ignore[no-any-return]


def body() -> Any:
    """The JSON of the request; 415 or 400 when it is none."""
    if not request.is_json:
        refuse(415, _("Send JSON, with the header Content-Type: application/json."))
    found = request.get_json(silent=True)
    if found is None:
        refuse(400, _("The body is not JSON that can be read."))
    return found
