"""Cards: for pages of the blog alone, good for ever, and gone from no address."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from library import opened
from PIL import Image
from reading import look

from blog.app import create_app
from blog.web.cards import _DRAWN, _DRAWN_FOR_ONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Blog
    from flask.testing import FlaskClient
    from reading import Element


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blog]:
    with opened(tmp_path_factory.mktemp("cards")) as opened_blog:
        yield opened_blog


@pytest.fixture(scope="module")
def client(blog: Blog) -> FlaskClient:
    return create_app(blog.services).test_client()


def named(page: Element, name: str) -> str:
    (found,) = [one["content"] for one in page.all("meta") if name in (one.get("property"), one.get("name"))]
    return found


def card_of(client: FlaskClient, address: str) -> str:
    return named(look(client, address), "og:image").removeprefix("http://localhost")


PAGES = [
    "/", "/tags/python+scaling/", "/tags/日本語/", "/links/", "/2009/May/25/", "/series/sqlite-inside/",
    "/domains/example.org/", "/search/?tag=python&type=link", "/tags/", "/archive/",
]  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_every_page_names_a_card_that_is_there_and_immutable(client: FlaskClient, address: str) -> None:
    card = client.get(card_of(client, address))
    assert card.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    with Image.open(io.BytesIO(card.data)) as image:
        assert (image.format, image.size) == ("PNG", (1200, 630))


def test_a_search_for_words_has_the_blogs_card_and_no_other_can_be_had(client: FlaskClient) -> None:
    assert card_of(client, "/search/?q=buy+now") == card_of(client, "/")
    assert client.get(f"/cards/{'0' * 16}/search.png?q=buy+now").status_code == 404
    assert client.get(f"/cards/{'0' * 16}/tags/buy-now.png").status_code == 404
    assert client.get(f"/cards/{'0' * 16}/2009/May/25/nothing.png").status_code == 404
    assert client.get("/cards/..%2f..%2fblog/feed.png").status_code == 400


def test_an_address_of_what_a_page_once_was_leads_to_its_card(client: FlaskClient) -> None:
    now = card_of(client, "/tags/python+scaling/")
    old = re.sub("[0-9a-f]{16}", "0123456789abcdef", now).replace("python+scaling", "scaling+python")
    answer = client.get(old)
    assert (answer.status_code, answer.location) == (302, now)


def test_only_so_many_are_drawn_within_a_minute(blog: Blog) -> None:
    client = create_app(blog.services).test_client()
    drawn, address = card_of(client, "/"), card_of(client, "/tags/ruby/")
    assert client.get(drawn).status_code == 200
    client.application.extensions["crosstag.cards"].hit(_DRAWN, cost=90)
    refused = client.get(address)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert client.get(drawn).status_code == 200


def test_one_who_asks_for_many_uses_up_nobody_elses(blog: Blog) -> None:
    client = create_app(blog.services).test_client()
    address, other = card_of(client, "/tags/cache/"), card_of(client, "/tags/redis/")
    counting = client.application.extensions["crosstag.cards"]
    counting.hit(_DRAWN_FOR_ONE, "2001:db8:1:2::/64", cost=20)

    def ask(at: str) -> int:
        return client.get(address, environ_base={"REMOTE_ADDR": at}).status_code

    before = counting.get_window_stats(_DRAWN).remaining
    assert ask("2001:db8:1:2::7") == ask("2001:db8:1:2:aaaa::8") == 429
    assert counting.get_window_stats(_DRAWN).remaining == before
    assert ask("2001:db8:1:3::7") == 200
    assert client.get(other).status_code == 200


MADE_UP = [
    "/search/?from=2009-01-01", "/search/?tag=python&type=link", "/tags/python+redis+scaling/", "/2009/May/25/",
    "/tags/python,ruby/", "/tags/python+-ruby/",
]  # fmt: skip


@pytest.mark.parametrize("address", MADE_UP)
def test_what_can_be_made_up_without_end_has_the_blogs_card(client: FlaskClient, address: str) -> None:
    blogs = card_of(client, "/")
    assert card_of(client, address) == blogs
    path, _, query = address.partition("?")
    old = client.get(f"/cards/{'0' * 16}{path.rstrip('/')}.png?{query}")
    assert (old.status_code, old.location) == (302, blogs)


@pytest.mark.parametrize("address", ["/tags/ruby/", "/tags/python+redis/", "/2009/", "/2009/Jun/", "/notes/"])
def test_pages_of_which_there_are_not_too_many_have_their_own(client: FlaskClient, address: str) -> None:
    assert address.rstrip("/") + ".png" in card_of(client, address)


def linked_data(client: FlaskClient, address: str) -> dict[str, dict[str, object]]:
    text = look(client, address).one("script", type="application/ld+json").text()
    return {thing["@type"]: thing for thing in json.loads(text)["@graph"]}


def test_an_entry_says_what_it_is_to_machines(client: FlaskClient) -> None:
    found = linked_data(client, "/2009/May/25/sharding-at-last/")
    posting = found["BlogPosting"]
    assert posting["headline"] == "Sharding at last"
    assert posting["sharedContent"] == {"@type": "WebPage", "url": "https://www.example.org/sharding"}
    crumbs = found["BreadcrumbList"]["itemListElement"]
    assert isinstance(crumbs, list)
    assert [one["name"] for one in crumbs] == ["My linkblog", "2009", "May 2009", "Sharding at last"]
    quotation = linked_data(client, "/2010/Feb/28/on-speed/")["Quotation"]
    assert (quotation["text"], quotation["creator"]) == ("Slow is a bug.", {"@type": "Person", "name": "Ada"})


def test_no_title_ends_the_script_that_it_stands_in(tmp_path: Path) -> None:
    with opened(tmp_path) as hostile:
        hostile.write("</script><script>alert(1)</script>", "x", kind="article", body="x", slug="bad")
        client = create_app(hostile.services).test_client()
        page = look(client, "/2009/May/25/bad/")
        script = page.one("script", type="application/ld+json")
        assert json.loads(script.text())["@graph"][0]["headline"].startswith("</script>")
