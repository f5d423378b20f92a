"""The resources of the core."""

from core.rest.resources.contacts import ContactApi
from core.rest.resources.files import FileApi
from core.rest.resources.jobs import JobApi
from core.rest.resources.organisations import ClubApi, FieldApi, OrganisationApi

RESOURCES = (ContactApi, OrganisationApi, ClubApi, FieldApi, JobApi, FileApi)
