"""Who is given the page that explains a feed: browsers, and never a reader of feeds."""

from __future__ import annotations

import pytest

from blog.pagecache.accepting import is_browser

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
LIKE_FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
LIKE_CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)

BROWSERS = {
    "Firefox": (LIKE_FIREFOX, FIREFOX),
    "Firefox, older": ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", FIREFOX),
    "Chrome": (LIKE_CHROME, CHROME),
    "Safari": (LIKE_FIREFOX, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"),
    "somebody who wants a page": ("text/html", "curl/8.5.0"),
    "a page, or anything else rather than nothing": ("text/html, application/xhtml+xml;q=0.9, */*;q=0.1", ""),
}  # fmt: skip

# Seen as it was sent: those of reader and of newsboat. Read in its source: that of Miniflux. The others are what
# such programs and the libraries beneath them are known to send, from memory.
READERS = {
    "nothing": ("", ""),
    "curl, wget, newsboat, Go, NSURLSession": ("*/*", "newsboat/2.21.0 (Linux x86_64)"),
    "reader, feedparser": (
        "application/atom+xml,application/rdf+xml,application/rss+xml,application/x-netcdf,application/feed+json,application/xml;q=0.9,application/json;q=0.9,text/xml;q=0.2,*/*;q=0.1",
        "python-reader/3.26 (+https://github.com/lemon24/reader)",
    ),
    "Miniflux": (
        "application/xml, application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, text/html, */*;q=0.9",
        "Mozilla/5.0 (compatible; Miniflux/2.2; +https://miniflux.app)",
    ),
    "FreshRSS, SimplePie": (
        "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, text/html;q=0.7, unknown/unknown;q=0.1, application/unknown;q=0.1, */*;q=0.1",
        "FreshRSS/1.26 (Linux; https://freshrss.org)",
    ),
    "Thunderbird": (
        "application/atom+xml,application/rss+xml;q=0.9,application/rdf+xml;q=0.8,application/xml;q=0.7,text/xml;q=0.7,*/*;q=0.1",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0",
    ),
    "Liferea": ("application/atom+xml,application/xml;q=0.9,text/xml;q=0.8,*/*;q=0.7", "Liferea/1.15 (Linux)"),
    "HTML first, but feeds, too": (
        "text/html, application/xhtml+xml, application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5",
        "",
    ),
    "KDE's libraries": (
        "text/html, text/*;q=0.9, image/jpeg;q=0.9, image/png;q=0.9, image/*;q=0.9, */*;q=0.8",
        "Mozilla/5.0 (X11; Linux x86_64) KIO/5.115 akregator/5.24",
    ),
    "Java's": ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "Java/21"),
    "Lynx": ("text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01", "Lynx/2.9.0"),
    "a browser that asks for JSON": ("application/json, text/html;q=0.9", CHROME),
    "a script in a browser": ("*/*", CHROME),
    "all alike": ("text/html, application/xhtml+xml, application/xml, */*", ""),
    "rather XML": ("application/xml,text/html;q=0.9", ""),
    "no HTML at all": ("text/html;q=0, application/xhtml+xml", ""),
    "nonsense": ("text/html;q=x,;;,q=", ""),
    # Said to send what a browser sends; they tell who they are.
    "Feedly": (LIKE_FIREFOX, "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers; like FeedFetcher-Google)"),
    "Inoreader": (LIKE_CHROME, "Mozilla/5.0 (compatible; inoreader.com; 3 subscribers)"),
    "NetNewsWire": (LIKE_FIREFOX, "NetNewsWire (RSS Reader; https://netnewswire.com/)"),
    "NewsBlur": (LIKE_FIREFOX, "NewsBlur Feed Fetcher - 4 subscribers - https://www.newsblur.com"),
    "Nextcloud News": (LIKE_FIREFOX, "NextCloud-News/1.0"),
    "Feedbin": (LIKE_FIREFOX, "Feedbin feed-id:12345 - 2 subscribers"),
    "The Old Reader": (LIKE_CHROME, "Mozilla/5.0 (compatible; theoldreader.com; 5 subscribers; feed-id=1)"),
}  # fmt: skip


@pytest.mark.parametrize(("accept", "user_agent"), BROWSERS.values(), ids=BROWSERS)
def test_a_browser_is_given_the_page(accept: str, user_agent: str) -> None:
    assert is_browser(accept, user_agent)


@pytest.mark.parametrize(("accept", "user_agent"), READERS.values(), ids=READERS)
def test_a_reader_is_given_the_feed(accept: str, user_agent: str) -> None:
    assert not is_browser(accept, user_agent)
