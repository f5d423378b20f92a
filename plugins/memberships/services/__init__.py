"""What can be done with memberships. Everything flushes and nothing commits."""

from plugins.memberships.services.changing import change_membership
from plugins.memberships.services.deciding import accept_membership, refuse_membership, undo_decision
from plugins.memberships.services.ending import end_membership, take_back, undo_ending, undo_withdrawal, withdraw_membership
from plugins.memberships.services.events import history_of
from plugins.memberships.services.members import erase_memberships, follow_contacts, forget_former_members
from plugins.memberships.services.moving import move_memberships
from plugins.memberships.services.reading import (
    Current,
    active_on,
    current_of,
    get_membership,
    memberships_of,
    type_titles,
)
from plugins.memberships.services.rejoining import end_all, rejoin, take_back_latest, undo_end_all, undo_rejoin
from plugins.memberships.services.requesting import Expected, Foresight, Outcome, Wish, foresee_memberships, request_membership, request_memberships
from plugins.memberships.services.switching import switch_type, undo_switch
from plugins.memberships.services.types import add_type, change_type, get_type, move_type, sync_types, types_of, types_on_offer

__all__ = [
    "Current",
    "Expected",
    "Foresight",
    "Outcome",
    "Wish",
    "accept_membership",
    "active_on",
    "add_type",
    "change_membership",
    "change_type",
    "current_of",
    "end_all",
    "end_membership",
    "erase_memberships",
    "follow_contacts",
    "foresee_memberships",
    "forget_former_members",
    "get_membership",
    "get_type",
    "history_of",
    "memberships_of",
    "move_memberships",
    "move_type",
    "refuse_membership",
    "rejoin",
    "request_membership",
    "request_memberships",
    "switch_type",
    "sync_types",
    "take_back",
    "take_back_latest",
    "type_titles",
    "types_of",
    "types_on_offer",
    "undo_decision",
    "undo_end_all",
    "undo_ending",
    "undo_rejoin",
    "undo_switch",
    "undo_withdrawal",
    "withdraw_membership",
]
