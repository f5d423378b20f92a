"""Does a plugin keep the rules of the house? Run by `koepel check-plugin` and by the test of each plugin.

def test_plugin_keeps_the_rules_of_the_house():
    assert problems_of("choir") == []
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from core.app import db_models
from core.extend.hookspecs import PROJECT
from core.extend.manager import installed
from core.extend.manifest import Manifest
from core.extend.registry import Registry
from core.i18n import LANGUAGES, Words
from core.tenancy import Tenant
from core.testing import generated, house

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_VERSION = re.compile(r"^\d+(\.\d+)*$")
_PERMISSION = re.compile(r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")


def problems_of(name: str, registry: Registry | None = None) -> list[str]:
    """What a plugin still lacks, as sentences; empty when all is well.

    `registry` is that of the running application; without it, all installed plugins are loaded.
    """
    if name not in installed():
        return [f"there is no plugin {name!r}; installed: {', '.join(sorted(installed()))}"]
    registry = registry or generated.load_registry()
    manifest = registry.plugins.manifests.get(name)
    if manifest is None:
        return [f"{name} is installed, but not switched on (setting `plugins`)"]
    folder = Path(registry.plugins.modules[name].__file__ or "").parent
    return [
        *_manifest(manifest),
        *_hooks(name, registry),
        *_rights(name, registry),
        *_tables(manifest, registry.plugins.modules[name].__name__.rpartition(".")[0]),
        *_texts(name, registry),
        *_files(folder, manifest, registry),
    ]


def _manifest(manifest: Manifest) -> Iterator[str]:
    if not _NAME.match(manifest.name):
        yield f"manifest: the name {manifest.name!r} has other signs than small letters, digits and _"
    if not _VERSION.match(manifest.version):
        yield f"manifest: {manifest.version!r} is no version such as 1.0"
    if not str(manifest.title).strip():
        yield "manifest: no title"


def _hooks(name: str, registry: Registry) -> Iterator[str]:
    """A function that is named like a hook but is none would never be called."""
    known = {hook for _owner, spec in generated.specs(registry) for hook in generated.hooks_of(spec)}
    module = registry.plugins.modules[name]
    for attribute, value in vars(module).items():
        if attribute in known and callable(value) and getattr(value, "__module__", "") == module.__name__ and not hasattr(value, f"{PROJECT}_impl"):
            yield f"plugin.py: {attribute} lacks @hookimpl"
        if attribute.startswith("register_") and attribute not in known and callable(value):
            yield f"plugin.py: there is no hook {attribute}"


def _rights(name: str, registry: Registry) -> Iterator[str]:
    """That every right used is registered, and every route asks one, is checked at each start."""
    for owned in registry.owned("permissions"):
        if owned.plugin == name and not _PERMISSION.match(owned.item.name):
            yield f"right {owned.item.name!r} is not named noun.verb"


def _tables(manifest: Manifest, package: str) -> Iterator[str]:
    for mapper in db_models():
        if not f"{mapper.class_.__module__}.".startswith(f"{package}."):
            continue
        table = str(getattr(mapper.local_table, "name", ""))
        if not table.startswith(manifest.tables_start_with):
            yield f"table {table} must start with {manifest.tables_start_with}"
        if not issubclass(mapper.class_, Tenant):
            yield f"table {table} belongs to no organisation: derive from TenantOwned, Shared or FederationReadable"


def _texts(name: str, registry: Registry) -> Iterator[str]:
    """What people read of declarations is there in all languages, and fields say why they ask."""
    for owned in registry.owned("extra_fields"):
        if owned.plugin != name:
            continue
        field = owned.item
        if not field.purpose:
            yield f"field {field.key}: no purpose; say why it is asked"
        if not _NAME.match(field.key):
            yield f"field {field.key}: a key has small letters, digits and _"
        yield from _languages(f"field {field.key}", (field.label, *([field.help] if field.help else ()), *(label for _value, label in field.choices)))
    for owned in registry.owned("functions"):
        if owned.plugin == name and isinstance(owned.item.title, Words):
            yield from _languages(f"function {owned.item.key}", [owned.item.title])
    types: Any = getattr(registry.plugins.modules[name], "register_membership_types", list)
    for declared in types():
        yield from _languages(f"membership type {declared.key}", [declared.name])


def _languages(what: str, texts: Iterable[Mapping[str, str]]) -> Iterator[str]:
    missing = sorted({language for text in texts for language in LANGUAGES if not text.get(language)})
    if missing:
        yield f"{what}: no text in {', '.join(missing)}"


def _files(folder: Path, manifest: Manifest, registry: Registry) -> Iterator[str]:
    readme = folder / "README.md"
    if not readme.exists() or not readme.read_text("utf-8").startswith("# "):
        yield "README.md is missing, or has no heading"
    if not any((folder / "tests").glob("test_*.py")):
        yield "tests/test_*.py: no tests"
    files = list(house.python_files(folder))
    requires = {plugin: found.imports for plugin, found in registry.plugins.manifests.items()}
    yield from house.raw_sql(files)
    if folder.is_relative_to(house.ROOT):
        yield from house.wrong_way_imports(files, requires)
        yield from house.junk_drawers(files)
    if manifest.kind == "federation":
        yield from house.past_the_door(files)
