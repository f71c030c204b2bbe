"""The Micropub endpoint and its media endpoint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException

from blog.auth.scopes import Right
from blog.changes.entries import EditedMeanwhile, delete_entry, save_entry
from blog.changes.media import add_picture
from blog.changes.restoring import restore_revision
from blog.domain.addresses import parse_day, parse_text
from blog.domain.errors import CrosstagError, NotThere
from blog.domain.filters import EVERYTHING
from blog.queries.indexes import top_tags_of_blog
from blog.queries.listings import ALL, list_by_status
from blog.queries.redirects import redirect_for
from blog.queries.whole import WholeEntry, deleted_entry_at, whole_entry, whole_entry_at
from blog.web.bearer import BearerError, as_allowed, bearer, require
from blog.web.context import base_url, services
from blog.web.micropub.microformats import (
    POINTING,
    QUOTING,
    SAYS_STATUS,
    VISIBILITIES,
    changed,
    draft_of,
    properties_of,
)
from blog.web.micropub.requests import (
    MOST_JSON,
    MOST_UNPROVEN,
    MOST_UPLOADED,
    BadRequest,
    Post,
    at_home,
    read_post,
)

if TYPE_CHECKING:
    from datetime import date

    from werkzeug.datastructures import FileStorage

micropub: Final = Blueprint("micropub", __name__, url_prefix="/micropub")
QUERIES: Final = ("config", "source", "syndicate-to", "category", "post-types")
_POST_TYPES: Final = (
    {"type": "note", "name": "Note"},
    {"type": "article", "name": "Article"},
    {"type": "bookmark", "name": "Link"},
    {"type": "photo", "name": "Picture"},
    {"type": "reply", "name": "Reply"},
    {"type": "like", "name": "Like"},
    {"type": "repost", "name": "Share"},
)
_LISTED: Final = 20
_MOST_LISTED: Final = 100
_CATEGORIES: Final = 1_000
_TRIES: Final = 3
_RIGHTS: Final = {
    "create": Right.CREATE,
    "update": Right.UPDATE,
    "delete": Right.DELETE,
    "undelete": Right.UNDELETE,
}


@micropub.get("")
def ask() -> Response:
    """Answer a query (section 3.7)."""
    wanted = request.args.get("q", "")
    require(Right.SOURCE if wanted == "source" else Right.ANY)
    if wanted not in QUERIES:
        raise BadRequest(f"“q” is one of {', '.join(QUERIES)}.")
    if wanted == "source":
        return _json(_source())
    if wanted == "category":
        return _json({"categories": _categories()})
    return _json(_config() if wanted == "config" else {wanted: _config()[wanted]})


@micropub.post("")
def act() -> Response:
    """Create, update, delete or undelete an entry (sections 3.2 to 3.5)."""
    _limit(MOST_JSON if request.mimetype == "application/json" else MOST_UPLOADED)
    bearer(in_form=True)
    post = read_post()
    require(_RIGHTS[post.action])
    return {"create": _create, "update": _update, "delete": _delete, "undelete": _undelete}[post.action](post)


def _limit(most: int) -> None:
    proven = "Authorization" in request.headers
    request.max_content_length = most if proven else min(most, MOST_UNPROVEN)
    request.max_form_memory_size = MOST_JSON


def _create(post: Post) -> Response:
    properties = dict(post.properties)
    if post.files:
        properties["photo"] = [*properties.get("photo", []), *map(_stored, post.files)]
    now, zone = services().clock(), services().settings.zone
    draft = draft_of(at_home(properties, base_url()), now, zone, f"micropub:{uuid4()}")
    draft = as_allowed(draft, is_said=bool(SAYS_STATUS & set(properties)))
    return _at(whole_entry(services(), save_entry(services(), draft, by=bearer().name)))


def _update(post: Post) -> Response:
    """Update an entry. If it is changed just now, the update is made of what it has become."""
    zone, change = services().settings.zone, post.change.at_home(base_url())
    for last in range(_TRIES):
        before = _entry(post.url)
        draft = changed(before, change, services().clock(), zone)
        if draft.status != before.draft.status:
            draft = as_allowed(draft)
        try:
            save_entry(services(), draft, before.id, by=bearer().name, seen=before.version)
        except EditedMeanwhile:
            if last == _TRIES - 1:
                raise
            continue
        break
    after = whole_entry(services(), before.id)
    return _at(after) if after.permalink != before.permalink else Response(status=204)


def _delete(post: Post) -> Response:
    delete_entry(services(), _entry(post.url).id, by=bearer().name)
    return Response(status=204)


def _undelete(post: Post) -> Response:
    gone = deleted_entry_at(services(), *_place(post.url))
    if gone is None:
        raise BadRequest("No deleted entry was at this address.")
    try:
        after = whole_entry(services(), gone.entry_id)
    except NotThere:
        restore_revision(services(), gone.entry_id, gone.revision_id, by=bearer().name)
        after = whole_entry(services(), gone.entry_id)
    return Response(status=204) if unquote(after.permalink) == _path(post.url) else _at(after)


def _at(entry: WholeEntry) -> Response:
    return Response(status=201, headers={"Location": base_url() + entry.permalink})


def _entry(url: str) -> WholeEntry:
    """The entry at an address, or where that leads since it moved."""
    try:
        return whole_entry_at(services(), *_place(url))
    except NotThere:
        moved = redirect_for(services(), urlsplit(base_url()).hostname or "", _path(url))
        if not moved or not moved.startswith("/"):
            raise
        return whole_entry_at(services(), *_place(base_url() + moved))


def _path(url: str) -> str:
    """The path of an address of this blog.

    Raises:
        BadRequest: it is somewhere else.
    """
    ours = urlsplit(base_url())
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadRequest("This is no address.") from None
    if parts.netloc != ours.netloc:
        raise BadRequest(f"This is no address of {ours.netloc}.")
    return unquote(parts.path).rstrip("/") + "/"


def _place(url: str) -> tuple[date, str]:
    parts = _path(url).strip("/").split("/")
    if len(parts) != 4:
        raise BadRequest("This is no address of an entry.")
    return parse_day(*parts[:3]), parse_text(parts[3])


def _stored(file: FileStorage) -> str:
    return base_url() + add_picture(services(), file.read()).address


@micropub.post("/media")
def upload() -> Response:
    """Store a picture (section 3.6)."""
    _limit(MOST_UPLOADED)
    bearer(in_form=True)
    require(Right.MEDIA)
    file = request.files.get("file")
    if file is None:
        raise BadRequest("Send the picture as multipart/form-data, in the part “file”.")
    return Response(status=201, headers={"Location": _stored(file)})


def _config() -> dict[str, Any]:
    return {
        "media-endpoint": f"{base_url()}/micropub/media",
        "syndicate-to": [],
        "q": list(QUERIES),
        "mp": ["slug"],
        "post-types": list(_POST_TYPES),
        "visibility": list(VISIBILITIES),
        "properties": [*("name", "content", "category", "photo", "published", *POINTING, QUOTING)],
    }


def _categories() -> list[str]:
    begins = request.args.get("filter", "").strip().lower()
    named = (one.label for one in top_tags_of_blog(services(), _CATEGORIES))
    return [name for name in named if begins in name.lower()]


def _source() -> dict[str, Any]:
    if "url" in request.args:
        return _of_one(_entry(request.args["url"]))
    text = request.args.get("limit", str(_LISTED))
    size = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else _LISTED
    found = list_by_status(services(), EVERYTHING, ALL, 1, max(1, min(size, _MOST_LISTED)))
    return {"items": [_whole(one) for one in found.entries]}


def _of_one(entry: WholeEntry) -> dict[str, Any]:
    """The whole entry, or the properties that are asked for."""
    asked = request.args.getlist("properties") + request.args.getlist("properties[]")
    whole = _whole(entry)
    if not asked:
        return whole
    return {"properties": {name: values for name, values in whole["properties"].items() if name in asked}}


def _whole(entry: WholeEntry) -> dict[str, Any]:
    return {"type": ["h-entry"], "properties": properties_of(entry, base_url())}


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), status, content_type="application/json")


def _error(status: int, code: str, sentence: str) -> Response:
    return _json({"error": code, "error_description": sentence}, status)


def _refused(error: CrosstagError) -> Response:
    """Answer as section 3.8 wants it: what is not there is the client's mistake too."""
    if isinstance(error, BearerError):
        response = _error(error.status, error.code or "unauthorized", error.sentence)
        response.headers["WWW-Authenticate"] = error.challenge
        return response
    if isinstance(error, EditedMeanwhile):
        return _error(409, "conflict", error.sentence)
    return _error(400, "invalid_request", error.sentence)


def _http_error(error: HTTPException) -> Response:
    response = _error(error.code or 500, "invalid_request", error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


micropub.register_error_handler(CrosstagError, _refused)
micropub.register_error_handler(HTTPException, _http_error)
