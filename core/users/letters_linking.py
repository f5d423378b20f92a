"""The mails about linked logins, in four languages."""

from __future__ import annotations

from core.i18n import Words

SUBJECT = Words(nl="Gekoppelde gebruikers", fr="Utilisateurs liés", de="Verknüpfte Benutzer", en="Linked users")
ASKED = Words(
    nl="Dag {first_name},\n\n{name} (gebruikersnaam {asker}) wil deze gebruiker koppelen: {username}. "
    "Daarna kan wie met {asker} inlogt ook als {username} verder, en omgekeerd.\n\n"
    "Ben jij dat? Klik dan op de knop onderaan, in de browser waarin je als {asker} bent ingelogd.\n\n"
    "Ben jij dat niet? Dan hoef je niets te doen: er wordt niets gekoppeld.",
    fr="Bonjour {first_name},\n\n{name} (nom d’utilisateur {asker}) souhaite lier cet utilisateur : {username}. "
    "Ensuite, toute personne connectée comme {asker} pourra continuer comme {username}, et inversement.\n\n"
    "Est-ce vous ? Cliquez alors sur le bouton ci-dessous, dans le navigateur où vous êtes connecté comme {asker}.\n\n"
    "Ce n’est pas vous ? Vous ne devez rien faire : rien ne sera lié.",
    de="Guten Tag {first_name},\n\n{name} (Benutzername {asker}) möchte diesen Benutzer verknüpfen: {username}. "
    "Danach kann, wer als {asker} angemeldet ist, auch als {username} weiterarbeiten, und umgekehrt.\n\n"
    "Sind Sie das? Klicken Sie dann unten auf die Schaltfläche, in dem Browser, in dem Sie als {asker} angemeldet sind.\n\n"
    "Sind Sie das nicht? Dann brauchen Sie nichts zu tun: Es wird nichts verknüpft.",
    en="Hello {first_name},\n\n{name} (user name {asker}) wants to link this user: {username}. "
    "After that whoever logs in as {asker} can go on as {username}, and the other way round.\n\n"
    "Is that you? Then click the button below, in the browser in which you are logged in as {asker}.\n\n"
    "Is it not you? Then you need not do anything: nothing is linked.",
)
LINKED = Words(
    nl="Dag {first_name},\n\nJe gebruiker {username} is gekoppeld aan {asker} ({name}). Wie met de ene inlogt, kan ook als de andere verder.\n\n"
    "Heb jij dit niet gedaan? Klik op de knop, ontkoppel en kies een nieuw wachtwoord.",
    fr="Bonjour {first_name},\n\nVotre utilisateur {username} est lié à {asker} ({name}). Qui se connecte avec l’un peut continuer avec l’autre.\n\n"
    "Ce n’était pas vous ? Cliquez sur le bouton, supprimez le lien et choisissez un nouveau mot de passe.",
    de="Guten Tag {first_name},\n\nIhr Benutzer {username} ist mit {asker} ({name}) verknüpft. "
    "Wer sich mit dem einen anmeldet, kann als der andere weiterarbeiten.\n\n"
    "Waren Sie das nicht? Klicken Sie auf die Schaltfläche, lösen Sie die Verknüpfung und wählen Sie ein neues Passwort.",
    en="Hello {first_name},\n\nYour user {username} was linked to {asker} ({name}). Whoever logs in as one can go on as the other.\n\n"
    "Was it not you? Click the button, unlink and choose another password.",
)
UNLINKED = Words(
    nl="Dag {first_name},\n\nJe gebruiker {username} is niet meer gekoppeld aan {asker} ({name}). Overschakelen kan niet meer.",
    fr="Bonjour {first_name},\n\nVotre utilisateur {username} n’est plus lié à {asker} ({name}). Il n’est plus possible de passer de l’un à l’autre.",
    de="Guten Tag {first_name},\n\nIhr Benutzer {username} ist nicht mehr mit {asker} ({name}) verknüpft. Ein Wechsel ist nicht mehr möglich.",
    en="Hello {first_name},\n\nYour user {username} is not linked to {asker} ({name}) any more. Switching is no longer possible.",
)
CONFIRM = Words(nl="Bekijk en bevestig", fr="Vérifier et confirmer", de="Ansehen und bestätigen", en="Look and confirm")
MY_LINKS = Words(nl="Mijn gekoppelde gebruikers", fr="Mes utilisateurs liés", de="Meine verknüpften Benutzer", en="My linked users")
ALWAYS = Words(
    nl="Je kunt altijd zelf ontkoppelen.",
    fr="Vous pouvez à tout moment supprimer le lien.",
    de="Sie können die Verknüpfung jederzeit selbst lösen.",
    en="You can unlink at any time.",
)
