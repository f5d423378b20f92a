"""The rules of the house, as functions over a source tree: each returns what breaks it.

Authors of plugins may run them on their own folder:

    assert house.raw_sql(house.python_files(Path("my_plugin"))) == []
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

JUNK_DRAWERS = {"util", "utils", "helper", "helpers", "common", "misc", "shared", "tools"}
LONGEST_FILE = 450
LONGEST_TEST_FILE = 700
LONGEST_FUNCTION = 70
#: places that may speak SQL or Core to the database, and why
SQL_MAY = {
    "core/db.py": "the few bulk statements we allow",
    "core/bulk.py": "the part of insert_rows() for SQLite",
    "core/rls.py": "policies of PostgreSQL, and SET LOCAL for them",
    "core/lists/search_index.py": "the full-text index of SQLite",
    "core/audit/append_only.py": "triggers",
    "core/fields/expressions.py": "keys of extra fields, which an index of SQLite needs literally",
    "core/migrations/": "changes of the schema",
    "core/backup/tables.py": "tables as they are stored, past the models",
    "core/testing/": "databases made and thrown away",
    "core/bench/": "yardsticks: the same work in bare SQL",
    "plugins/invoices/bench.py": "a yardstick too",
    "plugins/statistics/bench.py": "a yardstick too",
}
_SQL_CALLS = {
    "text", "insert", "literal_column", "exec_driver_sql", "executemany", "executescript",
    "bulk_insert_mappings", "bulk_save_objects", "bulk_update_mappings",
}  # fmt: skip


def python_files(*folders: Path, tests: bool = False) -> Iterator[Path]:
    """Python files below these folders; those of tests only when asked."""
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            if "node_modules" not in file.parts and (tests or "tests" not in file.relative_to(folder.parent).parts):
                yield file


def our_files(*, tests: bool = False) -> list[Path]:
    """Python files of the core, the plugins and the federations."""
    return list(python_files(*(ROOT / name for name in ("core", "plugins", "federations", *(("tests",) if tests else ()))), tests=tests))


def tracked_files(root: Path = ROOT) -> list[Path]:
    """Files in git; those on disk when this is no git checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode:
        return [path for path in root.rglob("*") if path.is_file() and not {".venv", ".git", "instance", "site"} & set(path.relative_to(root).parts)]
    return [path for name in listed.stdout.split("\0") if name and (path := root / name).is_file()]


def shown(file: Path) -> str:
    return file.relative_to(ROOT).as_posix() if file.is_relative_to(ROOT) else file.name


def junk_drawers(files: Iterable[Path]) -> list[str]:
    """Modules and folders whose name does not say what is in them."""
    return [shown(file) for file in files if {file.stem, *(file.relative_to(ROOT).parent.parts if file.is_relative_to(ROOT) else ())} & JUNK_DRAWERS]


def _is_migration(file: Path) -> bool:
    """Written by `koepel make-migration`: core/migrations/versions/*.py and <plugin>/migrations/*.py."""
    return file.parent.name == "versions" or (file.parent.name == "migrations" and "plugins" in file.parts)


def too_long(files: Iterable[Path]) -> list[str]:
    """Files and functions nobody reads to the end. A migration is a list that Alembic writes."""
    found = []
    for file in files:
        if _is_migration(file):
            continue
        source = file.read_text(encoding="utf-8")
        most = LONGEST_TEST_FILE if "tests" in file.parts else LONGEST_FILE
        lines = source.count("\n")
        found += [f"{shown(file)}: {lines} lines, at most {most}"] if lines > most else []
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION:
                found.append(f"{shown(file)}:{node.lineno}: {node.name} has {length} lines, at most {LONGEST_FUNCTION}")
    return found


def raw_sql(files: Iterable[Path]) -> list[str]:
    """Statements that the tenancy guard does not see, outside the few places that may make them."""
    found = []
    for file in files:
        name = shown(file)
        is_migration = "/migrations/" in f"/{name}" and not name.startswith("core/")
        if is_migration or any(name.startswith(place) for place in SQL_MAY):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = _names_from_sqlalchemy(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (what := _sql_call(node, imported)):
                found.append(f"{name}:{node.lineno}: {what}")
    return found


def _names_from_sqlalchemy(tree: ast.Module) -> set[str]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")]
    return {alias.asname or alias.name for node in found for alias in node.names}


def _sql_call(node: ast.Call, imported: set[str]) -> str | None:
    called = node.func
    if isinstance(called, ast.Name):
        return f"{called.id}()" if called.id in _SQL_CALLS & imported else None
    if not isinstance(called, ast.Attribute):
        return None
    owner = called.value.id if isinstance(called.value, ast.Name) else ""
    if owner in ("sa", "sqlalchemy") and called.attr in _SQL_CALLS:
        return f"{owner}.{called.attr}()"
    if called.attr in _SQL_CALLS - {"text", "insert"}:
        return f".{called.attr}()"
    is_text = bool(node.args) and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
    return f".{called.attr}() of a string" if called.attr in ("execute", "scalar", "scalars") and is_text else None


def reasonless_exceptions(files: Iterable[Path]) -> list[str]:
    """`noqa` without the reason behind it: `# noqa: PLC0415 -- slow import`."""
    found = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"#\s*noqa\b", line) and not re.search(r"#\s*noqa: [A-Z0-9, ]+ -- \S", line):
                found.append(f"{shown(file)}:{number}: {line.strip()[:100]}")
    return found


