"""The mails that tell the owner of a login what happened to it, in four languages."""

from __future__ import annotations

import secrets

from core.access import system_actor
from core.i18n import Words
from core.outbox.api import queue_mail
from core.tenancy import scope
from core.users.letters import fill, in_language
from core.users.models import User
from core.users.services.mailed_links import sender_for

SUBJECT = Words(
    nl="Je Koepel-login werd gewijzigd",
    fr="Votre accès à Koepel a été modifié",
    de="Ihr Koepel-Zugang wurde geändert",
    en="Your Koepel login was changed",
)
_FRAME = Words(
    nl="Dag {first_name},\n\n{what}\n\nWas jij het niet? Kies dan meteen een ander wachtwoord en verwittig een beheerder van je club: {site}\n",
    fr="Bonjour {first_name},\n\n{what}\n\n"
    "Ce n’était pas vous ? Choisissez tout de suite un autre mot de passe et prévenez un administrateur de votre club : {site}\n",
    de="Guten Tag {first_name},\n\n{what}\n\nWaren Sie das nicht? Wählen Sie sofort ein anderes Passwort und benachrichtigen Sie Ihren Verein: {site}\n",
    en="Hello {first_name},\n\n{what}\n\nWas it not you? Then choose another password at once and tell an administrator of your club: {site}\n",
)
APP_ON = Words(
    nl="Bij het inloggen wordt voortaan ook een code van een app gevraagd.",
    fr="Un code d’une application est désormais aussi demandé à la connexion.",
    de="Bei der Anmeldung wird nun auch ein Code einer App verlangt.",
    en="From now on a code of an app is asked too when you log in.",
)
APP_OFF = Words(
    nl="Bij het inloggen wordt geen code van een app meer gevraagd.",
    fr="Aucun code d’application n’est plus demandé à la connexion.",
    de="Bei der Anmeldung wird kein Code einer App mehr verlangt.",
    en="A code of an app is not asked any more when you log in.",
)
PASSKEY_ON = Words(
    nl="Er werd een passkey toegevoegd: {name}.",
    fr="Une clé d’accès a été ajoutée : {name}.",
    de="Ein Passkey wurde hinzugefügt: {name}.",
    en="A passkey was added: {name}.",
)
PASSKEY_OFF = Words(
    nl="Er werd een passkey verwijderd: {name}.",
    fr="Une clé d’accès a été supprimée : {name}.",
    de="Ein Passkey wurde entfernt: {name}.",
    en="A passkey was removed: {name}.",
)
CODE_USED = Words(
    nl="Er werd ingelogd met een herstelcode. Er blijven er {left} over.",
    fr="Quelqu’un s’est connecté avec un code de secours. Il en reste {left}.",
    de="Es wurde mit einem Wiederherstellungscode angemeldet. Es bleiben {left} übrig.",
    en="Somebody logged in with a recovery code. There are {left} left.",
)
NEW_CODES = Words(
    nl="Er werden nieuwe herstelcodes gemaakt; de vorige werken niet meer.",
    fr="De nouveaux codes de secours ont été créés ; les précédents ne fonctionnent plus.",
    de="Neue Wiederherstellungscodes wurden erstellt; die früheren gelten nicht mehr.",
    en="New recovery codes were made; the former ones do not work any more.",
)
RESET = Words(
    nl="Op jouw vraag nam de platformbeheerder de tweede stap bij het inloggen weg, ook je passkeys. Stel hem opnieuw in.",
    fr="À votre demande, l’opérateur a retiré la deuxième étape de connexion et vos clés d’accès. Configurez-la à nouveau.",
    de="Auf Ihren Wunsch hat der Betreiber den zweiten Schritt der Anmeldung und Ihre Passkeys entfernt. Richten Sie ihn neu ein.",
    en="As you asked, the operator of the platform took the second step of logging in away, and your passkeys. Set it up again.",
)


def tell_owner(user: User, what: Words, *, site: str, **values: str) -> None:
    """Mail the owner of a login, at its own address, what happened to it. Inside transaction()."""
    sender = sender_for(user)
    if sender is None:
        return
    language = user.language or sender.language
    sentence = fill(in_language(what, language), values)
    text = fill(in_language(_FRAME, language), {"first_name": user.first_name, "what": sentence, "site": site})
    with scope(sender):
        key = f"factor:{user.id}:{secrets.token_hex(8)}"
        queue_mail(to=user.address, subject=in_language(SUBJECT, language), text=text, unique_key=key, actor=system_actor(sender.id))
