"""The first wall: every way of asking, tried from the wrong club."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, exists, func, insert, select, text, union, update
from sqlalchemy.orm import aliased, column_property, configure_mappers, foreign, joinedload, registry, relationship

from core import tenancy
from core.contacts.models import Contact, ContactFunction
from core.db import db, insert_rows, transaction
from core.errors import OutOfScope
from core.organisations.models import Affiliation, Organisation
from core.tenancy import scope, unscoped
from core.testing.factories import inside, make_contact


@pytest.fixture
def two_clubs(context, world):
    with inside(world.club):
        mine = make_contact("Ann", "Mine").id
    with inside(world.other_club):
        theirs = make_contact("Bob", "Theirs").id
    db.session.remove()
    return world, mine, theirs


ORM_READS = {
    "select": lambda: db.session.scalars(select(Contact.last_name)).all(),
    "entities": lambda: [c.last_name for c in db.session.scalars(select(Contact))],
    "query": lambda: [c.last_name for c in db.session.query(Contact)],
    "alias": lambda: db.session.scalars(select(aliased(Contact).last_name)).all(),
    "union": lambda: db.session.scalars(union(select(Contact.last_name), select(Contact.last_name))).all(),
    "subquery": lambda: db.session.scalars(select(select(Contact.last_name).subquery().c.last_name)).all(),
    "cte": lambda: db.session.scalars(select(select(Contact.last_name).cte().c.last_name)).all(),
    "join": lambda: db.session.scalars(select(Contact.last_name).join(Organisation, Organisation.id == Contact.organisation_id)).all(),
    "from other side": lambda: db.session.scalars(
        select(Contact.last_name).select_from(Organisation).join(Contact, Contact.organisation_id == Organisation.id)
    ).all(),
    "in subquery": lambda: db.session.scalars(select(Contact.last_name).where(Contact.id.in_(select(Contact.id)))).all(),
}


@pytest.mark.parametrize("way", ORM_READS)
def test_reads_return_own_rows_only(two_clubs, way):
    world, _mine, _theirs = two_clubs
    with scope(world.club):
        assert list(ORM_READS[way]()) == ["Mine"]
    db.session.remove()
    with unscoped("positive control of the test"):
        assert sorted(set(ORM_READS[way]())) == ["Mine", "Theirs"]


def test_count_and_exists_see_own_rows_only(two_clubs):
    world, _mine, theirs = two_clubs
    with scope(world.club):
        assert db.session.scalar(select(func.count()).select_from(Contact)) == 1
        assert db.session.scalar(select(func.count(Contact.id))) == 1
        assert db.session.scalars(select(Contact.id).where(exists().where(Contact.id == theirs))).all() == []
        with pytest.raises(OutOfScope):  # no model in front, so no criteria would reach it
            db.session.scalar(select(exists().where(Contact.id == theirs)))


def test_organisation_filtered_by_foreign_contacts_finds_nothing(two_clubs):
    world, _mine, _theirs = two_clubs
    with scope(world.club):
        found = db.session.scalars(select(Organisation.name).where(exists().where(Contact.organisation_id == Organisation.id))).all()
    assert found == ["Club A"]


def test_get_does_not_find_foreign_rows_even_when_they_are_in_memory(two_clubs):
    world, mine, theirs = two_clubs
    with unscoped("loading both into memory"):
        kept = db.session.scalars(select(Contact)).all()
    with scope(world.club):
        assert db.session.get(Contact, mine).last_name == "Mine"
        assert db.session.get(Contact, theirs) is None
    assert len(kept) == 2


@pytest.mark.parametrize("way", ["select", "union", "subquery", "query"])
def test_no_scope_is_an_error(two_clubs, way):
    with pytest.raises(OutOfScope):
        ORM_READS[way]()


PAST_THE_ORM = {
    "text": lambda: text("select last_name from contact"),
    "core select": lambda: select(Contact.__table__.c.last_name),
    "core subquery": lambda: select(Organisation.id).where(Organisation.id.in_(select(Contact.__table__.c.organisation_id))),
    "core subquery beside a model": lambda: select(Contact.id).where(Contact.organisation_id.in_(select(Contact.__table__.c.organisation_id))),
    "core column beside an alias of the model": lambda: select(aliased(Contact).id, Contact.__table__.c.last_name),
    "core exists beside a model": lambda: select(Contact.id).where(exists().where(Contact.__table__.c.last_name == "Theirs")),
    "core cte beside a model": lambda: select(Contact.id, select(Contact.__table__.c.last_name).cte().c.last_name),
    "core part of a union": lambda: union(select(Contact.last_name), select(Contact.__table__.c.last_name)),
    "text in an order": lambda: select(Contact.id).order_by(text("last_name")),
    "core insert": lambda: insert(Contact.__table__).values(organisation_id=1, first_name="x", last_name="x", name_key="x"),
    "orm insert": lambda: insert(Contact).values(organisation_id=1, first_name="x", last_name="x", name_key="x"),
    "core update": lambda: update(Contact.__table__).values(last_name="x"),
}


@pytest.mark.parametrize("way", PAST_THE_ORM)
def test_statements_past_the_orm_are_refused(two_clubs, way):
    world, _mine, _theirs = two_clubs
    with transaction(), scope(world.club), pytest.raises(OutOfScope):
        db.session.execute(PAST_THE_ORM[way]())


def test_bulk_update_changes_own_rows_only(two_clubs):
    world, _mine, _theirs = two_clubs
    with transaction(), scope(world.club):
        assert db.session.execute(update(Contact).values(town="Here")).rowcount == 1
    db.session.remove()
    with unscoped("looking at both clubs"):
        assert sorted(tuple(row) for row in db.session.execute(select(Contact.last_name, Contact.town))) == [("Mine", "Here"), ("Theirs", None)]


def test_writing_needs_a_transaction(two_clubs):
    world, mine, _theirs = two_clubs
    with scope(world.club):
        db.session.get(Contact, mine).town = "Here"
        with pytest.raises(OutOfScope):
            db.session.flush()


def test_new_rows_belong_to_the_scope_and_to_nobody_else(two_clubs):
    world, _mine, _theirs = two_clubs
    with inside(world.club):
        assert make_contact().organisation_id == world.club.id
    with pytest.raises(OutOfScope), transaction(), scope(world.club):
        make_contact(organisation_id=world.other_club.id)


def test_rows_cannot_move_to_another_club(two_clubs):
    world, mine, _theirs = two_clubs
    with transaction(), scope(world.club):
        db.session.get(Contact, mine).organisation_id = world.other_club.id
        with pytest.raises(OutOfScope):
            db.session.flush()
        db.session.rollback()
        db.session.info["writing"] = True


def test_bulk_insert_is_stamped_and_foreign_rows_are_refused(two_clubs):
    world, _mine, _theirs = two_clubs
    row = {"first_name": "x", "last_name": "y", "name_key": "y x", "search_text": "", "extra": {}, "country": "BE", "version": 1}
    with transaction(), scope(world.club):
        assert insert_rows(Contact, [row]) == 1
        with pytest.raises(OutOfScope):
            insert_rows(Contact, [{**row, "organisation_id": world.other_club.id}])
    with scope(world.club):
        assert db.session.scalar(select(func.count(Contact.id))) == 2


def test_foreign_keys_between_clubs_are_refused_by_the_schema(two_clubs):
    world, _mine, theirs = two_clubs
    with pytest.raises(Exception, match=r"(?i)foreign key"), transaction(), scope(world.club):
        db.session.add(ContactFunction(contact_id=theirs, function="chair"))
        db.session.flush()


def test_federation_does_not_see_contacts_of_its_clubs(two_clubs):
    world, _mine, _theirs = two_clubs
    with scope(world.federation):
        assert db.session.scalars(select(Contact)).all() == []


#: rows that belong to a club and a federation; each way of asking reads `affiliation` from somewhere else in the statement
SHARED_READS = {
    "select": lambda: db.session.scalars(select(Affiliation.organisation_id)).all(),
    "entities": lambda: [row.organisation_id for row in db.session.scalars(select(Affiliation))],
    "alias": lambda: db.session.scalars(select(aliased(Affiliation).organisation_id)).all(),
    "union": lambda: db.session.scalars(union(select(Affiliation.organisation_id), select(Affiliation.organisation_id))).all(),
    "subquery": lambda: db.session.scalars(select(select(Affiliation.organisation_id).subquery().c[0])).all(),
    "cte": lambda: db.session.scalars(select(select(Affiliation.organisation_id).cte().c[0])).all(),
    "in subquery": lambda: db.session.scalars(select(Organisation.id).where(Organisation.id.in_(select(Affiliation.organisation_id)))).all(),
    "exists": lambda: db.session.scalars(
        select(Organisation.id).where(select(Affiliation.id).where(Affiliation.organisation_id == Organisation.id).exists())
    ).all(),
    "column": lambda: [
        found
        for found in db.session.scalars(
            select(select(Affiliation.organisation_id).where(Affiliation.organisation_id == Organisation.id).scalar_subquery()).select_from(Organisation)
        )
        if found
    ],
    "join": lambda: db.session.scalars(select(Organisation.id).join(Affiliation, Affiliation.organisation_id == Organisation.id)).all(),
    "outer join in reverse": lambda: db.session.scalars(
        select(Organisation.id).outerjoin(Affiliation, Affiliation.organisation_id == Organisation.id).where(Affiliation.id.is_not(None))
    ).all(),
}


@pytest.mark.parametrize("way", SHARED_READS)
def test_shared_rows_are_limited_wherever_a_statement_reads_them(two_clubs, way):
    """A statement carries only the criteria of what it reads; none may get lost, also not the second time it is asked."""
    world = two_clubs[0]
    clubs = {world.club.id, world.other_club.id}
    for _time in ("first", "again"):
        with scope(world.club):
            assert set(SHARED_READS[way]()) == {world.club.id}
        with scope(world.other_club):
            assert set(SHARED_READS[way]()) == {world.other_club.id}
        with scope(world.federation):
            assert set(SHARED_READS[way]()) == clubs
        with scope(world.other_federation):
            assert set(SHARED_READS[way]()) == {world.foreign_club.id}
        with scope(world.region):
            assert set(SHARED_READS[way]()) == {world.club.id}


def test_what_comes_along_unnamed_is_limited_too(two_clubs, monkeypatch):
    """An option that joins more rows, or a model that always does: every criterion is carried then."""
    world, carried = two_clubs[0], []
    monkeypatch.setattr(tenancy, "_criteria", lambda *asked, made=tenancy._criteria: carried.append(asked[2]) or made(*asked))
    with scope(world.club):
        db.session.scalars(select(Organisation)).all()
        db.session.scalars(select(Affiliation).options(joinedload(Affiliation.federation))).all()
        monkeypatch.setattr(tenancy, "_bring_along", {"Organisation"})
        db.session.scalars(select(Organisation)).all()
    assert carried == [frozenset(), None, None]


def test_a_model_that_brings_rows_along_is_noted(app):
    class Bringing:
        """Joins a contact to every row of its own."""

    class Calculating:
        """Reads another table for one of its values."""

    class Plain:
        """Brings nothing."""

    tables, apart = MetaData(), registry()
    made = [Table(name, tables, Column("id", Integer, primary_key=True)) for name in ("bringing", "calculating", "plain")]
    joined = relationship(Contact, lazy="joined", primaryjoin=made[0].c.id == foreign(Contact.id), viewonly=True)
    counted = column_property(select(func.count(Contact.id)).scalar_subquery())
    for cls, table, more in zip((Bringing, Calculating, Plain), made, ({"contact": joined}, {"contacts": counted}, {}), strict=True):
        apart.map_imperatively(cls, table, properties=more)
    try:
        configure_mappers()
        assert tenancy._bring_along == {"Bringing", "Calculating"}
    finally:
        tenancy._bring_along.clear()
        apart.dispose()
