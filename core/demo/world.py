"""What plugins get to add their demo data to: organisations, their contacts, and chance that is always the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from random import Random
from typing import Any

from faker import Faker
from sqlalchemy import select

from core import clock
from core.access import Actor, acting, system_actor
from core.audit.services import Record, record, record_many
from core.contacts.models import Contact
from core.db import db, insert_rows, reserve_ids, transaction
from core.demo.declarations import DemoLogin
from core.demo.mode import Scale
from core.demo.people import make_people
from core.demo.places import Town
from core.fields.catalogue import forget_fields
from core.organisations.models import Organisation
from core.organisations.services import affiliate, create_organisation
from core.tenancy import scope, unscoped
from core.web.context import addresses_of, forget_affiliations

SEED = "koepel 2026"


@dataclass
class World:
    """Passed to every plugin's `seed_demo(world)`, in start order, inside one transaction.

    organisations: every organisation by slug; `federation` is the one with the demo's rules,
        `regions` and `clubs` are its own, in a fixed order.
    today: the day everything is told from.
    member_ids: club id -> ids of the contacts who are to hold a membership of the federation;
        the others are helpers, former members and people who only come to look.
    relatives: club (by slug) -> (contact id, "mother", "child" ...) of a family, in clubs that are not in `clubs`.

    Example:
        @hookimpl
        def seed_demo(world):
            chance = world.random_for("memberships")
            for club in world.clubs:
                with world.inside(club) as actor:
                    for contact in world.contacts_of(club):
                        ...

    A plugin may bring organisations of its own with `found`, `affiliate`, `add_people` and
    `add_logins`; they are not among `clubs`.
    """

    scale: Scale = "small"
    today: date = field(default_factory=clock.today)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    regions: list[Organisation] = field(default_factory=list)
    clubs: list[Organisation] = field(default_factory=list)
    member_ids: dict[int, list[int]] = field(default_factory=dict)
    relatives: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    @property
    def federation(self) -> Organisation:
        return next(o for o in self.organisations.values() if o.kind == "federation")

    @property
    def is_large(self) -> bool:
        """40,000 members: write with core.db.insert_rows, not one by one."""
        return self.scale == "federation"

    @cached_property
    def random(self) -> Random:
        """Shared by all; `random_for` does not depend on who drew before."""
        return self.random_for("world")

    @cached_property
    def faker(self) -> Faker:
        """Faker for Flanders, with the same seed everywhere."""
        made = Faker("nl_BE")
        made.seed_instance(SEED)
        return made

    def random_for(self, name: str) -> Random:
        """A source of chance of its own, e.g. random_for(f"invoices {club.slug}")."""
        return Random(f"{SEED} {name}")  # noqa: S311 -- invented people, no secrets

    def organisation(self, slug: str) -> Organisation:
        return self.organisations[slug]

    def add(self, organisation: Organisation) -> Organisation:
        self.organisations[organisation.slug] = organisation
        if organisation.kind in ("region", "club"):
            (self.regions if organisation.kind == "region" else self.clubs).append(organisation)
        return organisation

    def found(self, *, kind: str, name: str, slug: str, **details: Any) -> Organisation:
        """Make an organisation beside those of the demo's federation; details as for create_organisation."""
        with transaction(), unscoped("making an organisation of the demo"):
            made = create_organisation(kind=kind, name=name, slug=slug, **details)
            self.organisations[slug] = made
            record("organisation.created", made, actor=system_actor(None))
        return made

    def affiliate(self, club: Organisation, federation: Organisation, *, number: str, since: date, region: Organisation | None = None) -> None:
        """Make a club a member of a federation, perhaps of a second one."""
        with transaction(), unscoped("affiliating a club of the demo"):
            affiliate(club, federation, number=number, from_on=since, region=region)
        forget_affiliations()
        forget_fields()

    def add_people(self, club: Organisation, number: int, *, town: str, postcode: str, ages: tuple[int, int]) -> list[Contact]:
        """Invented people of those ages in a club of a plugin, all to be members. Call it inside(club)."""
        known = self.member_ids.setdefault(club.id, [])
        random = self.random_for(f"people {club.slug} {len(known)}")
        rows = make_people(random, Town(town, postcode), number, today=self.today, ages=ages)
        ids = list(reserve_ids(Contact, number))
        insert_rows(Contact, [row | {"id": pk, "extra": {}} for pk, row in zip(ids, rows, strict=True)])
        record_many([Record("contact.created", "contact", pk) for pk in ids], actor=system_actor(club.id))
        known += ids
        return [contact for contact in self.members_of(club) if contact.id in set(ids)]

    def add_logins(self, logins: Sequence[DemoLogin]) -> None:
        """Make the users a plugin tells of with register_demo_logins, once the people of their clubs are there."""
        from core.demo.logins import make_logins  # noqa: PLC0415 -- circular: logins are made in a world

        make_logins(self, logins)

    @contextmanager
    def inside(self, organisation: Organisation) -> Iterator[Actor]:
        """Scope, all-powerful actor and transaction of one organisation; what was added is flushed at the end."""
        with (
            transaction() as session,
            scope(organisation),
            acting(system_actor(organisation.id, language=organisation.language)) as actor,
            addresses_of(organisation),
        ):
            yield actor
            session.flush()

    def contacts_of(self, club: Organisation) -> Sequence[Contact]:
        """All contacts of a club, oldest first. Call it inside(club)."""
        return db.session.scalars(select(Contact).where(Contact.organisation_id == club.id, Contact.deleted_at.is_(None)).order_by(Contact.id)).all()

    def members_of(self, club: Organisation) -> list[Contact]:
        """The contacts who are to hold a membership of the federation. Call it inside(club)."""
        wanted = set(self.member_ids.get(club.id, ()))
        return [contact for contact in self.contacts_of(club) if contact.id in wanted]
