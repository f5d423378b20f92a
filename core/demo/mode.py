"""Is this the demo? Then no mail leaves, and anybody may read the mails."""

from __future__ import annotations

from typing import Literal

from flask import current_app
from sqlalchemy import select

from core.db import db
from core.organisations.models import Organisation
from core.tenancy import unscoped

Scale = Literal["small", "federation"]
#: on the platform organisation: which demo this database holds
MARK = "demo.scale"


def seeded_scale() -> Scale | None:
    """Which demo this database holds; None when it holds none."""
    with unscoped("does the database hold the demo"):
        platform = db.session.scalars(select(Organisation).where(Organisation.kind == "platform").order_by(Organisation.id)).first()
    return platform.setting(MARK) if platform else None


def is_demonstration() -> bool:
    """Both the setting of the installation and its database say so: an installation somebody only tries has real people in it."""
    return current_app.config["KOEPEL"].environment == "demo" and seeded_scale() is not None
