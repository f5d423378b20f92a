"""The rules that fill a group."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from core.access import current_actor
from core.db import transaction
from core.errors import UserMistake
from core.i18n import _, _n
from core.web.flashes import done, warn
from core.web.views import CoreView, expose, needs
from plugins.groups import services
from plugins.groups.forms import RuleForm
from plugins.groups.services.rules import RuleRun, drop_exception, get_rule, questions, run_rule


class GroupRules(CoreView):
    """Rules and their exceptions."""

    route_base = "/o/<org>/groups"
    default_view = "add"
    part_of = "GroupList"

    @expose("/<int:pk>/rules", methods=["GET", "POST"])
    @needs("groups.write")
    def add(self, pk: int) -> Any:
        group, actor = services.get_group(pk), current_actor()
        form = RuleForm()
        found = questions(actor=actor)
        form.filter.choices = [("", _("Choose a saved filter")), *((str(number), name) for number, name in found)]
        if form.validate_on_submit():
            try:
                chosen = int(form.filter.data) if (form.filter.data or "").isdecimal() else 0
                with transaction():
                    _rule, outcome = services.add_rule(services.get_group(pk), chosen, form.function.data or "", actor=actor)
                _tell(outcome)
                return redirect(url_for("GroupPage.show", pk=pk))
            except UserMistake as mistake:
                form.blame(mistake)
        return self.render("groups/rule_form.html", form=form, group=group, has_filters=bool(found)), 422 if request.method == "POST" else 200

    @expose("/rules/<int:pk>/run", methods=["POST"])
    @needs("groups.write")
    def run(self, pk: int) -> Any:
        with transaction():
            rule = get_rule(pk)
            outcome, group_id = run_rule(rule, actor=current_actor()), rule.group_id
        _tell(outcome)
        return redirect(url_for("GroupPage.show", pk=group_id))

    @expose("/rules/<int:pk>/remove", methods=["POST"])
    @needs("groups.write")
    def remove(self, pk: int) -> Any:
        group_id = get_rule(pk).group_id
        try:
            with transaction():
                services.remove_rule(get_rule(pk), keep_members=request.form.get("keep") == "1", actor=current_actor())
            done(_("The rule was removed."))
        except UserMistake as mistake:
            warn(mistake.message)
        return redirect(url_for("GroupPage.show", pk=group_id))

    @expose("/exceptions/<int:pk>/drop", methods=["POST"])
    @needs("groups.write")
    def drop(self, pk: int) -> Any:
        """Rules may put this person in again."""
        with transaction():
            group_id = drop_exception(pk, actor=current_actor()).id
        done(_("The rules look at this person again."))
        return redirect(url_for("GroupPage.show", pk=group_id))


def _tell(outcome: RuleRun) -> None:
    if outcome.problem:
        warn(outcome.problem)
        return
    joined = _n("%(num)s person was put in", "%(num)s people were put in", outcome.joined)
    left = _n("%(num)s person was taken out", "%(num)s people were taken out", outcome.left)
    done(_("The rule ran: %(joined)s, %(left)s.", joined=joined, left=left))
