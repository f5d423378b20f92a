"""Exchange with the member system of a mother organisation: what it brings. Reads like a table of contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from core.api import (
    Actor,
    BulkAction,
    Contact,
    FilePurpose,
    JobKind,
    Manifest,
    MenuEntry,
    Permission,
    RetentionRule,
    StoredFile,
    Tab,
    Widget,
    _,
    _l,
    format_number,
    hookimpl,
)  # fmt: skip
from plugins.exchange import demo, jobs, lists, presentation, rest
from plugins.exchange.services import privacy
from plugins.exchange.services.exchanges import PURPOSE
from plugins.exchange.services.proposals import number_waiting
from plugins.exchange.views import VIEWS

manifest = Manifest(
    "exchange",
    _l("Exchange"),
    "1.0",
    description=_l("Two-way exchange of members with another system, by CSV and REST. Clubs decide on changes of their contacts."),
    requires=("memberships",),
    starts_off=True,
)

_FEDERATION, _CLUB = ("federation",), ("club",)
_ADMIN, _CLUB_ADMIN = ("federation_admin",), ("club_admin",)
presentation.describe()


@hookimpl
def register_permissions() -> list[Permission]:
    return [
        Permission("exchange.read", _l("See exchanges"), roles=_ADMIN),
        Permission("exchange.write", _l("Agree on exchanges: partner, purpose, columns"), roles=_ADMIN),
        Permission("exchange.run", _l("Send and receive data, and decide on differences"), roles=_ADMIN),
        Permission("exchange_proposals.read", _l("See proposals of other systems"), roles=_CLUB_ADMIN),
        Permission("exchange_proposals.decide", _l("Accept and refuse proposals of other systems"), roles=_CLUB_ADMIN),
    ]


@hookimpl
def register_views() -> list[type]:
    return [*VIEWS, *rest.RESOURCES]


@hookimpl
def register_menu() -> list[MenuEntry]:
    return [MenuEntry(_l("Exchange"), "arrows-exchange", "ExchangeView.list", "exchange.read", kinds=_FEDERATION, position=85, matches=("ExchangeRunView.",))]


@hookimpl
def register_tabs() -> list[Tab]:
    return [
        Tab("contacts", _l("Proposals"), "ProposalList.list", lists.READ, position=50, count=number_waiting, kinds=_CLUB),
        Tab("contacts", _l("Answered proposals"), "AnsweredList.list", lists.READ, position=51, kinds=_CLUB),
    ]


@hookimpl
def register_bulk_actions() -> list[BulkAction]:
    return list(lists.ACTIONS)


@hookimpl
def register_widgets() -> list[Widget]:
    return [
        Widget(
            "exchange_proposals", _l("Proposals of other systems"), _waiting, lists.READ, shape="stat", kinds=_CLUB, position=70, count=number_waiting
        )
    ]  # fmt: skip


def _waiting(_organisation: Any, number: int) -> Mapping[str, Any]:
    return {"value": format_number(number), "label": _("proposals to answer"), "url": url_for("ProposalList.list"), "tone": "warn" if number else "ok"}


@hookimpl
def register_jobs() -> list[JobKind]:
    return list(jobs.JOBS)


@hookimpl
def register_retention_rules() -> list[RetentionRule]:
    return list(privacy.RULES)


@hookimpl
def register_file_purposes() -> list[FilePurpose]:
    return [FilePurpose(PURPOSE, _l("Received data"), _may_read, extensions=("csv",), is_our_own=True, counts=False)]


def _may_read(_file: StoredFile, _actor: Actor) -> bool:
    """Nobody: it is read by the check, and then removed."""
    return False


@hookimpl
def privacy_data(contact: Contact) -> dict[str, Any]:
    return privacy.data_about(contact)


@hookimpl
def contact_erased(contact: Contact, actor: Actor) -> None:
    privacy.forget(contact, actor)


@hookimpl
def seed_demo(world: Any) -> None:
    demo.seed(world)
