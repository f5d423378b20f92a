"""Invoices over the REST API: issued ones only, for who sent them and who pays them."""

from __future__ import annotations

from plugins.invoices.tests.conftest import draft, sent


def test_federation_and_club_read_the_same_invoice(app, members, caller):
    first, second = sent(app, members)
    federation = caller("admin.f", "invoices:read", organisation="federation")
    club = caller("admin.a", "invoices:read")
    assert {row["id"] for row in federation("GET", "invoices").json["data"]} == {first.id, second.id}
    (mine,) = club("GET", "invoices").json["data"]
    assert (mine["club"], mine["total_cents"], mine["status"], "lines" in mine) == ("Club A", 3 * 1850 + 1200, "overdue", False)
    shown = club("GET", f"invoices/{mine['id']}").json
    assert shown == federation("GET", f"invoices/{mine['id']}").json
    assert [(line["quantity"], line["unit_cents"], line["total_cents"]) for line in shown["lines"]] == [(3, 1850, 5550), (1, 1200, 1200)]
    theirs = ({first.id, second.id} - {mine["id"]}).pop()
    assert club("GET", f"invoices/{theirs}").status_code == 404
    assert caller("admin.b", "invoices:read", organisation="other_club")("GET", f"invoices/{theirs}").status_code == 200
    assert caller("admin.g", "invoices:read", organisation="other_federation")("GET", f"invoices/{theirs}").status_code == 404


def test_drafts_are_not_given_out(app, members, caller):
    draft(app, members)
    call = caller("admin.f", "invoices:read", organisation="federation")
    assert call("GET", "invoices").json["data"] == []
    for pk in range(1, 5):
        assert call("GET", f"invoices/{pk}").status_code == 404


def test_nothing_of_an_invoice_can_be_changed(app, members, caller):
    first, _second = sent(app, members)
    call = caller("admin.f", "invoices:read", organisation="federation")
    for method in ("PATCH", "PUT", "DELETE", "POST"):
        assert call(method, f"invoices/{first.id}", {"total_cents": 1}, If_Match="*").status_code == 405
    assert call("POST", "invoices", {"total_cents": 1}).status_code == 405


def test_filters(app, members, caller):
    sent(app, members)
    call = caller("admin.f", "invoices:read", organisation="federation")
    assert len(call("GET", "invoices?f.status.is=unpaid&f.kind.is=invoice").json["data"]) == 2
    assert call("GET", "invoices?f.status.is=paid").json["data"] == []
    assert call("GET", "invoices?f.issuer.contains=BE68").status_code == 400
