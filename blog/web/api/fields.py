"""The fields of an entry in the API: one table, which reads what programs send and says what they may.

``read_fields`` is the only way from JSON to a ``Draft``. What it takes and what ``schema`` says it takes
are made from the same lines, so a program that keeps to the one is never refused by the other, but for
what no schema can say of two fields together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from blog.domain.entry import Draft, Kind, Markup, Status
from blog.domain.errors import BadTag
from blog.domain.pictures import PREFIX, picture_address
from blog.domain.tags import slugify
from blog.domain.urls import MAX_URL_LENGTH, web_url
from blog.rendering import clean_text
from blog.web.problems import BadBody, Mistake

if TYPE_CHECKING:
    from enum import StrEnum

Values = Mapping[str, Any]
MAX_BODY: Final = 500_000
_MAX_LINE: Final = 2_000
_MAX_ID: Final = 1_000
_MAX_TAGS: Final = 200
_MAX_TAG: Final = 120
_MAX_SLUG: Final = 80
_MAX_ORDER: Final = 2**31 - 1
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})")
_ADDRESS: Final = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://.")
_PICTURE: Final = re.compile(rf"{_ADDRESS.pattern}|{PREFIX}")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what it is for, its JSON schema, and how its value becomes that of the draft.

    ``read`` raises ValueError with a sentence. ``default`` is the value of a field that is left out,
    as JSON has it.
    """

    name: str
    about: str
    schema: Mapping[str, Any]
    read: Callable[[Any], Any]
    default: Any = ""


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise ValueError("It is to be a string.")
    if len(value) > most:
        raise ValueError(f"It has {len(value):,} characters; {most:,} are the most.")
    # Without what no database takes and no page shows: control characters, and halves of characters.
    return clean_text(value)


def _line(name: str, about: str, most: int = _MAX_LINE) -> Field:
    return Field(name, about, {"type": "string", "maxLength": most}, lambda value: _text(value, most))


def _address(
    name: str, about: str, known: Callable[[str], str] = web_url, pattern: re.Pattern[str] = _ADDRESS
) -> Field:
    def read(value: Any) -> str:
        text = _text(value, MAX_URL_LENGTH)
        url = known(text) if pattern.match(text) else ""
        if value and not url:
            raise ValueError("It is to be an http or https address.")
        return url

    spelled = f"^$|^(?:{pattern.pattern})"
    return Field(name, about, {"type": "string", "maxLength": MAX_URL_LENGTH, "pattern": spelled}, read)


def _word(name: str, about: str, words: type[StrEnum], default: StrEnum | None) -> Field:
    def read(value: Any) -> StrEnum:
        try:
            return words(value)
        except ValueError:
            raise ValueError(f"It is to be one of {', '.join(words)}.") from None

    schema = {"type": "string", "enum": [word.value for word in words]}
    return Field(name, about, schema, read, default.value if default else None)


def _series(value: Any) -> str:
    text = _text(value, _MAX_TAG)
    return _slugged(text) if text else ""


def _slugged(text: str) -> str:
    try:
        return slugify(text)
    except BadTag as error:
        raise ValueError(error.sentence) from None


