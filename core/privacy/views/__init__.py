"""Pages about privacy: one's own, those of a contact, and those of the organisation."""

from core.privacy.views.consents import ConsentPurposes
from core.privacy.views.own import OwnPrivacy
from core.privacy.views.person import PersonPrivacy
from core.privacy.views.register import ProcessingRegister
from core.privacy.views.requests import PrivacyRequests
from core.privacy.views.retention import PlatformRetention, RetentionPage

VIEWS = (OwnPrivacy, PersonPrivacy, PrivacyRequests, ConsentPurposes, ProcessingRegister, RetentionPage, PlatformRetention)
