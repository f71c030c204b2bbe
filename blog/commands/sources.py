"""``crosstag source`` and ``crosstag poll``: what the blog reads, and the reading of it."""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.markup import escape
from rich.table import Table

from blog.changes.poll_options import PollOptions, change_options
from blog.changes.subscriptions import BadSubscription, Subscribed, pause, resume, subscribe, unsubscribe
from blog.commands.console import err, out
from blog.config import load
from blog.domain.entry import Kind, Status
from blog.domain.entryform import split_tags
from blog.poller.asking import Network
from blog.poller.discovery import find_feed
from blog.poller.outlines import Choices, opml_of, read_outlines, take_up
from blog.poller.readers import Readers
from blog.poller.rounds import Poller
from blog.queries.subscriptions import polled_source, polled_sources
from blog.services import open_services
from importers.material import Material

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from blog.changes.subscriptions import Claimed, Learnt
    from blog.poller.discovery import FoundFeed
    from blog.poller.outlines import TakenUp
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
@click.argument("url", metavar="URL|FILE")
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
@click.option("--yes", is_flag=True, help="Of an OPML file: do not ask.")
@click.pass_obj
def add(
    data: Path, url: str, name: str | None, kind: str | None, tags: tuple[str, ...], publish: bool, yes: bool
) -> None:
    """Poll the source at URL: the address of a feed, or of a page whose feed is then looked for.

    FILE is an OPML file: all its feeds are taken up, and its groups are their tags.
    """
    if Path(url).is_file():
        status = Status.PUBLISHED if publish else Status.INBOX
        _add_all(data, Path(url), Choices(kind=Kind(kind) if kind else None, tags=tags, status=status), yes=yes)
        return
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


def _add_all(data: Path, path: Path, choices: Choices, *, yes: bool) -> None:
    """Take up the feeds of an OPML file, once that was said twice."""
    with closing(open_services(load(data, os.environ))) as services, closing(Readers()) as readers:
        found = read_outlines(services, Material.of_path(path))
        for outline in found.new:
            tags = f"  [{', '.join(outline.tags)}]" if outline.tags else ""
            out.print(f"  {outline.name}  {outline.url}{tags}", markup=False, soft_wrap=True)
        for one in found.there:
            _print_line(one)
        for rejected in found.rejected:
            out.print(f"left out: {rejected.external_id}: {rejected.reason}", markup=False, soft_wrap=True)
        if not found.new:
            out.print("There is no feed in it that is not polled already.")
            return
        if not yes:
            click.confirm(f"Poll {len(found.new):,} from now on?", abort=True)
        network = Network(settings=services.settings)
        for one in take_up(services, network, readers, found.new, choices):
            _print_line(one)


def _print_line(one: TakenUp) -> None:
    where = f" as {one.slug}" if one.slug else ""
    why = f". {one.reason}" if one.reason else ""
    out.print(f"{one.line}: {one.name}{where}{why}", markup=False, soft_wrap=True)


@source.command("set")
@click.argument("slug")
@click.option("--name", help="What the source is called; its address here stays.")
@click.option("--feed", metavar="URL", help="Where its feed is now. It is looked at first.")
@click.option(
    "--kind", type=click.Choice([*(kind.value for kind in Kind), "own"]), help="What its items become; or own."
)
@click.option("--tags", metavar="TAGS", help="Tags that all of them get, with commas between.")
@click.option("--status", type=click.Choice(["inbox", "published"]), help="What new ones are.")
@click.option("--every", metavar="TIME", help="How often it is asked at most: 15m, 6h, 7d; 0 for no limit.")
@click.pass_obj
def set_(
    data: Path,
    slug: str,
    name: str | None,
    feed: str | None,
    kind: str | None,
    tags: str | None,
    status: str | None,
    every: str | None,
) -> None:
    """Change how the source SLUG is polled; what is not named stays as it is."""
    with closing(open_services(load(data, os.environ))) as services:
        polled_source(services, slug)
        if feed is not None:
            with closing(Readers(1)) as readers:
                feed = find_feed(feed, Network(settings=services.settings), readers).feed_url
        wanted = PollOptions(
            name=name,
            feed_url=feed,
            kind=None if kind is None else "" if kind == "own" else Kind(kind),
            tags=None if tags is None else split_tags(tags),
            status=Status(status) if status else None,
            least=None if every is None else _interval(every),
        )
        change_options(services, slug, wanted)
        found = polled_source(services, slug)
    _print_details(found)


_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def _interval(text: str) -> timedelta:
    said = re.fullmatch(r"([0-9]{1,5})([mhd])|0", text.strip())
    if said is None:
        raise BadSubscription(f"“{text}” is no length of time. It takes such as 15m, 6h or 7d, or 0.")
    return timedelta(**{_UNITS[said[2]]: int(said[1])}) if said[2] else timedelta(0)


@source.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.pass_obj
def export(data: Path, file: Path | None) -> None:
    """Write the sources that are polled as OPML, to FILE or to where this prints."""
    with closing(open_services(load(data, os.environ))) as services:
        document = opml_of(services)
    if file is None:
        click.echo(document.decode())
    else:
        file.write_bytes(document)


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
    _print_details(found)


def _print_details(found: Polled) -> None:
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
    yield "Asked every", _length(max(found.interval, found.least))
    if found.least:
        yield "  at most every", _length(found.least)
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
