"""The API's table of operations, which makes its routes, its checks and its description."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, request
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import HTTPException

from blog.auth.scopes import Right
from blog.domain.addresses import SEARCH_PARAMETERS
from blog.domain.errors import CrosstagError
from blog.queries.listings import STATUSES
from blog.web import problems
from blog.web.api import entries, lists
from blog.web.api.answers import MOST_BYTES, as_json
from blog.web.api.openapi import document
from blog.web.api.operation import PAGE, PER_PAGE, PREFIX, SINCE, Operation, Parameter, refuse_unknown
from blog.web.bearer import require
from blog.web.context import base_url

if TYPE_CHECKING:
    from flask import Response

api: Final = Blueprint("api", __name__, url_prefix=PREFIX)

_SEVERAL: Final = {"tag", "exclude.tag", "type"}
_FILTER: Final = tuple(
    Parameter(name, "A term of the filter; see docs/filters.md.", many=name in _SEVERAL)
    for name in SEARCH_PARAMETERS
)
_STATUS: Final = Parameter(
    "status",
    "What is not published too: entries of this status, by the same terms.",
    {"type": "string", "enum": [*STATUSES]},
)
_ENTRY: Final = "/entries/{entry_id}"


def _description() -> Response:
    return as_json(document(OPERATIONS, base_url() + PREFIX))


OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/entries",
        name="listEntries",
        summary="List entries by any filter, newest first.",
        right=Right.READ,
        view=entries.listing,
        parameters=(*_FILTER, _STATUS, PAGE, PER_PAGE),
        answers="Entries",
        errors=(404,),
    ),
    Operation(
        method="POST",
        path="/entries",
        name="createEntry",
        summary="Make an entry.",
        right=Right.CREATE,
        view=entries.create,
        takes="NewEntry",
        status=201,
        answers="Entry",
        errors=(409,),
        dated=True,
    ),
    Operation(
        method="GET",
        path=_ENTRY,
        name="getEntry",
        summary="Read one entry.",
        right=Right.READ,
        view=entries.show,
        answers="Entry",
        errors=(404,),
        dated=True,
    ),
    Operation(
        method="PUT",
        path=_ENTRY,
        name="replaceEntry",
        summary="Make an entry what is sent: what is left out is emptied, but for its address and its time.",
        right=Right.UPDATE,
        view=entries.put,
        takes="EntryFields",
        answers="Entry",
        errors=(404, 409),
        versioned=True,
        dated=True,
    ),
    Operation(
        method="PATCH",
        path=_ENTRY,
        name="changeEntry",
        summary="Change some fields of an entry (a JSON merge patch: null empties a field).",
        right=Right.UPDATE,
        view=entries.patch,
        takes="EntryPatch",
        media=("application/json", entries.MERGE_PATCH),
        answers="Entry",
        errors=(404, 409),
        versioned=True,
        dated=True,
    ),
    Operation(
        method="DELETE",
        path=_ENTRY,
        name="deleteEntry",
        summary="Delete an entry. Its last words are kept, so that it can be brought back.",
        right=Right.DELETE,
        view=entries.remove,
        status=204,
        errors=(404,),
        versioned=True,
    ),
    Operation(
        method="GET",
        path="/changes",
        name="listChanges",
        summary="Tell what was made, changed and deleted since, in order.",
        right=Right.READ,
        view=lists.changes,
        parameters=(SINCE, PER_PAGE),
        answers="Changes",
    ),
    Operation(
        method="GET",
        path="/tags",
        name="listTags",
        summary="List the tags in use, the biggest first.",
        right=Right.READ,
        view=lists.tags,
        parameters=(PAGE, PER_PAGE),
        answers="Tags",
        errors=(404,),
    ),
    Operation(
        method="GET",
        path="/sources",
        name="listSources",
        summary="List where entries come from.",
        right=Right.READ,
        view=lists.sources,
        answers="Sources",
    ),
    Operation(
        method="GET",
        path="/imports",
        name="listImports",
        summary="List the imports, the newest first.",
        right=Right.READ,
        view=lists.imports,
        parameters=(PAGE, PER_PAGE),
        answers="Imports",
        errors=(404,),
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        name="describe",
        summary="This description.",
        right=Right.ANY,
        view=_description,
        answers="Description",
    ),
)


def _answer(operation: Operation, **values: Any) -> Response:
    request.max_content_length = MOST_BYTES
    require(operation.right)
    refuse_unknown(operation)
    return operation.view(**values)


for _one in OPERATIONS:
    api.add_url_rule(_one.rule, _one.name, partial(_answer, _one), methods=[_one.method])

api.register_error_handler(CrosstagError, problems.of_crosstag)
api.register_error_handler(HTTPException, problems.of_http)
api.register_error_handler(IntegrityError, problems.of_integrity)
