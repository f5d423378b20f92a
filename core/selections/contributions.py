"""What selections add to the platform."""

from sqlalchemy import select

from core import clock
from core.audit.history import describe_subject
from core.extend.contributions import JobKind, RetentionRule
from core.i18n import _l
from core.selections.bulk import KIND
from core.selections.jobs import run
from core.selections.models import Selection
from core.selections.views import SelectionView

describe_subject("selection", title=_l("Selection"))
VIEWS = (SelectionView,)
JOBS = (
    JobKind(KIND, _l("Action on a selection"), run),
)
RETENTION_RULES = (
    RetentionRule(
        "selections", _l("What somebody selected in a list"), _l("Until it cannot be used any more"),
        lambda: select(Selection.id).where(Selection.expires_at <= clock.now()), Selection, position=60,
    ),
)  # fmt: skip
