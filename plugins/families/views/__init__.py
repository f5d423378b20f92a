"""The pages about families."""

from plugins.families.lists import FamilyList
from plugins.families.views.families import FamilyView
from plugins.families.views.functions import FamilyFunctions
from plugins.families.views.own import OwnFamily

VIEWS = (FamilyList, FamilyView, FamilyFunctions, OwnFamily)

__all__ = ["VIEWS", "FamilyFunctions", "FamilyList", "FamilyView", "OwnFamily"]
