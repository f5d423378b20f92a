"""What the log adds to the platform."""

from core.access import Permission
from core.audit.jobs import check_audit, check_log
from core.audit.views import AuditEntryPage, AuditLog
from core.extend.contributions import JobKind, Tab
from core.i18n import _l

_ADMINS = ("club_admin", "region_admin", "federation_admin", "platform_admin")

PERMISSIONS = (
    Permission("audit.read", _l("See who did what"), roles=_ADMINS),
    Permission("audit.export", _l("Export the log"), roles=_ADMINS),
)
VIEWS = (AuditLog, AuditEntryPage)
TABS = (Tab("settings", _l("Log"), "AuditLog.list", "audit.read", icon="history", position=80, kinds=("club", "region", "federation", "platform")),)
JOBS = (JobKind("check_audit", _l("Check of the log"), check_log, permission="audit.read"),)
COMMANDS = (check_audit,)
