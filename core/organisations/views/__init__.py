"""The pages of organisations."""

from core.organisations.views.clubs import ClubList, ClubPage
from core.organisations.views.details import ClubDetails
from core.organisations.views.modules import ModulesPage
from core.organisations.views.readiness import ClubReady
from core.organisations.views.regions import RegionPages

VIEWS = (ClubDetails, ClubReady, ClubList, ClubPage, RegionPages, ModulesPage)

__all__ = ["VIEWS", "ClubDetails", "ClubList", "ClubPage", "ClubReady", "ModulesPage", "RegionPages"]
