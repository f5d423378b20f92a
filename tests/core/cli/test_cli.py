"""The command line, as an operator uses it: in processes of their own, on an instance of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from core.config import ROOT
from core.testing.databases import chosen_plugins
from core.testing.servers import free_port

Koepel = Callable[..., "subprocess.CompletedProcess[str]"]
COMMAND = [sys.executable, "-c", "from core.cli import main; main()"]


def environment(instance: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KOEPEL_")}
    return {**kept, **chosen_plugins(), "KOEPEL_INSTANCE_DIR": str(instance), "KOEPEL_LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT), **settings}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with an up-to-date database, a federation and a club, made once."""
    folder = tmp_path_factory.mktemp("template")
    for arguments in (
        ["migrate"],
        ["create-organisation", "Okra", "--slug", "okra"],
        ["create-organisation", "Club A", "--kind", "club", "--slug", "club-a", "--federation", "okra"],
    ):
        done = subprocess.run([*COMMAND, *arguments], env=environment(folder), capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def migrated(template: Path, tmp_path: Path) -> None:
    """The instance of the test is a copy of the template."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)


@pytest.fixture
def koepel(tmp_path: Path) -> Koepel:
    """koepel("migrate", KOEPEL_PORT="1") -> the finished process."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*COMMAND, *arguments], env=environment(tmp_path, **settings), capture_output=True, text=True, timeout=120, check=False)

    return run


def test_help_lists_the_commands_of_core_rooms_and_plugins(koepel: Koepel) -> None:
    listed = {line.split()[0] for line in koepel("--help").stdout.partition("Commands:")[2].splitlines() if line.strip() and not line.startswith("    ")}
    wanted = {"serve", "worker", "migrate", "sync-permissions", "demo", "create-organisation", "create-admin", "import-contacts", "backup", "restore", "doctor"}
    assert wanted - listed == set()


def test_an_unknown_command_is_refused(koepel: Koepel) -> None:
    done = koepel("dance")
    assert done.returncode == 2
    assert "No such command 'dance'" in done.stderr


def test_a_wrong_setting_is_one_line_without_traceback(koepel: Koepel) -> None:
    done = koepel("migrate", KOEPEL_ENVIRONMENT="production")
    assert done.returncode == 1
    assert done.stderr == "koepel: setting secret_key: give at least 32 random bytes\n"


def test_a_database_that_does_not_answer_is_one_line_too(koepel: Koepel) -> None:
    done = koepel("migrate", KOEPEL_DATABASE_URL=f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing")
    assert done.returncode == 1
    assert done.stderr.startswith("koepel: the database does not answer")
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("migrated")
def test_a_second_migrate_does_nothing_and_the_doctor_is_content(koepel: Koepel) -> None:
    second = koepel("migrate")
    assert second.returncode == 0, second.stderr
    assert second.stdout.startswith("The database was up to date.\n")
    found = koepel("doctor")
    lines = {line[6:].partition("  ")[0].strip(): line[:4].strip() for line in found.stdout.splitlines()}
    assert found.returncode == 1
    assert {what for what, state in lines.items() if state == "MEND"} == {"worker"}  # nobody works yet
    assert lines["database"] == lines["schema"] == lines["keys"] == "ok"


@pytest.mark.usefixtures("migrated")
def test_doctor_says_what_is_wrong(koepel: Koepel, tmp_path: Path) -> None:
    (tmp_path / "secret.key").chmod(0o644)
    port = free_port()
    found = koepel("doctor", KOEPEL_MAIL_SERVER="127.0.0.1", KOEPEL_MAIL_PORT=str(port), KOEPEL_BROKER_URL=f"redis://127.0.0.1:{port}/0")
    wrong = {line[6:].partition("  ")[0].strip() for line in found.stdout.splitlines() if line.startswith("MEND")}
    assert wrong == {"keys", "worker", "mail server", "broker"}
    assert koepel("doctor", KOEPEL_PORT="many").stdout.startswith("MEND  settings")


def test_serve_prepares_answers_works_and_leaves_on_sigterm(tmp_path: Path, koepel: Koepel) -> None:
    port = free_port()
    log = (tmp_path / "log").open("w")
    started = subprocess.Popen([*COMMAND, "serve", "--prepare"], env=environment(tmp_path, KOEPEL_PORT=str(port)), stdout=log, stderr=log)
    try:
        ready = wait_for(f"http://127.0.0.1:{port}/readyz", started)
        doctor = koepel("doctor", KOEPEL_PORT=str(port)).stdout
    finally:
        started.send_signal(signal.SIGTERM)
        ended = started.wait(40)
        log.close()
    said = (tmp_path / "log").read_text("utf-8")
    assert ready == 200
    assert ended == 0, said
    assert "Log in at" in said
    assert f"Koepel answers on http://127.0.0.1:{port}" in said
    assert "MEND" not in doctor
    assert "Traceback" not in said


def wait_for(address: str, process: subprocess.Popen[bytes]) -> int:
    for _ in range(400):
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 -- our own server
                return int(answer.status)
        except urllib.error.HTTPError as error:
            if error.code != 503:
                return error.code
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("no answer")


def test_serve_refuses_a_database_that_is_not_up_to_date(koepel: Koepel) -> None:
    done = koepel("serve")
    assert done.returncode == 1
    assert done.stderr == "koepel: the database is not up to date; run: koepel migrate\n"


LIST = "Naam;Voornaam;Geboortedatum;E-mailadres 1\nPeeters;Jan;01/02/1960;jan@x.example\nJanssens;Mia;31/02/1960;mia@x.example\n"


@pytest.mark.usefixtures("migrated")
def test_a_list_is_imported_and_its_mistakes_are_named(koepel: Koepel, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST, encoding="utf-8")
    tried = koepel("import-contacts", str(file), "--organisation", "club-a", "--dry-run")
    assert tried.returncode == 1
    assert tried.stdout == "2 rows: 1 new, 0 to update, 0 unchanged, 1 with a mistake.\n"
    assert tried.stderr.startswith("row 3, Geboortedatum: ")
    done = koepel("import-contacts", str(file), "--organisation", "club-a")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Imported: 1 made, 0 changed, 1 left out."
    again = koepel("import-contacts", str(file), "--organisation", "club-a")
    assert again.stdout.splitlines()[0] == "2 rows: 0 new, 0 to update, 1 unchanged, 1 with a mistake."
    assert koepel("import-contacts", str(file), "--organisation", "nowhere").stderr == "Error: There is no organisation 'nowhere'.\n"


@pytest.mark.usefixtures("migrated")
def test_backup_verify_and_restore(koepel: Koepel, tmp_path: Path) -> None:
    file = tmp_path / "one.koepel"
    made = koepel("backup", "--to", str(file))
    assert made.returncode == 0, made.stderr
    assert koepel("backup", "verify", str(file)).returncode == 0
    refused = koepel("restore", str(file))
    assert refused.returncode == 1
    assert refused.stderr == "koepel: there is data in this installation; restore with --force to lose it\n"
    other = koepel("restore", str(file), KOEPEL_INSTANCE_DIR=str(tmp_path / "other"))
    assert other.returncode == 0, other.stderr
    assert "lacks a key" in other.stderr
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(bytes(whole))
    damaged = koepel("backup", "verify", str(file))
    assert damaged.returncode == 1
    assert "damaged" in damaged.stderr
