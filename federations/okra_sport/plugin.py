"""OKRA-SPORT+: sporting and non-sporting members of clubs for people over 55."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from core.api import FieldDeclaration, FunctionDeclaration, Manifest, Organisation, ReadinessCheck, hookimpl
from federations.okra_sport import choices, readiness, rules
from federations.okra_sport.words import say
from plugins.invoices.api import CountedMember, FeeLine
from plugins.memberships.api import Asked, MembershipTypeDeclaration

manifest = Manifest(
    "okra_sport",
    "OKRA-SPORT+",
    "1.0",
    description=say("De regels van OKRA-SPORT+", "Les règles d’OKRA-SPORT+", "Die Regeln von OKRA-SPORT+", "The rules of OKRA-SPORT+"),
    kind="federation",
    requires=("memberships", "invoices"),
    switches_off=("families", "companies"),
    settings={
        "core.reference_day": "04-01",
        "users.password_policy": "seed",
        "users.find_by_name": True,
        "users.find_hits": True,
        "users.find_address": "masked",
    },
)


@hookimpl
def register_membership_types() -> list[MembershipTypeDeclaration]:
    return [
        MembershipTypeDeclaration("sporting", say("Sportend lid", "Membre sportif", "Sporttreibendes Mitglied", "Sporting member"), position=10),
        MembershipTypeDeclaration(
            "non_sporting", say("Niet-sportend lid", "Membre non sportif", "Nicht sporttreibendes Mitglied", "Non-sporting member"), position=20
        ),
    ]


@hookimpl
def register_functions() -> list[FunctionDeclaration]:
    return [
        FunctionDeclaration("chair", say("Voorzitter", "Président", "Vorsitz", "Chair"), required=True, position=10),
        FunctionDeclaration("secretary", say("Secretaris", "Secrétaire", "Schriftführung", "Secretary"), required=True, position=20),
        FunctionDeclaration("contact_person", say("Contactpersoon", "Personne de contact", "Kontaktperson", "Contact person"), required=True, position=30),
        FunctionDeclaration("trainer", say("Trainer/lesgever", "Entraîneur/moniteur", "Trainer/Übungsleiter", "Trainer/teacher"), position=40),
    ]


@hookimpl
def register_extra_fields() -> list[FieldDeclaration]:
    return [*_of_memberships(), *_of_contacts(), *_of_clubs()]


def _of_memberships() -> list[FieldDeclaration]:
    why = "The federation insures and counts its members per sport."
    return [
        FieldDeclaration(
            "sports", "membership", "multi_choice", say("Sporttak", "Discipline sportive", "Sportart", "Sport"),
            choices=choices.SPORTS, federation_reads=True, purpose=why, position=10,
        ),
        FieldDeclaration(
            "competition", "membership", "yes_no", say("Competitie", "Compétition", "Wettkampf", "Competition"),
            federation_reads=True, purpose="Competition is insured differently.", position=20,
        ),
        FieldDeclaration(
            "secondary_club", "membership", "yes_no", say("Nevenclub", "Club secondaire", "Zweitverein", "Secondary club"),
            help=say("De hoofdclub van dit lid is een ander trefpunt.", "Le club principal de ce membre est un autre club.",
                     "Der Hauptverein dieses Mitglieds ist ein anderer Verein.", "The main club of this member is another one."),
            federation_reads=True, purpose="The federation knows which club is somebody's main one.", position=30,
        ),
    ]  # fmt: skip


def _of_contacts() -> list[FieldDeclaration]:
    return [
        FieldDeclaration(
            "diploma_type", "contact", "multi_choice", say("Type diploma", "Type de diplôme", "Art des Diploms", "Type of diploma"),
            choices=choices.DIPLOMAS, federation_reads=True, purpose="Qualified trainers count for the subsidies of the federation.", position=10,
        ),
        FieldDeclaration(
            "work_situation", "contact", "choice", say("Werksituatie", "Situation professionnelle", "Berufliche Lage", "Work situation"),
            choices=choices.WORK, federation_reads=True, purpose="The federation reports on whom it reaches.", position=20,
        ),
        FieldDeclaration(
            "votas", "contact", "text", say("VOTAS", "VOTAS", "VOTAS", "VOTAS"),
            help=say("Het nummer van de trainer in VOTAS.", "Le numéro de l’entraîneur dans VOTAS.",
                     "Die Nummer des Trainers in VOTAS.", "The trainer’s number in VOTAS."),
            federation_reads=True, purpose="Finding a trainer’s diploma with the government.", position=30,
        ),
        FieldDeclaration(
            "medical_certificate", "contact", "file", say("Medisch attest", "Certificat médical", "Ärztliches Attest", "Medical certificate"),
            in_import=False, in_export=False, purpose="Some sports ask for a certificate; only the club keeps it.", legal_basis="consent", retention_months=13,
            position=40,
        ),
    ]  # fmt: skip


def _of_clubs() -> list[FieldDeclaration]:
    return [
        FieldDeclaration(
            "sports", "organisation", "multi_choice",
            say("Sporttakken van het trefpunt", "Disciplines du club", "Sportarten des Vereins", "Sports of the club"),
            choices=choices.SPORTS, sees=("member", "club", "federation"), federation_reads=True,
            purpose="The federation tells people where they can do which sport.", position=10,
        ),
    ]  # fmt: skip


@hookimpl
def readiness_checks(organisation: Organisation, day: date) -> list[ReadinessCheck]:
    return [readiness.sports_check(organisation)]


@hookimpl
def contact_problems(contact_ids: list[int]) -> dict[int, list[str]]:
    return rules.trainers_without_diploma(contact_ids)


@hookimpl
def membership_problems(asked: Sequence[Asked]) -> Mapping[int, str]:
    return rules.refused_at_once(asked)


@hookimpl
def membership_acceptance(asked: Sequence[Asked]) -> Mapping[int, bool]:
    return rules.never_at_once(asked)


@hookimpl
def federation_fee_lines(members: Sequence[CountedMember], usual: Callable[[Sequence[CountedMember]], Sequence[FeeLine]]) -> Sequence[FeeLine]:
    return rules.who_pays(members, usual)
