"""What the log calls changes of extra fields."""

from core.audit.history import describe_subject
from core.i18n import _l

describe_subject(
    "field_definition",
    title=_l("Extra field"),
    fields={"label": _l("Name"), "position": _l("Place"), "is_active": _l("In use")},
    actions={
        "field_definition.created": _l("Extra field made"),
        "field_definition.changed": _l("Extra field changed"),
        "field_definition.deleted": _l("Extra field removed"),
        "field_definition.moved": _l("Extra field moved"),
    },
)