def imports_of(file: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of every import in a file, also those inside functions and for the type checker."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


def wrong_way_imports(files: Iterable[Path], requires: dict[str, tuple[str, ...]]) -> list[str]:
    """Imports against federations -> plugins -> core, past another plugin's `api`, or of one not required.

    requires: plugin -> the plugins its manifest names.
    """
    found = []
    for file in files:
        parts = Path(shown(file)).parts
        package, plugin = parts[0], (parts[1].removesuffix(".py") if len(parts) > 1 else "")
        for line, module in imports_of(file):
            top, _dot, rest = module.partition(".")
            other, _dot, inside = rest.partition(".")
            where = f"{shown(file)}:{line}: {module}"
            if package == "core" and top in ("plugins", "federations"):
                found.append(f"{where}: the core knows no plugin")
            elif package == "core" and module.startswith("core.testing") and plugin not in ("testing", "bench"):
                found.append(f"{where}: this is for tests")
            elif package == "plugins" and top == "federations":
                found.append(f"{where}: a plugin knows no federation")
            elif top in ("plugins", "federations") and other and (top, other) != (package, plugin):
                if inside.partition(".")[0] not in ("api", "hookspecs"):
                    found.append(f"{where}: only its api and hookspecs are for others")
                elif other not in requires.get(plugin, ()):
                    found.append(f"{where}: the manifest of {plugin} does not require {other}")
    return list(dict.fromkeys(found))


def past_the_door(files: Iterable[Path]) -> list[str]:
    """Imports of the core by a federation other than through core.api."""
    return list(
        dict.fromkeys(
            f"{shown(file)}:{line}: {module}"
            for file in files
            for line, module in imports_of(file)
            if module.split(".")[0] == "core" and module != "core" and module.split(".")[1] not in ("api", "testing")
        )
    )


_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\b(src|nonce|type=\"application/json\")\b)[^>]*>", re.IGNORECASE)
_HANDLER = re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=\s*[\"']", re.IGNORECASE)
_ELSEWHERE = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE)


def unsafe_templates(files: Iterable[Path]) -> list[str]:
    """What the Content-Security-Policy would stop in a browser: handlers, scripts without nonce, other sites."""
    found = []
    for file in files:
        text = file.read_text(encoding="utf-8")
        for what, pattern in (("inline handler", _HANDLER), ("script without nonce", _INLINE_SCRIPT), ("from another site", _ELSEWHERE)):
            found += [f"{shown(file)}:{text.count(chr(10), 0, match.start()) + 1}: {what}" for match in pattern.finditer(text)]
    return found


def lock_problems(lock: str, requirements: Iterable[str]) -> list[str]:
    """Addresses in the lock file, lines without hash, and requirements it lacks or contradicts."""
    from packaging.requirements import Requirement  # noqa: PLC0415 -- optional dependency: comes with the tools for tests

    found = [f"an address: {line.strip()}" for line in lock.splitlines() if re.search(r"https?://|^\s*-(i|f|-index|-find|-extra|-trusted)", line)]
    locked: dict[str, str] = {}
    for block in re.split(r"\n(?=[a-zA-Z0-9])", lock):
        match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\\n]+)", block)
        if match is None:
            continue
        locked[_normal(match[1])] = match[2]
        found += [f"{match[1]} has no hash"] if "--hash=sha256:" not in block else []
    for text in requirements:
        wanted = Requirement(text)
        version = locked.get(_normal(wanted.name))
        if version is None:
            found.append(f"{wanted.name} is not locked")
        elif not wanted.specifier.contains(version, prereleases=True):
            found.append(f"{wanted} is locked to {version}")
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


#: hosts and places that are nobody's business, written in two parts so that this file is clean
FOREIGN_WORDS = (
    "pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "deb.debian" + ".org", "unpkg" + ".com", "jsdelivr" + ".net", "fonts.googleapis" + ".com",
    "googletag" + "manager", "/work/" + "main", "/work/" + "shared",
)  # fmt: skip


def foreign_words(files: Iterable[Path], *, skip: Iterable[str] = ()) -> list[str]:
    """Addresses of package registries and public CDNs, and paths of one machine, in files of text."""
    left_out = tuple(skip)
    found = []
    for file in files:
        if shown(file).startswith(left_out):
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{shown(file)}: {word}" for word in FOREIGN_WORDS if word in text]
    return found
