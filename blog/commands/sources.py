"""``crosstag source`` and ``crosstag poll``: what the blog reads, and the reading of it."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Final

import click
from rich.markup import escape
from rich.table import Table

from blog.changes.subscriptions import Subscribed, pause, resume, subscribe, unsubscribe
from blog.commands.console import err, out
from blog.config import load
from blog.domain.entry import Kind, Status
from blog.poller.asking import Network
from blog.poller.discovery import find_feed
from blog.poller.readers import Readers
from blog.poller.rounds import Poller
from blog.queries.subscriptions import polled_source, polled_sources
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta
    from pathlib import Path

    from blog.changes.subscriptions import Claimed, Learnt
    from blog.poller.discovery import FoundFeed
    from blog.poller.rounds import Tally
    from blog.queries.subscriptions import HubView, Polled

_SHOWN: Final = 5
_EVERY: Final = 15.0
_STATUSES: Final = {
    Status.INBOX: "into the inbox",
    Status.PUBLISHED: "published at once",
    Status.DRAFT: "drafts",
    Status.HIDDEN: "hidden",
}


@click.group()
def source() -> None:
    """Say which sources are polled for what is new, and see how that goes."""


@source.command()
@click.argument("url")
@click.option("--name", help="What the source is called.  [default: as its feed is]")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in Kind]),
    help="Make its items entries of this kind.  [default: whatever each of them is]",
)
@click.option(
    "--tag", "tags", multiple=True, metavar="TAG", help="A tag that all of them get, beside their own."
)
@click.option(
    "--publish/--inbox",
    default=False,
    help="Publish its items at once, or let them wait in the inbox.  [default: inbox]",
)
@click.pass_obj
def add(data: Path, url: str, name: str | None, kind: str | None, tags: tuple[str, ...], publish: bool) -> None:
    """Poll the source at URL: the address of a feed, or of a page whose feed is then looked for."""
    with closing(open_services(load(data, os.environ))) as services:
        with closing(Readers(1)) as readers:
            found = find_feed(url, Network(settings=services.settings), readers)
        _print_found(found)
        wanted = Subscribed(
            name=name or found.title,
            feed_url=found.feed_url,
            url=found.url,
            kind=Kind(kind) if kind else None,
            tags=tags,
            status=Status.PUBLISHED if publish else Status.INBOX,
        )
        slug = subscribe(services, wanted)
    out.print(
        f"“{wanted.name}” is polled from now on, as {slug}; its items are {_STATUSES[wanted.status]}."
        if publish
        else f"“{wanted.name}” is polled from now on, as {slug}; its items go {_STATUSES[wanted.status]}.",
        markup=False,
        soft_wrap=True,
    )
    out.print("They come in when it is: by a server that runs, or by crosstag poll.")


def _print_found(found: FoundFeed) -> None:
    out.print(f"{found.feed_url} is {found.read.format}. The last items:", markup=False, soft_wrap=True)
    drafts = sorted(found.read.drafts, key=lambda draft: draft.published, reverse=True)
    for draft in drafts[:_SHOWN]:
        shown = draft.title or " ".join(draft.body[:80].split()) or draft.external_id
        out.print(f"  {draft.published:%Y-%m-%d}  {shown}", markup=False, soft_wrap=True)
    if not drafts:
        out.print("  (none yet)")
    for other in found.others:
        out.print(f"The page names another one, too: {other}", markup=False, soft_wrap=True)


@source.command("list")
@click.pass_obj
def list_(data: Path) -> None:
    """List the sources that are polled, and how that goes."""
    with closing(open_services(load(data, os.environ))) as services:
        found = polled_sources(services)
    if not found:
        out.print("Nothing is polled yet. Begin with: crosstag source add URL")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("source", "how it goes", "every", "last", "next", "entries", "what was amiss"):
        table.add_column(heading, overflow="fold")
    for one in found:
        times = _moment(one.last_polled), _moment(one.next_poll)
        words = (
            one.slug,
            one.state,
            _length(one.interval),
            *times,
            f"{one.entries:,}",
            one.disabled or one.error,
        )
        table.add_row(*map(escape, words))
    out.print(table)


@source.command()
@click.argument("slug")
@click.pass_obj
def show(data: Path, slug: str) -> None:
    """Show all that is known of polling the source SLUG."""
    with closing(open_services(load(data, os.environ))) as services:
        found = polled_source(services, slug)
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column()
    table.add_column(overflow="fold")
    for label, value in _details(found):
        table.add_row(label, escape(value))
    out.print(table)


def _details(found: Polled) -> Iterator[tuple[str, str]]:
    yield "Source", f"{found.name} ({found.slug})"
    yield "Page", found.url or "none"
    yield "Feed", found.feed_url
    for url in reversed(found.moved_from):
        yield "  moved from", url
    yield "New items", _STATUSES[found.status]
    yield "Their kind", found.kind or "their own"
    yield "Their tags", ", ".join(("their own", *found.tags))
    yield "Entries", f"{found.entries:,}"
    yield from _about_hub(found.hub)
    yield "How it goes", found.state
    yield "Asked every", _length(found.interval)
    yield "Last asked", _moment(found.last_polled)
    yield "Last answer", _moment(found.last_success)
    yield "Last news", _moment(found.last_changed)
    yield "Asked next", _moment(found.next_poll)
    if found.failures:
        yield "Failures in a row", f"{found.failures:,}"
    if found.error:
        yield "What was amiss", found.error
    if found.disabled:
        yield "Why not polled", found.disabled


def _about_hub(hub: HubView | None) -> Iterator[tuple[str, str]]:
    if hub is None:
        return
    yield "Hub", f"{hub.hub} ({hub.words})"
    if hub.until:
        yield "  until", _moment(hub.until)
    yield "  told last", _moment(hub.last_push)
    if hub.error:
        yield "  what was amiss", hub.error


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def _length(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"


@source.command("pause")
@click.argument("slug")
@click.pass_obj
def pause_(data: Path, slug: str) -> None:
    """Poll the source SLUG no more, until it is resumed."""
    with closing(open_services(load(data, os.environ))) as services:
        pause(services, slug)
    out.print(f"{slug} is not polled. Go on with: crosstag source resume {slug}", markup=False)


@source.command("resume")
@click.argument("slug")
@click.pass_obj
def resume_(data: Path, slug: str) -> None:
    """Poll the source SLUG again, at once, whatever it was that ended it."""
    with closing(open_services(load(data, os.environ))) as services:
        resume(services, slug)
    out.print(f"{slug} is polled again.", markup=False)


@source.command()
@click.argument("slug")
@click.pass_obj
def remove(data: Path, slug: str) -> None:
    """Poll the source SLUG no more, and forget how that went; its entries stay."""
    with closing(open_services(load(data, os.environ))) as services:
        kept = polled_source(services, slug).entries
        unsubscribe(services, slug)
    out.print(f"{slug} is not polled any more. Its entries stay: {kept:,}.", markup=False)


@click.command()
@click.option("--once", is_flag=True, help="Ask what is due now, and end.")
@click.pass_obj
def poll(data: Path, once: bool) -> None:
    """Poll sources without serving the blog: for cron, or on a machine of its own.

    Several may do so at once, and "crosstag serve" beside them: none asks what another does.
    """
    with closing(open_services(load(data, os.environ))) as services, _ending_in_order():
        poller = Poller(services)
        while True:
            tally = poller.poll_due(_print_trouble)
            if tally.created or tally.updated:
                services.search.catch_up()
            if tally.polled or once:
                _print_tally(tally)
            if once:
                return
            poller.rest(poller.pause(_EVERY))


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """Let TERM end the process as Ctrl-C does: what was claimed is given back on the way out."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print_trouble(claimed: Claimed, learnt: Learnt) -> None:
    if learnt.error:
        err.print(f"{claimed.source}: {learnt.error}", markup=False, soft_wrap=True)


def _print_tally(tally: Tally) -> None:
    if not tally.polled:
        out.print("Nothing is due.")
        return
    out.print(
        f"{tally.polled:,} polled: {tally.changed:,} with something new, {tally.failed:,} failed; "
        f"{tally.created:,} entries created, {tally.updated:,} updated."
    )
