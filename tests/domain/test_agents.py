"""What is understood of User-Agents: services with a number, readers, and what is neither."""

from __future__ import annotations

import pytest

from blog.domain.agents import Service, is_reader, service_of

# In the forms that these services document, or are known to send; the numbers are ours.
SERVICES = [
    ("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; like FeedFetcher-Google)", "Feedly", 16),
    ("Mozilla/5.0 (compatible; inoreader.com; 4 subscribers)", "inoreader.com", 4),
    ("NewsBlur Feed Fetcher - 5 subscribers - https://www.newsblur.com/site/7/a (Mozilla/5.0)", "NewsBlur Feed Fetcher", 5),
    ("Mozilla/5.0 (compatible; theoldreader.com; 7 subscribers; feed-id=5a0c)", "theoldreader.com #5a0c", 7),
    ("Feedbin feed-id:1234 - 12 subscribers", "Feedbin #1234", 12),
    ("Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 1 subscribers)", "BazQux", 1),
    ("Feed Wrangler/1.0 (23 subscribers; feed-id=31)", "Feed Wrangler #31", 23),
    ("YandexBlogs/0.99; robot; 3 readers", "YandexBlogs", 3),
    ("One/1 (1 subscriber)", "One", 1),
    ("Much/1 (9999999 subscribers)", "Much", 1_000_000),
    ("(5 subscribers)", "unnamed", 5),
]  # fmt: skip
NO_SERVICES = [
    "NetNewsWire (RSS Reader; https://netnewswire.com/)",
    "newsboat/2.32.0 (Linux x86_64)",
    "Version2.5 subscribers/1",
    "99999999999 subscribers",
    f"{'x' * 400} 5 subscribers",
    "",
]
READERS = [
    ("NetNewsWire (RSS Reader; https://netnewswire.com/)", "", ""),
    ("newsboat/2.32.0 (Linux x86_64)", "*/*", ""),
    ("feedparser/6.0.11 +https://github.com/kurtmckee/feedparser/", "application/atom+xml", ""),
    ("FreshRSS/1.24 (Linux; https://freshrss.org)", "", ""),
    ("Superfeedr bot/2.0 (http://superfeedr.com - feed-id:7)", "", ""),
    ("Mozilla/5.0 (X11; Linux) Gecko/20100101 Thunderbird/115.0", "application/rss+xml, */*", ""),
]
NOBODY = [
    ("", "", ""),
    ("Googlebot/2.1 (+http://www.google.com/bot.html)", "*/*", ""),
    ("curl/8.5.0", "*/*", ""),
    ("python-requests/2.32", "*/*", ""),
    ("Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "text/html,application/xhtml+xml", ""),
    ("Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "*/*", "document"),
]


@pytest.mark.parametrize(("agent", "name", "subscribers"), SERVICES)
def test_a_service_is_known_by_its_number_of_subscribers(agent: str, name: str, subscribers: int) -> None:
    assert service_of(agent) == Service(name, subscribers)


@pytest.mark.parametrize("agent", NO_SERVICES)
def test_what_says_no_number_is_no_service(agent: str) -> None:
    assert service_of(agent) is None


@pytest.mark.parametrize(("agent", "accept", "destination"), READERS)
def test_readers_are_readers(agent: str, accept: str, destination: str) -> None:
    assert is_reader(agent, accept, destination)


@pytest.mark.parametrize(("agent", "accept", "destination"), NOBODY)
def test_browsers_and_robots_are_none(agent: str, accept: str, destination: str) -> None:
    assert not is_reader(agent, accept, destination)
