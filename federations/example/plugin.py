"""Example federation: one type of membership, one function, one extra field, one reference day."""

from __future__ import annotations

from core.api import FieldDeclaration, FunctionDeclaration, Manifest, Words, hookimpl
from plugins.groups.api import GroupOptionDeclaration, GroupTermDeclaration
from plugins.memberships.api import MembershipTypeDeclaration

# [manifest]
manifest = Manifest(
    "example",
    "Example federation",
    "1.0",
    kind="federation",
    requires=("memberships", "groups"),
    settings={"core.reference_day": "01-15", "groups.season_start": "09-01"},
)
# [/manifest]


# [types]
@hookimpl
def register_membership_types() -> list[MembershipTypeDeclaration]:
    return [
        MembershipTypeDeclaration(
            "member",
            Words(nl="Lid", fr="Membre", de="Mitglied", en="Member"),
            duration="season_bound",
            period_start="09-01",
            period_end="08-31",
        ),
    ]
# [/types]


# [functions]
@hookimpl
def register_functions() -> list[FunctionDeclaration]:
    return [FunctionDeclaration("chair", Words(nl="Voorzitter", fr="Président", de="Vorsitz", en="Chair"), required=True)]
# [/functions]


# [groups]
@hookimpl
def register_group_terms() -> list[GroupTermDeclaration]:
    return [
        GroupTermDeclaration("function", "trainer", Words(nl="Trainer", fr="Entraîneur", de="Trainer", en="Trainer"), required=True, position=10),
        GroupTermDeclaration("function", "participant", Words(nl="Deelnemer", fr="Participant", de="Teilnehmer", en="Participant"), position=20),
    ]


@hookimpl
def register_group_options() -> list[GroupOptionDeclaration]:
    return [GroupOptionDeclaration("hall", Words(nl="Sporthal", fr="Salle de sport", de="Sporthalle", en="Sports hall"), amount_cents=15_000)]
# [/groups]


# [fields]
@hookimpl
def register_extra_fields() -> list[FieldDeclaration]:
    return [
        FieldDeclaration(
            "shirt_size",
            "contact",
            "choice",
            Words(nl="Maat van het T-shirt", fr="Taille du t-shirt", de="Größe des T-Shirts", en="Shirt size"),
            choices=[(size, Words(nl=size, fr=size, de=size, en=size)) for size in ("S", "M", "L", "XL")],
            federation_reads=True,
            purpose="Everybody gets a shirt at the yearly festival.",
        ),
    ]
# [/fields]
