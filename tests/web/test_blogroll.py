"""The blogroll: there when the author wants it, and of what the author wants in it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from reading import look

from blog.changes.settings import save_settings
from blog.changes.subscriptions import Subscribed, pause, show_in_blogroll, subscribe
from importers.material import Material
from importers.registry import detect

if TYPE_CHECKING:
    from conftest import Blog


def read(blog: Blog, name: str, tags: str = "", feed: str = "", url: str = "") -> str:
    feed = feed or f"https://{name.lower().replace(' ', '-')}.example/feed"
    return subscribe(blog.services, Subscribed(name=name, feed_url=feed, url=url, tags=tuple(tags.split())))


def test_there_is_none_until_the_author_wants_one(blog: Blog) -> None:
    read(blog, "Ada")
    client = blog.client()
    assert [client.get(address).status_code for address in ("/blogroll/", "/blogroll.opml")] == [404, 404]
    assert "/blogroll/" not in look(client, "/").links()
    save_settings(blog.services, {"blogroll": True})
    assert [client.get(address).status_code for address in ("/blogroll/", "/blogroll.opml")] == [200, 200]
    assert "/blogroll/" in look(client, "/").links()


def test_it_shows_each_source_once_by_its_tag_with_its_feed_and_its_latest(blog: Blog) -> None:
    save_settings(blog.services, {"blogroll": True})
    blog.write("Tagged", "python web")
    ada = read(blog, "Ada", "python web", url="https://ada.example/")
    read(blog, "Bob & <Co>", feed="https://bob.example/feed")
    show_in_blogroll(blog.services, read(blog, "Left out"), shown=False)
    pause(blog.services, read(blog, "Paused"))
    read(blog, "Secret", feed="https://me:secret@example.com/feed")
    blog.write("Old", source=ada, day="2020-01-01")
    blog.write("New", source=ada, day="2021-01-01")
    page = look(blog.client(), "/blogroll/")
    groups = {
        one.one("h2").text(): [item.text() for item in one.all("li")]
        for one in page.all("section", cls="blogroll-group")
    }
    assert groups == {
        "python": ["Ada feedLatest here: New, 1 January 2021; 2 entries in all"],
        "Others": ["Bob & <Co> feed"],
    }
    assert "https://ada.example/" in page.links()


def test_a_feed_reader_and_our_own_importer_take_the_opml(blog: Blog) -> None:
    save_settings(blog.services, {"blogroll": True, "title": "Tape & Deck"})
    read(blog, "Ada", "python web", url="https://ada.example/")
    read(blog, "Bob & <Co>", feed="https://bob.example/?a=1&b=2")
    answer = blog.client().get("/blogroll.opml")
    assert answer.content_type == "text/x-opml; charset=utf-8"
    root = ElementTree.fromstring(answer.data)
    assert root.findtext("head/title") == "Tape & Deck: blogroll"
    outlines = [one.attrib for one in root.iter("outline") if "xmlUrl" in one.attrib]
    assert [one["xmlUrl"] for one in outlines] == ["https://ada.example/feed", "https://bob.example/?a=1&b=2"]
    assert outlines[0]["category"] == "python,web"
    material = Material.of_bytes(answer.data, "blogroll.opml")
    taken = [str(one) for one in detect(material).parse(material)]
    assert any("https://ada.example/" in one for one in taken)
