"""Types of membership, memberships, what happened to them, and what a federation may know of members."""

from plugins.memberships.models.members import FederationMember
from plugins.memberships.models.memberships import STATUSES, Membership, MembershipEvent
from plugins.memberships.models.types import ACCEPTANCES, DETAILS, MembershipType

__all__ = ["ACCEPTANCES", "DETAILS", "STATUSES", "FederationMember", "Membership", "MembershipEvent", "MembershipType"]
