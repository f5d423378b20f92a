"""Imports: the file somebody chose, what was linked and corrected, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, Instant, JSONColumn, signature
from core.tenancy import TenantOwned

#: DRAFT is being prepared; CHECKING, WAITING and UNDOING are in the hands of a job; the others are at rest
DRAFT, CHECKING, WAITING, DONE, FAILED, UNDOING, UNDONE = "draft", "checking", "waiting", "done", "failed", "undoing", "undone"
BUSY = (CHECKING, WAITING, UNDOING)


class ImportRun(TenantOwned, Base):
    """One import of one file. Its contacts carry the id in `Contact.import_id`."""

    __tablename__ = "import_run"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "file_id"], ["stored_file.organisation_id", "stored_file.id"]),
        Index("ix_import_run_created", "organisation_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(12), default=DRAFT)
    filename: Mapped[str] = mapped_column(String(200))
    #: the uploaded file; empty once it was deleted
    file_id: Mapped[int | None]
    #: how to read the file: titles, encoding, separator, see table.Table
    reading: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    row_count: Mapped[int]
    #: per column of the file [column of Koepel or None, how it was linked, suggestion]
    mapping: Mapped[list[Any]] = mapped_column(JSONColumn, default=list)
    #: one letter per row, see plan.ACTS; what the last check found
    states: Mapped[str] = mapped_column(Text, default="")
    #: {row number: [[kind, argument]]}: what the last check found across rows
    notes: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    #: numbers of the last check, and of the import itself when it is done
    counts: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    #: what the user ticked: {"create": bool, "update": bool, "writers": [name]}
    acts: Mapped[dict[str, Any]] = mapped_column(JSONColumn, default=dict)
    #: {contact id: sentence} for what an undo left as it was
    kept: Mapped[dict[str, str]] = mapped_column(JSONColumn, default=dict)
    #: why it failed, in the language of whoever started it
    error: Mapped[str] = mapped_column(String(1000), default="")
    job_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    #: the name, empty once that person was erased; and the login
    created_by: Mapped[str] = signature("created_by_id")
    created_by_id: Mapped[int | None] = mapped_column(index=True)
    #: the last correction or link; a check that began before it is not kept
    changed_at: Mapped[datetime] = mapped_column(Instant, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_busy(self) -> bool:
        """Is a job working on it?"""
        return self.state in BUSY

    @property
    def can_be_undone(self) -> bool:
        return self.state == DONE and self.file_id is not None


class ImportCorrection(TenantOwned, Base):
    """A cell somebody typed again in the grid; the file itself stays as it was sent."""

    __tablename__ = "import_correction"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "import_id"], ["import_run.organisation_id", "import_run.id"], ondelete="CASCADE"),
        UniqueConstraint("organisation_id", "import_id", "row_no", "column_no"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int]
    row_no: Mapped[int]
    column_no: Mapped[int]
    text: Mapped[str] = mapped_column(Text)


class ImportRow(TenantOwned, Base):
    """A row that made or changed a contact, with what is needed to undo it."""

    __tablename__ = "import_row"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "import_id"], ["import_run.organisation_id", "import_run.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["organisation_id", "contact_id"], ["contact.organisation_id", "contact.id"], ondelete="CASCADE"),
        UniqueConstraint("organisation_id", "import_id", "row_no"),
        Index("ix_import_row_contact", "organisation_id", "contact_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int]
    row_no: Mapped[int]
    contact_id: Mapped[int]
    #: the contact's version right after the import
    version: Mapped[int]
    #: the old values of what changed; None for a contact the import made
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONColumn)


class ImportHeading(TenantOwned, Base):
    """A column title this organisation linked once, so that it is linked by itself next time."""

    __tablename__ = "import_heading"
    __table_args__ = (UniqueConstraint("organisation_id", "heading"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: the title, folded
    heading: Mapped[str] = mapped_column(String(120))
    #: name of the column; None: leave it out
    column: Mapped[str | None] = mapped_column("column_name", String(80))
