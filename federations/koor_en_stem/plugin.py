"""Koor&Stem: choirs with seasons from 1 October, linked groups, and insurance through the type of membership."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from core.api import DemoLogin, FieldDeclaration, FunctionDeclaration, Manifest, Organisation, ReadinessCheck, hookimpl
from federations.koor_en_stem import choices, demo, readiness, rules
from federations.koor_en_stem.words import say
from plugins.groups.api import GroupFinderDeclaration, GroupOptionDeclaration, GroupTermDeclaration, charges_by_club
from plugins.invoices.api import CountedMember, FeeLine, TypeFee
from plugins.memberships.api import MembershipTypeDeclaration

manifest = Manifest(
    "koor_en_stem",
    "Koor&Stem",
    "1.0",
    description=say("De regels van Koor&Stem", "Les règles de Koor&Stem", "Die Regeln von Koor&Stem", "The rules of Koor&Stem"),
    kind="federation",
    requires=("memberships", "invoices", "groups"),
    settings={
        "core.reference_day": "11-15",
        "groups.season_start": "10-01",
        "users.password_policy": "seed",
        "users.find_by_name": True,
        "users.find_hits": True,
        "users.find_address": "masked",
    },
)


@hookimpl
def register_membership_types() -> list[MembershipTypeDeclaration]:
    """The insurance package is chosen with the type."""
    return [
        MembershipTypeDeclaration(key, name, duration="season_bound", period_start="10-01", period_end="09-30", position=position)
        for position, (key, name) in enumerate(choices.INSURANCE, start=1)
    ]


@hookimpl
def register_functions() -> list[FunctionDeclaration]:
    """Functions in the club as a whole; those in a choir are register_group_terms."""
    return [
        FunctionDeclaration("contact_person", say("Contactpersoon", "Personne de contact", "Kontaktperson", "Contact person"), required=True, position=10),
        FunctionDeclaration("chair", say("Voorzitter", "Président", "Vorsitz", "Chair"), required=True, position=20),
        FunctionDeclaration(
            "member_administrator",
            say("Ledenbeheerder", "Gestionnaire des membres", "Mitgliederverwaltung", "Member administrator"),
            required=True,
            position=30,
        ),
        FunctionDeclaration("conductor", say("Dirigent", "Chef de chœur", "Chorleitung", "Conductor"), required=True, position=40),
    ]


@hookimpl
def register_group_terms() -> list[GroupTermDeclaration]:
    return [
        GroupTermDeclaration(kind, key, name, required=(kind, key) == ("function", "conductor"), position=10 * position)
        for kind, terms in choices.GROUP_TERMS.items()
        for position, (key, name) in enumerate(terms, start=1)
    ]


@hookimpl
def register_group_options() -> list[GroupOptionDeclaration]:
    """Prices are those of a first draft: the federation stores its own per period in the browser."""
    return [
        GroupOptionDeclaration(
            "choir", say("Koorlidmaatschap", "Affiliation du chœur", "Chormitgliedschaft", "Choir membership"), 7_500, per="each", position=10
        ),
        GroupOptionDeclaration(
            "maxi", say("Maxi-lidmaatschap", "Affiliation maxi", "Maxi-Mitgliedschaft", "Maxi membership"), 10_000,
            help=say("Enkel voor korenfamilies.", "Uniquement pour les familles de chœurs.", "Nur für Chorfamilien.", "Only for choir families."),
            per="club", families_only=True, position=20,
        ),
        GroupOptionDeclaration(
            "library", say("Toegang tot de bibliotheek", "Accès à la bibliothèque", "Zugang zur Bibliothek", "Access to the library"), 5_000, position=30
        ),
        GroupOptionDeclaration(
            "premises", say("Lokalenverzekering", "Assurance des locaux", "Raumversicherung", "Insurance of the premises"), 2_500,
            help=say("Voor de repetitieruimte van deze groep.", "Pour le local de répétition de ce groupe.", "Für den Probenraum dieser Gruppe.",
                     "For the rehearsal room of this group."),
            position=40,
        ),
    ]  # fmt: skip


@hookimpl
def register_extra_fields() -> list[FieldDeclaration]:
    """What the federation asks of a linked group."""
    why = "The federation tells singers which choirs there are, and where and when they rehearse."
    common: dict[str, Any] = {"federation_reads": True, "sees": ("member", "club", "federation"), "purpose": why}
    return [
        FieldDeclaration(
            "published", "group", "yes_no",
            say("Publiceer groep op website Koor&Stem", "Publier le groupe sur le site de Koor&Stem", "Gruppe auf der Website von Koor&Stem zeigen",
                "Publish the group on the website of Koor&Stem"),
            help=say("Iedereen vindt dan naam, type en bezetting, en wat u hieronder invult. Van uw leden ziet niemand iets.",
                     "Tout le monde trouve alors le nom, le type, la composition et ce que vous remplissez ci-dessous. Rien de vos membres.",
                     "Alle finden dann Namen, Art, Besetzung und was Sie hier ausfüllen. Von Ihren Mitgliedern sieht niemand etwas.",
                     "Everybody then finds its name, type and composition, and what you fill in below. Nobody sees anything of your members."),
            position=10, **common,
        ),
        FieldDeclaration("rehearsal_day", "group", "choice", say("Repetitiedag", "Jour de répétition", "Probentag", "Rehearsal day"),
                         choices=choices.DAYS, position=20, **common),
        FieldDeclaration("rehearsal_hour", "group", "text", say("Repetitie-uur", "Heure de répétition", "Probenzeit", "Rehearsal hour"), position=30, **common),
        FieldDeclaration("rehearsal_place", "group", "text", say("Repetitieplaats", "Lieu de répétition", "Probenort", "Rehearsal place"),
                         help=say("Bijvoorbeeld: Sint-Jozefskerk, GC De Bosrand.", "Par exemple : église Saint-Joseph.", "Zum Beispiel: Josefskirche.",
                                  "For example: Saint Joseph’s church."), position=40, **common),
        FieldDeclaration("rehearsal_street", "group", "text", say("Straat en nummer", "Rue et numéro", "Straße und Nummer", "Street and number"),
                         position=50, **common),
        FieldDeclaration("rehearsal_postcode", "group", "text", say("Postcode", "Code postal", "Postleitzahl", "Postcode"), position=60, **common),
        FieldDeclaration("rehearsal_town", "group", "text", say("Gemeente", "Commune", "Gemeinde", "Town"), position=70, **common),
        FieldDeclaration("group_email", "group", "email", say("E-mailadres van het koor", "Adresse e-mail du chœur", "E-Mail-Adresse des Chors",
                                                              "E-mail address of the choir"), position=80, **common),
        FieldDeclaration("group_website", "group", "url", say("Website van het koor", "Site du chœur", "Website des Chors", "Website of the choir"),
                         position=90, **common),
    ]  # fmt: skip


@hookimpl
def register_group_finders() -> list[GroupFinderDeclaration]:
    """Zoek een koor: what singers find without a login."""
    return [
        GroupFinderDeclaration(
            say("Zoek een koor", "Trouver un chœur", "Einen Chor finden", "Find a choir"),
            "published",
            say("Zoek op uw postcode of gemeente: het dichtste koor staat bovenaan.", "Cherchez par code postal ou commune : le plus proche vient en premier.",
                "Suchen Sie nach Postleitzahl oder Ort: Der nächste Chor steht oben.", "Search by your postcode or town: the nearest choir comes first."),
            day="rehearsal_day", hour="rehearsal_hour", place="rehearsal_place", street="rehearsal_street",
            postcode="rehearsal_postcode", town="rehearsal_town", email="group_email", website="group_website",
        )
    ]  # fmt: skip


@hookimpl
def register_demo_logins() -> list[DemoLogin]:
    return list(demo.LOGINS)


@hookimpl
def seed_demo(world: Any) -> None:
    demo.seed(world)


@hookimpl
def readiness_checks(organisation: Organisation, day: date) -> list[ReadinessCheck]:
    return [readiness.linked_check(organisation, day)]


@hookimpl
def federation_fee_lines(
    federation: Organisation,
    club: Organisation,
    members: Sequence[CountedMember],
    day: date,
    usual: Callable[[Sequence[CountedMember]], list[FeeLine]],
    fees: Mapping[int, TypeFee],
    kept: dict[str, Any],
) -> Sequence[FeeLine]:
    """Two queries for all clubs together: what was ordered with linked choirs, and at which prices."""
    if "charges" not in kept:
        kept["charges"] = charges_by_club(federation, day)
    return rules.fee_lines(usual(members), fees, kept["charges"].get(club.id, ()))
