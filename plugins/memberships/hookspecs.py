"""What federations and other plugins may add to memberships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from core.extend.hookspecs import hookspec
from plugins.memberships.durations import Duration

if TYPE_CHECKING:
    from core.organisations.models import Organisation
    from plugins.memberships.models import MembershipType


@dataclass(frozen=True)
class MembershipTypeDeclaration:
    """A type of membership that comes with a federation plugin.

    key: stable, ^[a-z][a-z0-9_]*$. name: {"nl": ..., "fr": ..., "de": ..., "en": ...}.
    duration: "season_bound" (period_start to period_end, "10-01" and "09-30"), "continuous",
        "fixed_end" (period_end, and transfer_on) or "fixed_duration" (length, length_unit).
    acceptance: "ask", "complete", "known" or "always"; needs: names of models.DETAILS.

    The federation may change all of this in the browser, except the key; what it changed is
    not put back.

    Example:
        MembershipTypeDeclaration("sporting", {"nl": "Sportend lid", ...}, acceptance="complete")
    """

    key: str
    name: Mapping[str, str]
    duration: Duration = "continuous"
    period_start: str | None = None
    period_end: str | None = None
    transfer_on: str | None = None
    length: int | None = None
    length_unit: str | None = None
    acceptance: str = "ask"
    needs: Sequence[str] = ("birth_date", "address")
    position: int = 100


@dataclass(frozen=True)
class Asked:
    """A membership that is asked for, before it is stored.

    person: row of the contact (id, first_name, last_name, birth_date, gender, street, ...).
    missing: sentences about details of the person that the type needs.
    was_member: had this contact an accepted membership of the same federation before?
    """

    person: Any
    kind: MembershipType
    from_on: date
    until_on: date | None
    season: str | None
    extra: Mapping[str, Any] = field(default_factory=dict)
    missing: Sequence[str] = ()
    was_member: bool = False


class MembershipHooks:
    """Hooks of the memberships plugin."""

    @hookspec
    def register_membership_types(self) -> list[MembershipTypeDeclaration]:
        """Types of the federation this plugin gives its rules."""

    @hookspec
    def membership_problems(self, federation: Organisation | None, asked: Sequence[Asked]) -> Mapping[int, str]:
        """Why some of these may not be asked: place in `asked` -> sentence. No query per item.

        Called in the club; `federation` is None for a club's own memberships. Of the federation
        plugins only that of this federation is asked.
        """

    @hookspec
    def membership_acceptance(self, federation: Organisation, asked: Sequence[Asked]) -> Mapping[int, bool]:
        """Accept at once (True) or certainly not (False): place in `asked` -> answer.

        What is left out follows the rule of its type. "Not" goes before "accept".
        """
