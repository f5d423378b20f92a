"""What the log calls things that happen to second steps and passkeys."""

from core.audit.history import describe_subject
from core.i18n import _l

describe_subject(
    "ab_user",
    title=_l("Login"),
    actions={
        "ab_user.app_added": _l("App for codes added"),
        "ab_user.app_removed": _l("App for codes removed"),
        "ab_user.passkey_added": _l("Passkey added"),
        "ab_user.passkey_removed": _l("Passkey removed"),
        "ab_user.codes_made": _l("New recovery codes made"),
        "ab_user.factors_reset": _l("Second step taken away by the platform"),
    },
)
