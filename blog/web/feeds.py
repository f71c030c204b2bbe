"""The twins of filter pages: the same question, answered as Atom or JSON Feed.

Behind each lie its archives (RFC 5005, section 4). An archive's address without a state leads on to that
with the state that it is in now; what lives there never changes, and may be kept for ever. To a browser, a
feed explains itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, redirect, request
from markupsafe import Markup

from blog.domain.addresses import (
    ArchiveName,
    parse_archive,
    parse_domain,
    parse_period,
    parse_search,
    parse_slug,
    parse_tags,
)
from blog.domain.digests import Digest, Rhythm
from blog.domain.entry import Kind
from blog.domain.feed_ids import feed_id
from blog.domain.filters import EVERYTHING, Filter
from blog.pagecache.accepting import wants_page
from blog.pagecache.middleware import NEVER
from blog.queries.browse import settle
from blog.queries.feeds import FeedEntries, archived_entries, feed_entries
from blog.queries.intersections import introduction_of
from blog.rendering import absolute
from blog.syndication.atom import MEDIA_TYPE as ATOM
from blog.syndication.atom import write_atom
from blog.syndication.items import DeletedItem, Feed, FeedItem
from blog.syndication.jsonfeed import MEDIA_TYPE as JSON
from blog.syndication.jsonfeed import write_json
from blog.web.context import (
    YEAR,
    base_url,
    depends_on,
    parameters,
    redirect_unless_at,
    services,
    stored_html,
    whole_url,
)
from blog.web.pages import page
from blog.web.states import TEXT

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as AnyResponse

    from blog.queries.entries import EntryView

feeds = Blueprint("feeds", __name__)
_FORM: Final = "<any(atom,json):form>"
_YEAR: Final = "<int(fixed_digits=4):year>"
GENERATOR: Final = f"Crosstag {version('crosstag')}"


def filter_feed(wanted: Filter, form: str) -> AnyResponse:
    """Answer with a filter's feed or one of its archives, or send the subscriber to its one address."""
    asked = parse_archive(request.args.getlist("archive"))
    if wanted.text:
        depends_on(TEXT)
    settled = settle(services(), wanted)
    if elsewhere := redirect_unless_at(settled.feed_url(form, str(asked or ""))):
        return elsewhere
    if asked:
        return _archive(settled, form, asked)
    found = feed_entries(services(), settled)
    return _explained(settled, form, found) if wants_page(request.environ) else _current(settled, form, found)


def _current(wanted: Filter, form: str, found: FeedEntries) -> Response:
    """Answer with the feed that is subscribed to."""
    previous = _archive_url(wanted, form, found.archives) if found.archives else ""
    feed = replace(_feed(wanted, found), previous=previous, hub=_hub(wanted))
    response = sent(written(feed, form), form)
    response.headers["Cache-Control"] = "public, max-age=300, stale-while-revalidate=86400"
    response.headers["Vary"] = "Accept"
    if feed.hub:
        # WebSub, section 4: whoever looks at the headers alone finds both there.
        own = feed.atom_url if form == "atom" else feed.json_url
        response.headers["Link"] = f'<{feed.hub}>; rel="hub", <{own}>; rel="self"'
    if not wanted.text:
        # The text index follows the blog: what a text finds can change when nothing in the blog does.
        _date(response)
    return response


def _explained(wanted: Filter, form: str, found: FeedEntries) -> Response:
    """Answer with a page that says what a feed is, and what is in this one."""
    address = base_url() + wanted.feed_url(form)
    digests = [(one, Digest(wanted, one).feed_url(form)) for one in Rhythm]
    return explained(
        "feed.html", wanted=wanted, address=wanted.url(), feed_address=address, found=found, digests=digests
    )


def explained(template: str, *, wanted: Filter, address: str, **values: Any) -> Response:
    """Answer a browser, at the address of a feed, with the page that explains it."""
    response = page(template, wanted=wanted, address=address, page_address=address, **values)
    response.headers["Vary"] = "Accept"
    # A cache on the way goes by what is accepted alone, and not by who accepts it.
    response.headers["Cache-Control"] = "private, max-age=60"
    return response


