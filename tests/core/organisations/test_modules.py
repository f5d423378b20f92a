"""Switching modules on and off, for oneself and for the clubs of a federation."""

import pytest

from core.access import Actor
from core.db import db
from core.errors import Forbidden, NotFound, UserMistake
from core.extend.manifest import Manifest
from core.extend.registry import registry
from core.organisations.models import Organisation, PluginActivation
from core.organisations.services.modules import modules_of, switch
from core.tenancy import scope
from core.testing.factories import inside
from core.testing.plugin import csrf_of
from core.web.context import active_plugins


@pytest.fixture
def modules(app):
    """Two modules, of which the second needs the first."""
    with app.app_context():
        manifests = registry().plugins.manifests
        kept = dict(manifests)
        manifests.clear()
        manifests |= {"songs": Manifest("songs", "Songs", "1"), "concerts": Manifest("concerts", "Concerts", "1", requires=("songs",))}
    yield
    manifests.clear()
    manifests |= kept


def state(organisation):
    return {module.name: module.is_on for module in modules_of(organisation)}


def club_of(world):
    return db.session.get(Organisation, world.club.id)


def federation_of(world):
    return db.session.get(Organisation, world.federation.id)


def test_a_module_is_switched_off_and_on_again(context, world, modules):
    with inside(world.club) as actor:
        assert state(club_of(world)) == {"concerts": True, "songs": True}
        switch(club_of(world), "concerts", on=False, actor=actor)
        assert active_plugins(club_of(world)) == {"songs"}
        switch(club_of(world), "concerts", on=True, actor=actor)
        assert state(club_of(world)) == {"concerts": True, "songs": True}


def test_a_module_others_need_stays(context, world, modules):
    with inside(world.club) as actor:
        with pytest.raises(UserMistake, match="Concerts cannot do without"):
            switch(club_of(world), "songs", on=False, actor=actor)
        switch(club_of(world), "concerts", on=False, actor=actor)
        switch(club_of(world), "songs", on=False, actor=actor)
        with pytest.raises(UserMistake, match="needs Songs"):
            switch(club_of(world), "concerts", on=True, actor=actor)


@pytest.mark.covers("R305")
def test_what_a_federation_switched_off_its_clubs_cannot_switch_on(context, world, modules):
    with inside(world.federation) as actor:
        switch(federation_of(world), "concerts", on=False, for_clubs=True, actor=actor)
        assert state(federation_of(world)) == {"concerts": True, "songs": True}
    with inside(world.club) as actor:
        (concerts, _songs) = modules_of(club_of(world))
        assert (concerts.is_on, concerts.switched_off_by) == (False, "Federation F")
        with pytest.raises(UserMistake, match="Federation F switched this module off"):
            switch(club_of(world), "concerts", on=True, actor=actor)
        db.session.add(PluginActivation(plugin="concerts", active=True))  # as it may stand there from before
        db.session.flush()
        assert "concerts" not in active_plugins(club_of(world))
    with scope(world.foreign_club):
        assert active_plugins(db.session.get(Organisation, world.foreign_club.id)) == {"songs", "concerts"}


def test_rights_and_unknown_names(context, world, modules):
    nobody = Actor(1, "Nobody", world.club.id, frozenset())
    with inside(world.club) as actor:
        with pytest.raises(Forbidden):
            switch(club_of(world), "songs", on=False, actor=nobody)
        with pytest.raises(NotFound):
            switch(club_of(world), "nonsense", on=False, actor=actor)
        with pytest.raises(NotFound):  # only a federation has clubs
            switch(club_of(world), "concerts", on=False, for_clubs=True, actor=actor)


def test_page_switches_and_explains(login, world, app, modules):
    client = login("admin.a")
    page = client.get("/o/club-a/settings/modules/")
    assert page.status_code == 200 and "Concerts" in page.text
    answer = client.post("/o/club-a/settings/modules/songs/switch", data={"csrf_token": csrf_of(page.text), "on": ""}, follow_redirects=True)
    assert "cannot do without this module" in answer.text
    answer = client.post("/o/club-a/settings/modules/concerts/switch", data={"csrf_token": csrf_of(page.text), "on": ""}, follow_redirects=True)
    assert "Concerts is switched off. What is in it stays." in answer.text
    assert login("member.a").get("/o/club-a/settings/modules/").status_code == 403


@pytest.mark.covers("R305")
def test_a_module_that_starts_off_is_on_only_where_it_was_switched_on(context, world, modules):
    registry().plugins.manifests["trade"] = Manifest("trade", "Trade", "1", starts_off=True)
    with inside(world.federation) as actor:
        assert state(federation_of(world))["trade"] is False
        assert next(module for module in modules_of(federation_of(world)) if module.name == "trade").is_on_for_clubs is False
        switch(federation_of(world), "trade", on=True, actor=actor)
        assert "trade" in active_plugins(federation_of(world))
        assert "trade" not in active_plugins(club_of(world))
        switch(federation_of(world), "trade", on=True, for_clubs=True, actor=actor)
        assert "trade" in active_plugins(club_of(world))
