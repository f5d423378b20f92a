"""The page that says whether everything is right, and repairs what is not."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, request, url_for

import plugins.groups.api as groups
import plugins.memberships.api as memberships
from core.api import CoreView, NotFound, UserMistake, _, _n, current_actor, current_organisation, done, expose, needs, row_ids, transaction, warn
from core.contacts.services import find_choices, today
from plugins.joining import services
from plugins.joining.actions import JOIN
from plugins.joining.forms import RepairForm
from plugins.joining.services.wishes import JoinWish
from plugins.joining.views.chosen import check_known, is_for_a_job, start_job

#: rows shown of each point
SHOWN = 50


def number_wrong() -> int:
    """For the tab: how much is not right; looked at once per page."""
    return _found().total


def _found() -> services.Health:
    kept: dict[int, services.Health] = g.setdefault("joining_health", {})
    club = current_organisation()
    if club.id not in kept:
        kept[club.id] = services.examine()
    return kept[club.id]


class HealthPage(CoreView):
    """What is not right in a club, each with its repair."""

    route_base = "/o/<org>/health"
    default_view = "show"
    part_of = "ClubReady"

    @expose("/")
    @needs("joining.read")
    def show(self) -> Any:
        return self._page(RepairForm(formdata=None, data={"batch": services.new_batch()}))

    @expose("/repair/<point>", methods=["POST"])
    @needs("joining.write")
    def repair(self, point: str) -> Any:
        """Do what the button says to the rows that are ticked, or to the row the button is on."""
        self._only_clubs()
        form = RepairForm()
        if point not in services.POINTS or not form.validate_on_submit():
            raise NotFound(f"point {point}")
        batch = services.check_batch(form.batch.data or "")
        try:
            answer = self._repair(point, batch)
        except UserMistake as mistake:
            return self._again(form, mistake)
        if isinstance(answer, str):
            return redirect(answer)
        text = _n("%(num)s repair was done.", "%(num)s repairs were done.", answer)
        done(text, undo_url=url_for("JoinPage.undo", batch=batch, to="health"))
        return redirect(url_for(".show"))

    # --- inside --------------------------------------------------------------------------------

    def _repair(self, point: str, batch: str) -> int | str:
        """How many were repaired, or the address of the job that does it."""
        actor = current_actor()
        if point == services.FUNCTIONS:
            chosen = {name.removeprefix("holder-"): text for name, text in request.form.items() if name.startswith("holder-") and text}
            ids = {key: pk for key, text in chosen.items() for pk in row_ids([text])}
            if len(ids) != len(chosen) or not ids:
                raise UserMistake(_("Choose who takes a function."), field="functions")
            check_known(list(ids.values()))
            with transaction():
                return services.fill_vacancies(ids, batch=batch, actor=actor)
        if point == services.ADDRESSES:
            with transaction():
                return self._mend(batch)
        ids_ticked = self._people(point)
        check_known(ids_ticked)
        if request.form.get("do") == "right":
            with transaction():
                return services.say_right(point, ids_ticked, batch=batch, actor=actor)
        wish = self._wish(point)
        if is_for_a_job(ids_ticked):
            return start_job(JOIN, ids_ticked, None, services.values_of(wish, batch))
        with transaction():
            return services.join_several(ids_ticked, wish, batch=batch, actor=actor)

    def _mend(self, batch: str) -> int:
        typed = {name.removeprefix("address-"): text.strip() for name, text in request.form.items() if name.startswith("address-") and text.strip()}
        only = request.form.get("only")
        if request.form.get("do") == "correct":
            if not typed:
                raise UserMistake(_("Type the right address beside a name."), field="addresses")
            return services.correct_addresses(typed, batch=batch, actor=current_actor())
        keys = [only] if only else request.form.getlist("ids")
        if not keys:
            raise UserMistake(_("Nothing is selected. Tick at least one row."), field="addresses")
        return services.try_again(keys[: 2 * SHOWN], batch=batch, actor=current_actor())

    def _people(self, point: str) -> list[int]:
        """The row of the button, all rows, or those that are ticked."""
        if request.form.get("only"):
            texts = [request.form["only"]]
        elif request.form.get("all"):
            return [row.id for row in services.examine().rows(point)]
        else:
            texts = request.form.getlist("ids")
        ids = row_ids(texts)
        if not ids:
            raise UserMistake(_("Nothing is selected. Tick at least one row."), field=point)
        return ids

    def _wish(self, point: str) -> JoinWish:
        number = next(iter(row_ids([request.form.get("choice", "")])), 0)
        if point == services.NO_MEMBERSHIP:
            if not number:
                raise UserMistake(_("Choose a membership type from the list."), field=point)
            return JoinWish(today(), number)
        function = request.form.get("function", "")
        if not number or not function:
            raise UserMistake(_("Choose a group and a function: nobody is in a group without one."), field=point)
        return JoinWish(today(), None, ((groups.get_group(number).id, function),))

    def _again(self, form: RepairForm, mistake: UserMistake) -> Any:
        """The page as it was filled in, with the mistake where it belongs."""
        g.pop("joining_health", None)
        if mistake.field is None or request.headers.get("HX-Request"):
            warn(mistake.message)
        return self._page(form, mistake), 422

    def _page(self, form: RepairForm, mistake: UserMistake | None = None) -> str:
        self._only_clubs()
        found = _found()
        point = request.view_args.get("point") if request.view_args else None
        page: dict[str, Any] = {"form": form, "health": found, "shown": SHOWN, "mistake": mistake, "point": point, "typed": request.form}
        if found.no_membership:
            page["types"] = _types_for(found.no_membership)
        if found.no_group:
            page["groups"] = [(group.id, groups.label_of(group)) for group in groups.groups_open()]
            page["functions"], page["usual"] = groups.choices_of("function"), services.usual_function()
        if found.functions:
            page["some"] = find_choices("", limit=200)
        return self.render("joining/health.html", **page)

    def _only_clubs(self) -> None:
        if current_organisation().kind != "club":
            raise NotFound("only clubs have members")


def _types_for(people: list[Any]) -> list[tuple[int, str]]:
    """Types on offer; those of the federations that ask first."""
    asked = {owner for person in people for owner in person.owners}
    offered = [(owner, kind) for owner, kinds in memberships.types_on_offer() for kind in kinds]
    offered.sort(key=lambda pair: pair[0].id not in asked)
    return [(kind.id, f"{memberships.title_of(kind)} ({owner.name})") for owner, kind in offered]
