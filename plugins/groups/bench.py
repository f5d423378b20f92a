"""How fast strangers find a group among 3,000: our side, and the bare work beside it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from core import clock
from core.access import acting, system_actor
from core.app import create_app
from core.bench.installation import statements
from core.bench.rows import Row
from core.config import load
from core.contacts.names import fold
from core.db import db, insert_rows, reserve_ids, transaction
from core.extend.registry import registry
from core.migrations.runner import upgrade
from core.organisations.services import affiliate, by_slug, create_organisation
from core.tenancy import scope, unscoped
from core.users.permissions import sync_permissions
from plugins.groups.finder.places import Place, all_places, distance
from plugins.groups.models import ClubGroup, GroupLink, Season

HERE = "plugins.groups.bench:"
FEDERATION, CLUB = "bench-finder", "bench-choir"
GROUPS = 3_000
#: requests per measurement, each from an address of its own, or they would be slowed down
TIMES = 10
_ROWS = "SELECT name, shared FROM group_link WHERE json_extract(shared, '$.published') = 1"
DAYS = ("monday", "tuesday", "wednesday", "thursday")


def rows(_n: int) -> list[Row]:
    work = f"a stranger searches {GROUPS:,} published groups by place, first page, ten times"
    yardstick = "ten times all rows, their JSON and distance in plain Python"
    return [Row("group-finder", work, yardstick, (f"{HERE}search", 0), (f"{HERE}plain_search", 0), 1.5, sql=5)]


def publish_many(federation: str, club: str, number: int) -> None:
    """So many published groups in a club, at places all over the country; inside an application context."""
    random, places = Random(f"{club} {number}"), list(all_places().values())  # noqa: S311 -- the same every time, nothing secret
    with unscoped("the organisations of many groups"):
        owner, host = by_slug(federation), by_slug(club)
    today, moment = clock.today(), clock.now()
    with transaction(), scope(host), acting(system_actor(host.id)):
        first, last = today - timedelta(days=30), today + timedelta(days=300)
        season = Season(name=f"Bench {number}", start_on=first, end_on=last, is_current=False, is_active=True)
        db.session.add(season)
        db.session.flush()
        groups, links = [], []
        for pk in reserve_ids(ClubGroup, number):
            place, name = random.choice(places), f"Koor {random.randrange(10**6)} {pk}"
            extra = {"published": True, "rehearsal_day": random.choice(DAYS), "rehearsal_postcode": place.postcode, "rehearsal_town": place.names[0]}
            same = {"lineage": pk, "name": name, "name_key": fold(name), "abbreviation": None, "type": random.choice(("adults", "youth")),
                    "composition": "mixed", "category": None, "changed_at": moment, "version": 1}  # fmt: skip
            groups.append({**same, "id": pk, "season_id": season.id, "picture_id": None, "is_shown": True, "opens": [], "extra": extra,
                           "copied_from": None, "removed_at": None, "created_at": moment})  # fmt: skip
            links.append({**same, "federation_id": owner.id, "group_id": pk, "words": {}, "season_name": season.name, "season_start": first,
                          "season_end": last, "shared": extra, "options": [], "holders": [], "functions": {}, "member_count": 0,
                          "linked_on": first, "unlinked_on": None})  # fmt: skip
        insert_rows(ClubGroup, groups)
        insert_rows(GroupLink, links)


def _installation(folder: Path) -> Any:
    """A federation with a finder, one club and its groups, made once per folder."""
    instance = folder / "finder"
    is_new = not (instance / "ready").exists()
    app = create_app(load({}, environment="demo", instance_dir=instance, embedded_worker=False, log_level="WARNING"))
    if is_new:
        with app.app_context():
            upgrade()
            (rules,) = [plugin for plugin, _item in registry().plugins.collect("register_group_finders")]
            with transaction(), unscoped("making the organisations of a benchmark"):
                sync_permissions(registry())
                federation = create_organisation(kind="federation", name="Bench finder", slug=FEDERATION, federation_plugin=rules)
                affiliate(create_organisation(kind="club", name="Bench choir", slug=CLUB), federation, number="1")
            publish_many(FEDERATION, CLUB, GROUPS)
            db.session.remove()
        (instance / "ready").touch()
    return app


def search(folder: Path, _size: int) -> Callable[[], dict[str, Any]]:
    """Ten times the first page of a search near a town, as a stranger's browser asks it."""
    app = _installation(folder)
    client, seen, number = app.test_client(), statements(app), count()

    def work() -> dict[str, Any]:
        for _time in range(TIMES):
            seen.clear()
            asker = next(number) // 50
            answer = client.get(f"/find/{FEDERATION}/?where=9000&km=50", environ_base={"REMOTE_ADDR": f"198.18.{asker // 250}.{asker % 250}"})
            if answer.status_code != 200:
                raise RuntimeError(str(answer.status_code))
        return {"sql": len([s for s in seen if not s.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))])}

    return work


def plain_search(folder: Path, _size: int) -> Callable[[], dict[str, Any]]:
    """The same rows read with the bare driver, their JSON and distances worked out, twenty of them written as JSON."""
    _installation(folder)
    places = all_places()

    def work() -> dict[str, Any]:
        for _time in range(TIMES):
            connection = sqlite3.connect(folder / "finder" / "koepel.db")
            found = []
            for name, shared in connection.execute(_ROWS):
                values = json.loads(shared)
                km = distance(places["9000"], _place(places, values))
                if km <= 50:
                    found.append((km, name, values))
            connection.close()
            json.dumps(sorted(found, key=lambda hit: hit[0])[:20])
        return {"found": len(found)}

    return work


def _place(places: dict[str, Place], values: dict[str, Any]) -> Place:
    return places[values["rehearsal_postcode"]]
