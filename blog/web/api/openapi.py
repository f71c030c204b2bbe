"""The API described in OpenAPI 3.1, made from the table of its operations."""

from __future__ import annotations

import re
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from blog.auth.scopes import GRANTED_BY
from blog.domain.entry import Kind, Markup, Status
from blog.web.api.fields import schema
from blog.web.problems import PROBLEM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blog.web.api.operation import Operation

# What any operation may answer, as it looks at the token and the query first.
_ALWAYS: Final = (400, 401, 403, 429)
_WITH_BODY: Final = (413, 415, 422)
_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer", "minimum": 0}
_TIME: Final = {"type": "string", "format": "date-time"}
_TIME_OR_NONE: Final = {"type": ["string", "null"], "format": "date-time"}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [*properties],
        "properties": properties,
    }


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_PAGING: Final = {"total": _WHOLE, "page": _WHOLE, "pages": _WHOLE}
_ENTRY: Final = _object(
    id=_WHOLE,
    version=_WHOLE,
    atom_id=_TEXT,
    permalink=_TEXT,
    published=_TIME,
    updated=_TIME,
    kind={"type": "string", "enum": [kind.value for kind in Kind]},
    status={"type": "string", "enum": [status.value for status in Status]},
    title=_TEXT,
    slug=_TEXT,
    body=_TEXT,
    markup={"type": "string", "enum": [markup.value for markup in Markup]},
    url=_TEXT,
    via_url=_TEXT,
    via_title=_TEXT,
    citation=_TEXT,
    context=_TEXT,
    image_url=_TEXT,
    image_alt=_TEXT,
    tags={"type": "array", "items": _TEXT},
    series=_TEXT,
    series_order={"type": ["integer", "null"]},
    source=_TEXT,
    external_id=_TEXT,
    html=_TEXT,
    words=_WHOLE,
)
_WHAT: Final = ["created", "updated", "deleted", "names", "new_names", "settings"]
SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "Entry": _ENTRY,
    "NewEntry": schema(is_new=True),
    "EntryFields": schema(),
    "EntryPatch": schema(is_patch=True),
    "Entries": _object(entries=_list("Entry"), **_PAGING, next={"type": ["string", "null"]}, web=_TEXT),
    "Change": _object(
        id=_WHOLE,
        at=_TIME,
        what={"type": "string", "enum": _WHAT},
        entry_id={"type": ["integer", "null"]},
        entry={"oneOf": [{"$ref": "#/components/schemas/Entry"}, {"type": "null"}]},
    ),
    "Changes": _object(changes=_list("Change"), last=_WHOLE, more={"type": "boolean"}),
    "Tag": _object(slug=_TEXT, name=_TEXT, count=_WHOLE, description=_TEXT, web=_TEXT),
    "Tags": _object(tags=_list("Tag"), **_PAGING),
    "Source": _object(slug=_TEXT, name=_TEXT, count=_WHOLE),
    "Sources": _object(sources=_list("Source")),
    "Import": _object(
        id=_WHOLE,
        by=_TEXT,
        label=_TEXT,
        importer=_TEXT,
        state=_TEXT,
        error=_TEXT,
        options={"type": "object"},
        counts={"type": "object", "additionalProperties": {"type": "integer"}},
        done=_WHOLE,
        expected={"type": ["integer", "null"]},
        started=_TIME,
        finished=_TIME_OR_NONE,
    ),
    "Imports": _object(imports=_list("Import"), **_PAGING),
    "Description": {"type": "object"},
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "errors": {"type": "array", "items": _object(pointer=_TEXT, detail=_TEXT)},
        },
    },
}


def document(operations: Sequence[Operation], server: str) -> dict[str, Any]:
    """Return the description of these operations, at this address."""
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _described(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Crosstag",
            "version": version("crosstag"),
            "description": "Reads and writes the blog. Every operation needs a token: see /admin/tokens/.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(one: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"Needs the scope {' or '.join(f'`{scope}`' for scope in GRANTED_BY[one.right])}.",
        "parameters": [*_of_path(one), *_of_query(one), *_of_headers(one)],
        "responses": {str(one.status): _success(one)}
        | {str(status): _problem(status) for status in _errors(one)},
    }
    if one.dated and one.method == "GET":
        said["responses"]["304"] = {"description": "You have it already."}
    if one.takes:
        content = {media: {"schema": {"$ref": f"#/components/schemas/{one.takes}"}} for media in one.media}
        said["requestBody"] = {"required": True, "content": content}
    return said


def _of_path(one: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)\}", one.path)
    number = {"type": "integer", "minimum": 0, "examples": [1]}
    return [{"name": name, "in": "path", "required": True, "schema": number} for name in names]


def _of_query(one: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": parameter.name,
            "in": "query",
            "description": parameter.about,
            "schema": {"type": "array", "items": parameter.schema, "maxItems": 20}
            if parameter.many
            else parameter.schema,
        }
        for parameter in one.parameters
    ]


def _of_headers(one: Operation) -> list[dict[str, Any]]:
    if not one.versioned:
        return []
    about = "The ETag of the entry that the change is made from, or * for whatever is there."
    spelled = {"type": "string", "pattern": r"\S", "examples": ["*"]}
    return [{"name": "If-Match", "in": "header", "required": True, "description": about, "schema": spelled}]


def _errors(one: Operation) -> list[int]:
    versioned = (412, 428) if one.versioned else ()
    return sorted({*_ALWAYS, *(_WITH_BODY if one.takes else ()), *versioned, *one.errors})


def _success(one: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {"description": HTTPStatus(one.status).phrase}
    if one.answers:
        said["content"] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{one.answers}"}}}
    headers = {}
    if one.dated:
        headers["ETag"] = {"description": "The entry's version.", "schema": _TEXT}
    if one.status == 201:
        headers["Location"] = {"description": "Where the entry is.", "schema": _TEXT}
    return said | ({"headers": headers} if headers else {})


def _problem(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
