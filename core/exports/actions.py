"""The two lines every list with an export permission gets in its Actions menu."""

from __future__ import annotations

from core.i18n import _l
from core.lists.actions import BulkAction

ENDPOINT = "ExportView.choose"


def export_actions(list_name: str, permission: str) -> tuple[BulkAction, BulkAction]:
    return (
        BulkAction(
            "export_xlsx", list_name, _l("Export (Excel)"), permission, endpoint=ENDPOINT, arguments={"format": "xlsx"}, icon="download", position=900
        ),
        BulkAction(
            "export_csv", list_name, _l("Export (CSV)"), permission, endpoint=ENDPOINT, arguments={"format": "csv"}, icon="file-type-csv", position=901
        ),
    )
