"""Settings > Privacy > Register: the register of processing, as a page and as a spreadsheet."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from flask import send_file

from core import clock
from core.privacy import register
from core.privacy.requests import MANAGE
from core.privacy.views.parts import SettingsPart
from core.web.context import current_organisation
from core.web.views import expose, needs

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ProcessingRegister(SettingsPart):
    route_base = "/o/<org>/settings/privacy/register"
    default_view = "show"
    part_of = "PrivacyRequests"

    @expose("/")
    @needs(MANAGE)
    def show(self) -> Any:
        groups: dict[str, list[register.Row]] = {}
        for row in register.rows(current_organisation()):
            groups.setdefault(row.about, []).append(row)
        return self.render("privacy/register.html", groups=groups)

    @expose("/download")
    @needs(MANAGE)
    def download(self) -> Any:
        with tempfile.TemporaryDirectory(prefix="koepel-register-") as folder:
            path = Path(folder) / "register.xlsx"
            register.write(path, current_organisation())
            content = path.read_bytes()
        name = f"register-{current_organisation().slug}-{clock.today():%Y-%m-%d}.xlsx"
        return send_file(io.BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name, max_age=0)
