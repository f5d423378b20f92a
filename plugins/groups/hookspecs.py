"""What federations and other plugins may add to groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.api import hookspec

TermKind = Literal["type", "composition", "category", "function", "option"]


@dataclass(frozen=True)
class GroupTermDeclaration:
    """A word people choose from: a type, composition or category of groups, or a function in them.

    key: stable, ^[a-z][a-z0-9_]*$; groups and members keep it. name: {"nl": ..., "fr": ...}.
    required: for a function: somebody must hold it in every group that is linked to the federation.

    The federation may change all of this in the browser, except the key; what it changed stays
    as it is when the plugin is brought up to date.

    Example:
        GroupTermDeclaration("function", "conductor", Words(nl="Dirigent", ...), required=True, position=10)
    """

    kind: Literal["type", "composition", "category", "function"]
    key: str
    name: Mapping[str, str]
    required: bool = False
    position: int = 100


@dataclass(frozen=True)
class GroupOptionDeclaration:
    """Something a club can order with a linked group, at a price per period.

    amount_cents: the price until the federation stores one for a period itself.
    per: "group": charged for each group that has it; "club": once, whatever the number of groups;
        "each": charged for each linked group, nobody orders it.
    families_only: only for a club with more than one linked group in the season.

    Example:
        GroupOptionDeclaration("library", Words(nl="Toegang tot de bibliotheek", ...), 5000)
    """

    key: str
    name: Mapping[str, str]
    amount_cents: int = 0
    help: Mapping[str, str] = field(default_factory=dict)
    per: Literal["group", "club", "each"] = "group"
    families_only: bool = False
    position: int = 100


@dataclass(frozen=True)
class GroupFinderDeclaration:
    """A page on which strangers find the groups of the clubs of a federation, at /find/<its slug>/.

    Every value is the key of a field the federation asks of a linked group. published: the yes-or-no
    field that puts a group there; without it, or when the federation switched it off, nobody is found.
    The others are shown when they are filled in, and nothing else: no member, no other field.
    postcode and town also say how far away a group is. email and website become links.

    title, text: what the page is called, and a sentence below it.

    Example:
        GroupFinderDeclaration(Words(nl="Zoek een koor", ...), "published", postcode="rehearsal_postcode")
    """

    title: Mapping[str, str]
    published: str
    text: Mapping[str, str] = field(default_factory=dict)
    day: str = ""
    hour: str = ""
    place: str = ""
    street: str = ""
    postcode: str = ""
    town: str = ""
    email: str = ""
    website: str = ""

    @property
    def shown(self) -> dict[str, str]:
        """Role -> key of the field, of what strangers see beside name, type and composition."""
        roles = ("day", "hour", "place", "street", "postcode", "town", "email", "website")
        return {role: getattr(self, role) for role in roles if getattr(self, role)}


class GroupHooks:
    """Hooks of the groups plugin.

    The fields a federation asks of a linked group are extra fields with the target "group", which
    its plugin declares with `register_extra_fields`. Its season is told by two settings of its
    manifest: "groups.season_start" ("10-01") and, when it has names of its own, "groups.season_name"
    ("{start}-{end}").
    """

    @hookspec
    def register_group_terms(self) -> list[GroupTermDeclaration]:
        """Types, compositions, categories and functions of the federation this plugin gives its rules."""

    @hookspec
    def register_group_options(self) -> list[GroupOptionDeclaration]:
        """What clubs of this federation can order with a linked group."""

    @hookspec
    def register_group_finders(self) -> list[GroupFinderDeclaration]:
        """The page on which strangers find published groups of the federation this plugin gives its rules; at most one."""
