"""What exports add to the platform: the page where one chooses, and the job that writes the file."""

from core.exports.services import KIND, run
from core.exports.views import ExportView
from core.extend.contributions import JobKind
from core.i18n import _l

VIEWS = (ExportView,)
JOBS = (JobKind(KIND, _l("Export"), run),)
