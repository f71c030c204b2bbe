"""What an operation of the API is: the value from which its route, its checks and its description are made."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from flask import request

from blog.domain.errors import BadFilter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Response

    from blog.auth.scopes import Right

PREFIX: Final = "/api/v1"
MAX_PAGE: Final = 1_000_000
MAX_LIMIT: Final = 100
LIMIT: Final = 30
# What JSON's numbers hold exactly in every language.
MAX_POSITION: Final = 2**53 - 1
_WHOLE: Final = re.compile(r"[0-9]{1,16}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query, with its JSON schema; ``many`` may be given several times."""

    name: str
    about: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: its method and path, what it takes to be allowed, and what it answers.

    ``takes`` and ``answers`` name schemas; ``errors`` are the statuses besides those that any
    operation may answer. ``versioned`` says that it takes ``If-Match``, and ``dated`` that its
    answer has an ``ETag``.
    """

    method: str
    path: str
    name: str
    summary: str
    right: Right
    view: Callable[..., Response]
    parameters: tuple[Parameter, ...] = ()
    takes: str = ""
    media: tuple[str, ...] = ("application/json",)
    status: int = 200
    answers: str = ""
    errors: tuple[int, ...] = ()
    versioned: bool = False
    dated: bool = False

    @property
    def rule(self) -> str:
        """The path as Flask spells it; what is in braces is a whole number."""
        return re.sub(r"\{(\w+)\}", r"<int:\1>", self.path)


PAGE: Final = Parameter(
    "page", "Which page.", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1}
)
PER_PAGE: Final = Parameter(
    "limit", "How many to a page.", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": LIMIT}
)
SINCE: Final = Parameter(
    "since",
    "The `last` of the answer before; 0 to begin with.",
    {"type": "integer", "minimum": 0, "maximum": MAX_POSITION, "default": 0},
)


def whole(parameter: Parameter) -> int:
    """Read a whole number from the query, within the limits of its schema.

    Raises:
        BadFilter: it is none, or not within them.
    """
    name, schema = parameter.name, parameter.schema
    given = request.args.getlist(name)
    if not given:
        return int(schema["default"])
    least, most = schema["minimum"], schema["maximum"]
    if len(given) > 1 or not _WHOLE.fullmatch(given[0]) or not least <= int(given[0]) <= most:
        raise BadFilter(f"“{name}” takes one whole number, from {least:,} to {most:,}.")
    return int(given[0])


def refuse_unknown(operation: Operation) -> None:
    """Refuse parameters that the operation does not have: one that is misspelled must not widen the answer.

    Raises:
        BadFilter: there are some.
    """
    unknown = set(request.args) - {one.name for one in operation.parameters}
    if unknown:
        known = ", ".join(one.name for one in operation.parameters) or "none"
        raise BadFilter(f"There is no parameter “{min(unknown)[:80]}” here; there are: {known}.")
