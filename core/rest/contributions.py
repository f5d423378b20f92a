"""What the REST API adds to the platform."""

from core.access import PARTS, Permission
from core.extend.contributions import Tab
from core.i18n import _l
from core.rest import history as history  # teaches the log our words
from core.rest.resources import RESOURCES
from core.rest.retention import RULES as _RULES
from core.rest.views import ApiDocs, ApiKeyView, OpenApi

EVERYWHERE = ("club", "region", "federation", "platform")
ADMINS = ("club_admin", "region_admin", "federation_admin", "platform_admin")
PERMISSIONS = (
    Permission("api_keys.manage", _l("Make and revoke API keys"), roles=ADMINS),
    Permission("files.read", _l("Download files one may see"), roles=(*ADMINS, "member", *PARTS)),
)
VIEWS = (ApiKeyView, ApiDocs, OpenApi, *RESOURCES)
TABS = (Tab("settings", _l("API keys"), "ApiKeyView.list", "api_keys.manage", icon="key", position=90, kinds=EVERYWHERE),)
RETENTION_RULES = _RULES
