"""Every number on a page is kept by the page it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from library import fill
from reading import look, promises

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Blog
    from flask.testing import FlaskClient


CRAWLED = ["/tags/python/", "/tags/scaling+-ruby/", "/tags/python,ruby/", "/2010/", "/notes/", "/sources/github/", "/search/?q=pages",
           "/search/?tag=scaling&year=2009", "/search/?from=2009-05-25&to=2010-12-31", "/domains/example.org/", "/", "/tags/", "/archive/",
           "/sources/", "/domains/", "/series/", "/tags/?sort=name"]  # fmt: skip


def followed(client: FlaskClient, addresses: list[str], depth: int) -> Iterator[tuple[str, str, int, int]]:
    """Follow every counted link and every chip, this many clicks deep: page, link, promised, found."""
    known: dict[str, int] = {}
    pages = dict.fromkeys(addresses)
    for _ in range(depth):
        onward: dict[str, None] = {}
        for address in pages:
            page = look(client, address)
            promised = promises(page)
            chips = [link for chip in page.all("li", cls="chip") for link in chip.links()]
            for link in {**promised, **dict.fromkeys(chips)}:
                if link not in known:
                    known[link] = arrived(client, link)
                    onward[link] = None
                yield address, link, promised.get(link, known[link]), known[link]
        pages = onward


def arrived(client: FlaskClient, address: str) -> int:
    """Return the total that the page at this address says; the home page says none."""
    page = look(client, address)
    if address == "/":
        return -1
    return int(page.one(cls="facts").all("strong")[0].text().split()[0].replace(",", ""))


def test_every_chip_and_every_counted_link_leads_to_as_many_entries_as_it_says(blog: Blog) -> None:
    fill(blog)
    steps = list(followed(blog.client(), CRAWLED, depth=2))
    assert len(steps) > 1_000
    assert [step for step in steps if step[2] != step[3]] == []
    assert [step for step in steps if step[3] == 0] == []
