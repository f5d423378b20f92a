"""For `celery --app core.jobs.celery_app worker`, where one wants Celery's own command."""

from core.app import create_app
from core.jobs.broker import make_celery

celery = make_celery(create_app())