def _archive(wanted: Filter, form: str, asked: ArchiveName) -> AnyResponse:
    """Answer with an archive in the state that is asked for, or lead on to the one that it is in."""
    found = archived_entries(services(), wanted, asked.number)
    if asked.number > found.archives:
        # What comes after the last one is the feed itself, until that is full.
        return _leading_to(wanted.feed_url(form))
    feed = replace(
        _feed(wanted, found),
        previous=_archive_url(wanted, form, asked.number - 1) if asked.number > 1 else "",
        following=_archive_url(wanted, form, asked.number + 1),
        archive_url=_archive_url(wanted, form, asked.number),
    )
    name = ArchiveName(asked.number, hashlib.blake2b(written(feed, form), digest_size=8).hexdigest())
    address = wanted.feed_url(form, str(name))
    if asked != name:
        return _leading_to(address)
    response = sent(written(replace(feed, archive_url=base_url() + address), form), form)
    response.cache_control.public = True
    response.cache_control.max_age = YEAR
    return response


def _archive_url(wanted: Filter, form: str, number: int) -> str:
    return base_url() + wanted.feed_url(form, str(ArchiveName(number)))


def _leading_to(address: str) -> AnyResponse:
    response = redirect(address, 302)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def written(feed: Feed, form: str) -> bytes:
    """Return the feed as a document."""
    return write_atom(feed, GENERATOR) if form == "atom" else write_json(feed)


def sent(document: bytes, form: str) -> Response:
    """Answer with a document."""
    return Response(document, content_type=f"{ATOM if form == 'atom' else JSON}; charset=utf-8")


