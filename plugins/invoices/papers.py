"""An invoice as a PDF, and the job that makes the PDFs and mails of what was issued."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template
from flask_babel import force_locale
from markupsafe import Markup
from sqlalchemy import select

from core import clock
from core.db import db, transaction
from core.errors import UserMistake
from core.exports.cells import clean_text
from core.files.services import store
from core.i18n import _
from core.jobs.api import JobRun, failpoint
from core.pdf.services import FACE, FONT_CSS, PdfFailed, Printer, svg_address
from core.web.accent import readable_accent
from plugins.invoices.communication import qr_payload, qr_svg, show_communication
from plugins.invoices.mails import invoice_mail
from plugins.invoices.models import Invoice, InvoiceLine, InvoiceMember
from plugins.invoices.notices import tell_new
from plugins.invoices.services.invoices import get_invoice, lines_of, members_of
from plugins.invoices.services.runs import get_run
from plugins.invoices.services.settings import show_iban

logger = logging.getLogger(__name__)

PURPOSE = "invoice"
#: names beside each other on the page with members
COLUMNS = 3
#: names below each other in a block; many small cells would take the renderer seconds
ROWS = 12


@dataclass(frozen=True)
class NameGroup:
    """The names one line counts."""

    line: InvoiceLine
    names: Sequence[str]

    @property
    def blocks(self) -> list[list[Sequence[str]]]:
        """Columns of names, a block at a time: a block is one row of the table, and stays on one page."""
        size = COLUMNS * ROWS
        found = []
        for start in range(0, len(self.names), size):
            part = self.names[start : start + size]
            height = -(-len(part) // COLUMNS)
            found.append([part[column * height : (column + 1) * height] for column in range(COLUMNS)])
        return found


def invoice_html(invoice: Invoice, lines: Sequence[InvoiceLine], members: Sequence[InvoiceMember]) -> str:
    """The page, in the language of the locale."""
    names: dict[int, list[str]] = {}
    for member in members:
        names.setdefault(member.line_id, []).append(clean_text(member.name))
    issuer = invoice.issuer
    return render_template(
        "invoices/pdf/invoice.html",
        invoice=invoice,
        lines=lines,
        groups=[NameGroup(line, names[line.id]) for line in lines if line.id in names],
        heading=_("Credit note") if invoice.is_credit else _("Invoice"),
        accent=readable_accent(issuer.get("accent")),
        font_css=Markup(FONT_CSS),  # noqa: S704 -- a constant of ours
        face=FACE,
        foot=" · ".join(
            part for part in (issuer["official_name"], issuer["vat_number"], show_iban(issuer["iban"]), issuer["email"], issuer["website"]) if part
        ),
        iban=show_iban(issuer["iban"]),
        communication=show_communication(invoice.communication) if invoice.communication else "",
        qr=svg_address(qr_of(invoice)) if invoice.communication else "",
    )


def qr_of(invoice: Invoice, *, cents: int | None = None, scales: bool = False) -> str:
    """The drawing of the code that pays an invoice, or (`cents`) what is still open of it."""
    issuer = invoice.issuer
    amount = invoice.total_cents if cents is None else cents
    return qr_svg(
        qr_payload(name=issuer["official_name"], iban=issuer["iban"], bic=issuer["bic"], cents=amount, communication=invoice.communication or ""), scales=scales
    )


def make_papers(job: JobRun) -> None:
    """Make the PDF and queue the mail of each invoice that was issued; each has a result of its own."""
    ids = _ids(job)
    with Printer() as printer:
        for done, invoice_id in enumerate(ids, start=1):
            if not job.is_done(invoice_id):
                _make_paper(job, printer, invoice_id)
            job.progress(done, len(ids), _("%(done)s of %(total)s invoices sent", done=done, total=len(ids)))
            failpoint("invoices.paper_made")


def _ids(job: JobRun) -> list[int]:
    if "invoices" in job.arguments:
        return [int(pk) for pk in job.arguments["invoices"]]
    run = get_run(job.arguments["run"])
    query = select(Invoice.id).where(Invoice.run_id == run.id, Invoice.issued_at.is_not(None)).order_by(Invoice.sequence)
    return list(db.session.scalars(query))


def _make_paper(job: JobRun, printer: Printer, invoice_id: int) -> None:
    invoice = get_invoice(invoice_id)
    label = f"{invoice.number} {invoice.debtor['name']}"
    try:
        if invoice.pdf_file_id is None:
            with force_locale(invoice.language):
                html = invoice_html(invoice, lines_of(invoice), members_of(invoice))
            db.session.rollback()  # nothing is held while the page is drawn
            data = printer.print(html).data
            failpoint("invoices.paper_drawn")
            with transaction():
                _keep_pdf(get_invoice(invoice_id, locked=True), data, job)
    except PdfFailed:
        logger.exception("invoice on paper", extra={"invoice": invoice_id})
        job.item(invoice_id, False, _("The PDF could not be made. We made a note of it."), label=label)
        return
    with transaction():
        now = get_invoice(invoice_id, locked=True)
        tell_new(now, actor=job.actor)
        try:
            with force_locale(now.language):
                invoice_mail(now, actor=job.actor)
            now.mailed_at = now.mailed_at or clock.now()
            db.session.flush()
            job.item(invoice_id, True, label=label)
        except UserMistake as mistake:
            job.item(invoice_id, False, str(mistake.message), label=label)
        failpoint("invoices.mail_queued")


def _keep_pdf(invoice: Invoice, data: bytes, job: JobRun) -> None:
    if invoice.pdf_file_id is not None:
        return
    file = store(data, filename=f"{file_stem(invoice)}.pdf", purpose=PURPOSE, actor=job.actor, content_type="application/pdf", subject=invoice)
    invoice.pdf_file_id, invoice.pdf_sha256 = file.id, file.sha256
    db.session.flush()


def file_stem(invoice: Invoice) -> str:
    """What the file is called, in the language of the club."""
    with force_locale(invoice.language):
        kind = _("Credit note") if invoice.is_credit else _("Invoice")
    return f"{kind} {invoice.number}".replace("/", "-")
