"""Two families: one in club A, one in club C, with the same mother."""

from __future__ import annotations

from datetime import date

import pytest

from core import clock
from core.db import db, transaction
from core.testing.factories import inside, make_contact, make_user
from core.users.services import give_role
from plugins.families import services


class Kin:
    """Ids of the family of the tests."""


@pytest.fixture
def kin(app, world):
    """Ann (login "parent.x") and Bob (no login) with Lotte, 9, in club A; Ann with Seppe, 14, in club C."""
    made = Kin()
    with app.app_context():
        with transaction():
            user = make_user("parent.x")
        for club, child, age in ((world.club, "lotte", 9), (world.foreign_club, "seppe", 14)):
            with inside(club) as actor:
                functions = {one.key: one.id for one in services.functions()}
                family = services.save_family(None, "Peeters - Maes", actor=actor)
                mother = make_contact("Ann", "Maes", email_1="ann@home.example")
                father = make_contact("Bob", "Peeters", email_1="bob@home.example")
                born = date(clock.today().year - age, 1, 1)
                young = make_contact(child.title(), "Peeters", birth_date=born, email_1=f"{child}@home.example")
                people = ((mother.id, "mother"), (father.id, "father"), (young.id, "child"))
                rows = [services.add_member(family, pk, functions[key], actor=actor) for pk, key in people]
                setattr(made, child, young.id)
                if club is world.club:
                    made.ann, made.bob, made.family, made.ann_row = mother.id, father.id, family.id, rows[0].id
                give_role(db.session.merge(user), club, "member", contact_id=mother.id)
    return made
