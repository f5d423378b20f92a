"""The demo of Koor&Stem: eight choirs, one of them a family of three, and a club that also belongs to another federation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from core.api import Contact, ContactFunction, DemoLogin, Organisation, insert_rows
from federations.koor_en_stem.words import say
from plugins.groups.api import ClubGroup, DemoGroup, seed_family
from plugins.invoices.api import seed_last_run
from plugins.memberships.api import DemoMembership, MembershipType, seed_memberships, sync_types, types_of

FEDERATION, FAMILY = "koor-en-stem", "korenfamilie-cantabile"
#: position in `world.clubs` of the club that belongs to two federations
DOUBLE, DOUBLE_NUMBER = 7, "309"
#: name and address of its regions; a club is in the west when its postcode begins with an 8 or 9
WEST, EAST = ("Regio West", "koor-en-stem-west"), ("Regio Oost", "koor-en-stem-oost")
LOGINS = (
    DemoLogin(
        "admin.koorenstem", say("Federatie van koren", "Fédération de chœurs", "Chorverband", "Federation of choirs"), "Veerle", "Claes",
        {FEDERATION: "federation_admin"},
    ),
    DemoLogin("admin.cantabile", say("Korenfamilie", "Famille de chœurs", "Chorfamilie", "Choir family"), "Griet", "Lemmens", {FAMILY: "club_admin"}),
    DemoLogin("lid.cantabile", say("Zanger", "Choriste", "Sängerin", "Singer"), "Hilde", "Moons", {FAMILY: "member"}),
)  # fmt: skip
#: of membership, also where the groups of this season only are here
SEASONS = 3
LEADERS = (34, 63)
#: people of the family who come to a rehearsal to see whether they like it, and are no member yet
TRYING = 5
BOARD = ("contact_person", "chair", "member_administrator")
#: cents per type of membership, last year and now: per head, and with the premium of the insurance
FEES = {"uninsured": (575, 600), "liability": (715, 750), "accidents": (820, 850), "both": (960, 1_000)}


@dataclass(frozen=True)
class _Choir:
    """A linked choir of a club. `ages` and `singers` are of its people, `options` what it orders this season."""

    name: str
    short: str
    kind: str
    composition: str
    ages: tuple[int, int]
    singers: int
    day: str
    options: tuple[str, ...] = ()
    is_published: bool = True

    @property
    def leaders(self) -> int:
        """A conductor; with children also three parents, who are the board."""
        return 4 if self.ages[1] < 25 else 1


@dataclass(frozen=True)
class _Club:
    slug: str
    name: str
    town: str
    postcode: str
    accent: str
    choirs: tuple[_Choir, ...]
    #: seasons it is with us
    years: int = 1


CLUBS = (
    _Club(
        FAMILY, "Korenfamilie Cantabile", "Leuven", "3000", "#7a2e62",
        (
            _Choir("Cantabile", "CAN", "adults", "mixed", (24, 72), 16, "tuesday", ("maxi", "library", "premises")),
            _Choir("Cantabile Jong", "CAJ", "youth", "mixed", (14, 21), 9, "friday"),
            _Choir("Cantabile Minores", "CAM", "children", "high", (7, 13), 9, "wednesday", ("premises",), is_published=False),
        ),
        years=4,
    ),
    _Club("gemengd-koor-de-lijster", "Gemengd koor De Lijster", "Brugge", "8000", "#14734a",
          (_Choir("De Lijster", "LIJ", "adults", "mixed", (35, 78), 14, "monday", ("library",)),), years=4),
    _Club("vocaal-ensemble-ondine", "Vocaal ensemble Ondine", "Gent", "9000", "#1d5fa8",
          (_Choir("Ondine", "OND", "ensemble", "mixed", (22, 48), 8, "sunday", ("library",)),), years=3),
    _Club("kinderkoor-de-krekels", "Kinderkoor De Krekels", "Hasselt", "3500", "#8a3b12",
          (_Choir("De Krekels", "KRE", "children", "high", (7, 12), 11, "saturday", ("premises",)),), years=2),
    _Club("jeugdkoor-merula", "Jeugdkoor Merula", "Turnhout", "2300", "#0f6c74",
          (_Choir("Merula", "MER", "youth", "mixed", (13, 19), 10, "friday", (), is_published=False),), years=3),
    _Club("mannenkoor-de-schelde", "Mannenkoor De Schelde", "Temse", "9140", "#4d6b12",
          (_Choir("De Schelde", "SCH", "adults", "low", (45, 82), 12, "thursday", ("premises",)),), years=4),
    _Club("vrouwenkoor-amarilli", "Vrouwenkoor Amarilli", "Mechelen", "2800", "#9a2f2f",
          (_Choir("Amarilli", "AMA", "adults", "high", (28, 70), 12, "tuesday"),), years=2),
    _Club("kamerkoor-vox-lumina", "Kamerkoor Vox Lumina", "Kortrijk", "8500", "#5b4a9c",
          (_Choir("Vox Lumina", "VOX", "adults", "mixed", (25, 60), 10, "wednesday", ("library", "premises"), is_published=False),)),
)  # fmt: skip
SENIORS = _Choir("Zanggroep", "ZAN", "adults", "mixed", (60, 80), 9, "monday", ("library",))


def seed(world: Any) -> None:
    """Only in the small demo."""
    if world.is_large:
        return
    federation = world.found(
        kind="federation", name="Koor&Stem", slug=FEDERATION, official_name="Koor&Stem vzw", federation_plugin="koor_en_stem", email="info@koorenstem.example",
        invoice_email="boekhouding@koorenstem.example", phone="+32 3 000 00 00", street="Zangersplein", house_number="12", postcode="2000", town="Antwerpen",
        iban="BE38999000000272", accent="#7a2e62",
    )  # fmt: skip
    sync_types(federation)
    with world.inside(federation):
        kinds = {kind.key: kind for kind in types_of(federation)}
    for name, slug in (WEST, EAST):
        world.found(kind="region", name=name, slug=slug, parent=federation, email=f"{slug}@koorenstem.example")
    for place, wanted in enumerate(CLUBS):
        _found(world, federation, wanted, str(201 + 12 * place), kinds)
    _join_second(world, federation, world.clubs[DOUBLE], kinds)
    world.add_logins([login for login in LOGINS if FEDERATION in login.roles])
    with world.inside(federation) as actor:
        prices = {kinds[key].id: cents for key, cents in FEES.items()}
        seed_last_run(federation, world.today, prices, random=world.random_for("payments koor-en-stem"), actor=actor)


def _found(world: Any, federation: Organisation, wanted: _Club, number: str, kinds: Mapping[str, MembershipType]) -> None:
    club = world.found(
        kind="club", name=wanted.name, slug=wanted.slug, town=wanted.town, postcode=wanted.postcode, street="Concertstraat", house_number=number[-1],
        email=f"info@{wanted.slug}.example", invoice_email=f"penningmeester@{wanted.slug}.example", accent=wanted.accent,
    )  # fmt: skip
    world.affiliate(club, federation, number=number, since=date(world.today.year - max(wanted.years, 3), 9, 1), region=_region(world, club))
    with world.inside(club):
        for choir in wanted.choirs:
            world.add_people(club, choir.leaders, town=wanted.town, postcode=wanted.postcode, ages=LEADERS)
            world.add_people(club, choir.singers, town=wanted.town, postcode=wanted.postcode, ages=choir.ages)
        people = world.members_of(club)
        _give_functions(world, people[:1], ("conductor",))
        _give_functions(world, people[1:4], BOARD)
    world.add_logins([login for login in LOGINS if wanted.slug in login.roles])
    with world.inside(club) as actor:
        people = world.members_of(club)
        random = world.random_for(f"choirs {club.slug}")
        groups, at = [], 0
        for choir in wanted.choirs:
            until = at + choir.leaders + choir.singers
            groups.append(_group(choir, people[at:until], federation, club.town or ""))
            at = until
        made = seed_family(world.today, groups, years=wanted.years, random=random, actor=actor)
        _join_federation(federation, people, kinds, made[0], max(wanted.years, SEASONS), random)
        if wanted.slug == FAMILY:
            world.add_people(club, TRYING, town=wanted.town, postcode=wanted.postcode, ages=LEADERS)


def _region(world: Any, club: Organisation) -> Organisation:
    found: Organisation = world.organisation((WEST if (club.postcode or "")[:1] in ("8", "9") else EAST)[1])
    return found


def _join_second(world: Any, federation: Organisation, club: Organisation, kinds: Mapping[str, MembershipType]) -> None:
    """A club of the demo's own federation, some of whose members sing."""
    world.affiliate(club, federation, number=DOUBLE_NUMBER, since=date(world.today.year - 2, 9, 1), region=_region(world, club))
    with world.inside(club) as actor:
        singers = [contact for contact in world.members_of(club) if contact.birth_date is not None][: SENIORS.singers]
        _give_functions(world, singers[:1], ("conductor",))
        random = world.random_for("choirs double")
        made = seed_family(world.today, [_group(SENIORS, singers, federation, club.town or "")], years=1, random=random, actor=actor)
        _join_federation(federation, singers, kinds, made[0], 1, random)