def _date(response: Response) -> None:
    """Say when the blog last changed, for readers that send If-Modified-Since and no ETag.

    It is the time of the last change to anything: an entry that is tagged today, or taken
    away, changes a feed without any date in it changing. Within the second of a change
    nothing is said, as another may follow that the header could not tell from this one
    (RFC 9110, section 8.8.2.2).
    """
    moved = datetime.fromtimestamp(services().facets.current().moved // 1_000_000, UTC)
    if moved < services().clock() - timedelta(seconds=2):
        response.last_modified = moved
    else:
        depends_on(NEVER)


def _feed(wanted: Filter, found: FeedEntries) -> Feed:
    settings = services().settings
    base = base_url()
    sentence = wanted.title(services().facets.current().display_names)
    introduced = introduction_of(services(), wanted)
    name = introduced.name if introduced else ""
    return Feed(
        id=id_of(wanted),
        title=f"{settings.title}: {name or sentence}" if wanted else settings.title,
        subtitle=(sentence if name else "") if wanted else settings.tagline,
        language=settings.language,
        author=settings.author or settings.title,
        base_url=base,
        page_url=base + wanted.url(),
        atom_url=base + wanted.feed_url("atom"),
        json_url=base + wanted.feed_url("json"),
        tag_scheme=f"{base}/tags/",
        items=tuple(_item(entry, base) for entry in found.entries),
        deleted=tuple(DeletedItem(one.atom_id, one.at) for one in found.departed),
    )


def id_of(wanted: Filter) -> str:
    """Return what the feed of a filter is called for ever."""
    names = services().facets.current().names
    return feed_id(
        wanted,
        services().settings.authority,
        tags={slug: names.tags[slug].id for slug in wanted.all_tags},
        source=names.sources[wanted.source].id if wanted.source else 0,
        series=names.series[wanted.series].id if wanted.series else 0,
    )


def _hub(wanted: Filter) -> str:
    """The hub that is told of this feed: none where a text makes it follow the blog a moment later."""
    settings = services().settings
    return settings.hub if settings.base_url and not wanted.text else ""


def _item(entry: EntryView, base: str) -> FeedItem:
    url = base + entry.permalink
    return FeedItem(
        id=entry.atom_id,
        title=entry.name,
        url=url,
        html=absolute(_content(entry), base, url),
        published=entry.published,
        updated=entry.updated,
        tags=tuple((slug, tag.label) for slug, tag in zip(entry.tag_slugs, entry.tags, strict=True)),
        related=entry.url,
        related_title=entry.title or entry.citation,
        via=entry.via_url,
        via_title=entry.via_title,
        image=whole_url(entry.image_url),
    )


def _content(entry: EntryView) -> str:
    """The whole entry as HTML, for readers that show nothing but the content."""
    parts = [_CONTENTS[entry.kind](entry)]
    if entry.via_url:
        parts.append(
            Markup('<p>(via <a href="{}">{}</a>)</p>').format(entry.via_url, entry.via_title or entry.via_url)
        )
    return "\n".join(part for part in parts if part)


def _image(entry: EntryView) -> Markup:
    if not entry.image_url:
        return Markup("")
    return Markup('<p><img src="{}" alt="{}"></p>').format(entry.image_url, entry.image_alt)


def _plain_content(entry: EntryView) -> str:
    return _image(entry) + stored_html(entry.html)


def _pointing_content(entry: EntryView) -> str:
    if not entry.url:
        return _plain_content(entry)
    link = Markup('<p><a href="{}"><strong>{}</strong></a></p>').format(entry.url, entry.name)
    return link + _plain_content(entry)


def _quoting_content(entry: EntryView) -> str:
    quoted = Markup('<blockquote cite="{}">{}</blockquote>').format(entry.url, stored_html(entry.html))
    if not entry.citation:
        return quoted
    linked = Markup('<a href="{}">{}</a>').format(entry.url, entry.citation)
    context = f", {entry.context}" if entry.context else ""
    return quoted + Markup("<p>— {}{}</p>").format(linked if entry.url else entry.citation, context)


_CONTENTS: Final = {
    Kind.ARTICLE: _plain_content,
    Kind.NOTE: _plain_content,
    Kind.LINK: _pointing_content,
    Kind.ACTIVITY: _pointing_content,
    Kind.QUOTATION: _quoting_content,
}


@feeds.get(f"/feed.{_FORM}")
def everything(form: str) -> AnyResponse:
    """Feed of the whole blog."""
    return filter_feed(EVERYTHING, form)


@feeds.get(f"/tags/<expression>.{_FORM}")
def tags(expression: str, form: str) -> AnyResponse:
    """Feed of any combination of tags."""
    return filter_feed(parse_tags(expression), form)


@feeds.get(f"/search.{_FORM}")
def search(form: str) -> AnyResponse:
    """Feed of any filter."""
    return filter_feed(parse_search(parameters()), form)


@feeds.get(f"/sources/<slug>.{_FORM}")
def source(slug: str, form: str) -> AnyResponse:
    """Feed of a source."""
    return filter_feed(Filter(source=parse_slug("source", slug)), form)


@feeds.get(f"/domains/<host>.{_FORM}")
def domain(host: str, form: str) -> AnyResponse:
    """Feed of what points to a domain."""
    return filter_feed(Filter(domain=parse_domain(host)), form)


@feeds.get(f"/series/<slug>.{_FORM}")
def series(slug: str, form: str) -> AnyResponse:
    """Feed of a series."""
    return filter_feed(Filter(series=parse_slug("series", slug)), form)


@feeds.get(f"/{_YEAR}.{_FORM}")
def year(year: int, form: str) -> AnyResponse:
    """Feed of a year."""
    return filter_feed(parse_period(str(year)), form)


@feeds.get(f"/{_YEAR}/<month>.{_FORM}")
def month(year: int, month: str, form: str) -> AnyResponse:
    """Feed of a month."""
    return filter_feed(parse_period(str(year), month), form)


@feeds.get(f"/{_YEAR}/<month>/<day>.{_FORM}")
def day(year: int, month: str, day: str, form: str) -> AnyResponse:
    """Feed of a day."""
    return filter_feed(parse_period(str(year), month, day), form)


def _kind_view(kind: Kind, form: str) -> AnyResponse:
    return filter_feed(Filter(kinds=frozenset({kind})), form)


def register(app: Flask) -> None:
    """Add the feeds to the app; each kind has its own address."""
    app.register_blueprint(feeds)
    for kind in Kind:
        app.add_url_rule(
            f"/{kind.plural}.{_FORM}", f"feeds.kind_{kind}", lambda form, kind=kind: _kind_view(kind, form)
        )