def _tags(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("It is to be a list of strings.")
    if len(value) > _MAX_TAGS:
        raise ValueError(f"They are {len(value)}; {_MAX_TAGS} tags are the most.")
    names = tuple(_text(one, _MAX_TAG) for one in value)
    for one in names:
        _slugged(one)
    return names


def _order(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_ORDER:
        raise ValueError(f"It is to be a whole number from 0 to {_MAX_ORDER:,}, or null.")
    return value


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            raise ValueError
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("It is to be a time with its zone, such as 2026-11-23T12:00:00Z.") from None
    return moment


def _read_id(value: Any) -> str:
    text = _text(value, _MAX_ID)
    if not text:
        raise ValueError("It is to be a string that is not empty.")
    return text


FIELDS: Final = (
    _word("kind", "What the entry is.", Kind, None),
    _word(
        "status",
        "Who may see it. A published entry whose time has not come waits for it.",
        Status,
        Status.PUBLISHED,
    ),
    _line("title", "The title; notes and quotations may have none."),
    _line("body", "The text, written in `markup`.", MAX_BODY),
    _word("markup", "What the body is written in.", Markup, Markup.MARKDOWN),
    _address("url", "What a link points to, or where a quotation is from."),
    _address("via_url", "Where it was found."),
    _line("via_title", "What that place is called."),
    _line("citation", "Whom a quotation quotes."),
    _line("context", "What is said beside the name of who is quoted."),
    _address(
        "image_url",
        "A picture that goes with it: one of the web, or of the blog's own, from its root.",
        picture_address,
        _PICTURE,
    ),
    _line("image_alt", "What the picture shows, in words."),
    Field(
        "tags",
        "Tags, by slug or by name; those that are not there yet are made. Answers have slugs.",
        {
            "type": "array",
            "maxItems": _MAX_TAGS,
            "items": {"type": "string", "minLength": 1, "maxLength": _MAX_TAG},
        },
        _tags,
        (),
    ),
    Field(
        "series",
        "The series it belongs to, by its slug; it is made if need be.",
        {"type": "string", "maxLength": _MAX_TAG},
        _series,
    ),
    Field(
        "series_order",
        "Its place in the series.",
        {"type": ["integer", "null"], "minimum": 0, "maximum": _MAX_ORDER},
        _order,
        None,
    ),
    _line("slug", "The end of its address; made of its words when left out.", _MAX_SLUG),
    Field(
        "published",
        "When it was, or will be, published; now when left out.",
        {"type": ["string", "null"], "format": "date-time", "pattern": f"^{_TIME.pattern}$"},
        _time,
        None,
    ),
)
# Named once, for ever: a program that sends the same one twice gets 409 the second time, and no second entry.
EXTERNAL_ID: Final = Field(
    "external_id",
    "A name of your own for the entry. A second one of this name is refused (409): "
    "so a request whose answer was lost may be repeated.",
    {"type": "string", "minLength": 1, "maxLength": _MAX_ID},
    _read_id,
    None,
)
_BY_NAME: Final = {field.name: field for field in (*FIELDS, EXTERNAL_ID)}


def read_fields(data: Any, *, is_new: bool = False, is_patch: bool = False) -> Values:
    """Read what a program sent.

    In a patch (RFC 7396) null means a field's default, and what is left out stays as it is; elsewhere
    what is left out has its default.

    Raises:
        BadBody: it is no object, or some of its fields are not as they are to be: all of them are named.
    """
    if not isinstance(data, dict):
        raise BadBody("The body is to be a JSON object with the fields of an entry.")
    known = {name: field for name, field in _BY_NAME.items() if is_new or name != EXTERNAL_ID.name}
    mistakes = [Mistake(_pointer(name), "There is no such field.") for name in data if name not in known]
    given = dict(data) if is_patch else {field.name: field.default for field in FIELDS} | data
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            continue
        try:
            values[name] = _value(known[name], value, is_patch=is_patch)
        except ValueError as error:
            mistakes.append(Mistake(_pointer(name), str(error)))
    if mistakes:
        raise BadBody("Some fields cannot be taken as they are.", mistakes)
    return values


def _value(field: Field, value: Any, *, is_patch: bool) -> Any:
    if value is None and is_patch and field.default is not None:
        value = field.default
    if value == () and field.name == "tags":
        value = []
    return field.read(value)


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def draft_from(sent: Values, now: datetime, external_id: str) -> Draft:
    """Return the draft of a new entry."""
    values = {"external_id": external_id} | dict(sent)
    values["published"] = values["published"] or now
    return Draft(**values)


def changed(before: Draft, sent: Values, now: datetime) -> Draft:
    """Return an entry as what was sent makes it."""
    published = sent.get("published")
    after = replace(before, **dict(sent) | {"published": published or before.published})
    return after if published else published_now(before, after, now)


def published_now(before: Draft, after: Draft, now: datetime) -> Draft:
    """Let a draft that is published be of now, and not of when it was begun; a time to come stays."""
    was_waiting = before.status in (Status.DRAFT, Status.INBOX)
    is_first = was_waiting and after.status is Status.PUBLISHED
    return replace(after, published=now) if is_first and after.published < now else after


def schema(*, is_new: bool = False, is_patch: bool = False) -> dict[str, Any]:
    """Return the JSON schema of what ``read_fields`` reads."""
    fields = (*FIELDS, EXTERNAL_ID) if is_new else FIELDS
    properties: dict[str, Any] = {}
    for field in fields:
        said = dict(field.schema)
        if is_patch and field.default is not None and field.name != "kind":
            types = said["type"] if isinstance(said["type"], list) else [said["type"]]
            said["type"] = [*dict.fromkeys([*types, "null"])]
            if "enum" in said:
                said["enum"] = [*said["enum"], None]
        said["description"] = field.about
        if field.default is not None and not is_patch:
            said["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
        properties[field.name] = said
    whole: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    return whole if is_patch else whole | {"required": ["kind"]}
