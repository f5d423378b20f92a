"""A plugin that only declares models and CoreModelViews, to see that it looks finished.

The tables stand in metadata of their own, so that they never count as tables of Koepel.
"""

from __future__ import annotations

import enum
from datetime import date, datetime

from sqlalchemy import Column, Enum, ForeignKey, Numeric, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from core.db import Instant
from core.web.views import CoreInterface, CoreModelView


class SampleBase(DeclarativeBase):
    pass


class Level(enum.Enum):
    beginner = "Beginner"
    advanced = "Advanced"


course_helper = Table(
    "sample_course_helper",
    SampleBase.metadata,
    Column("course_id", ForeignKey("sample_course.id"), primary_key=True),
    Column("person_id", ForeignKey("sample_person.id"), primary_key=True),
)


class SamplePerson(SampleBase):
    __tablename__ = "sample_person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))

    def __str__(self) -> str:
        return self.name


class SamplePlace(SampleBase):
    __tablename__ = "sample_place"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    town: Mapped[str | None] = mapped_column(String(60))
    courses: Mapped[list[SampleCourse]] = relationship(back_populates="place")

    def __str__(self) -> str:
        return self.name


class SampleCourse(SampleBase):
    __tablename__ = "sample_course"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    level: Mapped[Level] = mapped_column(Enum(Level), default=Level.beginner)
    starts_on: Mapped[date | None] = mapped_column()
    meets_at: Mapped[datetime | None] = mapped_column(Instant)
    places: Mapped[int | None] = mapped_column()
    price: Mapped[float | None] = mapped_column(Numeric(8, 2))
    is_open: Mapped[bool] = mapped_column(default=False)
    notes: Mapped[str | None] = mapped_column(Text)
    place_id: Mapped[int] = mapped_column(ForeignKey("sample_place.id"))
    place: Mapped[SamplePlace] = relationship(back_populates="courses")
    teacher_id: Mapped[int | None] = mapped_column(ForeignKey("sample_person.id"))
    teacher: Mapped[SamplePerson | None] = relationship()
    helpers: Mapped[list[SamplePerson]] = relationship(secondary=course_helper)

    def __str__(self) -> str:
        return self.name


class CourseView(CoreModelView):
    datamodel = CoreInterface(SampleCourse)
    route_base = "/o/<org>/sample/courses"
    noun = "look_sample"
    list_title = "Courses"
    add_title = "Add a course"
    list_columns = ["name", "place", "level", "starts_on", "is_open", "places"]
    show_columns = ["name", "level", "place", "starts_on", "meets_at", "is_open", "places", "price", "teacher", "helpers", "notes"]
    add_columns = edit_columns = ["name", "level", "place", "starts_on", "meets_at", "places", "price", "is_open", "teacher", "helpers", "notes"]
    search_columns = ["name", "level", "place", "starts_on", "is_open", "places", "teacher"]
    order_columns = ["name", "starts_on", "is_open", "places"]
    label_columns = {"is_open": "Open for everybody", "starts_on": "Starts on", "meets_at": "Meets at"}
    description_columns = {"places": "Leave it empty when there is no limit."}


class PlaceView(CoreModelView):
    datamodel = CoreInterface(SamplePlace)
    route_base = "/o/<org>/sample/places"
    noun = "look_sample"
    list_title = "Places"
    list_columns = ["name", "town"]
    add_columns = edit_columns = show_columns = ["name", "town"]
    related_views = [CourseView]


class PersonView(CoreModelView):
    datamodel = CoreInterface(SamplePerson)
    route_base = "/o/<org>/sample/people"
    noun = "look_sample"
    list_columns = ["name"]


VIEWS = (CourseView, PlaceView, PersonView)