def _give_functions(world: Any, people: Sequence[Contact], keys: Sequence[str]) -> None:
    since = world.today - timedelta(days=900)
    rows = [{"contact_id": c.id, "function": key, "from_on": since, "until_on": None} for c, key in zip(people, keys, strict=False)]
    insert_rows(ContactFunction, rows)


def _group(choir: _Choir, people: Sequence[Contact], federation: Organisation, town: str) -> DemoGroup:
    """The first conducts, with children some parents help, the others sing."""
    extra = {
        "published": choir.is_published, "rehearsal_day": choir.day, "rehearsal_hour": "20.00 - 22.00" if choir.ages[1] > 25 else "18.00 - 19.30",
        "rehearsal_place": f"Cultureel centrum {town}", "rehearsal_town": town,
    }  # fmt: skip
    values = {"name": choir.name, "abbreviation": choir.short, "type": choir.kind, "composition": choir.composition}
    helpers = choir.leaders - 1
    functions = ["conductor", *["volunteer"] * helpers, *["singer"] * (len(people) - 1 - helpers)]
    return DemoGroup(values, list(zip(people, functions, strict=True)), federation, extra, choir.options)


def _join_federation(
    federation: Organisation, people: Sequence[Contact], kinds: Mapping[str, MembershipType], group: ClubGroup, years: int, random: Random
) -> None:
    """Everybody is a member this season, many were before; one in ten still waits for an answer."""
    season = group.season
    if season is None:
        return
    wanted = []
    for place, contact in enumerate(people):
        key = random.choices(("both", "liability", "accidents", "uninsured"), (6, 2, 1, 1))[0]
        known = random.randint(1, years) if place % 4 else years
        for back in range(known):
            start, end = (_years_before(day, back) for day in (season.start_on, season.end_on))
            status = "accepted" if back or place % 10 != 9 else "requested"
            wanted.append(DemoMembership(contact, kinds[key], start, end, f"{start.year}-{end.year}", status))
    seed_memberships(federation, wanted)


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years)
