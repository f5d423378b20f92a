"""One run: what the dry run found, the conflicts, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, request, url_for
from sqlalchemy import select

from core.api import CoreView, Job, UserMistake, _n, current_actor, current_organisation, db, done, expose, needs, present_job, row_id, transaction, warn
from plugins.exchange.catalogue import our_fields
from plugins.exchange.forms import BASIS_TITLES
from plugins.exchange.models import CONFLICT, OUTCOMES, ExchangeRun
from plugins.exchange.presentation import outcome_titles, show_value, state_of
from plugins.exchange.services import exchanges
from plugins.exchange.services.exchanges import RUN

READ = "exchange.read"
PAGE = 50


class ExchangeRunView(CoreView):
    route_base = "/o/<org>/exchange/runs"
    default_view = "show"
    part_of = "ExchangeView"

    @expose("/<int:pk>")
    @needs(READ)
    def show(self, pk: int) -> Any:
        """How many rows are new, changed, in conflict; while a job works on it, how far that is."""
        run = exchanges.get_run(pk)
        job = db.session.scalars(select(Job).where(Job.id == run.job_id)).one_or_none() if run.job_id else None
        shown = present_job(job, actor=current_actor()) if job is not None and run.is_busy else None
        outcome = request.args.get("outcome", "")
        outcomes = [name for name in OUTCOMES if run.counts.get(name)]
        outcome = outcome if outcome in outcomes else outcomes[0] if outcomes else ""
        after = request.args.get("after", 0, type=row_id)
        rows = exchanges.rows_of(run, outcome, after=after, limit=PAGE) if outcome and shown is None else []
        return self.render(
            "exchange/run.html",
            run=run,
            exchange=exchanges.get_exchange(run.exchange_id),
            state=state_of(run),
            basis=BASIS_TITLES.get(run.legal_basis, run.legal_basis),
            job=shown,
            failed=[],
            late=False,
            titles=outcome_titles(),
            outcomes=outcomes,
            outcome=outcome,
            rows=rows,
            following=rows[-1].row_no if len(rows) == PAGE else None,
            undecided=exchanges.undecided(run) if run.counts.get(CONFLICT) and not shown else {},
            fields=self._titles(),
            show_value=show_value,
        )

    def _titles(self) -> dict[str, str]:
        return {field.key: field.title for field in our_fields(current_organisation())}

    @expose("/<int:pk>/conflicts", methods=["GET", "POST"])
    @needs(RUN)
    def conflicts(self, pk: int) -> Any:
        """Both sides beside each other; decide per field."""
        run = exchanges.get_run(pk)
        after = request.args.get("after", 0, type=row_id)
        if request.method == "POST":
            return self._decided(run, after)
        rows = exchanges.rows_of(run, CONFLICT, after=after, limit=25)
        return self.render(
            "exchange/conflicts.html",
            run=run,
            exchange=exchanges.get_exchange(run.exchange_id),
            rows=[row for row in rows if not row.is_applied],
            following=rows[-1].row_no if len(rows) == 25 else None,
            after=after,
            undecided=exchanges.undecided(run),
            fields=self._titles(),
            show_value=show_value,
        )

    def _decided(self, run: ExchangeRun, after: int) -> Any:
        """What was ticked on the page: names are "<row>.<field>", values "ours" or "theirs"."""
        choices: dict[int, dict[str, str]] = {}
        for name, side in request.form.items():
            row, dot, field = name.partition(".")
            if dot and row.isdigit() and len(row) < 11:
                choices.setdefault(int(row), {})[field] = side
        try:
            with transaction():
                for pk, sides in choices.items():
                    exchanges.decide(run, exchanges.get_row(run, pk), sides, actor=current_actor())
        except UserMistake as mistake:
            warn(str(mistake))
            return redirect(url_for(".conflicts", pk=run.id, after=after or None))
        done(_n("%(num)s person was decided on.", "%(num)s people were decided on.", len(choices)))
        following = request.form.get("following", type=row_id)
        return redirect(url_for(".conflicts", pk=run.id, after=following) if following else url_for(".show", pk=run.id))

    @expose("/<int:pk>/alike", methods=["POST"])
    @needs(RUN)
    def alike(self, pk: int) -> Any:
        """The same answer for all that are still open."""

        def deed(run: ExchangeRun) -> None:
            number = exchanges.decide_alike(run, request.form.get("field", ""), request.form.get("side", ""), actor=current_actor())
            done(_n("%(num)s person was decided on.", "%(num)s people were decided on.", number))

        return self._or_warn(pk, deed, "conflicts")

    @expose("/<int:pk>/apply", methods=["POST"])
    @needs(RUN)
    def apply(self, pk: int) -> Any:
        """Do what is certain and decided."""
        return self._or_warn(pk, lambda run: exchanges.start_applying(run, actor=current_actor()))

    @expose("/<int:pk>/undo", methods=["POST"])
    @needs(RUN)
    def undo(self, pk: int) -> Any:
        """Take back what clubs did not answer yet."""
        return self._or_warn(pk, lambda run: exchanges.start_undoing(run, actor=current_actor()))

    def _or_warn(self, pk: int, deed: Callable[[ExchangeRun], Any], back: str = "show") -> Any:
        try:
            with transaction():
                deed(exchanges.get_run(pk))
        except UserMistake as mistake:
            warn(str(mistake))
        return redirect(url_for(f".{back}", pk=pk))


