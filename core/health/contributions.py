"""What health adds to the platform: its addresses for machines, and a block of the dashboard for whoever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app

from core.extend.contributions import Widget
from core.health.services import examine
from core.health.views import HealthView
from core.i18n import _, _l
from core.lists.columns import Status
from core.organisations.models import Organisation

VIEWS = (HealthView,)

#: what is asked -> its name, and what to do when it is not well
_PARTS = {
    "database": (_l("Database"), _l("Start the database, and look at its own log.")),
    "disk": (_l("Room on the disk"), _l("Less than 200 MB are left: make room, or backups and files will fail.")),
    "worker": (_l("Worker"), _l("Nobody does the jobs: start Koepel again, or “koepel worker”.")),
    "jobs": (_l("Jobs"), _l("They wait longer than they should; nothing is lost. See whether the worker runs.")),
    "mails": (_l("Mails"), _l("They wait longer than they should; nothing is lost. See whether the mail server answers: “koepel doctor”.")),
}


def _running(_organisation: Organisation) -> Mapping[str, Any]:
    config = current_app.config["KOEPEL"]
    answers = examine(config.instance_dir, sends_mail=bool(config.mail_server)).checks
    parts = []
    for name, (title, what_to_do) in _PARTS.items():
        is_well = answers[name] == "ok"
        status = Status(_("In order"), "ok") if is_well else Status(_("Needs attention"), "bad")
        parts.append({"title": title, "status": status, "what_to_do": "" if is_well else what_to_do})
    return {"parts": parts}


WIDGETS = (Widget("platform_running", _l("Is everything running?"), _running, "jobs.read", template="health/_widget.html", kinds=("platform",), position=10),)
