"""The pages of groups."""

from plugins.groups.lists.club import GroupList
from plugins.groups.lists.federation import FederationGroupList
from plugins.groups.views.contacts import ContactGroups
from plugins.groups.views.finder import FinderSettings, GroupFinder
from plugins.groups.views.groups import GroupPage
from plugins.groups.views.links import GroupLinks
from plugins.groups.views.numbers import GroupNumbers
from plugins.groups.views.people import GroupPeople
from plugins.groups.views.pictured import FederationGroup, MyGroups, Organigram
from plugins.groups.views.rules import GroupRules
from plugins.groups.views.seasons import Seasons
from plugins.groups.views.terms import GroupTerms

VIEWS = (
    GroupList,
    GroupPage,
    GroupPeople,
    GroupRules,
    GroupLinks,
    ContactGroups,
    Organigram,
    MyGroups,
    FederationGroupList,
    FederationGroup,
    GroupNumbers,
    Seasons,
    GroupTerms,
    GroupFinder,
    FinderSettings,
)

__all__ = ["VIEWS", *(view.__name__ for view in VIEWS)]
