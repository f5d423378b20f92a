"""The pages of second steps and passkeys."""

from core.factors.views.own import PasskeyPage, SecondFactorPage
from core.factors.views.second_step import SecondStep

VIEWS = (SecondStep, SecondFactorPage, PasskeyPage)

__all__ = ["VIEWS", "PasskeyPage", "SecondFactorPage", "SecondStep"]
