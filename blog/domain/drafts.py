"""A draft, or one field of it, as JSON: for what has to be kept as its source said it."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from blog.domain.entry import Draft, Kind, Markup, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMES: Final = ("published", "updated")


def draft_to_json(draft: Draft) -> dict[str, Any]:
    """Return all that a draft says."""
    return {field.name: field_to_json(draft, field.name) for field in fields(Draft)}


def field_to_json(draft: Draft, name: str) -> Any:
    """Return what a draft says in one field: a text, a number, a list of tags, a time as ISO 8601 has it."""
    value = getattr(draft, name)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return sorted(value) if name == "tags" else list(value)
    return value.value if isinstance(value, Kind | Markup | Status) else value


def draft_from_json(said: Mapping[str, Any]) -> Draft:
    """Read what ``draft_to_json`` wrote."""
    return Draft(**{name: field_from_json(name, value) for name, value in said.items()})


def field_from_json(name: str, value: Any) -> Any:
    """Read what ``field_to_json`` wrote."""
    if name in _TIMES:
        return datetime.fromisoformat(value) if value else None
    if name == "tags":
        return tuple(value)
    return _ENUMS[name](value) if name in _ENUMS else value


_ENUMS: Final = {"kind": Kind, "markup": Markup, "status": Status}
