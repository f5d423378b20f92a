"""The demo: a family in two clubs; the mother logs in as ouder.demo."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from core.api import db
from plugins.families.models import FamilyFunction
from plugins.families.services import add_member, save_family

NAME = "Peeters - Maes"


def seed(world: Any) -> None:
    """In the clubs where the demo has a parent with a child."""
    for club, people in getattr(world, "relatives", {}).items():
        with world.inside(world.organisation(club)) as actor:
            functions = {function.key: function.id for function in db.session.scalars(select(FamilyFunction))}
            if functions:
                family = save_family(None, NAME, actor=actor)
                for contact_id, key in people:
                    add_member(family, contact_id, functions[key], actor=actor)
