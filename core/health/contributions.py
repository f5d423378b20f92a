"""What health adds to the platform."""

from core.health.views import HealthView

VIEWS = (HealthView,)
