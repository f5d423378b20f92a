"""What a password has to be."""

import re
import subprocess
import sys

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from core import clock
from core.db import db, transaction
from core.errors import UserMistake
from core.organisations.models import Organisation
from core.users.guessable import is_guessable
from core.users.models import User
from core.users.policy import POLICIES, check_password, names_around, names_in, policy_of, policy_of_organisation

SEED, SEED_PLUS, MODERN = POLICIES["seed"], POLICIES["seed+"], POLICIES["modern"]


def verdict(password, policy, names=()):
    try:
        check_password(password, policy, names=names)
    except UserMistake as mistake:
        return str(mistake)
    return ""


@pytest.mark.parametrize("password", ["vogelhuis-73", "Zon2bloem", "t_k.w#r!9", "blauwe2fiets"])
def test_seed_rule_takes_what_it_says(context, password):
    assert verdict(password, SEED) == ""


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("kort-7", "too short"), ("vogelhuisje", "digit"), ("vogel huis 73", "spaces"), ("vogelhuis~73", "~"), ("vogelhuis-73-vogelhuis-73", "too long"),
        ("éclair-du-nord7", "é"),
    ],
)  # fmt: skip
def test_seed_rule_says_what_to_do(context, password, word):
    assert word in verdict(password, SEED)


@pytest.mark.parametrize(
    "password",
    ["password1", "welkom123", "12345678", "Welkom2024!", "W@chtw00rd1", "azerty123", "aaaaaaaaaaaaaaaaaaa1", "abcdefgh1", "demo-2026", "okra-sport1"],
)
def test_common_passwords_are_refused_whatever_the_rule(context, password):
    assert verdict(password, SEED) != ""
    assert verdict(password, SEED_PLUS) != ""
    assert verdict(password, MODERN) != ""


@pytest.mark.covers("R004", "R005", "R006")
def test_every_leaked_password_that_satisfies_the_seed_rule_is_refused():
    """The whole list of the library, in small letters and as people dress it up."""
    leaked = FREQUENCY_LISTS["passwords"]
    allowed = [word for word in leaked if re.fullmatch(r"[A-Za-z0-9!@._#-]{8,20}", word) and re.search(r"\d", word)]
    assert len(allowed) == 5030
    assert [word for word in leaked if not is_guessable(word)] == []
    assert [word for word in allowed if not is_guessable(word.title())] == []


def test_the_list_is_read_when_somebody_chooses_a_password_and_not_before():
    program = "import sys; from core.app import create_app; create_app(environment='test'); late = {'zxcvbn', 'webauthn'}; assert not late & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("password", ["ikhouvanje-73", "Zonneschijn#1", "trefpunt2027", "Sonneschein-9", "MonkeyMonkey12", "Jennifer-1975"])
def test_words_of_here_are_refused_with_digits_around_them(context, password):
    assert "Many people" in verdict(password, SEED)


def test_passphrases(context):
    sentence = "correct horse battery staple 7"
    assert "too long" in verdict(sentence, SEED)
    assert verdict(sentence, SEED_PLUS) == ""
    assert verdict(sentence, MODERN) == ""
    assert verdict("éclair du nord, mon amour", MODERN) == ""


def test_own_name_is_refused(context):
    assert "name" in verdict("Verlinden-73", SEED, names=("An", "Verlinden"))
    assert verdict("vogelhuis-73", SEED, names=("An", "Verlinden")) == ""
    assert "club" in verdict("Herent-2027-7", SEED, names=("Trefpunt Herent",))
    assert verdict("vogels-herent-9", SEED, names=("Trefpunt Herent",)) == ""


def test_the_own_names_are_those_of_the_login_the_club_and_the_federation(context, world):
    user = db.session.query(User).filter_by(username="admin.a").one()
    assert {"admin.a", "Tester", "Club A", "Federation F"} <= set(names_around(user))
    assert set(names_in(db.session.get(Organisation, world.club.id), "An", "an.v@example.org")) == {"An", "an.v", "Club A", "Federation F"}


def test_who_administers_without_second_factor_needs_a_longer_password(context, world):
    member, admin = (db.session.query(User).filter_by(username=name).one() for name in ("member.a", "admin.a"))
    assert (policy_of(member).shortest, policy_of(admin).shortest) == (12, 15)
    admin.second_factor_at = clock.now()
    assert policy_of(admin).shortest == 12
    assert "15" in verdict("vogelhuis-bla", MODERN.for_administrator())
    assert SEED.for_administrator() == SEED
    club = db.session.get(Organisation, world.club.id)
    assert (policy_of_organisation(club).shortest, policy_of_organisation(club, role="club_admin").shortest) == (12, 15)


def test_rules_people_read_come_from_what_is_checked(context):
    assert SEED.rules()[0] == "Between 8 and 20 characters."
    assert MODERN.rules()[0] == "Between 12 and 128 characters."
    assert len(SEED_PLUS.rules()) == len(SEED.rules()) + 1


def test_the_federation_chooses_and_the_one_that_asks_most_wins(context, world):
    user = db.session.query(User).filter_by(username="admin.a").one()
    assert policy_of(user) == MODERN.for_administrator()
    with transaction():
        db.session.get(Organisation, world.federation.id).settings = {"users.password_policy": "seed"}
    assert policy_of(user) == SEED
    assert policy_of_organisation(db.session.get(Organisation, world.region.id)) == SEED
    assert policy_of_organisation(db.session.get(Organisation, world.foreign_club.id)) == MODERN
