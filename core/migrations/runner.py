"""Brings the database to the newest schema: the core and every installed plugin, each its own branch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from core.db import db, metadata, schema_change
from core.errors import StartRefused
from core.extend.manager import installed
from core.extend.registry import registry
from core.migrations import derived
from core.migrations.comparing import comparison
from core.migrations.models import SchemaState

HERE = Path(__file__).resolve().parent
CORE = "core"


def folder_of(plugin: str) -> Path:
    """Where the migrations of a plugin (or of the core) are."""
    if plugin == CORE:
        return HERE / "versions"
    module = installed().get(plugin)
    spec = find_spec(module) if module else None
    if spec is None or spec.origin is None:
        raise StartRefused(f"there is no plugin {plugin!r}; installed: {', '.join(sorted(installed()))}")
    return Path(spec.origin).parent / "migrations"


def branches() -> list[str]:
    """The core and the enabled plugins that have migrations, in start order."""
    return [name for name in (CORE, *registry().plugins.order) if any(folder_of(name).glob("*.py"))]


def locations(names: Iterable[str] | None = None) -> list[str]:
    """Folders with migrations, also those of plugins that are not enabled: the database may still have their tables."""
    return [str(folder) for name in (CORE, *sorted(installed() if names is None else names)) if (folder := folder_of(name)).is_dir()]


def alembic_config(connection: Connection | None = None, names: Iterable[str] | None = None, **attributes: Any) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(locations(names)))
    config.attributes.update(connection=connection, metadata=metadata, **attributes)
    return config


def upgrade(*targets: str) -> list[str]:
    """Run all migrations that are missing, in one transaction; returns their names. Twice does nothing.

    targets: revisions to go to instead of the newest.
    """
    with schema_change() as connection:
        ran = upgrade_within(connection, targets)
        derived.bring_up_to_date(connection, always=bool(ran))
    return ran


def upgrade_within(connection: Connection, targets: Sequence[str] = ()) -> list[str]:
    """The migrations alone, in the transaction of the caller."""
    found = branches()
    if CORE not in found:
        metadata.create_all(connection)  # before there is any migration
        return []
    script, before = _scripts(), _applied(connection)
    for target in targets or [f"{branch}@head" for branch in found]:
        command.upgrade(alembic_config(connection), target)
    after = _applied(connection)
    return [f"{revision.revision}: {revision.doc}" for revision in _in_order(script) if revision.revision in after - before]


def migrate_everything() -> Iterator[str]:
    """`koepel migrate`: schema, roles and rights; yields what was done, in words."""
    from core.backup.services import back_up_before_migration  # noqa: PLC0415 -- circular: a restore migrates
    from core.users.permissions import sync_permissions  # noqa: PLC0415 -- circular: users have migrations

    if kept := back_up_before_migration():
        yield f"A copy of the database as it was is in {kept}."
    ran = upgrade()
    yield from (f"Ran {name}." for name in ran)
    yield "The database is up to date." if ran else "The database was up to date."
    from core.db import transaction  # noqa: PLC0415 -- circular

    with transaction():
        count = sync_permissions(registry())
    yield f"{count} rights are in the database."


def downgrade(target: str) -> None:
    """Go back to a revision ("base" takes everything away); data in what is dropped is lost."""
    with schema_change() as connection:
        derived.drop_triggers(connection)
        command.downgrade(alembic_config(connection), target)
        derived.bring_up_to_date(connection, always=True)


def pending() -> list[str]:
    """Revisions the database lacks."""
    found = branches()
    if CORE not in found:
        return [] if inspect(db.engine).has_table(SchemaState.__tablename__) else ["all tables"]
    with db.engine.connect() as connection:
        applied = _applied(connection)
    script = _scripts()
    wanted = _with_ancestors(script, [head for branch in found for head in _names(script.get_revisions(f"{branch}@head"))])
    return [revision.revision for revision in _in_order(script) if revision.revision in wanted - applied]


def drift() -> list[Any]:
    """Differences between the models and the database; empty when the migrations tell the truth."""
    with db.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=comparison()), metadata))


def make_revision(plugin: str, text: str) -> list[str]:
    """Write the migration that brings `plugin`'s tables from what the database has to what its models say."""
    folder = folder_of(plugin)
    folder.mkdir(exist_ok=True)
    number = len(list(folder.glob(f"{plugin}_[0-9]*.py"))) + 1
    first = number == 1
    script = _scripts()
    with schema_change() as connection:
        made = command.revision(
            alembic_config(connection, _enabled_or_there(script, connection), plugin=plugin),
            message=text,
            autogenerate=True,
            rev_id=f"{plugin}_{number:04}",
            version_path=str(folder),
            head="base" if first else f"{plugin}@head",
            branch_label=plugin if first else None,
            depends_on=_depends_on(script, plugin) if first else None,  # type: ignore[arg-type]
            process_revision_directives=_leave_out_empty,
        )
    return [script.path for script in _flat(made)]


def _enabled_or_there(script: ScriptDirectory, connection: Connection) -> set[str]:
    """Plugins that are enabled, or were when this database was migrated: others are no reason to call it behind."""
    there = {label for name in _applied(connection) for label in script.get_revision(name).branch_labels}
    return (there - {CORE}) | set(registry().plugins.order)


def _leave_out_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """No file for a plugin whose models say what the database has."""
    if directives and directives[0].upgrade_ops.is_empty():
        directives.clear()


def _depends_on(script: ScriptDirectory, plugin: str) -> list[str] | None:
    """A plugin's first migration comes after the present ones of the core and of the plugins it requires or uses."""
    if plugin == CORE:
        return None
    wanted = {CORE, *registry().plugins.manifests[plugin].imports}
    return [head.revision for head in script.get_revisions("heads") if head is not None and head.branch_labels & wanted] or None


def _flat(made: Script | list[Script | None] | None) -> list[Script]:
    return [one for one in (made if isinstance(made, list) else [made]) if one is not None]


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def _in_order(script: ScriptDirectory) -> list[Script]:
    return list(reversed(list(script.walk_revisions())))


def _names(scripts: Iterable[Script | None]) -> list[str]:
    return [found.revision for found in scripts if found is not None]


def applied_heads(connection: Connection) -> list[str]:
    return sorted(MigrationContext.configure(connection).get_current_heads())


def unknown_revisions(revisions: Iterable[str]) -> list[str]:
    """Those of which no installed migration is known."""
    known = {revision.revision for revision in _scripts().walk_revisions()}
    return sorted(set(revisions) - known)


def _applied(connection: Connection) -> set[str]:
    return _with_ancestors(_scripts(), applied_heads(connection))


def _with_ancestors(script: ScriptDirectory, revisions: Iterable[str]) -> set[str]:
    """These, and every revision they follow or depend on."""
    waiting, seen = list(revisions), set[str]()
    while waiting:
        revision = waiting.pop()
        if revision in seen:
            continue
        try:
            found = script.get_revision(revision)
        except CommandError:
            raise StartRefused(f"the database has revision {revision!r}, unknown here: it is of a newer version, or a plugin is not installed") from None
        seen.add(revision)
        for more in (found.down_revision, found.dependencies):
            waiting += [more] if isinstance(more, str) else list(more or ())
    return seen
