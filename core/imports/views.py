"""The wizard: upload, validate, import; and the imports of before."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import closing
from typing import Any

from flask import Response, redirect, request, url_for

from core.access import current_actor
from core.db import db, transaction
from core.errors import NotFound, UserMistake
from core.i18n import _, _l
from core.imports import services
from core.imports.catalogue import describe, import_columns, import_writers
from core.imports.models import BUSY, CHECKING, DONE, DRAFT, FAILED, UNDOING, UNDONE, WAITING, ImportRun
from core.imports.pages import Review, texts_of
from core.imports.plan import show_rows
from core.imports.table import WEB
from core.imports.template import left_out, template
from core.jobs.api import Job
from core.jobs.reasons import explain
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs

PERMISSION = "contacts.import"
_CELL = re.compile(r"cell-(\d{1,9})-(\d{1,4})")


class ImportWizard(CoreView):
    """From a CSV file to contacts and memberships, in three steps."""

    route_base = "/o/<org>/crm/import"
    default_view = "start"
    part_of = "ContactList"

    # --- 1. upload ---------------------------------------------------------------------------

    @expose("/")
    @needs(PERMISSION)
    def start(self) -> Any:
        return self._start()

    def _start(self, mistake: UserMistake | None = None) -> Any:
        has_former = bool(services.recent_imports(limit=1))
        page = self.render("imports/start.html", columns=import_columns(), describe=describe, mistake=mistake, limits=WEB, has_former=has_former)
        return page, 422 if mistake else 200

    @expose("/", methods=["POST"])
    @needs(PERMISSION)
    def upload(self) -> Any:
        file = request.files.get("file")
        try:
            if file is None or not file.filename:
                raise UserMistake(_("Choose a CSV file first."))
            with closing(file.stream):
                data = file.stream.read(WEB.bytes + 1)
            prepared = services.prepare(data, file.filename.replace("\\", "/").rpartition("/")[2])
        except UserMistake as mistake:
            return self._start(mistake)
        with transaction():
            run = services.create_import(prepared, actor=current_actor())
        return redirect(url_for("ImportWizard.check", pk=run.id))

    @expose("/template.csv")
    @needs(PERMISSION)
    def download_template(self) -> Response:
        return _csv_file(template(import_columns()), _("contacts"))

    # --- 2. validate -------------------------------------------------------------------------

    @expose("/<int:pk>/check")
    @needs(PERMISSION)
    def check(self, pk: int) -> Any:
        run = services.get_import(pk)
        if run.state != DRAFT:
            return redirect(url_for("ImportWizard.show", pk=pk))
        review = Review(run, request.args.get("show", ""), request.args.get("page", 1, int), all_columns="wide" in request.args)
        return self.render("imports/check.html", review=review, run=run)

    @expose("/<int:pk>/check", methods=["POST"])
    @needs(PERMISSION)
    def validate(self, pk: int) -> Any:
        """Keep what was typed in the grid, check the whole list again, and go on when asked."""
        texts = _typed(services.get_import(pk), request.form)
        if texts:
            with transaction():
                services.correct_cells(pk, texts, actor=current_actor())
        one_cell = "use" in request.form or "keep" in request.form
        run = _check_rows(pk, texts) if one_cell else _check_again(pk)
        if run.state == CHECKING:
            return redirect(url_for("ImportWizard.show", pk=pk))
        if "go" in request.form:
            return redirect(url_for("ImportWizard.acts", pk=pk))
        if not one_cell:
            _tell_outcome(run)
        return redirect(url_for("ImportWizard.check", pk=pk, **_view_arguments()))

    @expose("/<int:pk>/cell", methods=["POST"])
    @needs(PERMISSION)
    def cell(self, pk: int) -> Any:
        """One cell was changed: the answer holds that cell, the others of its row that became right or wrong, and the counts."""
        run = services.get_import(pk)
        row_no, index, text = _one_cell(request.form)
        before = Review(run).row(row_no)
        if before is None or index >= len(before.cells):
            raise NotFound(f"cell {row_no}, {index}")
        with transaction():
            services.correct_cells(pk, {(row_no, index): text}, actor=current_actor())
        review = Review(_check_rows(pk, {(row_no, index): text}))
        after = review.row(row_no) or before
        was = {cell.index: [p.message for p in cell.problems] for cell in before.cells}
        others = [cell for cell in after.cells if cell.index != index and [p.message for p in cell.problems] != was[cell.index]]
        return self.render("imports/_cell_answer.html", review=review, run=review.run, cell=after.cells[index], others=others, row=after)

    @expose("/<int:pk>/columns", methods=["POST"])
    @needs(PERMISSION)
    def link(self, pk: int) -> Any:
        """Link one column of the file."""
        index, name = request.form.get("index", -1, int), request.form.get("column") or None
        try:
            if request.form.get("column") == "":
                raise UserMistake(_("Choose a field from the list."), field=f"column-{index}")
            with transaction():
                services.link_column(pk, index, None if name == "-" else name, actor=current_actor())
        except UserMistake as mistake:
            review = Review(services.get_import(pk))
            return self.render("imports/check.html", review=review, run=review.run, mistake=mistake), 422
        _check_again(pk)
        return redirect(url_for("ImportWizard.check", pk=pk, _anchor="columns", columns="all" if "all" in request.form else None))

    @expose("/<int:pk>/proposals", methods=["POST"])
    @needs(PERMISSION)
    def accept(self, pk: int) -> Any:
        """Put all proposals of one kind in their cells."""
        texts = services.suggestions_of(services.get_import(pk), "odd" if request.form.get("tone") == "odd" else "wrong")
        with transaction():
            services.correct_cells(pk, texts, actor=current_actor())
        run = _check_again(pk)
        if run.state != CHECKING:
            _tell_outcome(run)
        return redirect(url_for("ImportWizard.check", pk=pk))

    @expose("/<int:pk>/left-out.csv")
    @needs(PERMISSION)
    def download_left_out(self, pk: int) -> Response:
        """The rows with a problem, to correct in a spreadsheet and send again."""
        run = services.get_import(pk)
        review = Review(run, "problem")
        rows = show_rows(review.table, review.layout, services.corrections_of(run), review.plan.numbered("p"), review.plan.notes)
        return _csv_file(left_out(review.headers, rows), _("rows to correct"))

    # --- 3. import ---------------------------------------------------------------------------

    @expose("/<int:pk>/acts")
    @needs(PERMISSION)
    def acts(self, pk: int) -> Any:
        run = services.get_import(pk)
        if run.state != DRAFT:
            return redirect(url_for("ImportWizard.show", pk=pk))
        return self._acts(run)

    def _acts(self, run: ImportRun, mistake: UserMistake | None = None) -> Any:
        page = self.render("imports/acts.html", review=Review(run), run=run, mistake=mistake, form=request.form)
        return page, 422 if mistake else 200

    @expose("/<int:pk>/acts", methods=["POST"])
    @needs(PERMISSION)
    def begin(self, pk: int) -> Any:
        form = request.form
        try:
            with transaction():
                services.start_import(pk, create="create" in form, update="update" in form, writers=form.getlist("writers"), actor=current_actor())
        except UserMistake as mistake:
            run = services.get_import(pk)
            return self._acts(run, mistake) if run.state == DRAFT else redirect(url_for("ImportWizard.show", pk=pk))
        return redirect(url_for("ImportWizard.show", pk=pk))

    @expose("/<int:pk>")
    @needs(PERMISSION)
    def show(self, pk: int) -> Any:
        run = services.get_import(pk)
        if run.state == DRAFT:
            return redirect(url_for("ImportWizard.check", pk=pk))
        return self.render("imports/show.html", **_outcome(run))

    @expose("/<int:pk>/outcome")
    @needs(PERMISSION)
    def outcome(self, pk: int) -> Any:
        """The part of the page that looks again every second while the work goes on."""
        run = services.get_import(pk)
        if run.state == DRAFT:
            return "", 204, {"HX-Redirect": url_for("ImportWizard.check", pk=pk)}
        context = _outcome(run)
        if not context["is_busy"]:
            return "", 204, {"HX-Refresh": "true"}  # the title and the steps change too
        return self.render("imports/_outcome.html", **context)

    @expose("/<int:pk>/undo", methods=["POST"])
    @needs(PERMISSION)
    def undo(self, pk: int) -> Any:
        try:
            with transaction():
                services.start_undo(pk, actor=current_actor())
        except UserMistake as mistake:
            warn(mistake)
        return redirect(url_for("ImportWizard.show", pk=pk))

    @expose("/<int:pk>/again", methods=["POST"])
    @needs(PERMISSION)
    def again(self, pk: int) -> Any:
        """Back to the list of an import that could not be done."""
        try:
            with transaction():
                services.reopen_import(pk, actor=current_actor())
        except UserMistake as mistake:
            warn(mistake)
            return redirect(url_for("ImportWizard.show", pk=pk))
        _check_again(pk)
        return redirect(url_for("ImportWizard.check", pk=pk))

    @expose("/history")
    @needs(PERMISSION)
    def history(self) -> Any:
        return self.render("imports/history.html", runs=services.recent_imports(), states=_STATES)


# --- reading a request, making an answer ----------------------------------------------------------


def _check_again(pk: int) -> ImportRun:
    """Check the whole list: at once, or by a job when it is long."""
    run = services.get_import(pk)
    if services.is_long(run):
        with transaction():
            return services.ask_check(pk, actor=current_actor())
    version, plan = run.version, services.check_import(run)
    with transaction():
        return services.keep_check(pk, plan, version=version)


def _check_rows(pk: int, cells: Collection[tuple[int, int]]) -> ImportRun:
    """Check after a few cells changed: the whole list, or only their rows when it is long."""
    if not services.is_long(services.get_import(pk)):
        return _check_again(pk)
    with transaction():
        return services.recheck_rows(pk, {row_no for row_no, _index in cells})


def _tell_outcome(run: ImportRun) -> None:
    wrong = run.counts.get("problem", 0)
    if wrong:
        warn(_("Errors found. Correct them below, or correct the original file and upload the updated file."))
    else:
        done(_("No errors found."))


def _view_arguments() -> dict[str, Any]:
    """Where in the list the user is."""
    return {name: request.values[name] for name in ("show", "page", "wide") if request.values.get(name)}


def _typed(run: ImportRun, form: Mapping[str, str]) -> dict[tuple[int, int], str]:
    """Cells of the posted grid that differ from what is there; a proposal or "keep" names its cell."""
    posted: dict[tuple[int, int], str] = {}
    for name, text in form.items():
        found = _CELL.fullmatch(name)
        if found:
            posted[int(found[1]), int(found[2])] = text.replace("\r\n", "\n")
    now = texts_of(run, dict.fromkeys(row_no for row_no, _index in posted))
    changed = {
        (row_no, index): text
        for (row_no, index), text in posted.items()
        if row_no in now and index < len(now[row_no]) and text != now[row_no][index].replace("\r\n", "\n").replace("\r", "\n")
    }
    for button in ("use", "keep"):
        found = re.fullmatch(r"(\d{1,9})-(\d{1,4})\|(.*)", form.get(button, ""), re.DOTALL)
        if found:
            changed[int(found[1]), int(found[2])] = found[3]
    return changed


def _one_cell(form: Mapping[str, str]) -> tuple[int, int, str]:
    for name, text in form.items():
        found = _CELL.fullmatch(name)
        if found:
            return int(found[1]), int(found[2]), text
    raise NotFound("no cell")


def _csv_file(data: bytes, name: str) -> Response:
    answer = Response(data, mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return answer


_STATES = {
    CHECKING: (_l("Busy"), "info"),
    WAITING: (_l("Busy"), "info"),
    UNDOING: (_l("Busy"), "info"),
    DONE: (_l("Done"), "ok"),
    FAILED: (_l("Failed"), "bad"),
    UNDONE: (_l("Undone"), "none"),
}
_WORDS = {
    CHECKING: _l("We are reading your list"),
    WAITING: _l("We are importing your list"),
    UNDOING: _l("We are taking the import back"),
    DONE: _l("Import completed"),
    FAILED: _l("The import did not work"),
    UNDONE: _l("The import was undone"),
}


def _outcome(run: ImportRun) -> dict[str, Any]:
    """What the last page says: busy, done, failed or undone."""
    job = db.session.get(Job, run.job_id) if run.job_id else None
    has_ended = job is not None and job.has_ended
    trouble = run.error or (explain(job) if has_ended and run.state in BUSY else "")
    return {
        "run": run,
        "job": job,
        "title": _WORDS[FAILED] if trouble and not run.error else _WORDS[run.state],
        "is_busy": run.is_busy and not has_ended,
        "trouble": trouble,
        "kept": services.kept_contacts(run),
        "writers": {writer.name: writer.title for writer in import_writers()},
    }
