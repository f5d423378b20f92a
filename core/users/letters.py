"""The mails about logins, in four languages, as plain text and as a page with a button."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from core.i18n import LANGUAGES, Words

SUBJECT = Words(nl="Jouw Koepel-account", fr="Votre compte Koepel", de="Ihr Koepel-Konto", en="Your Koepel account")

INVITATION = Words(
    nl="Dag {first_name},\n\n{club} gebruikt Koepel: activiteiten, nieuws en je gegevens op één plek.\n\n"
    "Klik op de knop onderaan en kies een gebruikersnaam en een wachtwoord.\n\nVriendelijke groeten,\n{club}",
    fr="Bonjour {first_name},\n\n{club} utilise Koepel : activités, nouvelles et vos données au même endroit.\n\n"
    "Cliquez sur le bouton ci-dessous et choisissez un nom d’utilisateur et un mot de passe.\n\nCordialement,\n{club}",
    de="Guten Tag {first_name},\n\n{club} nutzt Koepel: Aktivitäten, Neuigkeiten und Ihre Daten an einem Ort.\n\n"
    "Klicken Sie unten auf die Schaltfläche und wählen Sie einen Benutzernamen und ein Passwort.\n\nMit freundlichen Grüßen\n{club}",
    en="Hello {first_name},\n\n{club} uses Koepel: activities, news and your details in one place.\n\n"
    "Click the button below and choose a user name and a password.\n\nKind regards,\n{club}",
)
ADMIN = Words(
    nl="Dag {first_name},\n\nJe wordt gevraagd om {club} te beheren in Koepel: contacten, lidmaatschappen en alles wat de vereniging doet.\n\n"
    "Klik op de knop onderaan en kies een wachtwoord. Je logt daarna in met dit e-mailadres.\n\n"
    "Wie deze link heeft, wordt beheerder. Stuur deze mail dus aan niemand door.",
    fr="Bonjour {first_name},\n\nOn vous demande de gérer {club} dans Koepel : contacts, affiliations et tout ce que fait l’association.\n\n"
    "Cliquez sur le bouton ci-dessous et choisissez un mot de passe. Vous vous connecterez ensuite avec cette adresse e-mail.\n\n"
    "Toute personne qui possède ce lien devient administrateur. Ne transférez donc pas ce message.",
    de="Guten Tag {first_name},\n\nSie werden gebeten, {club} in Koepel zu verwalten: Kontakte, Mitgliedschaften und alles, was der Verein tut.\n\n"
    "Klicken Sie unten auf die Schaltfläche und wählen Sie ein Passwort. Danach melden Sie sich mit dieser E-Mail-Adresse an.\n\n"
    "Wer diesen Link hat, wird Verwalter. Leiten Sie diese Nachricht daher nicht weiter.",
    en="Hello {first_name},\n\nYou are asked to administer {club} in Koepel: contacts, memberships and everything the organisation does.\n\n"
    "Click the button below and choose a password. After that you log in with this e-mail address.\n\n"
    "Whoever has this link becomes administrator, so do not forward this mail.",
)
REQUESTED = Words(
    nl="Dag {first_name},\n\nIemand vroeg een login aan voor {name} bij {club}. Was jij dat? "
    "Klik dan op de knop onderaan en kies een gebruikersnaam en een wachtwoord.\n\nWas jij het niet? Dan hoef je niets te doen.",
    fr="Bonjour {first_name},\n\nQuelqu’un a demandé un compte pour {name} chez {club}. Est-ce vous ? "
    "Cliquez alors sur le bouton ci-dessous et choisissez un nom d’utilisateur et un mot de passe.\n\nCe n’était pas vous ? Vous ne devez rien faire.",
    de="Guten Tag {first_name},\n\njemand hat einen Zugang für {name} bei {club} angefordert. Waren Sie das? "
    "Klicken Sie dann unten auf die Schaltfläche und wählen Sie einen Benutzernamen und ein Passwort.\n\nWaren Sie es nicht? Dann brauchen Sie nichts zu tun.",
    en="Hello {first_name},\n\nSomebody asked for a login for {name} at {club}. Was it you? "
    "Then click the button below and choose a user name and a password.\n\nWas it not you? Then you need not do anything.",
)
PASSWORD = Words(
    nl="Dag {first_name},\n\nJe vroeg een nieuw wachtwoord voor Koepel ({club}). Je gebruikersnaam is: {username}\n\n"
    "Klik op de knop onderaan en kies een nieuw wachtwoord.\n\nHeb jij dit niet gevraagd? Dan hoef je niets te doen: je wachtwoord blijft hetzelfde.",
    fr="Bonjour {first_name},\n\nVous avez demandé un nouveau mot de passe pour Koepel ({club}). Votre nom d’utilisateur est : {username}\n\n"
    "Cliquez sur le bouton ci-dessous et choisissez un nouveau mot de passe.\n\n"
    "Ce n’était pas vous ? Vous ne devez rien faire : votre mot de passe reste le même.",
    de="Guten Tag {first_name},\n\nSie haben ein neues Passwort für Koepel angefordert ({club}). Ihr Benutzername ist: {username}\n\n"
    "Klicken Sie unten auf die Schaltfläche und wählen Sie ein neues Passwort.\n\n"
    "Haben Sie das nicht angefordert? Dann brauchen Sie nichts zu tun: Ihr Passwort bleibt gleich.",
    en="Hello {first_name},\n\nYou asked for a new password for Koepel ({club}). Your user name is: {username}\n\n"
    "Click the button below and choose a new password.\n\nDid you not ask for this? Then you need not do anything: your password stays the same.",
)
LOGIN = Words(
    nl="Dag {first_name},\n\nMet de knop onderaan log je in bij Koepel, zonder wachtwoord. Je gebruikersnaam is: {username}\n\n"
    "Heb jij dit niet gevraagd? Dan hoef je niets te doen.",
    fr="Bonjour {first_name},\n\nLe bouton ci-dessous vous connecte à Koepel, sans mot de passe. Votre nom d’utilisateur est : {username}\n\n"
    "Ce n’était pas vous ? Vous ne devez rien faire.",
    de="Guten Tag {first_name},\n\nmit der Schaltfläche unten melden Sie sich ohne Passwort bei Koepel an. Ihr Benutzername ist: {username}\n\n"
    "Haben Sie das nicht angefordert? Dann brauchen Sie nichts zu tun.",
    en="Hello {first_name},\n\nWith the button below you log in to Koepel, without a password. Your user name is: {username}\n\n"
    "Did you not ask for this? Then you need not do anything.",
)
CHOOSE = Words(nl="Kies je gebruikersnaam en wachtwoord", fr="Choisir vos identifiants", de="Zugangsdaten wählen", en="Choose your user name and password")
CHOOSE_PASSWORD = Words(nl="Kies een nieuw wachtwoord", fr="Choisir un nouveau mot de passe", de="Neues Passwort wählen", en="Choose a new password")
CHOOSE_FIRST = Words(nl="Kies je wachtwoord", fr="Choisir votre mot de passe", de="Passwort wählen", en="Choose your password")
LOG_IN = Words(nl="Log in", fr="Se connecter", de="Anmelden", en="Log in")
DAYS = Words(
    nl="De link werkt één keer, twee weken lang.",
    fr="Le lien fonctionne une seule fois, pendant deux semaines.",
    de="Der Link funktioniert einmal, zwei Wochen lang.",
    en="The link works once, for two weeks.",
)
HOUR = Words(
    nl="De link werkt één keer, een uur lang.",
    fr="Le lien fonctionne une seule fois, pendant une heure.",
    de="Der Link funktioniert einmal, eine Stunde lang.",
    en="The link works once, for one hour.",
)
QUARTER = Words(
    nl="De link werkt één keer, een kwartier lang.",
    fr="Le lien fonctionne une seule fois, pendant un quart d’heure.",
    de="Der Link funktioniert einmal, eine Viertelstunde lang.",
    en="The link works once, for a quarter of an hour.",
)
APP = Words(
    nl="Koepel op je telefoon (gratis): open {site} op je telefoon en kies in het menu van je browser “Zet op beginscherm”.",
    fr="Koepel sur votre téléphone (gratuit) : ouvrez {site} sur votre téléphone et choisissez « Ajouter à l’écran d’accueil » dans le menu du navigateur.",
    de="Koepel auf Ihrem Telefon (kostenlos): Öffnen Sie {site} auf dem Telefon und wählen Sie im Menü des Browsers „Zum Startbildschirm“.",
    en="Koepel on your phone (free): open {site} on your phone and choose “Add to home screen” in the menu of your browser.",
)
#: what may stand in a text between braces
PLACEHOLDERS = ("first_name", "last_name", "name", "club")
_BRACES = re.compile(r"\{([^{}\n]*)\}")


@dataclass(frozen=True)
class Letter:
    """A mail, ready for the outbox."""

    subject: str
    text: str
    html: str


def in_language(words: Words, language: str | None) -> str:
    return words.get(language or "") or words["nl"]


def unknown_placeholders(text: str) -> list[str]:
    """What stands between braces and means nothing to us."""
    return [found for found in _BRACES.findall(text) if found not in PLACEHOLDERS]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in; what is between braces and unknown stays as it is."""
    return _BRACES.sub(lambda found: values.get(found[1], found[0]), text)


