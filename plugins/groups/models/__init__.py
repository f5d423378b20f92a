"""Seasons, words, groups, who is in them, and what a federation reads of them."""

from plugins.groups.models.groups import ClubGroup, GroupException, GroupMember, GroupRule
from plugins.groups.models.links import GroupLink, GroupLinkEvent
from plugins.groups.models.seasons import Season
from plugins.groups.models.terms import KINDS, GroupPrice, GroupTerm

__all__ = ["KINDS", "ClubGroup", "GroupException", "GroupLink", "GroupLinkEvent", "GroupMember", "GroupPrice", "GroupRule", "GroupTerm", "Season"]
