"""A sentence of what will happen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import plugins.invoices.api as invoices
from core.api import Organisation, _, _n, active_plugins, current_actor, current_organisation, format_date, format_money, today
from core.organisations.services.readiness import reference_day

SOME = 5


@dataclass(frozen=True)
class Line:
    """One sentence; `tone` says whether it needs attention."""

    text: str
    icon: str = "check"
    tone: Literal["", "warn", "bad"] = ""


@dataclass
class Effect:
    """All that a click will do."""

    lines: list[Line] = field(default_factory=list)

    def say(self, text: str, icon: str = "check", tone: Literal["", "warn", "bad"] = "") -> None:
        self.lines.append(Line(text, icon, tone))


def names_of(people: Iterable[str]) -> str:
    """ "Ann Maes, Bob Baert and 12 others"."""
    known = list(people)
    if len(known) <= SOME:
        return ", ".join(known)
    return _("%(names)s and %(number)s others", names=", ".join(known[:SOME]), number=len(known) - SOME)


def say_cost(effect: Effect, federation: Organisation, *, joining: Iterable[invoices.CountedMember] = (), leaving: Iterable[int] = ()) -> None:
    """What the next invoice of a federation becomes, by its own rules; for those who may see invoices."""
    if "invoices" not in active_plugins(federation) or "invoices" not in active_plugins() or not current_actor().can("invoices.read"):
        return
    planned = reference_day(federation)
    day = planned or today()
    found = invoices.estimate(federation, current_organisation(), day, joining=[m for m in joining if counts(m, day)], leaving=list(leaving))
    if not found.before_cents and not found.after_cents:
        return  # the season ends before that day: an amount of nothing would only puzzle
    when = format_date(day)
    if not found.difference_cents:
        effect.say(
            _(
                "The invoice of %(federation)s (members on %(day)s) stays %(amount)s.",
                federation=federation.name,
                day=when,
                amount=format_money(found.before_cents),
            ),
            "receipt",
        )
        return
    more = found.difference_cents > 0
    sentence = (
        _("The invoice of %(federation)s (members on %(day)s) becomes %(amount)s higher: %(after)s instead of %(before)s.")
        if more
        else _("The invoice of %(federation)s (members on %(day)s) becomes %(amount)s lower: %(after)s instead of %(before)s.")
    )
    values = {"federation": federation.name, "day": when, "amount": format_money(abs(found.difference_cents))}
    effect.say(sentence % {**values, "after": format_money(found.after_cents), "before": format_money(found.before_cents)}, "receipt")


def counts(member: invoices.CountedMember, day: date) -> bool:
    return member.from_on <= day and (member.until_on is None or member.until_on >= day)


def counted(contact: Any, kind_id: int, expected: Any) -> invoices.CountedMember:
    """Somebody who would be a member, as the rules of fees see members."""
    name = f"{contact.last_name} {contact.first_name}"
    return invoices.CountedMember(0, contact.id, kind_id, name, contact.birth_date, expected.from_on, expected.until_on, expected.extra, contact.name_key)


def say_mistakes(effect: Effect, mistakes: dict[str, str], *, only: bool) -> None:
    """What cannot be done, whose fault it is; the first few."""
    for name, text in list(mistakes.items())[:SOME]:
        effect.say(text if name in text else f"{name}: {text}", "alert-circle", "bad")
    if len(mistakes) > SOME:
        more = len(mistakes) - SOME
        effect.say(_n("The same goes for %(num)s more person.", "The same goes for %(num)s more people.", more), "alert-circle", "bad")
    if mistakes and not only:
        effect.say(_("Those people are left out, and named afterwards."), "info-circle", "warn")


__all__ = ["Effect", "Line", "counted", "names_of", "say_cost", "say_mistakes"]
