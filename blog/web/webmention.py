"""Where other sites say that they link to an entry: W3C Webmention, section 3.2."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import BadRequest, NotFound, ServiceUnavailable, TooManyRequests

from blog.changes.mentions import Blocked, TooMany, take_mention
from blog.domain.errors import NotThere
from blog.domain.networks import network_of
from blog.domain.webmention import web_address
from blog.queries.mentions import entry_at
from blog.web.context import services

if TYPE_CHECKING:
    from flask import Flask

webmention: Final = Blueprint("webmention", __name__)
ADDRESS: Final = "/webmention"
_LARGEST: Final = 16_000
_KEY: Final = "crosstag.webmentions"
# In memory only, and forgotten after these minutes: whoever sends more waits.
_PER_ADDRESS: Final = parse("30 per 5 minutes")
_TAKEN: Final = "Thank you. Your page will be looked at, and then the author decides.\n"


def attach(app: Flask) -> None:
    """Give the app its counters."""
    app.extensions[_KEY] = FixedWindowRateLimiter(MemoryStorage())


@webmention.post(ADDRESS)
def receive() -> Response:
    """Take a mention; the page that it names is looked at later (section 3.2: 202, and no more)."""
    # No page cache stands in front of this, which looks at the log for others.
    if not services().site.follow().webmention:
        raise NotFound("This blog takes no webmentions.")
    _refuse_too_fast()
    request.max_content_length = _LARGEST
    source, target = (_address(request.form.getlist(name), name) for name in ("source", "target"))
    if source.partition("#")[0] == target.partition("#")[0]:
        raise BadRequest("Source and target are the same page.")
    if urlsplit(source).netloc.lower() in _hosts():
        raise BadRequest("The source is a page of this blog itself.")
    try:
        take_mention(services(), source, target, entry_at(services(), target, _hosts()))
    except (NotThere, Blocked) as refusal:
        raise BadRequest(refusal.sentence) from refusal
    except TooMany as refusal:
        raise ServiceUnavailable(refusal.sentence, retry_after=86_400) from refusal
    return Response(_TAKEN, 202, content_type="text/plain; charset=utf-8")


def _address(values: list[str], name: str) -> str:
    if len(values) != 1:
        raise BadRequest(f"Send one “{name}”: source is the page that links, target the one it links to.")
    address = values[0].strip()
    if not address.startswith(("http://", "https://")) or not web_address(address, ""):
        raise BadRequest(f"The {name} is not an http or https address of at most 1,500 characters.")
    return address


def _hosts() -> set[str]:
    """The name that this blog goes by: what a request says of it counts only while nothing else is known."""
    return {urlsplit(services().settings.base_url).netloc.lower() or request.host.lower()}


def _refuse_too_fast() -> None:
    counting: FixedWindowRateLimiter = current_app.extensions[_KEY]
    address = network_of(request.remote_addr or "")
    if not counting.hit(_PER_ADDRESS, address):
        wait = max(1, math.ceil(counting.get_window_stats(_PER_ADDRESS, address).reset_time - time.time()))
        raise TooManyRequests("These are too many mentions at once.", retry_after=wait)
