"""A plugin with the mistakes the crawl must find: it looks and writes past the wall."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for
from markupsafe import escape
from sqlalchemy import select

from core.contacts.models import Contact
from core.db import db, transaction
from core.extend.contributions import MenuEntry
from core.extend.hookspecs import hookimpl
from core.extend.manifest import Manifest
from core.tenancy import unscoped
from core.web.views import CoreView, expose, needs

manifest = Manifest("hole_sample", "Holes of the tests", "1.0")


class HoleView(CoreView):
    route_base = "/o/<org>/hole"
    default_view = "list"

    @expose("/")
    @needs("contacts.read")
    def list(self) -> Any:
        ids = db.session.scalars(select(Contact.id).order_by(Contact.id).limit(3)).all()
        return "".join(f'<a href="{url_for("HoleView.show", pk=pk)}">{pk}</a>' for pk in ids)

    @expose("/<int:pk>")
    @needs("contacts.read")
    def show(self, pk: int) -> Any:
        with unscoped("a mistake on purpose"):
            contact = db.session.get(Contact, pk)
        if contact is None:
            return "", 404
        action = url_for("HoleView.change", pk=pk)
        return f'<p>{escape(contact.full_name)}</p><form method="post" action="{action}"><input name="town" value="Gent"></form>'

    @expose("/<int:pk>/change", methods=["POST"])
    @needs("contacts.write")
    def change(self, pk: int) -> Any:
        with unscoped("a mistake on purpose"), transaction():
            contact = db.session.get(Contact, pk)
            contact.remarks = "changed through a hole"
        return redirect(url_for("HoleView.list"))


@hookimpl
def register_views() -> list[type]:
    return [HoleView]


@hookimpl
def register_menu() -> list[MenuEntry]:
    return [MenuEntry("Hole", "alert-circle", "HoleView.list", "contacts.read")]
