"""Digests: any filter by day, week or month, as pages, as Markdown and as a feed.

They lie below the pages of their filters, so each kind of page has four views more. What is read of an
address is read by the same functions as for the page itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response, render_template, request

from blog.domain.addresses import parse_domain, parse_search, parse_slug, parse_tags, parse_text
from blog.domain.dates import spoken_day
from blog.domain.digests import Digest, Rhythm, parse_period_name, parse_year_name
from blog.domain.entry import Kind, Markup
from blog.domain.filters import EVERYTHING, Filter
from blog.pagecache.accepting import wants_page
from blog.queries.browse import settle
from blog.queries.digests import bodies_of, digest_index, finished_issues, issue_page, today
from blog.rendering import absolute
from blog.syndication.items import Feed, FeedItem
from blog.syndication.markdown import MEDIA_TYPE as MARKDOWN
from blog.syndication.markdown import MarkdownDigest, MarkdownEntry, write_markdown
from blog.web.context import (
    base_url,
    depends_on,
    parameters,
    redirect_unless_at,
    services,
    stored_html,
    times,
    whole_url,
)
from blog.web.feeds import explained, id_of, sent, written
from blog.web.metadata import plain_meta
from blog.web.pages import PageFeeds, page
from blog.web.states import TEXT, TODAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask
    from werkzeug.wrappers import Response as AnyResponse

    from blog.domain.digests import Period
    from blog.queries.digests import Issue
    from blog.queries.entries import EntryView

_RHYTHM: Final = f"<any({','.join(Rhythm)}):rhythm>"
_FORM: Final = "<any(atom,json):form>"


def _digest(wanted: Filter, rhythm: str) -> Digest:
    """The digest that is asked for, with the names that its tags have now."""
    if wanted.text:
        depends_on(TEXT)
    return Digest(settle(services(), wanted), Rhythm(rhythm))


def _index(wanted: Filter, rhythm: str) -> AnyResponse:
    """List the periods of a digest, and show the one that has begun last."""
    digest = _digest(wanted, rhythm)
    if elsewhere := redirect_unless_at(digest.url()):
        return elsewhere
    depends_on(TODAY)
    found = digest_index(services(), digest)
    return _page("digest_index.html", digest, digest.url(), _title(digest), index=found)


def _year(wanted: Filter, rhythm: str, year: int) -> AnyResponse:
    """List the periods of one year."""
    digest = _digest(wanted, rhythm)
    address = digest.url(f"{year:04}")
    if elsewhere := redirect_unless_at(address):
        return elsewhere
    title = f"{_title(digest)}, in {year}"
    index = digest_index(services(), digest, year)
    return _page("digest_index.html", digest, address, title, index=index)


def _issue(wanted: Filter, rhythm: str, name: str) -> AnyResponse:
    """Show one period, or the periods of one year."""
    if (year := parse_year_name(parse_text(name))) is not None:
        return _year(wanted, rhythm, year)
    digest = _digest(wanted, rhythm)
    period = parse_period_name(digest.rhythm, name)
    address = digest.url(period.name)
    if elsewhere := redirect_unless_at(address):
        return elsewhere
    _note_time(period)
    found = issue_page(services(), digest, period)
    return _page("digest.html", digest, address, found.issue.title, found=found, issue=found.issue)


def _markdown(wanted: Filter, rhythm: str, name: str) -> AnyResponse:
    """Send one period as Markdown."""
    digest = _digest(wanted, rhythm)
    period = parse_period_name(digest.rhythm, parse_text(name))
    if elsewhere := redirect_unless_at(digest.markdown_url(period)):
        return elsewhere
    _note_time(period)
    text = write_markdown(_as_markdown(issue_page(services(), digest, period).issue))
    return Response(text, content_type=f"{MARKDOWN}; charset=utf-8")


def _feed(wanted: Filter, rhythm: str, form: str) -> AnyResponse:
    """Send the feed of a digest: the periods that are over, an item each."""
    digest = _digest(wanted, rhythm)
    if elsewhere := redirect_unless_at(digest.feed_url(form)):
        return elsewhere
    depends_on(TODAY)
    issues = finished_issues(services(), digest)
    if wants_page(request.environ):
        return explained(
            "digest_feed.html",
            wanted=digest.wanted,
            address=digest.url(),
            feeds=_feeds(digest),
            feed_address=base_url() + digest.feed_url(form),
            digest=digest,
            issues=[(issue, digest.url(issue.period.name)) for issue in issues],
        )
    response = sent(written(_as_feed(digest, issues), form), form)
    response.headers["Cache-Control"] = "public, max-age=300, stale-while-revalidate=86400"
    response.headers["Vary"] = "Accept"
    return response


def _note_time(period: Period) -> None:
    """A period that is over stays so; one that is not is another page when it is."""
    if period.last >= today(services()):
        depends_on(TODAY)


def _page(template: str, digest: Digest, address: str, title: str, **values: Any) -> Response:
    meta = plain_meta(title, f"{title}, on {services().settings.title}.")
    return page(
        template,
        wanted=digest.wanted,
        address=address,
        meta=meta,
        feeds=_feeds(digest),
        title=title,
        digest=digest,
        rhythms=[Digest(digest.wanted, one) for one in Rhythm],
        **values,
    )


def _feeds(digest: Digest) -> PageFeeds:
    return PageFeeds(_title(digest), digest.feed_url("atom"), digest.feed_url("json"))


def _title(digest: Digest) -> str:
    return digest.title(services().facets.current().display_names)


def _as_feed(digest: Digest, issues: list[Issue]) -> Feed:
    settings, base = services().settings, base_url()
    return Feed(
        id=f"{id_of(digest.wanted)}/{digest.rhythm}",
        title=f"{settings.title}: {_title(digest)}",
        subtitle="",
        language=settings.language,
        author=settings.author or settings.title,
        base_url=base,
        page_url=base + digest.url(),
        atom_url=base + digest.feed_url("atom"),
        json_url=base + digest.feed_url("json"),
        tag_scheme=f"{base}/tags/",
        items=tuple(_item(issue, base) for issue in issues),
    )


def _item(issue: Issue, base: str) -> FeedItem:
    url = base + issue.digest.url(issue.period.name)
    html = render_template("digest_item.html", issue=issue, bodies=_bodies(issue, base))
    return FeedItem(
        id=issue.uri,
        title=issue.title,
        url=url,
        html=absolute(html, base, url),
        published=issue.ends,
        updated=issue.updated,
    )


def _bodies(issue: Issue, base: str) -> Mapping[int, str]:
    """What each entry has to say in a list, with whole addresses: each starts from its own page."""
    return {
        entry.id: stored_html(absolute(entry.short_html or entry.html, base, base + entry.permalink))
        for group in issue.groups
        for entry in group.entries
    }


def _as_markdown(issue: Issue) -> MarkdownDigest:
    base = base_url()
    entries = [entry for group in issue.groups for entry in group.entries]
    bodies = bodies_of(services(), entries)
    days = f"{issue.period.days_in_words}: " if issue.period.days_in_words else ""
    listed = f"The newest {issue.shown:,} of {issue.total:,} are here; all of them are on the blog."
    return MarkdownDigest(
        title=issue.title,
        intro=f"{days}{times(issue.total, 'entry', 'entries')}, on {services().settings.title}",
        url=base + issue.digest.url(issue.period.name),
        groups=tuple(
            (group.kind.plural.capitalize(), tuple(_entry(one, bodies, base) for one in group.entries))
            for group in issue.groups
        ),
        rest=(listed, base + issue.all_url) if issue.total > issue.shown else None,
    )


def _entry(entry: EntryView, bodies: Mapping[int, tuple[str, Markup]], base: str) -> MarkdownEntry:
    url = base + entry.permalink
    body, markup = bodies.get(entry.id, ("", Markup.HTML))
    return MarkdownEntry(
        title=entry.title,
        url=url,
        when=spoken_day(entry.day),
        body=body if markup is Markup.MARKDOWN else "",
        html=absolute(entry.html, base, url),
        is_quotation=entry.kind is Kind.QUOTATION,
        link="" if entry.kind is Kind.ARTICLE else entry.url,
        where="" if entry.kind is Kind.QUOTATION else entry.domain,
        via=entry.via_url,
        via_title=entry.via_title,
        whom=entry.citation or entry.title or entry.domain,
        context=entry.context,
        image=whole_url(entry.image_url),
        image_alt=entry.image_alt,
    )


# Whose digests there are: the pages below which they lie, and how the rest of an address is read there.
_PAGES: Final[Mapping[str, Callable[..., Filter]]] = {
    "": lambda: EVERYTHING,
    "/tags/<expression>": parse_tags,
    "/search": lambda: parse_search(parameters()),
    "/sources/<slug>": lambda slug: Filter(source=parse_slug("source", slug)),
    "/domains/<host>": lambda host: Filter(domain=parse_domain(host)),
    "/series/<slug>": lambda slug: Filter(series=parse_slug("series", slug)),
    **{f"/{kind.plural}": lambda kind=kind: Filter(kinds=frozenset({kind})) for kind in Kind},
}
_VIEWS: Final[Mapping[str, tuple[str, Callable[..., AnyResponse]]]] = {
    "index": (f"/{_RHYTHM}/", _index),
    "issue": (f"/{_RHYTHM}/<name>/", _issue),
    "markdown": (f"/{_RHYTHM}/<name>.md", _markdown),
    "feed": (f"/{_RHYTHM}.{_FORM}", _feed),
}


def _view(read: Callable[..., Filter], show: Callable[..., AnyResponse]) -> Callable[..., AnyResponse]:
    """Make a view: what of the address tells the filter is read, and the rest goes to what shows it."""

    def view(rhythm: str, name: str = "", form: str = "", **parts: str) -> AnyResponse:
        asked = [one for one in (name, form) if one]
        return show(read(**parts), rhythm, *asked)

    return view


def register(app: Flask) -> None:
    """Add the digests of every filter to the app."""
    for at, (below, read) in enumerate(_PAGES.items()):
        for name, (rule, show) in _VIEWS.items():
            app.add_url_rule(f"{below}{rule}", f"digests.{name}_{at}", _view(read, show))
