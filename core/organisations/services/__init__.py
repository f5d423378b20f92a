"""What can be done with organisations. Everything flushes and nothing commits.

Here is what the whole house uses; the verbs of the pages are in the modules beside this one:
clubs, details, modules, notes, readiness, regions.
"""

from core.organisations.services.founding import affiliate, by_slug, clubs_of, create_organisation, make_slug, set_setting

__all__ = ["affiliate", "by_slug", "clubs_of", "create_organisation", "make_slug", "set_setting"]
