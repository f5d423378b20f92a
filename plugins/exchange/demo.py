"""Demo data: the exchange with the mother organisation, a file that came in, and proposals in two clubs."""

from __future__ import annotations

from typing import Any

from core.api import db, switch_module
from plugins.exchange.catalogue import our_fields
from plugins.exchange.mapping import Link
from plugins.exchange.models import APPLYING, READY, Exchange, ExchangeRun
from plugins.exchange.services.applying import apply_run
from plugins.exchange.services.checking import check_run
from plugins.exchange.services.exchanges import get_run, save_exchange, start_receiving_rows
from plugins.exchange.services.people import Member, clubs_of_federation, members_of

COLUMNS = {
    "number": "Lidnummer", "club_number": "Trefpuntnummer", "club_name": "Trefpunt", "first_name": "Voornaam", "last_name": "Naam",
    "birth_date": "Geboortedatum", "gender": "Geslacht", "street": "Straat", "house_number": "Nummer", "postcode": "Postcode", "town": "Gemeente",
    "email_1": "E-mail", "type": "Aansluiting", "from_on": "Vanaf", "until_on": "Tot",
}  # fmt: skip
VALUES = {"gender": {"F": "V", "M": "M"}, "type": {"sporting": "S+", "non_sporting": "S"}}


def seed(world: Any) -> None:
    """Only in the federation of the demo that has a mother organisation."""
    federation = world.federation
    if federation.federation_plugin != "okra_sport" or world.is_large:
        return
    with world.inside(federation) as actor:
        for for_clubs in (False, True):
            switch_module(federation, "exchange", on=True, for_clubs=for_clubs, actor=actor)
        values = {
            "name": "Pamela", "partner": "OKRA (Pamela)", "purpose": "Leden van OKRA-SPORT+ zijn ook lid van OKRA: beide houden dezelfde gegevens bij.",
            "legal_basis": "contract", "sends": True, "receives": True, "is_active": True,
        }  # fmt: skip
        known = {field.key for field in our_fields(federation)}
        links = [Link(key, column, values=VALUES.get(key, {})) for key, column in COLUMNS.items() if key in known]
        exchange = save_exchange(None, values, links, actor=actor)
        _receive(world, exchange, actor)


def _receive(world: Any, exchange: Exchange, actor: Any) -> None:
    """What Pamela says: a street more up to date, an address that differs, somebody who stopped, somebody new."""
    clubs = clubs_of_federation(world.federation, world.today)[:2]
    rows: list[dict[str, str]] = []
    for place, club in enumerate(clubs):
        members = [member for member in members_of([club], world.federation, world.today).values() if member.status == "accepted" and member.counts][:6]
        rows += [_row(member, f"P{place + 1}{number:03}", number) for number, member in enumerate(members)]
        rows.append(
            {"Lidnummer": f"P{place + 1}900", "Trefpuntnummer": club.number, "Voornaam": "Godelieve", "Naam": "Vandenbroucke", "Geboortedatum": "1956-02-11",
             "Geslacht": "V", "Gemeente": "Leuven", "Postcode": "3000", "Aansluiting": "S+"}
        )  # fmt: skip
    rows.append({"Lidnummer": "P9999", "Trefpuntnummer": "99999", "Voornaam": "Marcel", "Naam": "Onbekend", "Geboortedatum": "1950-01-01"})
    run = start_receiving_rows(exchange, rows, actor=actor, filename="pamela.csv", with_job=False)
    check_run(run.id, actor=actor, report=_silent)
    _apply(run, actor)


def _row(member: Member, number: str, place: int) -> dict[str, str]:
    values = member.values
    row = {"Lidnummer": number, "Trefpuntnummer": member.club.number, "Voornaam": values["first_name"], "Naam": values["last_name"],
           "Geboortedatum": values["birth_date"], "Gemeente": values["town"], "Postcode": values["postcode"]}  # fmt: skip
    if place == 1:
        row["E-mail"] = f"{number.lower()}@okra.example"
    if place == 2:
        row["Straat"] = "Nieuwe Kerkhofdreef"
    return row


def _apply(run: ExchangeRun, actor: Any) -> None:
    now_run = get_run(run.id)
    if now_run.state == READY:
        now_run.state = APPLYING
        db.session.flush()
        apply_run(run.id, actor=actor, report=_silent)


def _silent(_done: int, _total: int, _note: str) -> None:
    """Nobody waits for it."""
