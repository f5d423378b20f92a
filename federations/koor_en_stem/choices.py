"""Lists of Koor&Stem. The federation changes and adds to them in the browser; the keys are for ever."""

from typing import Any, Literal

from federations.koor_en_stem.words import say

#: type of membership: what somebody is insured for
INSURANCE = (
    ("uninsured", say("Niet-verzekerd", "Non assuré", "Nicht versichert", "Not insured")),
    ("liability", say("BA-verzekerd", "Assuré RC", "Haftpflichtversichert", "Insured for liability")),
    ("accidents", say("LO-verzekerd", "Assuré accidents corporels", "Unfallversichert", "Insured for accidents")),
    ("both", say("BA+LO-verzekerd", "Assuré RC + accidents corporels", "Haftpflicht- und unfallversichert", "Insured for liability and accidents")),
)

GROUP_TERMS: dict[Literal["type", "composition", "category", "function"], tuple[tuple[str, Any], ...]] = {
    "type": (
        ("adults", say("Volwassenenkoor", "Chœur d’adultes", "Erwachsenenchor", "Adult choir")),
        ("youth", say("Jeugdkoor", "Chœur de jeunes", "Jugendchor", "Youth choir")),
        ("children", say("Kinderkoor", "Chœur d’enfants", "Kinderchor", "Children’s choir")),
        ("ensemble", say("Vocaal ensemble", "Ensemble vocal", "Vokalensemble", "Vocal ensemble")),
    ),
    "composition": (
        ("mixed", say("Gemengd", "Mixte", "Gemischt", "Mixed")),
        ("high", say("Gelijke stemmen (hoog)", "Voix égales (aiguës)", "Gleiche Stimmen (hoch)", "Equal voices (high)")),
        ("low", say("Gelijke stemmen (laag)", "Voix égales (graves)", "Gleiche Stimmen (tief)", "Equal voices (low)")),
    ),
    "function": (
        ("conductor", say("Dirigent", "Chef de chœur", "Chorleitung", "Conductor")),
        ("singer", say("Zanger", "Choriste", "Sängerin oder Sänger", "Singer")),
        ("artistic_helper", say("Artistiek medewerker", "Collaborateur artistique", "Künstlerische Mitarbeit", "Artistic helper")),
        ("volunteer", say("Vrijwilliger", "Bénévole", "Freiwillige", "Volunteer")),
    ),
}

DAYS = (
    ("monday", say("Maandag", "Lundi", "Montag", "Monday")),
    ("tuesday", say("Dinsdag", "Mardi", "Dienstag", "Tuesday")),
    ("wednesday", say("Woensdag", "Mercredi", "Mittwoch", "Wednesday")),
    ("thursday", say("Donderdag", "Jeudi", "Donnerstag", "Thursday")),
    ("friday", say("Vrijdag", "Vendredi", "Freitag", "Friday")),
    ("saturday", say("Zaterdag", "Samedi", "Samstag", "Saturday")),
    ("sunday", say("Zondag", "Dimanche", "Sonntag", "Sunday")),
)
