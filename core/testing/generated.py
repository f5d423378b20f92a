"""Pages that are written from the code: the door, hooks, rights and settings. `make generated` writes them, a test compares."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core import api
from core import config as configuration
from core.access import Permission
from core.config import ROOT, Config
from core.extend.hookspecs import PROJECT, CoreHooks
from core.extend.registry import KEYS, Registry

NOTE = "<!-- Written by `make generated`; change the code, not this page. -->"
PREFIXES = {
    "register_": "Called once, at start, on every enabled plugin; returns a list.",
    "asks": "Asked of the plugins that are active in the organisation at hand.",
    "tells": "Told to every enabled plugin, inside the transaction of the change: an exception undoes everything.",
}


def load_registry() -> Registry:
    """The registry of an application with everything that is installed here."""
    from core.app import create_app  # noqa: PLC0415 -- slow import

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(configuration.load({}, environment="test", instance_dir=Path(folder), embedded_worker=False))
        found: Registry = app.extensions["koepel"]
    return found


def specs(registry: Registry) -> list[tuple[str, type]]:
    """(who asks, class of hook specifications): the core's, then those of plugins."""
    return [("core", CoreHooks), *((name, spec) for name in registry.plugins.order if (spec := _spec_class(registry.plugins.modules[name])))]


def _spec_class(module: Any) -> type | None:
    """What a plugin gives pluggy as `hookspecs`: a class, or a module with one."""
    found = getattr(module, "hookspecs", None)
    if found is None or inspect.isclass(found):
        return found
    return next((c for c in vars(found).values() if inspect.isclass(c) and hooks_of(c)), None)


def hooks_of(spec: type) -> dict[str, Callable[..., Any]]:
    """The hooks a class of specifications declares, in their order."""
    return {name: value for name, value in vars(spec).items() if hasattr(value, f"{PROJECT}_spec")}


def implementers(registry: Registry, hook: str) -> list[str]:
    """Who implements a hook: "core" for a register_ hook with something of the core's own, and plugins."""
    kind = hook.removeprefix("register_")
    found = ["core"] if hook.startswith("register_") and kind in KEYS and any(owned.plugin == "core" for owned in registry.owned(kind)) else []
    return [*found, *(name for name in registry.plugins.order if hasattr(getattr(registry.plugins.modules[name], hook, None), f"{PROJECT}_impl"))]


def hooks_page(registry: Registry) -> str:
    lines = [
        "# Hooks", "", NOTE, "",
        "A plugin implements a hook by a function of that name in its `plugin.py`, marked `@hookimpl`.",
        "Leave out the arguments you do not need.", "",
    ]  # fmt: skip
    for owner, spec in specs(registry):
        lines += [f"## Hooks of {owner}", ""]
        for name, function in hooks_of(spec).items():
            arguments = ", ".join(p for p in inspect.signature(function).parameters if p != "self")
            answer = str(inspect.signature(function).return_annotation).replace("typing.", "")
            lines += [f"### `{name}({arguments}) -> {answer}`", "", inspect.getdoc(function) or "", "", kind_of(name, answer), ""]
            lines += [f"Implemented by: {', '.join(implementers(registry, name)) or 'nobody'}.", ""]
    return "\n".join(lines)


def kind_of(name: str, answer: str) -> str:
    if name.startswith("register_"):
        return PREFIXES["register_"]
    return PREFIXES["tells" if answer == "None" and name != "seed_demo" else "asks"]


def rights_page(registry: Registry) -> str:
    """Which role holds which right in a new installation."""
    roles = [role.name for role in registry.roles]
    lines = ["# Rights", "", NOTE, "", "Roles are held per organisation. A right is named `noun.verb`.", ""]
    lines += ["| Right | What it allows | From | " + " | ".join(f"`{role}`" for role in roles) + " |", "|---" * (3 + len(roles)) + "|"]
    for owned in sorted(registry.owned("permissions"), key=lambda owned: owned.item.name):
        permission: Permission = owned.item
        marks = " | ".join("yes" if role in permission.roles else "" for role in roles)
        lines.append(f"| `{permission.name}` | {_english(permission.title)} | {owned.plugin} | {marks} |")
    return "\n".join([*lines, ""])


def _english(text: Any) -> str:
    """The message id of a text: English, whatever language this process speaks."""
    arguments = getattr(text, "_args", None)
    return str(arguments[0]) if arguments else str(text)


def settings_page() -> str:
    lines = [
        "# Settings", "", NOTE, "",
        "Each setting is a line of `instance/koepel.toml` (start from `instance/koepel.example.toml`), or a variable of the",
        "environment, which wins: `KOEPEL_` and the name in capitals. A list is separated by commas in the environment.",
        "", "| Setting | Environment | Default | What it does |", "|---|---|---|---|",
    ]  # fmt: skip
    for name, field in Config.model_fields.items():
        lines.append(f"| `{name}` | `KOEPEL_{name.upper()}` | {_default(name, field.default)} | {field.description} |")
    lines += ["", "`KOEPEL_CONFIG` names another file, `HOST` and `PORT` are short for `KOEPEL_HOST` and `KOEPEL_PORT`.", ""]
    return "\n".join(lines)


def api_page() -> str:
    """What the door offers, with the words of each thing itself."""
    lines = ["# The door", "", NOTE, "", inspect.getdoc(api) or "", "", "## Names", ""]
    for name in api.__all__:
        item = getattr(api, name)
        lines += [f"### `{name}`", "", f"`{_signature(name, item)}`" if callable(item) else f"A {type(item).__name__}.", ""]
        text = inspect.getdoc(item) if callable(item) and getattr(item, "__module__", "").startswith("core") else None
        lines += ["```text", text, "```", ""] if text else []
    return "\n".join(lines)


def _signature(name: str, item: Any) -> str:
    try:
        signature = str(inspect.signature(item))
    except (TypeError, ValueError):
        signature = "(...)"
    if inspect.isclass(item):
        return f"class {name}" if len(signature) > 300 or signature == "(**kwargs)" else f"class {name}{signature}"
    return f"{name}{signature}"


def _default(name: str, value: Any) -> str:
    if name == "instance_dir":
        return "`instance/`"
    return "" if value in ("", (), None) else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def pages() -> dict[Path, str]:
    """Every generated page and what it should say."""
    registry = load_registry()
    hooks = hooks_page(registry)
    return {
        ROOT / "core" / "extend" / "HOOKS.md": hooks,
        ROOT / "docs" / "hooks.md": hooks,
        ROOT / "docs" / "api.md": api_page(),
        ROOT / "docs" / "rights.md": rights_page(registry),
        ROOT / "docs" / "settings.md": settings_page(),
    }


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
