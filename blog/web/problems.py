"""Errors for programs: problem details as JSON (RFC 9457), each with a sentence for whoever reads the log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from flask import Response

from blog.changes.columns import BadDraft
from blog.changes.entries import EditedMeanwhile
from blog.domain.errors import BadFilter, BadTag, CrosstagError, NotThere
from blog.web.bearer import BearerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.exc import IntegrityError
    from werkzeug.exceptions import HTTPException

PROBLEM: Final = "application/problem+json"
_OTHER: Final = "Nothing lives at this address of the API; /api/v1/openapi.json says what there is."


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one field: where it is, as a JSON pointer (RFC 6901), and what is wrong."""

    pointer: str
    detail: str


class BadBody(CrosstagError):
    """What was sent cannot be read as what it is to be; ``mistakes`` names each field."""

    def __init__(self, sentence: str, mistakes: Sequence[Mistake] = (), status: int = 422) -> None:
        super().__init__(sentence)
        self.mistakes = tuple(mistakes)
        self.status = status


class NeedsVersion(CrosstagError):
    """A change comes without the version that it was made from."""


class Taken(CrosstagError):
    """There is such an entry already."""


_STATUSES: Final[tuple[tuple[type[CrosstagError], int], ...]] = (
    (BadFilter, 400),
    (NotThere, 404),
    (Taken, 409),
    (EditedMeanwhile, 412),
    (BadDraft, 422),
    (BadTag, 422),
    (NeedsVersion, 428),
)


def problem(status: int, sentence: str, **more: Any) -> Response:
    """Return an error as a program wants it."""
    said = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
    return Response(json.dumps(said | more, ensure_ascii=False), status, content_type=PROBLEM)


def of_crosstag(error: CrosstagError) -> Response:
    """Turn an error of ours into a problem."""
    if isinstance(error, BearerError):
        response = problem(error.status, error.sentence)
        response.headers["WWW-Authenticate"] = error.challenge
        return response
    if isinstance(error, BadBody):
        listed = [{"pointer": one.pointer, "detail": one.detail} for one in error.mistakes]
        return problem(error.status, error.sentence, **({"errors": listed} if listed else {}))
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 400)
    return problem(status, error.sentence)


def of_http(error: HTTPException) -> Response:
    """Turn what Flask refuses by itself into a problem; what tells the client how to go on is kept."""
    status = error.code or 500
    response = problem(status, _OTHER if status == 404 else error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def of_integrity(_error: IntegrityError) -> Response:
    """Two programs wrote the same at once, and the database let one of them."""
    return problem(409, "Another program has just written the same entry.")
