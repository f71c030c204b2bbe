"""The blogs that the author reads, as a page and as OPML: there only once the author has turned it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response

from blog.domain.errors import NotThere
from blog.pagecache.middleware import NEVER
from blog.queries.blogroll import Blogroll
from blog.queries.blogroll import blogroll as read_blogroll
from blog.syndication.opml import MEDIA_TYPE, PolledFeed, write_opml
from blog.web.context import depends_on, redirect_unless_at, services
from blog.web.metadata import plain_meta
from blog.web.pages import page

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

blogroll: Final = Blueprint("blogroll", __name__)
_SENTENCE: Final = "The author of this blog shows no blogroll."


@blogroll.get("/blogroll/")
def show() -> AnyResponse:
    """Show the blogroll."""
    found = _found()
    meta = plain_meta("Blogroll", "Blogs that are read here, each with its feed.")
    return redirect_unless_at("/blogroll/") or page(
        "blogroll.html", address="/blogroll/", meta=meta, blogroll=found
    )


@blogroll.get("/blogroll.opml")
def opml() -> AnyResponse:
    """Send the blogroll for a feed reader."""
    found, settings = _found(), services().settings
    feeds = [
        PolledFeed(name=one.name, url=one.feed_url, home=one.url, tags=one.tags)
        for group in found.groups
        for one in group.blogs
    ]
    title, owner = f"{settings.title}: blogroll", settings.author or settings.title
    response = Response(
        write_opml(title, feeds, found.added, owner), content_type=f"{MEDIA_TYPE}; charset=utf-8"
    )
    response.headers["Content-Disposition"] = 'inline; filename="blogroll.opml"'
    return response


def _found() -> Blogroll:
    if not services().settings.blogroll:
        raise NotThere(_SENTENCE)
    # What is polled is not in the log, which tells the page cache of everything else that is written.
    depends_on(NEVER)
    return read_blogroll(services())
