"""Settings > Words of groups: types, compositions, categories, functions and options."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.contacts.parsing import parse_date
from core.db import transaction
from core.errors import NotFound, StaleVersion, UserMistake
from core.i18n import _, _l
from core.web.context import current_organisation
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs
from plugins.groups.finder.listing import declaration_of
from plugins.groups.forms import PriceForm, term_form
from plugins.groups.models import KINDS
from plugins.groups.services import terms as services
from plugins.groups.services.catalogue import Term, terms_of
from plugins.groups.services.seasons import today
from plugins.groups.services.terms import is_ours

TITLES = {
    "type": _l("Types"),
    "composition": _l("Compositions"),
    "category": _l("Categories"),
    "function": _l("Functions"),
    "option": _l("Options with a price"),
}


class GroupTerms(CoreView):
    """The words people choose from."""

    route_base = "/o/<org>/settings/groups"
    default_view = "list"

    @expose("/")
    @needs("groups.read")
    def list(self) -> Any:
        kind = self._kind(request.args.get("kind", "type"))
        found = [(term, is_ours(term)) for term in terms_of(kind, even_inactive=True)]
        kinds = [{"title": str(TITLES[k]), "url": url_for(".list", kind=k), "current": k == kind} for k in self._kinds()]
        prices = services.prices_on(current_organisation(), today()) if kind == "option" else {}
        return self.render("groups/terms.html", kind=kind, kinds=kinds, terms=found, titles=TITLES, prices=prices, finder=_finder())

    @expose("/<kind>/add", methods=["GET", "POST"])
    @needs("group_terms.write")
    def add(self, kind: str) -> Any:
        form = term_form(self._kind(kind))
        if form.validate_on_submit():
            try:
                with transaction():
                    term = services.add_term(kind, form.values(), actor=current_actor())
                done(_("“%(name)s” was added.", name=term.title))
                return redirect(url_for(".change", kind=kind, key=term.key) if kind == "option" else url_for(".list", kind=kind))
            except UserMistake as mistake:
                _blame(form, mistake)
        return self._form(form, kind, None)

    @expose("/<kind>/<key>", methods=["GET", "POST"])
    @needs("group_terms.write")
    def change(self, kind: str, key: str) -> Any:
        term = self._own(kind, key)
        form = term_form(kind, term)
        if form.validate_on_submit():
            try:
                with transaction():
                    services.change_term(self._own(kind, key), form.values(), version=form.started_from, actor=current_actor())
                done(_("“%(name)s” was changed.", name=self._own(kind, key).title))
                return redirect(url_for(".list", kind=kind))
            except UserMistake as mistake:
                _blame(form, mistake)
            except StaleVersion:
                form.version.data = str(self._own(kind, key).version)
                form.form_errors.append(_("Somebody else changed this meanwhile. Look at it again before you save."))
        return self._form(form, kind, term)

    @expose("/<kind>/<key>/move", methods=["POST"])
    @needs("group_terms.write")
    def move(self, kind: str, key: str) -> Any:
        with transaction():
            services.move_term(self._own(kind, key), up=request.form.get("to") == "up", actor=current_actor())
        return redirect(url_for(".list", kind=kind))

    @expose("/<kind>/<key>/remove", methods=["POST"])
    @needs("group_terms.write")
    def remove(self, kind: str, key: str) -> Any:
        try:
            with transaction():
                services.remove_term(self._own(kind, key), actor=current_actor())
            done(_("Removed."))
        except UserMistake as mistake:
            warn(mistake.message)
        return redirect(url_for(".list", kind=kind))

    @expose("/option/<key>/prices", methods=["POST"])
    @needs("group_terms.write")
    def add_price(self, key: str) -> Any:
        term = self._own("option", key)
        form = PriceForm()
        if form.validate_on_submit():
            try:
                with transaction():
                    first = parse_date(form.from_on.data)
                    services.add_price(key, amount_cents=form.amount_cents.data, from_on=first, actor=current_actor())
                done(_("The price was added."))
                return redirect(url_for(".change", kind="option", key=key))
            except UserMistake as mistake:
                form.blame(mistake)
        return self._form(term_form("option", term), "option", term, form)

    @expose("/prices/<int:pk>/remove", methods=["POST"])
    @needs("group_terms.write")
    def remove_price(self, pk: int) -> Any:
        with transaction():
            services.remove_price(pk, actor=current_actor())
        done(_("The price was removed."))
        return redirect(url_for(".list", kind="option"))

    # --- inside --------------------------------------------------------------------------------

    def _kinds(self) -> tuple[str, ...]:
        return KINDS if current_organisation().kind == "federation" else tuple(kind for kind in KINDS if kind != "option")

    def _kind(self, kind: str) -> str:
        if kind not in self._kinds():
            raise NotFound(f"group terms {kind}")
        return kind

    def _own(self, kind: str, key: str) -> Term:
        term = services.get_term(self._kind(kind), key)
        if not is_ours(term):
            raise NotFound(f"group term {key}")
        return term

    def _form(self, form: Any, kind: str, term: Term | None, price: PriceForm | None = None) -> Any:
        prices = services.prices_of(term.key) if term is not None and kind == "option" else []
        page = {"form": form, "kind": kind, "term": term, "kind_title": TITLES[kind], "prices": prices, "price": price or PriceForm(formdata=None)}
        return self.render("groups/term_form.html", **page), 422 if request.method == "POST" else 200


def _finder() -> Any:
    """What the rules of this federation say of a page for strangers."""
    here = current_organisation()
    return declaration_of(here) if here.kind == "federation" else None


def _blame(form: Any, mistake: UserMistake) -> None:
    """A mistake of the name belongs to the first language of the form."""
    form.blame(UserMistake(mistake.message, field="name-nl") if mistake.field == "name" else mistake)
