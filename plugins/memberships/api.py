"""What other plugins may use of memberships; stable.

Example:
    with scope(federation):
        for row in stream(active_on(day, federation)):
            ...
"""

from plugins.memberships.demo import DemoMembership, seed_memberships
from plugins.memberships.durations import MonthDay, Period, period_for, season_period
from plugins.memberships.forms import add_extra_fields, extra_of, only_offered
from plugins.memberships.hookspecs import Asked, MembershipTypeDeclaration
from plugins.memberships.models import FederationMember, Membership, MembershipEvent, MembershipType
from plugins.memberships.services import (
    Current,
    Expected,
    Foresight,
    Outcome,
    Wish,
    accept_membership,
    active_on,
    current_of,
    end_membership,
    foresee_memberships,
    get_membership,
    memberships_of,
    move_memberships,
    refuse_membership,
    request_membership,
    request_memberships,
    sync_types,
    take_back,
    type_titles,
    types_of,
    types_on_offer,
    undo_decision,
    undo_ending,
    undo_withdrawal,
    withdraw_membership,
)
from plugins.memberships.services.members import readable_keys
from plugins.memberships.services.reading import counts_on, not_over, title_of

__all__ = [
    "Asked",
    "Current",
    "DemoMembership",
    "Expected",
    "FederationMember",
    "Foresight",
    "Membership",
    "MembershipEvent",
    "MembershipType",
    "MembershipTypeDeclaration",
    "MonthDay",
    "Outcome",
    "Period",
    "Wish",
    "accept_membership",
    "active_on",
    "add_extra_fields",
    "counts_on",
    "current_of",
    "end_membership",
    "extra_of",
    "foresee_memberships",
    "get_membership",
    "memberships_of",
    "move_memberships",
    "not_over",
    "only_offered",
    "period_for",
    "readable_keys",
    "refuse_membership",
    "request_membership",
    "request_memberships",
    "season_period",
    "seed_memberships",
    "sync_types",
    "take_back",
    "title_of",
    "type_titles",
    "types_of",
    "types_on_offer",
    "undo_decision",
    "undo_ending",
    "undo_withdrawal",
    "withdraw_membership",
]
