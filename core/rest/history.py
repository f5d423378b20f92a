"""What the log calls keys of the REST API."""

from core.audit.history import describe_subject
from core.i18n import _l

describe_subject(
    "rest_key",
    title=_l("API key"),
    fields={"name": _l("Name"), "scopes": _l("What it may do")},
    actions={"api_key.created": _l("API key made"), "api_key.revoked": _l("API key ended")},
)
