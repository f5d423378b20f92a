"""The family functions a club starts with."""

from __future__ import annotations

from dataclasses import dataclass

from core.api import Words


@dataclass(frozen=True)
class Start:
    key: str
    name: Words
    opens_account: bool = False
    is_child: bool = False


FUNCTIONS = (
    Start("mother", Words(nl="Moeder", fr="Mère", de="Mutter", en="Mother"), opens_account=True),
    Start("father", Words(nl="Vader", fr="Père", de="Vater", en="Father"), opens_account=True),
    Start("stepmother", Words(nl="Plusmoeder", fr="Belle-mère", de="Stiefmutter", en="Stepmother"), opens_account=True),
    Start("stepfather", Words(nl="Plusvader", fr="Beau-père", de="Stiefvater", en="Stepfather"), opens_account=True),
    Start("guardian", Words(nl="Voogd", fr="Tuteur", de="Vormund", en="Guardian"), opens_account=True),
    Start("grandparent", Words(nl="Grootouder", fr="Grand-parent", de="Großelternteil", en="Grandparent")),
    Start("child", Words(nl="Kind", fr="Enfant", de="Kind", en="Child"), is_child=True),
)
