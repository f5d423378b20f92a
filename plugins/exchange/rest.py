"""Exchanges over the REST API: the other system fetches what changed, and brings what it knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.api import (
    Actor,
    ApiField,
    Column,
    CoreRestApi,
    Filter,
    ListDefinition,
    NotFound,
    UserMistake,
    _,
    _l,
    choice_condition,
    current_organisation,
    db,
    is_one_of,
    number_condition,
    rest_action,
    today,
)  # fmt: skip
from plugins.exchange.mapping import links_of
from plugins.exchange.models import IN, OUT, OUTCOMES, Exchange, ExchangeRow, ExchangeRun
from plugins.exchange.services import exchanges
from plugins.exchange.services.exchanges import RUN
from plugins.exchange.services.people import clubs_of_federation, links_by_person, members_of
from plugins.exchange.services.sending import texts_of

READ = "exchange.read"
GROUP = _l("Exchange")
KINDS = ("federation",)


def _by_id(name: str, model: Any) -> Column:
    return Column("id", name, _l("Number"), GROUP, expression=model.id, order_by=(model.id,), default=True)


def _list(name: str, model: Any, title: Any, noun: Any, *filters: Filter) -> ListDefinition:
    return ListDefinition(name=name, model=model, title=title, noun=noun, permission=READ, columns=(_by_id(name, model),), filters=filters, default_sort="id")


def _is(name: str, list_name: str, column: Any) -> Filter:
    return Filter(name, list_name, name, GROUP, "number", number_condition(column), operators=("is",))


class ExchangeApi(CoreRestApi):
    resource = "exchanges"
    title = _l("Exchanges")
    description = _l("What was agreed: with whom, why, which columns.")
    permission = READ
    definition = _list("api_exchanges", Exchange, _l("Exchanges"), _l("exchanges"))
    kinds = KINDS
    fields = (
        ApiField("id", "integer"),
        ApiField("name"),
        ApiField("partner"),
        ApiField("purpose"),
        ApiField("legal_basis"),
        ApiField("sends", "boolean"),
        ApiField("receives", "boolean"),
        ApiField("columns", "list", help=_l("Titles of the columns, and the directions they go"), get=lambda row: list(row.mapping or [])),
    )

    def find(self, pk: int, *, actor: Actor) -> Exchange:
        return exchanges.get_exchange(pk)


class ExchangeRunApi(CoreRestApi):
    """Making one starts a job: ask again until its state is "ready" (in) or "done" (out), then read its rows."""

    resource = "exchange-runs"
    title = _l("Runs of exchanges")
    description = _l(
        "Bring rows (direction “in”), or ask for everybody or what changed (direction “out”). A job does it: ask again until the state is “ready” "
        "or “done”. Rows that came in change nothing before they are applied, and details of people only when their club accepts."
    )
    permission = READ
    definition = _list("api_exchange_runs", ExchangeRun, _l("Runs"), _l("runs"), _is("exchange", "api_exchange_runs", ExchangeRun.exchange_id))
    kinds = KINDS
    changes = {"create": RUN}
    fields = (
        ApiField("id", "integer"),
        ApiField("exchange_id", "integer", writable=True, required=True),
        ApiField("direction", writable=True, required=True, choices=(IN, OUT)),
        ApiField("only_changed", "boolean", writable=True, help=_l("Of what goes out: only what changed since the last time")),
        ApiField("rows", "list", writable=True, help=_l("Of what comes in: objects with the titles of the columns"), get=lambda _row: None, in_list=False),
        ApiField("state"),
        ApiField("counts", "object", help=_l("How many rows of each outcome")),
        ApiField("error"),
        ApiField("created_at", "instant"),
        ApiField("finished_at", "instant"),
    )

    def find(self, pk: int, *, actor: Actor) -> ExchangeRun:
        return exchanges.get_run(pk)

    def create(self, values: dict[str, Any], *, actor: Actor) -> ExchangeRun:
        try:
            exchange = exchanges.get_exchange(values["exchange_id"])
        except NotFound:
            raise UserMistake(_("There is no such exchange."), field="exchange_id") from None
        if values["direction"] == OUT:
            return exchanges.start_sending(exchange, only_changed=bool(values.get("only_changed")), actor=actor)
        return exchanges.start_receiving_rows(exchange, values.get("rows") or [], actor=actor)

    @rest_action("apply", title=_l("Apply what is certain and decided"), permission=RUN)
    def apply(self, row: ExchangeRun, values: dict[str, Any], *, actor: Actor) -> ExchangeRun:
        return exchanges.start_applying(row, actor=actor)


_ROWS = "api_exchange_rows"


def _outcomes() -> list[tuple[str, str]]:
    return [(outcome, outcome) for outcome in OUTCOMES]


class ExchangeRowApi(CoreRestApi):
    resource = "exchange-rows"
    title = _l("Rows of exchanges")
    description = _l("The rows of a run (f.run.is): of what goes out, the values in the columns that were agreed, as they are now.")
    permission = READ
    definition = _list(
        _ROWS,
        ExchangeRow,
        _l("Rows"),
        _l("rows"),
        _is("run", _ROWS, ExchangeRow.run_id),
        Filter("outcome", _ROWS, "outcome", GROUP, "choice", choice_condition(ExchangeRow.outcome), choices=_outcomes, operators=("is",)),
    )
    kinds = KINDS
    fields = (
        ApiField("id", "integer"),
        ApiField("run_id", "integer"),
        ApiField("row", "integer", get=lambda row: row.row_no),
        ApiField("number", help=_l("Their member number")),
        ApiField("outcome", choices=OUTCOMES),
        ApiField("problem"),
        ApiField("differences", "object", help=_l("Field: ours, theirs, and which side is newer"), get=lambda row: dict(row.fields or {})),
        ApiField("values", "object", help=_l("Of what goes out: title of the column and value"), get=lambda row: getattr(row, "values_out", {})),
    )

    def find(self, pk: int, *, actor: Actor) -> ExchangeRow:
        found = db.session.scalars(select(ExchangeRow).where(ExchangeRow.id == pk)).one_or_none() if 0 < pk < 2**31 else None
        if found is None:
            raise NotFound(f"exchange row {pk}")
        return _with_values([found])[0]

    def load(self, ids: Sequence[int]) -> Sequence[Any]:
        return _with_values(db.session.scalars(select(ExchangeRow).where(is_one_of(ExchangeRow.id, ids))).all())


def _with_values(rows: Sequence[ExchangeRow]) -> Sequence[ExchangeRow]:
    """Give rows that went out their values, read now: they are not kept twice."""
    runs = {run.id: run for run in db.session.scalars(select(ExchangeRun).where(is_one_of(ExchangeRun.id, sorted({row.run_id for row in rows}))))}
    for run in runs.values():
        mine = [row for row in rows if row.run_id == run.id and row.contact_id is not None]
        if run.direction != OUT or not mine:
            continue
        exchange, federation = exchanges.get_exchange(run.exchange_id), current_organisation()
        day, wanted = today(federation.time_zone), {row.club_id for row in mine}
        clubs = [club for club in clubs_of_federation(federation, day) if club.id in wanted]
        members = members_of(clubs, federation, day, contact_ids=[row.contact_id or 0 for row in mine])
        links, known = [link for link in links_of(exchange.mapping) if link.send], links_by_person(exchange, [club.id for club in clubs])
        for row in mine:
            key = (row.club_id or 0, row.contact_id or 0)
            if key in members:
                texts = texts_of(members[key], known.get(key), links)
                row.values_out = {link.column: text for link, text in zip(links, texts, strict=True)}  # type: ignore[attr-defined]
    return rows


RESOURCES = (ExchangeApi, ExchangeRunApi, ExchangeRowApi)
