"""What is polled, in the browser: a feed is found, looked at and taken up; and paused, resumed or let go."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.changes.subscriptions import (
    Subscribed,
    pause,
    resume,
    show_in_blogroll,
    subscribe,
    unsubscribe,
)
from blog.domain.entry import Kind, Status
from blog.domain.entryform import split_tags
from blog.domain.errors import CrosstagError
from blog.poller.asking import Network
from blog.poller.discovery import find_feed
from blog.poller.readers import Readers
from blog.queries.subscriptions import polled_source
from blog.web.admin.pages import admin_page
from blog.web.admin.sources import show_sources
from blog.web.context import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from blog.poller.discovery import FoundFeed

polling: Final = Blueprint("admin_polling", __name__, url_prefix="/admin/sources/polled")
_HOME: Final = "/admin/sources/"
# Somebody waits for the page, and one of few threads with them.
_SECONDS: Final = 25.0
_SECONDS_EACH: Final = 10
_SHOWN: Final = 5
_KINDS: Final = (("", "whatever each of them is"), *((kind.value, kind.plural) for kind in Kind))
_STATUSES: Final = (Status.INBOX, Status.PUBLISHED)


@polling.post("/find")
def find() -> Response:
    """Look for the feed of an address, and show its last items with what may become of them."""
    address = request.form.get("address", "").strip()
    try:
        found = _find(address)
    except CrosstagError as error:
        return show_sources(address=address, error=error.sentence, status=422)
    values = {"name": found.title, "feed_url": found.feed_url, "url": found.url, "kind": "", "tags": ""}
    return _form(values, found)


def _find(address: str) -> FoundFeed:
    if not address:
        raise CrosstagError("There is no address to look at.")
    settings = services().settings
    network = Network(settings=replace(settings, fetch_timeout=min(settings.fetch_timeout, _SECONDS_EACH)))
    with closing(Readers(1, seconds=_SECONDS_EACH)) as readers:
        return find_feed(address, network, readers, seconds=_SECONDS)


def _form(
    values: Mapping[str, str], found: FoundFeed | None = None, error: str = "", status: int = 200
) -> Response:
    drafts = sorted(found.read.drafts, key=lambda one: one.published, reverse=True) if found else []
    return admin_page(
        "polled_form.html",
        status=status,
        values=values,
        found=found,
        drafts=drafts[:_SHOWN],
        kinds=_KINDS,
        error=error,
    )


@polling.post("/")
def add() -> Response:
    """Take a source up."""
    values = {name: request.form.get(name, "").strip() for name in ("name", "feed_url", "url", "kind", "tags")}
    try:
        slug = subscribe(services(), _wanted(values))
    except CrosstagError as error:
        return _form(values, error=error.sentence, status=422)
    flash(f"{polled_source(services(), slug).name} is polled from now on. Its items come in some moments.")
    return redirect(_HOME, 303)


def _wanted(values: Mapping[str, str]) -> Subscribed:
    kind, status = values["kind"], request.form.get("status", "")
    return Subscribed(
        name=values["name"],
        feed_url=values["feed_url"],
        url=values["url"],
        kind=Kind(kind) if kind in set(Kind) else None,
        tags=split_tags(values["tags"]),
        status=Status(status) if status in _STATUSES else Status.INBOX,
    )


@polling.post("/<slug>/pause")
def stop(slug: str) -> Response:
    """Poll a source no more, for now."""
    pause(services(), slug)
    return _done(slug, "is not polled now")


@polling.post("/<slug>/resume")
def go_on(slug: str) -> Response:
    """Poll a source again, at once."""
    resume(services(), slug)
    return _done(slug, "is asked again, at once")


def _done(slug: str, what: str) -> Response:
    flash(f"{polled_source(services(), slug).name} {what}.")
    return redirect(_HOME, 303)


@polling.post("/<slug>/show")
def show(slug: str) -> Response:
    """Show a source in the blogroll."""
    show_in_blogroll(services(), slug, shown=True)
    return _done(slug, "is in the blogroll")


@polling.post("/<slug>/leave-out")
def leave_out(slug: str) -> Response:
    """Leave a source out of the blogroll; it is polled as before."""
    show_in_blogroll(services(), slug, shown=False)
    return _done(slug, "is not in the blogroll")


@polling.post("/<slug>/remove")
def remove(slug: str) -> Response:
    """Poll a source no more, and forget how that went."""
    name = polled_source(services(), slug).name
    unsubscribe(services(), slug)
    flash(f"{name} is not polled any more. Its entries stay.")
    return redirect(_HOME, 303)