def chosen(typed: str | None, default: Words, language: str | None) -> str:
    """What somebody wrote; a text that was left as it was goes in the language of the reader."""
    plain = (typed or "").replace("\r\n", "\n").strip()
    is_untouched = not plain or plain in {default[code].strip() for code in LANGUAGES}
    return in_language(default, language) if is_untouched else plain


def compose(subject: str, text: str, values: Mapping[str, str], *, link: str, button: Words, until: Words, site: str, language: str | None) -> Letter:
    """The whole mail: the text, the link as a button at its bottom, how long it works, and where the app is."""
    body = fill(text, values)
    label, life, app = in_language(button, language), in_language(until, language), fill(in_language(APP, language), {"site": site})
    plain = f"{body}\n\n{label}:\n{link}\n\n{life}\n\n{app}\n"
    paragraphs = [Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in part.split("\n"))) for part in body.split("\n\n") if part]
    html = Markup(
        '<div style="font-family:sans-serif;font-size:16px;line-height:1.5;max-width:560px">{}'
        '<p style="margin:28px 0"><a href="{}" style="background:#14734a;color:#ffffff;padding:14px 22px;border-radius:8px;text-decoration:none;'
        'display:inline-block">{}</a></p><p>{}</p><hr><p style="color:#555555">{}</p></div>'
    ).format(Markup("").join(paragraphs), link, label, life, app)
    return Letter(fill(subject, values), plain, str(html))
