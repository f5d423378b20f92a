"""Django: its admin changelist, and an import with django-import-export."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from core.bench.people import extra, people


def start(folder: Path, size: int, name: str = "django") -> Path:
    """Configure Django on a database of its own with `size` people; returns the file."""
    file = folder / f"{name}-{size}.db"
    settings.configure(
        DEBUG=False,
        SECRET_KEY="only on this machine, only for a moment",  # noqa: S106 -- a throw-away database
        ALLOWED_HOSTS=["testserver"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}},
        INSTALLED_APPS=[
            "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
            "import_export", "core.bench.yardsticks.django_people",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        ROOT_URLCONF="core.bench.yardsticks.django_people.urls",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )  # fmt: skip
    is_new = not file.exists()
    django.setup()
    if is_new:
        _fill(size)
    return file


def _fill(size: int) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415 -- app ready: Django has to be configured first
    from django.core.management import call_command  # noqa: PLC0415 -- app ready

    from core.bench.yardsticks.django_people.models import Person  # noqa: PLC0415 -- app ready

    call_command("migrate", run_syncdb=True, verbosity=0)
    User.objects.create_superuser("admin", "admin@mail.example", "admin")
    rows = ({**row, **extra(number)} for number, row in enumerate(people(size), start=1))
    while batch := [Person(**row) for row in islice(rows, 5_000)]:
        Person.objects.bulk_create(batch)


def _client() -> Any:
    from django.contrib.auth.models import User  # noqa: PLC0415 -- app ready
    from django.test import Client  # noqa: PLC0415 -- app ready

    client = Client()
    client.force_login(User.objects.get(username="admin"))
    return client


def _getting(address: str) -> Callable[[], None]:
    client = _client()

    def work() -> None:
        for _number in range(10):
            answer = client.get(address)
            if answer.status_code != 200:
                raise RuntimeError(answer.status_code)

    return work


def changelist(folder: Path, size: int) -> Callable[[], None]:
    """Ten times the first page of 25."""
    start(folder, size)
    return _getting("/admin/django_people/person/")


def search(folder: Path, size: int) -> Callable[[], None]:
    """Ten searches without a hit."""
    start(folder, size)
    return _getting("/admin/django_people/person/?q=xyzzyq")


def import_csv(folder: Path, size: int) -> Callable[[], dict[str, Any]]:
    """A dry run and the import itself, as its admin page does, matching on name and birth date."""
    start(folder, 0, f"django-import-{size}")
    import tablib  # noqa: PLC0415 -- optional dependency of the benchmarks
    from import_export import resources  # noqa: PLC0415 -- app ready

    from core.bench.yardsticks.django_people.models import Person  # noqa: PLC0415 -- app ready

    class PersonResource(resources.ModelResource):
        class Meta:
            model = Person
            fields = tuple(people_fields())
            import_id_fields = ("last_name", "first_name", "birth_date")
            use_bulk = True
            skip_diff = True

    def work() -> dict[str, Any]:
        Person.objects.all().delete()
        text = (folder / f"people-{size}.csv").read_text("utf-8-sig")
        data = tablib.Dataset().load(text, format="csv", delimiter=";")
        result = PersonResource().import_data(data, dry_run=False, raise_errors=True)
        return {"rows": result.totals["new"]}

    return work


def people_fields() -> list[str]:
    return list(next(iter(people(1))))
