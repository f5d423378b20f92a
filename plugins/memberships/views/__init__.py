"""The pages of memberships."""

from plugins.memberships.lists.club import FormerMembershipList, MembershipList, MembershipRequestList
from plugins.memberships.lists.federation import FederationMemberList, FederationRefusalList, FederationRequestList
from plugins.memberships.views.federation import FederationMembership, FederationNumbers
from plugins.memberships.views.memberships import MembershipView
from plugins.memberships.views.own import OwnMemberships
from plugins.memberships.views.types import MembershipTypes

VIEWS = (
    MembershipList,
    MembershipRequestList,
    FormerMembershipList,
    MembershipView,
    FederationRequestList,
    FederationMemberList,
    FederationRefusalList,
    FederationMembership,
    FederationNumbers,
    MembershipTypes,
    OwnMemberships,
)

__all__ = ["VIEWS", *(view.__name__ for view in VIEWS)]
