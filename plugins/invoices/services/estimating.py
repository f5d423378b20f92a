"""What a change of members means for the invoice of a club, before it is made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from core.organisations.models import Organisation
from core.tenancy import scope
from plugins.invoices.hookspecs import CountedMember, FeeLine
from plugins.invoices.services.counting import members_by_club
from plugins.invoices.services.rules import FeeRules


@dataclass(frozen=True)
class Estimate:
    """What a federation would ask a club on a day, as it is and after the change; in cents."""

    day: date
    before_cents: int
    after_cents: int

    @property
    def difference_cents(self) -> int:
        return self.after_cents - self.before_cents


def estimate(federation: Organisation, club: Organisation, day: date, *, joining: Sequence[CountedMember] = (), leaving: Collection[int] = ()) -> Estimate:
    """The invoice of a club on `day` by the rules of the federation, with and without the change; nothing is stored.

    joining: who would count too. leaving: contacts who would no longer count.

    Example:
        estimate(federation, club, date(2027, 4, 1), leaving=[contact.id]).difference_cents
    """
    with scope(federation):
        rules = FeeRules(federation, day)
        counted = members_by_club([club.id], rules)[0][club.id]
        gone = set(leaving)
        after = [member for member in counted if member.contact_id not in gone]
        known = {member.contact_id for member in after}
        after += [member for member in joining if member.contact_id not in known]
        return Estimate(day, _total(rules.lines_for(club, counted)), _total(rules.lines_for(club, sorted(after, key=lambda member: member.name_key))))


def _total(lines: Sequence[FeeLine]) -> int:
    return sum(line.times * line.unit_cents for line in lines)
