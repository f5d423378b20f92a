"""The amounts of a run, counted a second time from the rows of the tables by a plain other way: equal for a thousand clubs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from time import process_time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core import clock
from core.access import acting, system_actor
from core.contacts.models import Contact
from core.db import db, insert_rows, reserve_ids, transaction
from core.organisations.models import Affiliation, Organisation
from core.tenancy import scope, unscoped
from core.testing.factories import inside, make_world
from plugins.groups.models import ClubGroup, GroupLink, GroupPrice, Season
from plugins.groups.services import add_price
from plugins.invoices.models import Fee, Invoice, InvoiceLine
from plugins.invoices.services import drafting
from plugins.invoices.services.drafting import draft_run
from plugins.invoices.services.fees import save_fee
from plugins.invoices.services.runs import start_run
from plugins.memberships.api import Membership, sync_types, types_of

CLUBS, SEED, DAY = 1_000, 20_261_115, date(2026, 11, 15)
SEASON = (date(2026, 10, 1), date(2027, 9, 30))
FORMER = (date(2025, 10, 1), date(2026, 9, 30))
OPTIONS = ("maxi", "library", "premises")
#: what the plugin asks for an option when the federation stored no price
DECLARED = {"choir": 7_500, "maxi": 10_000, "library": 5_000, "premises": 2_500}


# --- a thousand clubs of chance ---------------------------------------------------------------------


def _day(random: Random) -> date:
    """Near the reference date, or on it: mistakes are made at the edges."""
    return DAY + timedelta(days=random.choice((-400, -40, -1, 0, 0, 1, 40, 300)))


def _fill(federation: Organisation, random: Random) -> None:
    with inside(federation) as actor:
        types = {kind.key: kind.id for kind in types_of(federation)}
        for key, cents in (("uninsured", 613), ("liability", 757), ("accidents", 613), ("both", 1_009)):
            half = DAY - timedelta(days=1) if key == "both" else DAY
            save_fee(None, type_id=types[key], amount_cents=cents * 7, from_on=date(2020, 1, 1), until_on=half - timedelta(days=1), actor=actor)
            save_fee(None, type_id=types[key], amount_cents=cents, from_on=half, until_on=None, actor=actor)
        add_price("library", amount_cents=4_999, from_on=date(2020, 1, 1), actor=actor)
        add_price("library", amount_cents=9_999, from_on=DAY + timedelta(days=1), actor=actor)
        add_price("premises", amount_cents=0, from_on=date(2021, 1, 1), until_on=DAY - timedelta(days=1), actor=actor)
    with transaction(), unscoped("a thousand clubs"):
        ids = list(reserve_ids(Organisation, CLUBS))
        insert_rows(Organisation, [_club(pk) for pk in ids])
        insert_rows(Affiliation, [_affiliation(random, pk, federation.id) for pk in ids])
        numbers = {model: iter(reserve_ids(model, CLUBS * 16)) for model in (Contact, Season, ClubGroup)}
        rows: dict[Any, list[dict[str, Any]]] = {Contact: [], Membership: [], Season: [], ClubGroup: [], GroupLink: []}
        for pk in ids:
            _fill_club(pk, federation.id, list(types.values()), random, rows, numbers)
        for model, made in rows.items():
            insert_rows(model, made)


def _club(pk: int) -> dict[str, Any]:
    name = f"Choir {pk:05}"
    return {
        "id": pk, "kind": "club", "slug": f"choir-{pk:05}", "name": name, "official_name": name, "language": "nl", "time_zone": "Europe/Brussels",
        "country": "BE", "extra": {}, "settings": {}, "created_at": clock.now(), "version": 1,
    }  # fmt: skip


def _affiliation(random: Random, club: int, federation: int) -> dict[str, Any]:
    """Nearly all are affiliated; some left the day before, or come the day after."""
    from_on, until_on = random.choices(
        ((date(2020, 1, 1), None), (date(2020, 1, 1), DAY), (DAY, None), (date(2020, 1, 1), DAY - timedelta(days=1)), (DAY + timedelta(days=1), None)),
        (80, 5, 5, 5, 5),
    )[0]
    return {"organisation_id": club, "federation_id": federation, "number": str(club), "region_id": None, "from_on": from_on, "until_on": until_on}


def _fill_club(club: int, federation: int, types: Sequence[int], random: Random, rows: dict[Any, list[dict[str, Any]]], numbers: dict[Any, Any]) -> None:
    """People with any memberships, and choirs with any links, of this season and the former one."""
    now = clock.now()
    common = {"organisation_id": club, "created_at": now, "version": 1}
    for _person in range(random.randrange(0, 16)):
        contact = next(numbers[Contact])
        name = f"singer {contact}"
        rows[Contact].append(
            common | {"id": contact, "first_name": "Singer", "last_name": str(contact), "name_key": name, "search_text": name, "extra": {}, "whose": {},
                      "language": "nl", "country": "BE", "changed_at": now}
        )  # fmt: skip
        for _membership in range(random.choices((0, 1, 2), (1, 8, 2))[0]):
            start = _day(random)
            end = random.choice((None, None, start + timedelta(days=random.choice((0, 1, 40, 500)))))
            status = random.choices(("accepted", "requested", "refused", "withdrawn"), (12, 2, 1, 1))[0]
            rows[Membership].append(
                common | {"federation_id": random.choices((federation, None), (9, 1))[0], "contact_id": contact, "type_id": random.choice(types),
                          "from_on": start, "until_on": end, "season": None, "status": status, "extra": {}, "requested_at": now, "requested_by": "",
                          "decided_by": "", "reason": "", "end_reason": "", "changed_at": now}
            )  # fmt: skip
    seasons = []
    for start, end in (FORMER, SEASON):
        season = {"id": next(numbers[Season]), "name": f"{start.year}-{end.year}", "start_on": start, "end_on": end}
        rows[Season].append(common | season | {"is_current": start == SEASON[0], "is_active": True})
        seasons.append(season)
    for place in range(random.choice((0, 1, 1, 2, 3))):
        season, pk = random.choices(seasons, (1, 5))[0], next(numbers[ClubGroup])
        named = {"name": f"Group {place}", "name_key": f"group {place}", "lineage": pk}
        rows[ClubGroup].append(common | named | {"id": pk, "season_id": season["id"], "is_shown": True, "opens": [], "extra": {}, "changed_at": now})
        linked = _day(random)
        unlinked = random.choice((None, None, None, linked + timedelta(days=random.choice((0, 1, 30, 400)))))
        link = {name: value for name, value in common.items() if name != "created_at"} | named
        rows[GroupLink].append(
            link | {"federation_id": federation, "group_id": pk, "words": {}, "season_name": season["name"], "season_start": season["start_on"],
                    "season_end": season["end_on"], "shared": {}, "options": [key for key in OPTIONS if random.random() < 0.4], "holders": [], "functions": {},
                    "member_count": 0, "linked_on": linked, "unlinked_on": unlinked, "changed_at": now}
        )  # fmt: skip


# --- the second way ------------------------------------------------------------------------------------


def _all(model: type[Any]) -> list[dict[str, Any]]:
    """Every row of a table, as it is stored."""
    columns = [getattr(model, attribute.key) for attribute in model.__mapper__.column_attrs]
    return [dict(row._mapping) for row in db.session.execute(select(*columns))]


def _holds(row: dict[str, Any], first: str = "from_on", last: str = "until_on") -> bool:
    return row[first] <= DAY and (row[last] is None or row[last] >= DAY)


def totals_from_the_tables(federation: int) -> dict[int, int]:
    """Club -> cents. Row by row, without a line, a rule or a query of the plugins."""
    fee = {row["type_id"]: row["amount_cents"] for row in _all(Fee) if _holds(row)}
    price = DECLARED | {row["option"]: row["amount_cents"] for row in _all(GroupPrice) if _holds(row)}
    affiliated = {row["organisation_id"] for row in _all(Affiliation) if row["federation_id"] == federation and _holds(row)}
    cents: dict[int, int] = defaultdict(int)
    counted: set[tuple[int, int]] = set()
    for row in sorted(_all(Membership), key=lambda row: row["id"]):
        person = (row["organisation_id"], row["contact_id"])
        if row["federation_id"] != federation or row["status"] != "accepted" or not _holds(row) or person in counted:
            continue
        counted.add(person)
        cents[row["organisation_id"]] += fee[row["type_id"]]
    has_maxi = set()
    for row in _all(GroupLink):
        if not (row["season_start"] <= DAY <= row["season_end"]) or row["linked_on"] > DAY:
            continue
        if row["unlinked_on"] is not None and row["unlinked_on"] <= DAY:
            continue
        club = row["organisation_id"]
        cents[club] += price["choir"] + sum(price[option] for option in ("library", "premises") if option in row["options"])
        if "maxi" in row["options"] and club not in has_maxi:
            has_maxi.add(club)
            cents[club] += price["maxi"]
    return {club: amount for club, amount in cents.items() if club in affiliated and amount}


@pytest.mark.covers("R149", "R150")
def test_a_thousand_random_clubs_pay_what_the_tables_say(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    start = process_time()
    monkeypatch.setattr(drafting, "ask_readiness", lambda *_args, **_more: None)  # whether clubs are in order changes no amount, and takes longest
    federation = make_world("koor_en_stem").federation
    sync_types(federation)
    _fill(federation, Random(SEED))  # noqa: S311 -- chance that is the same every time
    with inside(federation) as actor:
        run_id = start_run(reference_on=DAY, invoice_on=None, due_on=None, actor=actor, with_job=False).id
    with scope(federation), acting(system_actor(federation.id, language="nl")) as actor:
        draft_run(run_id, actor=actor)
    with unscoped("looking at rows in a test"):
        invoiced = {row["debtor_id"]: row["total_cents"] for row in _all(Invoice)}
        by_lines: dict[int, int] = defaultdict(int)
        silent = []
        for line in _all(InvoiceLine):
            by_lines[line["debtor_id"]] += line["quantity"] * line["unit_cents"]
            silent += [line["text"]] if not line["rule_text"] or not line["text"] else []
        expected = totals_from_the_tables(federation.id)
        kinds = {line["rule"] for line in _all(InvoiceLine)}

    assert invoiced == expected
    assert dict(by_lines) == expected
    assert silent == []
    assert kinds == {"per_head", "premium_liability", "premium_both", "option_choir", "option_maxi", "option_library", "option_premises"}
    assert (700 < len(expected) < CLUBS, len(set(expected.values())) > 300) == (True, True)
    assert process_time() - start < 20
