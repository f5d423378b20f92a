"""Texts in the four languages of this federation."""

from core.api import Words


def say(nl: str, fr: str, de: str, en: str) -> Words:
    return Words(nl=nl, fr=fr, de=de, en=en)
