"""Snapshots: the list, a new one, one of them, two beside each other."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.api import (
    CoreView,
    NotFound,
    UserMistake,
    _,
    current_actor,
    current_organisation,
    done,
    enqueue,
    expose,
    needs,
    present_job,
    require,
    row_id,
    today,
    transaction,
    warn,
)  # fmt: skip
from plugins.statistics.chart import shares
from plugins.statistics.files import compared_sheets
from plugins.statistics.forms import SnapshotForm
from plugins.statistics.jobs import EXPORT, EXPORT_JOB, WITH_NAMES
from plugins.statistics.services import snapshots
from plugins.statistics.services.snapshots import KEEP_YEARS, WRITE
from plugins.statistics.views.numbers import as_file

READ = "snapshots.read"


class SnapshotView(CoreView):
    route_base = "/o/<org>/reports/snapshots"
    default_view = "list"

    @expose("/")
    @needs(READ)
    def list(self) -> Any:
        """All snapshots, the newest reference date first."""
        return self.render("statistics/snapshots.html", snapshots=snapshots.snapshots_here())

    @expose("/new", methods=["GET", "POST"])
    @needs(WRITE)
    def new(self) -> Any:
        """A name and a day; a job does the rest."""
        form = SnapshotForm(data={"reference_on": today(current_organisation().time_zone), "keep_years": KEEP_YEARS})
        if form.validate_on_submit():
            try:
                with transaction():
                    pk = snapshots.start_snapshot(
                        name=form.name.data or "",
                        reference_on=form.reference_on.data,
                        keep_years=form.keep_years.data if form.keep_years.data is not None else KEEP_YEARS,
                        note=form.note.data or "",
                        actor=current_actor(),
                    ).id
                return redirect(url_for(".show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("statistics/snapshot_new.html", form=form), 422 if form.errors else 200

    @expose("/<int:pk>")
    @needs(READ)
    def show(self, pk: int) -> Any:
        """The tables; while it is being taken, how far that is."""
        snapshot = snapshots.get_snapshot(pk)
        if not snapshot.is_taken:
            job = snapshots.job_of(snapshot)
            shown = present_job(job, actor=current_actor()) if job is not None else None
            return self.render("statistics/snapshot_busy.html", snapshot=snapshot, job=shown, failed=[], late=False)
        sheets = [(sheet, shares([number for _key, _title, number in sheet.rows])) for sheet in snapshots.sheets_of(snapshot)]
        others = [other for other in snapshots.snapshots_here() if other.is_taken and other.id != pk]
        return self.render(
            "statistics/snapshot.html",
            snapshot=snapshot,
            sheets=[pair for pair in sheets if pair[0].key != "total"],
            others=others,
            is_unchanged=snapshots.checksum_of(snapshot) == snapshot.checksum,
        )

    @expose("/<int:pk>/remove", methods=["POST"])
    @needs(WRITE)
    def remove(self, pk: int) -> Any:
        """Throw away one that was never taken."""
        try:
            with transaction():
                snapshots.remove_snapshot(snapshots.get_snapshot(pk), actor=current_actor())
        except UserMistake as mistake:
            warn(mistake.message)
            return redirect(url_for(".show", pk=pk))
        done(_("The snapshot was removed."))
        return redirect(url_for(".list"))

    @expose("/<int:pk>/export", methods=["POST"])
    @needs(EXPORT)
    def export(self, pk: int) -> Any:
        """An Excel file with a sheet per table; with the list of members for whoever may have it."""
        with_members = request.form.get("members") == "1"
        if with_members:
            require(current_actor(), WITH_NAMES)
        snapshot = snapshots.get_snapshot(pk)
        if not snapshot.is_taken:
            raise NotFound(f"snapshot {pk}")
        with transaction():
            title = _("Export: snapshot “%(name)s”", name=snapshot.name)
            job_id = enqueue(EXPORT_JOB, {"snapshot": pk, "members": with_members}, actor=current_actor(), title=title).id
        return redirect(url_for("JobView.show", pk=job_id))

    @expose("/compare")
    @needs(READ)
    def compare(self) -> Any:
        """Two snapshots beside each other."""
        before, after = self._two()
        return self.render("statistics/compare.html", before=before, after=after, sheets=snapshots.compare(before, after))

    @expose("/compare/export", methods=["POST"])
    @needs(EXPORT)
    def export_compared(self) -> Any:
        before, after = self._two()
        return as_file("snapshots-compared", compared_sheets(before, after, snapshots.compare(before, after)))

    def _two(self) -> tuple[Any, Any]:
        found = [snapshots.get_snapshot(request.values.get(name, 0, type=row_id)) for name in ("before", "after")]
        if not all(snapshot.is_taken for snapshot in found):
            raise NotFound("snapshots to compare")
        return found[0], found[1]
