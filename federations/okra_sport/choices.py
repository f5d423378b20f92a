"""What can be chosen; the federation may change these lists in the browser."""

from federations.okra_sport.words import say

SPORTS = (
    ("badminton", say("Badminton", "Badminton", "Badminton", "Badminton")),
    ("billiards", say("Biljart", "Billard", "Billard", "Billiards")),
    ("fitness", say("Fitness", "Fitness", "Fitness", "Fitness")),
    ("krachtbal", say("Krachtbal", "Balle-force", "Krachtbal", "Krachtbal")),
    ("padel", say("Padel", "Padel", "Padel", "Padel")),
    ("petanque", say("Petanque", "Pétanque", "Pétanque", "Petanque")),
    ("walking", say("Wandelen", "Marche", "Wandern", "Walking")),
    ("cycling", say("Fietsen", "Cyclisme", "Radfahren", "Cycling")),
    ("swimming", say("Zwemmen", "Natation", "Schwimmen", "Swimming")),
    ("dance", say("Dans", "Danse", "Tanz", "Dance")),
    ("gymnastics", say("Turnen", "Gymnastique", "Turnen", "Gymnastics")),
    ("bowling", say("Bowling", "Bowling", "Bowling", "Bowling")),
)

DIPLOMAS = (
    ("aspirant_initiator", say("Aspirant-initiator", "Aspirant initiateur", "Anwärter Initiator", "Candidate initiator")),
    ("initiator", say("Initiator", "Initiateur", "Initiator", "Initiator")),
    ("instructor_b", say("Instructeur B", "Instructeur B", "Instrukteur B", "Instructor B")),
    ("trainer_b", say("Trainer B", "Entraîneur B", "Trainer B", "Trainer B")),
    ("trainer_a", say("Trainer A", "Entraîneur A", "Trainer A", "Trainer A")),
    ("physical_education", say("Lichamelijke opvoeding", "Éducation physique", "Sportlehramt", "Physical education")),
    ("other", say("Ander diploma", "Autre diplôme", "Anderes Diplom", "Other diploma")),
)

WORK = (
    ("retired", say("Gepensioneerd", "Retraité", "Im Ruhestand", "Retired")),
    ("working", say("Werkend", "Au travail", "Berufstätig", "Working")),
    ("job_seeker", say("Werkzoekend", "Demandeur d’emploi", "Arbeitssuchend", "Looking for work")),
    ("other", say("Andere", "Autre", "Andere", "Other")),
)
