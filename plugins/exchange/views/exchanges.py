"""Exchanges: the list, one of them with its log, agreeing and changing, sending and receiving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, request, url_for

from core.api import CoreView, StaleVersion, UserMistake, _, current_actor, current_organisation, done, expose, needs, row_id, transaction, warn
from plugins.exchange.catalogue import our_fields
from plugins.exchange.forms import BASIS_TITLES, ExchangeForm, ReceiveForm
from plugins.exchange.mapping import Link, links_of, read_values, suggested, write_values
from plugins.exchange.models import Exchange
from plugins.exchange.presentation import state_of
from plugins.exchange.services import exchanges
from plugins.exchange.services.exchanges import RUN, WRITE
from plugins.exchange.services.sending import number_linked

READ = "exchange.read"


class ExchangeView(CoreView):
    route_base = "/o/<org>/exchange"
    default_view = "list"

    @expose("/")
    @needs(READ)
    def list(self) -> Any:
        """All exchanges of the federation."""
        found = [(exchange, exchanges.runs_of(exchange, limit=1)) for exchange in exchanges.exchanges_here()]
        return self.render("exchange/list.html", exchanges=found)

    @expose("/new", methods=["GET", "POST"])
    @needs(WRITE)
    def new(self) -> Any:
        """Agree on an exchange: with whom, why, which columns."""
        return self._edit(None)

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    @needs(WRITE)
    def edit(self, pk: int) -> Any:
        return self._edit(exchanges.get_exchange(pk))

    def _edit(self, exchange: Exchange | None) -> Any:
        names = ("name", "partner", "purpose", "legal_basis", "sends", "receives", "is_active")
        form = ExchangeForm(data={name: getattr(exchange, name) for name in names} if exchange else {"sends": True, "receives": True, "is_active": True})
        blamed: dict[str, str] = {}
        if form.validate_on_submit():
            try:
                with transaction():
                    values = {name: getattr(form, name).data for name in names}
                    kept = exchanges.save_exchange(
                        exchange, values, self._typed(), actor=current_actor(), version=request.form.get("version", type=row_id) if exchange else None
                    )
                    pk = kept.id
                done(_("The exchange was saved."))
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
                blamed[mistake.field or ""] = str(mistake)
            except StaleVersion:
                form.form_errors.append(_("Somebody else changed this meanwhile. Open it again and repeat your change."))
        return self.render("exchange/edit.html", exchange=exchange, form=form, blamed=blamed, **self._mapping(exchange)), 422 if form.errors else 200

    def _typed(self) -> Sequence[Link]:
        """The table of columns, as it was typed."""
        found = []
        for field in our_fields(current_organisation()):
            column = request.form.get(f"column-{field.key}", "")
            if column.strip():
                values = read_values(request.form.get(f"values-{field.key}", ""), field.key)
                found.append(Link(field.key, column, f"send-{field.key}" in request.form, f"receive-{field.key}" in request.form, values))
        return found

    def _mapping(self, exchange: Exchange | None) -> dict[str, Any]:
        """What the table shows: what was typed, else what is kept, else a suggestion."""
        fields = our_fields(current_organisation())
        kept = {link.field: link for link in (links_of(exchange.mapping) if exchange else suggested(fields))}
        rows = []
        for field in fields:
            link = kept.get(field.key)
            if request.method == "POST":
                shown = {
                    "column": request.form.get(f"column-{field.key}", ""),
                    "send": f"send-{field.key}" in request.form,
                    "receive": f"receive-{field.key}" in request.form,
                    "pairs": request.form.get(f"values-{field.key}", ""),
                }
            else:
                shown = {
                    "column": link.column if link else "",
                    "send": link.send if link else field.sends,
                    "receive": link.receive if link else field.receives,
                    "pairs": write_values(link.values) if link else "",
                }
            rows.append((field, shown))
        return {"rows": rows}

    @expose("/<int:pk>")
    @needs(READ)
    def show(self, pk: int) -> Any:
        """What was agreed, what can be done, and the log."""
        return self._page(exchanges.get_exchange(pk), ReceiveForm(formdata=None))

    def _page(self, exchange: Exchange, form: ReceiveForm) -> Any:
        titles = {field.key: field.title for field in our_fields(current_organisation())}
        return self.render(
            "exchange/show.html",
            exchange=exchange,
            basis=BASIS_TITLES[exchange.legal_basis],
            links=[(titles.get(link.field, link.field), link) for link in links_of(exchange.mapping)],
            runs=[(run, state_of(run)) for run in exchanges.runs_of(exchange)],
            linked=number_linked(exchange),
            form=form,
        )

    @expose("/<int:pk>/send", methods=["POST"])
    @needs(RUN)
    def send(self, pk: int) -> Any:
        """Write a file with everybody, or with what changed."""
        try:
            with transaction():
                run_id = exchanges.start_sending(exchanges.get_exchange(pk), only_changed=request.form.get("only") == "changed", actor=current_actor()).id
        except UserMistake as mistake:
            warn(str(mistake))
            return redirect(url_for(".show", pk=pk))
        return redirect(url_for("ExchangeRunView.show", pk=run_id))

    @expose("/<int:pk>/receive", methods=["POST"])
    @needs(RUN)
    def receive(self, pk: int) -> Any:
        """Take a file; a job checks it, and nothing is changed yet."""
        exchange, form = exchanges.get_exchange(pk), ReceiveForm()
        if form.validate_on_submit():
            upload: Any = form.file.data
            try:
                if not upload or not upload.filename:
                    raise UserMistake(_("Choose a file first."), field="file")
                with transaction():
                    run_id = exchanges.start_receiving(exchange, upload.read(), upload.filename, actor=current_actor()).id
                return redirect(url_for("ExchangeRunView.show", pk=run_id))
            except UserMistake as mistake:
                form.blame(UserMistake(str(mistake), field="file"))
        return self._page(exchanges.get_exchange(pk), form), 422
