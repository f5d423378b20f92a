"""Numbers: members over time, clubs over seasons, snapshots for the yearly declaration."""

from __future__ import annotations

from typing import Any

from core.api import Actor, Contact, JobKind, Manifest, MenuEntry, Permission, RetentionRule, Tab, _l, describe_subject, hookimpl
from plugins.statistics import demo, jobs, rest
from plugins.statistics.services import privacy
from plugins.statistics.views import VIEWS

manifest = Manifest(
    "statistics",
    _l("Reports"),
    "1.0",
    description=_l("Members over time, clubs over seasons, and snapshots for the yearly declaration."),
    requires=("memberships",),
)

_ABOVE, _FEDERATION = ("federation", "region"), ("federation",)
_STAFF, _ADMIN = ("federation_admin", "region_admin"), ("federation_admin",)

describe_subject("statistics_member", title=_l("Person in a snapshot"), actions={"snapshot_member.forgotten": _l("Person forgotten in a snapshot")})
describe_subject(
    "statistics_snapshot",
    title=_l("Snapshot"),
    fields={"reference_on": _l("Reference date"), "clubs": _l("Clubs"), "members": _l("Members")},
    actions={
        "snapshot.created": _l("Snapshot asked for"),
        "snapshot.taken": _l("Snapshot taken"),
        "snapshot.removed": _l("Snapshot removed"),
        "snapshot.exported": _l("Snapshot exported"),
    },
)


@hookimpl
def register_permissions() -> list[Permission]:
    return [
        Permission("statistics.read", _l("See reports"), roles=(*_STAFF, "members", "read_only")),
        Permission("statistics.export", _l("Export reports"), roles=_STAFF),
        Permission("snapshots.read", _l("See snapshots"), roles=_ADMIN),
        Permission("snapshots.write", _l("Take snapshots"), roles=_ADMIN),
        Permission("snapshots.names", _l("Export the members of a snapshot by name"), roles=_ADMIN),
    ]


@hookimpl
def register_views() -> list[type]:
    return [*VIEWS, *rest.RESOURCES]


@hookimpl
def register_menu() -> list[MenuEntry]:
    return [
        MenuEntry(
            _l("Reports"),
            "report-analytics",
            "MemberNumbers.show",
            "login",
            kinds=_ABOVE,
            position=80,
            matches=("ClubNumbers.", "SnapshotView."),
            tabs="reports",
        )
    ]


@hookimpl
def register_tabs() -> list[Tab]:
    return [
        Tab("reports", _l("Members over time"), "MemberNumbers.show", "statistics.read", icon="chart-line", position=10, kinds=_ABOVE),
        Tab("reports", _l("Clubs over seasons"), "ClubNumbers.show", "statistics.read", icon="chart-bar", position=20, kinds=_ABOVE),
        Tab("reports", _l("Snapshots"), "SnapshotView.list", "snapshots.read", icon="rubber-stamp", position=30, kinds=_FEDERATION),
    ]


@hookimpl
def register_jobs() -> list[JobKind]:
    return list(jobs.JOBS)


@hookimpl
def register_retention_rules() -> list[RetentionRule]:
    return list(privacy.RULES)


@hookimpl
def privacy_data(contact: Contact) -> dict[str, Any]:
    return privacy.data_about(contact)


@hookimpl
def contact_erased(contact: Contact, actor: Actor) -> None:
    privacy.forget(contact, actor=actor)


@hookimpl
def seed_demo(world: Any) -> None:
    demo.seed(world)
