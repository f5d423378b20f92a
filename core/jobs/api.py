"""What other rooms and plugins use of jobs."""

from core.jobs.failpoints import failpoint
from core.jobs.models import Job, JobItem
from core.jobs.run import JobRun, LeaseLost
from core.jobs.services import enqueue, retry

__all__ = ["Job", "JobItem", "JobRun", "LeaseLost", "enqueue", "failpoint", "retry"]
