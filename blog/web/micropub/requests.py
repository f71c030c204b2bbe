"""Reading a Micropub request: form, multipart or JSON become one value (sections 3.1 to 3.5)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from flask import request

from blog.domain.errors import CrosstagError
from blog.domain.pictures import PREFIX
from blog.web.bearer import FIELD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.datastructures import FileStorage

Properties = dict[str, list[Any]]
MOST_JSON: Final = 1_000_000
MOST_UPLOADED: Final = 60_000_000
# Where the token is a field of the form, so that it is read before it is known who sends it.
MOST_UNPROVEN: Final = 21_000_000
_MOST_VALUES: Final = 200
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_ENTRY: Final = "h-entry"
# "category[]" says that there are several; "content[html]" and "photo[0][alt]" name a part of a value.
_KEY: Final = re.compile(r"(?P<name>[\w-]+)(?:\[\d*\])?(?:\[(?P<part>[a-z]+)\])?")
_NO_PROPERTIES: Final = {"h", "action", "url", FIELD}


class BadRequest(CrosstagError):
    """The request cannot be understood, or asks for what cannot be (section 3.8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an update does to the properties of an entry (section 3.4)."""

    replace: Properties = field(default_factory=dict)
    add: Properties = field(default_factory=dict)
    delete: Properties = field(default_factory=dict)
    delete_whole: Sequence[str] = ()

    @property
    def names(self) -> set[str]:
        """The properties that it touches."""
        return {*self.replace, *self.add, *self.delete, *self.delete_whole}

    def at_home(self, base: str) -> Change:
        """Return the same with the blog's own pictures as it stores them."""
        replaced, added, deleted = (at_home(one, base) for one in (self.replace, self.add, self.delete))
        return Change(replace=replaced, add=added, delete=deleted, delete_whole=self.delete_whole)


def at_home(properties: Properties, base: str) -> Properties:
    """Return properties with the addresses of the blog's own pictures from its root, as they are stored."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict) and "value" in value:
            return value | {"value": bare(value["value"])}
        is_ours = isinstance(value, str) and value.startswith(base + PREFIX)
        return value.removeprefix(base) if is_ours else value

    return {name: [*map(bare, values)] if name == "photo" else values for name, values in properties.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a client sent. ``url`` names the entry that an action other than create is about."""

    action: str
    url: str = ""
    properties: Properties = field(default_factory=dict)
    change: Change = field(default_factory=Change)
    files: Sequence[FileStorage] = ()


def read_post() -> Post:
    """Read the request.

    Raises:
        BadRequest: it cannot be understood.
    """
    if request.mimetype in _FORMS:
        return _of_form()
    if request.mimetype == "application/json":
        return _of_json()
    raise BadRequest("Send a form, multipart, or application/json.")


def _of_form() -> Post:
    action = request.form.get("action", "create")
    if action == "create":
        _check_type(f"h-{request.form.get('h', 'entry')}")
        files = [one for name in request.files for one in request.files.getlist(name) if one.filename]
        unknown = {name for name in request.files if _property(name) != "photo"}
        if unknown:
            raise BadRequest(f"“{min(unknown)[:80]}” cannot be uploaded: this blog takes pictures, as photo.")
        return Post(action=action, properties=_properties_of_form(), files=files)
    if action not in ("delete", "undelete"):
        raise BadRequest("A form can create, delete and undelete; an update is sent as JSON.")
    return Post(action=action, url=_wanted_url(request.form.get("url")))


def _property(key: str) -> str:
    found = _KEY.fullmatch(key)
    return found["name"] if found else key


def _properties_of_form() -> Properties:
    found: Properties = {}
    for key, value in request.form.items(multi=True):
        named = _KEY.fullmatch(key)
        if named is None or named["name"] in _NO_PROPERTIES:
            continue
        values = found.setdefault(named["name"], [])
        if not named["part"]:
            values.append(value)
        elif values and isinstance(values[-1], dict) and named["part"] not in values[-1]:
            values[-1][named["part"]] = value
        else:
            values.append({named["part"]: value})
    return found


def _of_json() -> Post:
    try:
        data = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON in UTF-8.") from None
    if not isinstance(data, dict):
        raise BadRequest("The body is to be a JSON object.")
    action = data.get("action", "create")
    if action == "create":
        types = data.get("type", [_ENTRY])
        _check_type(types[0] if isinstance(types, list) and types else types)
        return Post(action=action, properties=_lists(data.get("properties", {}), "properties"))
    if action not in ("update", "delete", "undelete"):
        raise BadRequest("There are the actions create, update, delete and undelete.")
    url = _wanted_url(data.get("url"))
    return Post(action=action, url=url, change=_change(data) if action == "update" else Change())


def _change(data: Mapping[str, Any]) -> Change:
    delete = data.get("delete", {})
    whole = isinstance(delete, list)
    if whole and not all(isinstance(one, str) for one in delete):
        raise BadRequest("“delete” is to be a list of names, or an object of lists.")
    change = Change(
        replace=_lists(data.get("replace", {}), "replace"),
        add=_lists(data.get("add", {}), "add"),
        delete={} if whole else _lists(delete, "delete"),
        delete_whole=delete if whole else (),
    )
    if not change.names:
        raise BadRequest("An update needs “replace”, “add” or “delete”.")
    return change


def _lists(value: Any, name: str) -> Properties:
    """Every value of a property is in a list, even one alone (section 3.3.2)."""
    if not isinstance(value, dict) or not all(isinstance(one, list) for one in value.values()):
        raise BadRequest(f"“{name}” is to be an object whose values are lists.")
    if any(len(one) > _MOST_VALUES for one in value.values()):
        raise BadRequest(f"A property has {_MOST_VALUES} values at most.")
    return value


def _check_type(kind: Any) -> None:
    if kind != _ENTRY:
        raise BadRequest("This blog has entries only: h-entry.")


def _wanted_url(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadRequest("The address of the entry is missing: url.")
    return value
