"""The OpenAPI 3.1 document, made from the declarations of the resources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import current_app

from core.extend.registry import registry
from core.i18n import _
from core.lists.filters import Filter
from core.rest.fields import ApiField
from core.rest.resource import CoreRestApi

VERSION = "1.0"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
ETAG = {"ETag": {"description": "The version of the row.", "schema": {"type": "string"}}}


def document(resources: Iterable[type[CoreRestApi]]) -> dict[str, Any]:
    """Everything these resources offer."""
    found = list(resources)
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Problem": _problem()}
    for resource in found:
        schemas |= _schemas(resource)
        paths |= _paths(resource)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Koepel", "version": VERSION, "description": str(_("Use an API key of your organisation: Settings, API keys."))},
        "servers": [{"url": current_app.config["KOEPEL"].public_url.rstrip("/")}],
        "security": [{"key": []}],
        "tags": [{"name": r.resource, "description": str(r.description or r.title)} for r in found],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer koepel_..."}},
        },
    }


def _problem() -> dict[str, Any]:
    properties = {"code": {"type": "integer"}, "message": {"type": "string"}, "field": {"type": "string"}, "request_id": {"type": "string"}}
    return {"type": "object", "required": ["code", "message", "request_id"], "properties": properties}


def _name(resource: type[CoreRestApi]) -> str:
    return "".join(part.title() for part in resource.resource.split("-"))


def _schemas(resource: type[CoreRestApi]) -> dict[str, Any]:
    name = _name(resource)
    found = {name: _object(resource.fields)}
    writable = [field for field in resource.fields if field.writable]
    if "create" in resource.changes:
        found[f"{name}New"] = _object(writable, required=[field.name for field in writable if field.required], closed=True)
    if "change" in resource.changes:
        found[f"{name}Change"] = _object(writable, closed=True)
    for action in resource.actions:
        if action.fields:
            required = [field.name for field in action.fields if field.required]
            found[f"{name}{action.name.title().replace('-', '')}"] = _object(action.fields, required=required, closed=True)
    return found


def _object(fields: Sequence[ApiField], *, required: Sequence[str] = (), closed: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": {field.name: field.schema() for field in fields}}
    if required:
        found["required"] = list(required)
    if closed:
        found["additionalProperties"] = False
    return found


def _paths(resource: type[CoreRestApi]) -> dict[str, Any]:
    base = f"/api/v1/o/{{org}}/{resource.resource}"
    one = base if resource.is_single else f"{base}/{{id}}"
    name, found = _name(resource), {}
    parameters = [_parameter("org", "path", "string", str(_("The organisation, as in the address of its pages.")))]
    of_row = parameters if resource.is_single else [*parameters, _parameter("id", "path", "integer", "")]
    if resource.definition is not None:
        found[base] = {"parameters": parameters, "get": _operation(resource, "list", _("List"), "read", {"200": _page(name)}, _list_parameters(resource))}
    if "create" in resource.changes:
        made = _answer(name, _("Made."), versioned=resource.is_versioned)
        found.setdefault(base, {"parameters": parameters})["post"] = _operation(
            resource, "create", _("Add"), "write", {"201": made}, [_header("Idempotency-Key", False)], f"{name}New"
        )
    shown = _answer(name, _("Found."), versioned=resource.is_versioned)
    row: dict[str, Any] = {"parameters": of_row, "get": _operation(resource, "show", _("Show one"), "read", {"200": shown})}
    match = [_header("If-Match", True)] if resource.is_versioned else []
    if "change" in resource.changes:
        row["patch"] = _operation(resource, "change", _("Change"), "write", {"200": shown}, match, f"{name}Change")
    if "remove" in resource.changes:
        row["delete"] = _operation(resource, "remove", _("Remove"), "write", {"204": {"description": str(_("Removed."))}}, match)
    found[one] = {**found.get(one, {}), **row}
    for action in resource.actions:
        takes = f"{name}{action.name.title().replace('-', '')}" if action.fields else None
        operation = _operation(resource, action.name, action.title, "write", {"200": shown}, [_header("Idempotency-Key", False)], takes)
        found[f"{one}/{action.name}"] = {"parameters": of_row, "post": operation}
    for path, method, operation in resource.more_paths():
        about: dict[str, Any] = {"operationId": f"{resource.resource}_{path.rpartition('/')[2]}", "tags": [resource.resource]}
        found.setdefault(f"{base}{path}", {"parameters": of_row})[method] = about | operation
    return found


def _operation(
    resource: type[CoreRestApi], verb: str, title: Any, scope: str, answers: dict[str, Any], parameters: Sequence[Any] = (), takes: str | None = None
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": f"{resource.resource}_{verb}".replace("-", "_"),
        "tags": [resource.resource],
        "summary": f"{title}: {resource.title}",
        "description": str(_("Scope: %(scope)s", scope=f"{resource.resource}:{scope}")),
        "responses": {**answers, "default": {"description": str(_("Refused; the message says why.")), "content": {"application/json": {"schema": PROBLEM}}}},
    }
    if parameters:
        found["parameters"] = list(parameters)
    if takes:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{takes}"}}}}
    return found


def _answer(name: str, text: str, *, versioned: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"description": text, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
    return {**found, "headers": ETAG} if versioned else found


def _page(name: str) -> dict[str, Any]:
    page = {
        "type": "object",
        "properties": {
            "size": {"type": "integer"},
            "total": {"type": "integer"},
            "total_is_capped": {"type": "boolean", "description": str(_("There are at least so many."))},
            "next": {"type": ["string", "null"]},
            "previous": {"type": ["string", "null"]},
        },
    }
    schema = {"type": "object", "properties": {"data": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}, "page": page}}
    return {"description": str(_("A page of the list.")), "content": {"application/json": {"schema": schema}}}


def _list_parameters(resource: type[CoreRestApi]) -> list[dict[str, Any]]:
    definition = resource.definition
    if definition is None:
        return []
    names = {definition.name, definition.shares}
    filters: list[Filter] = [*definition.filters, *(f for f in registry().all("filters") if f.list_name in names)]
    sorts = [c.name for c in (*definition.columns, *(c for c in registry().all("columns") if c.list_name in names)) if c.order_by is not None]
    orders = [*sorts, *(f"-{name}" for name in sorts)]
    found = [
        {**_parameter("sort", "query", "string", str(_("A minus before it sorts downwards."))), "schema": {"type": "string", "enum": orders}},
        {**_parameter("size", "query", "integer", ""), "schema": {"type": "integer", "enum": [25, 50, 100], "default": 25}},
        _parameter("at", "query", "string", str(_("A place in the list; take the address in “next”."))),
    ]
    if definition.search is not None:
        found.append(_parameter("q", "query", "string", str(definition.search_hint)))
    for each in sorted(filters, key=lambda f: f.position):
        for operator in each.allowed_operators:
            found.append(_parameter(f"f.{each.name}.{operator}", "query", "string", str(each.label)))
    return found


def _parameter(name: str, place: str, kind: str, text: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": place, "required": place == "path", "schema": {"type": kind}}
    return {**found, "description": text} if text else found


def _header(name: str, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "schema": {"type": "string"}}
