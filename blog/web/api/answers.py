"""What the API answers: values as JSON, and the versions of entries as ETags."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

from flask import Response, request

from blog.changes.entries import EditedMeanwhile
from blog.web.api.operation import PREFIX
from blog.web.context import base_url
from blog.web.problems import BadBody, NeedsVersion

if TYPE_CHECKING:
    from datetime import datetime

    from blog.queries.whole import WholeEntry

MOST_BYTES: Final = 1_000_000
# What comes before the dash is the version, and what comes after it tells answers apart that differ in
# what others have done, such as the new name of a tag.
_ETAG: Final = re.compile(r'(?:W/)?"([0-9]{1,16})-[0-9a-f]+(?:[-;:][\w-]*)?"')
_SAME: Final = (
    *(
        "kind",
        "status",
        "title",
        "slug",
        "body",
        "markup",
        "url",
        "via_url",
        "via_title",
        "citation",
        "context",
    ),
    *("image_url", "image_alt", "tags", "series", "series_order", "source", "external_id"),
)


def as_json(value: Any, status: int = 200) -> Response:
    """Return a value as JSON."""
    return Response(json.dumps(value, ensure_ascii=False), status, content_type="application/json")


def spelled_time(moment: datetime) -> str:
    """Return a time as RFC 3339 spells it, in UTC."""
    return moment.isoformat().replace("+00:00", "Z")


def entry_json(entry: WholeEntry) -> dict[str, Any]:
    """Return an entry as the API shows it."""
    draft = entry.draft
    assert draft.updated is not None, "an entry has been updated when it was made"
    return {
        "id": entry.id,
        "version": entry.version,
        "atom_id": entry.atom_id,
        "permalink": base_url() + entry.permalink,
        "published": spelled_time(draft.published),
        "updated": spelled_time(draft.updated),
        **{name: getattr(draft, name) for name in _SAME},
        "html": entry.html,
        "words": entry.words,
    }


def entry_answer(entry: WholeEntry, status: int = 200) -> Response:
    """Return an entry with its version as ETag; 304 without a body to who has it already."""
    response = as_json(entry_json(entry), status)
    digest = hashlib.blake2b(response.get_data(), digest_size=6).hexdigest()
    response.set_etag(f"{entry.version}-{digest}")
    if status == 201:
        response.headers["Location"] = f"{base_url()}{PREFIX}/entries/{entry.id}"
    if request.method in ("GET", "HEAD"):
        response.make_conditional(request)
    return response


def refuse_unseen(entry: WholeEntry) -> None:
    """Refuse a change that was not made from the version that is there.

    A weak ETag counts: a proxy that compresses makes one of ours, and it names the same version.

    Raises:
        NeedsVersion: there is no ``If-Match``.
        EditedMeanwhile: it names none of this version.
    """
    known = request.headers.get("If-Match", "").strip()
    if not known:
        raise NeedsVersion("Send the ETag of what you change as If-Match, so that nobody's change is lost.")
    if known != "*" and str(entry.version) not in _ETAG.findall(known):
        raise EditedMeanwhile(entry.id)


def body_json(*accepted: str) -> Any:
    """Return the JSON that was sent.

    Raises:
        BadBody: it is of another type, or cannot be read.
    """
    if request.mimetype not in accepted:
        raise BadBody(f"Send it as {' or '.join(accepted)}.", status=415)
    try:
        return json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise BadBody("The body is not JSON in UTF-8.", status=400) from None
