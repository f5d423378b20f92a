"""The page on which strangers find published groups, the same as JSON, and how a federation opens and closes it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, abort, current_app, jsonify, make_response, redirect, request, url_for
from flask_babel import force_locale

from core.access import current_actor, require
from core.audit.services import record
from core.db import transaction
from core.errors import NotFound, UserMistake
from core.i18n import LANGUAGES, _, current_language, in_own_language
from core.organisations.models import Organisation
from core.organisations.services import set_setting
from core.users.limits import Limit, allow
from core.web.accent import accent_css
from core.web.context import current_organisation
from core.web.flashes import done
from core.web.views import CoreView, expose, needs
from plugins.groups.finder.form import finder_form
from plugins.groups.finder.listing import SETTING, Finder, declaration_of, is_open, number_published, open_finder
from plugins.groups.finder.searching import PAGE, Hits, group_of, search
from plugins.groups.finder.showing import as_json, labels, show

#: pages from one internet address; somebody who reads is far below it
READING = (Limit(60, timedelta(minutes=1)),)
#: how long a browser may keep a page: what is taken off is gone everywhere after that
KEEP_SECONDS = 60
#: pages one can go to directly around the current one
AROUND = 2


class GroupFinder(CoreView):
    """Nobody is logged in here: everything on these pages was published by a club itself."""

    route_base = "/find"
    default_view = "search"

    @expose("/<slug>/")
    @needs("public")
    def search(self, slug: str) -> Any:
        """The published groups, the nearest first."""
        language, finder = _language(current_language()), _open(slug)
        if _is_too_much():
            return self._slow_down(finder, language)
        with force_locale(language):
            form = finder_form(finder)
            hits, status = Hits([]), 200
            try:
                hits = search(finder, form.wanted())
            except UserMistake as mistake:
                form.validate()
                form.blame(mistake)
                status = 422
            number = _page(hits)
            page = {
                "form": form,
                "hits": hits,
                "shown": [show(finder, hit.group, hit.km) for hit in hits.page(number)],
                "number": number,
                "first": (number - 1) * PAGE + 1,
                "addresses": _addresses(slug, number, hits.pages),
                "is_search": bool(form.wanted()) or number > 1,
            }
            return _kept(self.render("groups/finder.html", **page, **_frame(finder)), status, private=True)

    @expose("/<slug>/<int:number>")
    @needs("public")
    def show(self, slug: str, number: int) -> Any:
        """One published group."""
        language, finder = _language(current_language()), _open(slug)
        if _is_too_much():
            return self._slow_down(finder, language)
        group = group_of(finder, number)
        with force_locale(language):
            return _kept(self.render("groups/finder_group.html", group=show(finder, group), labels=labels(finder), **_frame(finder)), 200, private=True)

    @expose("/<slug>/groups.json")
    @needs("public")
    def json(self, slug: str) -> Any:
        """The same search for programs; `language` chooses the words, else those of the federation."""
        finder = _open(slug)
        with force_locale(_language(finder.language)):
            if _is_too_much():
                return _slow(jsonify({"code": 429, "message": _too_much()}))
            try:
                hits = search(finder, finder_form(finder).wanted())
            except UserMistake as mistake:
                return jsonify({"code": 422, "message": str(mistake.message), "field": mistake.field}), 422
            number = _page(hits)
            site = current_app.config["KOEPEL"].public_url.rstrip("/")
            groups = [as_json(finder, hit, site + url_for(".show", slug=slug, number=hit.group.number)) for hit in hits.page(number)]
            answer = {"federation": finder.name, "near": hits.near or None, "total": len(hits.found), "page": number, "pages": hits.pages, "groups": groups}
            return _kept(jsonify(answer), 200, private=False)

    @expose("/<slug>/colours.css")
    @needs("public")
    def colours(self, slug: str) -> Any:
        """The colour of the federation; a file of its own, so that the pages carry nothing that differs each time."""
        return _kept(Response(accent_css(_open(slug).accent), mimetype="text/css"), 200, private=False)

    def _slow_down(self, finder: Finder, language: str) -> Any:
        with force_locale(language):
            return _slow(make_response(self.render("groups/finder_wait.html", message=_too_much(), **_frame(finder))))


class FinderSettings(CoreView):
    """What a federation sees of its page for strangers, and the switch."""

    route_base = "/o/<org>/settings/groups/finder"
    default_view = "show"
    part_of = "GroupTerms"

    @expose("/")
    @needs("groups.read")
    def show(self) -> Any:
        federation, says = _own_finder()
        site = current_app.config["KOEPEL"].public_url.rstrip("/")
        addresses = {name: site + url_for(f"GroupFinder.{view}", slug=federation.slug) for name, view in (("page", "search"), ("data", "json"))}
        return self.render("groups/finder_settings.html", says=says, is_open=is_open(federation), published=number_published(federation, says), **addresses)

    @expose("/open", methods=["POST"])
    @needs("group_finder.write")
    def open(self) -> Any:
        return self._switch(True, _("The page is open: strangers find the published groups."), ".close")

    @expose("/close", methods=["POST"])
    @needs("group_finder.write")
    def close(self) -> Any:
        return self._switch(False, _("The page is closed: strangers find nothing any more."), ".open")

    def _switch(self, on: bool, text: str, undo: str) -> Any:
        federation, _says = _own_finder()
        with transaction():
            switch_finder(federation, on=on)
        done(text, undo_url=url_for(undo))
        return redirect(url_for(".show"))


def switch_finder(federation: Organisation, *, on: bool) -> None:
    """Open or close the page for strangers; inside transaction()."""
    require(current_actor(), "group_finder.write")
    before = is_open(federation)
    set_setting(federation, SETTING, on)
    record("organisation.changed", federation, actor=current_actor(), changes={SETTING: (before, on)})


def _own_finder() -> tuple[Organisation, Any]:
    """This federation and what its rules say; 404 where no rules speak of such a page."""
    here = current_organisation()
    says = declaration_of(here) if here.kind == "federation" else None
    if says is None:
        raise NotFound("finder")
    return here, says


def _open(slug: str) -> Finder:
    try:
        return open_finder(slug)
    except NotFound:
        abort(404)


def _is_too_much() -> bool:
    with transaction():
        return not allow(f"finder:{request.remote_addr}", READING)


def _too_much() -> str:
    return _("You opened many pages in a short time. Wait a minute and try again.")


def _slow(answer: Response) -> Response:
    answer.status_code = 429
    answer.headers["Retry-After"] = "60"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _language(otherwise: str) -> str:
    """The language the address asks, else the one of the reader."""
    asked = request.args.get("language", "")
    return asked if asked in LANGUAGES else otherwise


def _frame(finder: Finder) -> dict[str, Any]:
    """What every page of it needs: the federation, and its address in each language."""
    values: dict[str, Any] = {**(request.view_args or {}), **_asked()}
    languages = [(code, title, url_for(str(request.endpoint), **{**values, "language": code})) for code, title in LANGUAGES.items()]
    site = current_app.config["KOEPEL"].public_url.rstrip("/")
    return {"finder": finder, "title_of_finder": in_own_language(dict(finder.says.title)), "languages": languages, "canonical": site + request.path}


def _asked() -> dict[str, Any]:
    """What this page understands of its address, and nothing else: the rest would steer url_for()."""
    return {name: request.args[name] for name in ("where", "km", "type", "composition", "language") if request.args.get(name)}


def _page(hits: Hits) -> int:
    """The page asked for; the last one when there are fewer."""
    text = request.args.get("page", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return min(max(1, number), hits.pages)


def _addresses(slug: str, number: int, pages: int) -> dict[str, Any]:
    """Where the arrows and numbers of the pager lead; the current one leads nowhere."""

    def to(page: int) -> str:
        values = {**_asked(), "page": page} if page > 1 else _asked()
        return url_for(".search", slug=slug, **values)

    around = range(max(1, number - AROUND), min(pages, number + AROUND) + 1)
    return {
        "previous": to(number - 1) if number > 1 else None,
        "next": to(number + 1) if number < pages else None,
        "pages": [(page, to(page) if page != number else None) for page in around],
    }


def _kept(body: Any, status: int, *, private: bool) -> Response:
    """An answer a browser keeps for a minute, and asks after without getting it again."""
    answer = make_response(body, status)
    answer.headers["Cache-Control"] = f"{'private' if private else 'public'}, max-age={KEEP_SECONDS}" if status == 200 else "no-store"
    if private:
        answer.vary.add("Accept-Language")
    if status == 200:
        answer.add_etag()
        answer.make_conditional(request)
    return answer
