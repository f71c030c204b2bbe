"""What is polled, in the browser: feeds are found, looked at and taken up; changed, paused, resumed, let go."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, flash, redirect, request

from blog.changes.poll_options import PollOptions, change_options
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
from blog.poller.outlines import Choices, opml_of, read_outlines, take_up
from blog.poller.readers import Readers
from blog.queries.import_runs import import_runs
from blog.queries.subscriptions import polled_source
from blog.web.admin.pages import admin_page
from blog.web.admin.sources import show_sources
from blog.web.context import services
from blog.web.uploads import discard, uploaded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response as Answer

    from blog.poller.discovery import FoundFeed

polling: Final = Blueprint("admin_polling", __name__, url_prefix="/admin/sources/polled")
_HOME: Final = "/admin/sources/"
# Somebody waits for the page, and one of few threads with them.
_SECONDS: Final = 25.0
_SECONDS_EACH: Final = 10
_SHOWN: Final = 5
# Of an OPML file there are more, so each gets less.
_SECONDS_OF_MANY: Final = 20.0
_KINDS: Final = (("", "whatever each of them is"), *((kind.value, kind.plural) for kind in Kind))
_STATUSES: Final = (Status.INBOX, Status.PUBLISHED)
_HOURS: Final = (
    *(("0", "as often as there may be something"), ("1", "once an hour"), ("3", "every 3 hours")),
    *(("6", "every 6 hours"), ("12", "every 12 hours"), ("24", "once a day"), ("168", "once a week")),
)


@polling.post("/find")
def find() -> Answer:
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
    with closing(Readers(1, seconds=_SECONDS_EACH)) as readers:
        return find_feed(address, _network(), readers, seconds=_SECONDS)


def _network() -> Network:
    settings = services().settings
    return Network(settings=replace(settings, fetch_timeout=min(settings.fetch_timeout, _SECONDS_EACH)))


def _form(
    values: Mapping[str, str], found: FoundFeed | None = None, error: str = "", status: int = 200
) -> Answer:
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
def add() -> Answer:
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


@polling.get("/<slug>/")
def show(slug: str) -> Answer:
    """Show how polling a source goes, and what can be changed of it."""
    found = polled_source(services(), slug)
    values = {
        "name": found.name,
        "feed_url": found.feed_url,
        "kind": found.kind or "",
        "tags": ", ".join(found.tags),
        "status": found.status,
        "hours": f"{found.least.total_seconds() / 3_600:g}",
    }
    return _options(slug, values)


def _options(slug: str, values: Mapping[str, str], error: str = "") -> Answer:
    hours = values["hours"]
    others = () if hours in dict(_HOURS) else ((hours, f"every {hours} hours"),)
    return admin_page(
        "polled.html",
        status=422 if error else 200,
        one=polled_source(services(), slug),
        values=values,
        kinds=_KINDS,
        hours=(*_HOURS, *others),
        runs=import_runs(services(), polls=True, source=slug).runs[:_SHOWN],
        error=error,
    )


@polling.post("/<slug>/")
def change(slug: str) -> Answer:
    """Change how a source is polled; of another address it is looked first whether there is a feed."""
    names = ("name", "feed_url", "kind", "tags", "status", "hours")
    values = {name: request.form.get(name, "").strip() for name in names}
    try:
        if values["feed_url"] != polled_source(services(), slug).feed_url:
            values["feed_url"] = _find(values["feed_url"]).feed_url
        change_options(services(), slug, _changed(values))
    except CrosstagError as error:
        return _options(slug, values, error.sentence)
    flash("It is saved, and holds for what is read from now on.")
    return redirect(f"/admin/sources/polled/{slug}/", 303)


def _changed(values: Mapping[str, str]) -> PollOptions:
    kind, status, hours = values["kind"], values["status"], values["hours"]
    return PollOptions(
        name=values["name"],
        feed_url=values["feed_url"],
        kind=Kind(kind) if kind in set(Kind) else "",
        tags=split_tags(values["tags"]),
        status=Status(status) if status in _STATUSES else None,
        least=timedelta(hours=int(hours)) if hours in dict(_HOURS) else None,
    )


@polling.get("/export")
def export() -> Answer:
    """Send all that is polled as OPML."""
    answer = Response(opml_of(services()), content_type="text/x-opml; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="sources.opml"'
    return answer


@polling.get("/outlines/<token>/")
def preview(token: str, error: str = "") -> Answer:
    """Show the feeds that are in an OPML file, before any is taken up."""
    upload = uploaded(services(), token)
    found = read_outlines(services(), upload.material(services()))
    status = 422 if error else 200
    return admin_page(
        "outlines.html", status=status, upload=upload, found=found, kinds=_KINDS, lines=None, error=error
    )


@polling.post("/outlines/<token>/")
def take(token: str) -> Answer:
    """Take up the feeds that were chosen, and tell of each what became of it."""
    upload, chosen = uploaded(services(), token), set(request.form.getlist("feed"))
    found = read_outlines(services(), upload.material(services()))
    wanted = [outline for outline in found.new if outline.url in chosen]
    if not wanted:
        return preview(token, "Choose at least one.")
    kind, status = request.form.get("kind", ""), request.form.get("status", "")
    choices = Choices(
        kind=Kind(kind) if kind in set(Kind) else None,
        tags=split_tags(request.form.get("tags", "")),
        status=Status(status) if status in _STATUSES else Status.INBOX,
    )
    with closing(Readers(seconds=_SECONDS_EACH)) as readers:
        lines = list(take_up(services(), _network(), readers, wanted, choices, _SECONDS_OF_MANY))
    discard(services(), upload)
    return admin_page("outlines.html", upload=upload, found=found, kinds=_KINDS, lines=lines, error="")


@polling.post("/<slug>/pause")
def stop(slug: str) -> Answer:
    """Poll a source no more, for now."""
    pause(services(), slug)
    return _done(slug, "is not polled now")


@polling.post("/<slug>/resume")
def go_on(slug: str) -> Answer:
    """Poll a source again, at once."""
    resume(services(), slug)
    return _done(slug, "is asked again, at once")


def _done(slug: str, what: str) -> Answer:
    flash(f"{polled_source(services(), slug).name} {what}.")
    return redirect(_HOME, 303)


@polling.post("/<slug>/show")
def list_in_blogroll(slug: str) -> Answer:
    """Show a source in the blogroll."""
    show_in_blogroll(services(), slug, shown=True)
    return _done(slug, "is in the blogroll")


@polling.post("/<slug>/leave-out")
def leave_out(slug: str) -> Answer:
    """Leave a source out of the blogroll; it is polled as before."""
    show_in_blogroll(services(), slug, shown=False)
    return _done(slug, "is not in the blogroll")


@polling.post("/<slug>/remove")
def remove(slug: str) -> Answer:
    """Poll a source no more, and forget how that went."""
    name = polled_source(services(), slug).name
    unsubscribe(services(), slug)
    flash(f"{name} is not polled any more. Its entries stay.")
    return redirect(_HOME, 303)
