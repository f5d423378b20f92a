"""The notice before a child turns 18, in four languages."""

from __future__ import annotations

from collections.abc import Mapping

from core.api import Words

SUBJECT = Words(
    nl="{child} wordt 18", fr="{child} aura bientôt 18 ans", de="{child} wird 18", en="{child} turns 18",
)  # fmt: skip
TO_PARENT = Words(
    nl="Dag {first_name},\n\nOp {day} wordt {child} 18. Vanaf die dag kun je bij {club} niet meer in naam van {child} handelen. "
    "{child} beheert dan zelf het account.\n\nMoet het langer kunnen? Vraag het aan {club}.\n",
    fr="Bonjour {first_name},\n\nLe {day}, {child} aura 18 ans. À partir de ce jour, vous ne pourrez plus agir au nom de {child} chez {club}. "
    "{child} gérera alors son compte.\n\nFaut-il que cela continue ? Demandez-le à {club}.\n",
    de="Guten Tag {first_name},\n\nam {day} wird {child} 18. Ab diesem Tag können Sie bei {club} nicht mehr im Namen von {child} handeln. "
    "{child} verwaltet das Konto dann selbst.\n\nSoll es länger möglich sein? Fragen Sie {club}.\n",
    en="Hello {first_name},\n\nOn {day} {child} turns 18. From that day on you cannot act for {child} at {club} any more. "
    "{child} then looks after the account alone.\n\nIs it needed for longer? Ask {club}.\n",
)
TO_CHILD = Words(
    nl="Dag {first_name},\n\nOp {day} word je 18. Vanaf die dag kunnen je ouders bij {club} niet meer in jouw naam handelen. "
    "Heb je nog geen eigen login? Vraag er een op de loginpagina.\n",
    fr="Bonjour {first_name},\n\nLe {day}, tu auras 18 ans. À partir de ce jour, tes parents ne pourront plus agir en ton nom chez {club}. "
    "Tu n’as pas encore de compte ? Demande-le sur la page de connexion.\n",
    de="Hallo {first_name},\n\nam {day} wirst du 18. Ab diesem Tag können deine Eltern bei {club} nicht mehr in deinem Namen handeln. "
    "Hast du noch keinen eigenen Zugang? Fordere ihn auf der Anmeldeseite an.\n",
    en="Hello {first_name},\n\nOn {day} you turn 18. From that day on your parents cannot act for you at {club} any more. "
    "No login of your own yet? Ask for one on the login page.\n",
)


def say(words: Words, language: str, values: Mapping[str, str]) -> str:
    """A text in somebody's language, filled in."""
    text = words.get(language) or words["nl"]
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
