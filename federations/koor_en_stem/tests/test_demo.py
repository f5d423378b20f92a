"""The demo it brings: a federation, its clubs and logins of its own beside those of the core."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from core.contacts.models import Contact
from core.db import db
from core.demo import services
from core.demo.logins import logins_here
from core.organisations.services import by_slug, clubs_of
from core.tenancy import scope


@pytest.mark.once
def test_a_plugin_brings_organisations_people_and_logins_of_its_own(context: Flask) -> None:
    services.seed()
    assert [login.username for login in logins_here()][-3:] == ["admin.koorenstem", "admin.cantabile", "lid.cantabile"]
    choirs, family, double = (by_slug(slug) for slug in ("koor-en-stem", "korenfamilie-cantabile", "trefpunt-torhout"))
    assert len(clubs_of(choirs)) == 9
    assert double in clubs_of(choirs)
    assert family not in clubs_of(by_slug("okra-sport"))
    with scope(family):
        contacts = db.session.scalars(select(Contact)).all()
        ages = [(date.today() - contact.birth_date).days // 365.25 for contact in contacts if contact.birth_date]  # noqa: DTZ011 -- years
        assert min(ages) < 14
        assert max(ages) > 30
        assert {"admin.cantabile@koepel.example", "lid.cantabile@koepel.example"} <= {contact.email_1 for contact in contacts}
