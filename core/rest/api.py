"""What other rooms and plugins use to add a resource to the REST API."""

from core.rest.fields import ApiField
from core.rest.resource import CoreRestApi, rest_action
from core.rest.values import check_extra, shown_extra

__all__ = ["ApiField", "CoreRestApi", "check_extra", "rest_action", "shown_extra"]
