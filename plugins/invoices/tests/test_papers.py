"""The PDF and the mail."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from pypdf import PdfReader

from core.contacts.models import Contact
from core.contacts.saved import SavedContacts
from core.db import db
from core.files.models import StoredFile
from core.files.services import path_of
from core.jobs.runner import work_off
from core.organisations.models import Organisation
from core.tenancy import scope
from core.testing.factories import inside, make_contact
from plugins.invoices.communication import show_communication
from plugins.invoices.models import Invoice
from plugins.invoices.papers import NameGroup
from plugins.invoices.services.invoices import OrderLine, issue_order, save_order
from plugins.invoices.tests.conftest import SECOND, Shop, federation_of, mails, rows, sent
from plugins.memberships.api import request_membership
from plugins.memberships.services import get_type

HOSTILE = ('<img src="http://127.0.0.1:9/x">', "</td></table><pdf:nextpage>", "{{ 7*7 }}", "<b>Bold</b>", "Łukasz Őri", "a\x07b\u202eevil", "%(x)s 100% &amp;")


def pdf_of(app: Flask, shop: Shop, invoice: Invoice) -> PdfReader:
    with app.app_context(), scope(shop.federation):
        file = db.session.get_one(StoredFile, invoice.pdf_file_id)
        assert (file.content_type, file.sha256) == ("application/pdf", invoice.pdf_sha256)
        return PdfReader(io.BytesIO(path_of(file).read_bytes()))


def text_of(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def printed(app: Flask, shop: Shop) -> list[Invoice]:
    """Everything that was issued, with its PDF made and its mail queued."""
    work_off(app)
    return rows(app, Invoice)


@pytest.mark.covers("R149", "R187")
def test_the_pdf_says_what_a_club_needs_to_pay(app: Flask, members: Shop) -> None:
    sent(app, members)
    first = printed(app, members)[0]
    reader = pdf_of(app, members, first)
    shown = text_of(reader)

    for words in (
        "2025-0001", "01/04/2025", "01/05/2025", "Club A", "Kerkstraat 5", "3200 Aarschot", "1001", "Sporting member", "BE68 5390 0754 7034",
        show_communication(first.communication), "Exempt from VAT", "67.50", "55.50", "12.00", "Peeters Ann", "Maes Dora",
    ):  # fmt: skip
        assert words in shown, words
    assert "Janssens" not in shown  # of the other club
    assert len(reader.pages) == 2
    assert [round(float(x)) for x in reader.pages[0].mediabox] == [0, 0, 595, 842]
    assert [list(page.images) for page in reader.pages] == [[], []]  # the code is drawn, not a picture
    assert reader.metadata.title == "Invoice 2025-0001"


def test_an_order_fits_on_one_page(app: Flask, shop: Shop) -> None:
    with federation_of(app, shop) as actor:
        lines = [OrderLine(f"Thing {n}", n, 100) for n in range(1, 9)]
        issue_order(save_order(None, debtor_id=shop.world.club.id, title="Things", note="Thank you", due_on=None, lines=lines, actor=actor), actor=actor)
    reader = pdf_of(app, shop, printed(app, shop)[0])
    assert (len(reader.pages), "Thing 8" in text_of(reader), "Thank you" in text_of(reader)) == (1, True, True)


def test_hostile_names_are_printed_as_they_are_and_fetch_nothing(app: Flask, shop: Shop) -> None:
    with app.app_context(), inside(shop.world.club) as actor:
        for number, name in enumerate(HOSTILE):
            contact = make_contact("X", "Y")
            request_membership(contact, get_type(shop.sporting), from_on=date(2021, 1, 1), actor=actor)
            db.session.query(Contact).filter(Contact.id == contact.id).one().last_name = name[:80]
            db.session.flush()
            from plugins.memberships.services import follow_contacts  # noqa: PLC0415 -- only here

            follow_contacts(SavedContacts.one(contact, {"last_name": f"Y{number}"}), actor=actor)
    with app.app_context(), inside(shop.federation):
        db.session.get_one(Organisation, shop.world.club.id).official_name = "<script>alert(1)</script> & Łódź"
    sent(app, shop)
    reader = pdf_of(app, shop, printed(app, shop)[0])
    shown = text_of(reader)

    assert len(reader.pages) == 2
    for words in ("<script>alert(1)</script> & Łódź", "{{ 7*7 }}", "<b>Bold</b>", "Łukasz Őri", "%(x)s 100% &amp;", "</td></table><pdf:nextpage>"):
        assert words in shown, words
    fonts = {str(font) for page in reader.pages for font in page["/Resources"]["/Font"].get_object().values() for font in [font.get_object()["/BaseFont"]]}
    assert {"DejaVuSansCondensed" in font or font == "/Helvetica" for font in fonts} == {True}


def test_names_are_read_downwards_in_three_columns() -> None:
    group = NameGroup(None, [str(n) for n in range(40)])  # type: ignore[arg-type]

    first, rest = group.blocks
    assert [column[0] for column in first] == ["0", "12", "24"]
    assert [list(column) for column in rest] == [["36", "37"], ["38", "39"], []]


def test_papers_are_in_the_language_of_the_club(app: Flask, members: Shop) -> None:
    with app.app_context(), inside(members.federation):
        db.session.get_one(Organisation, members.world.club.id).language = "fr"
    sent(app, members)
    printed_invoices = printed(app, members)
    assert printed_invoices[0].vat_note.startswith("Exonéré de la TVA")
    assert "Exonéré de la TVA" in text_of(pdf_of(app, members, printed_invoices[0]))


def test_the_members_page_stays_quick_for_a_large_club(app: Flask) -> None:
    """Names are printed in blocks: many small cells would take the renderer seconds."""
    assert len(NameGroup(None, ["x"] * 1_000).blocks) == 28  # type: ignore[arg-type]


# --- a real mail server ------------------------------------------------------------------------


class Taker:
    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.recipients: list[list[str]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 Taken"


@pytest.fixture
def server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Taker]:
    """A mail server on a real socket, to which this installation sends."""
    import socket  # noqa: PLC0415 -- only here

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    taker = Taker()
    controller = Controller(taker, hostname="127.0.0.1", port=port)
    controller.start()
    mail = app.extensions["mail"]
    for name, value in (("server", "127.0.0.1"), ("port", port), ("suppress", False)):
        monkeypatch.setattr(mail, name, value)
    yield taker
    controller.stop()


@pytest.mark.covers("R183")
def test_the_mail_goes_to_the_invoice_address_with_the_pdf(app: Flask, members: Shop, server: Taker) -> None:
    sent(app, members)
    work_off(app)
    work_off(app, mails=True)

    papers = [(to, mail) for to, mail in zip(server.recipients, server.received, strict=True) if to[0].endswith("@clubs.example")]
    assert [to for to, _mail in papers] == [["a@clubs.example"], ["b@clubs.example"]]  # the administrators are told by another mail
    mail = papers[0][1]
    first = rows(app, Invoice)[0]
    assert (mail["Subject"], mail["Reply-To"]) == ("Invoice 2025-0001 of Federation F", "books@federation.example")
    body = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    for words in (show_communication(first.communication), "BE68 5390 0754 7034", "67.50", f"/o/club-a/invoices/{first.id}"):
        assert words in body, words
    attachment = next(iter(mail.iter_attachments()))
    assert (attachment.get_filename(), attachment.get_content_type()) == ("Invoice 2025-0001.pdf", "application/pdf")
    assert "2025-0001" in text_of(PdfReader(io.BytesIO(attachment.get_content())))
    assert [mail.state for mail in mails(app)] == ["done", "done"]


def test_the_reference_date_is_in_the_title(app: Flask, members: Shop) -> None:
    assert {invoice.title for invoice in sent(app, members)} == {f"Members on {SECOND:%d/%m/%Y}"}
