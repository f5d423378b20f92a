"""Flask-AppBuilder as it comes: a ModelView of the same table, a menu of forty lines, an administrator."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from flask_appbuilder import AppBuilder, Model, ModelView
from flask_appbuilder.models.sqla.base import SQLA
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Column, Date, Index, Integer, String, insert

from core.bench.people import extra, people


class Person(Model):  # type: ignore[misc]
    __tablename__ = "person"
    __table_args__ = (Index("ix_person_name", "last_name", "first_name", "id"),)

    id = Column(Integer, primary_key=True)
    first_name = Column(String(80))
    last_name = Column(String(80))
    birth_date = Column(Date)
    gender = Column(String(1))
    nationality = Column(String(2))
    language = Column(String(2))
    email_1 = Column(String(254))
    email_2 = Column(String(254))
    mobile_1 = Column(String(40))
    phone = Column(String(40))
    street = Column(String(120))
    house_number = Column(String(12))
    box = Column(String(12))
    postcode = Column(String(12))
    town = Column(String(80))
    country = Column(String(2))
    remarks = Column(String(2000))
    bench_sport = Column(String(40))
    bench_points = Column(Integer)
    bench_since = Column(String(10))


class PersonView(ModelView):  # type: ignore[misc]
    datamodel = SQLAInterface(Person)
    list_columns = [
        "last_name", "first_name", "birth_date", "gender", "email_1", "mobile_1", "postcode", "town", "language", "bench_sport", "bench_points", "bench_since",
    ]  # fmt: skip
    base_order = ("last_name", "asc")
    page_size = 25


def model_view(folder: Path, size: int) -> Callable[[], None]:
    """Ten times the first page of 25."""
    file = folder / f"fab-{size}.db"
    is_new = not file.exists()
    app = Flask("stock")
    app.config.update(
        SECRET_KEY="only on this machine, only for a moment",  # noqa: S106 -- a throw-away database
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{file}",
        WTF_CSRF_ENABLED=False,
        FAB_UPDATE_PERMS=True,
    )
    db = SQLA()
    db.init_app(app)
    with app.app_context():
        builder = AppBuilder(app, db.session)
        builder.add_view(PersonView, "People", category="CRM")
        for number in range(39):
            builder.add_link(f"Line {number}", href="/personview/list/", category=f"Menu {number % 5}")
        if is_new:
            Model.metadata.create_all(db.engine)
            rows: Any = ({**row, **extra(number)} for number, row in enumerate(people(size), start=1))
            while batch := list(islice(rows, 5_000)):
                db.session.execute(insert(Person), batch)
            db.session.commit()
            builder.sm.add_user("admin", "Ad", "Min", "admin@mail.example", builder.sm.find_role("Admin"), "admin")
    client = app.test_client()
    client.post("/login/", data={"username": "admin", "password": "admin"})

    def work() -> None:
        for _number in range(10):
            page = client.get("/personview/list/")
            if page.status_code != 200 or len(re.findall("persoon[0-9]+@", page.text)) < 25:
                raise RuntimeError(f"no list: {page.status_code}")

    return work
