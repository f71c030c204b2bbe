"""The feeds of an OPML file are taken up, each with what became of it; and what is polled goes out again."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from feedserver import FeedServer, Page, Radio, broadcasting, rss

from blog.domain.entry import Rejected, Status
from blog.domain.errors import BadImport
from blog.poller.asking import Network
from blog.poller.outlines import Choices, Line, TakenUp, opml_of, read_outlines, take_up
from blog.poller.readers import Readers
from blog.queries.subscriptions import polled_sources
from importers.material import Material
from importers.opml import Outline, outlines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from feedserver import Handler


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with closing(Readers(1)) as readers:
        yield readers


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with broadcasting() as server:
        yield server


@pytest.fixture
def radio(make_blog: Callable[..., Blog], server: FeedServer, readers: Readers) -> Radio:
    return Radio(make_blog(fetch_private=True, fetch_timeout=5), server, readers)


def opml(*lines: str) -> Material:
    text = f'<opml version="2.0"><head/><body>{"".join(lines)}</body></opml>'
    return Material.of_bytes(text.encode(), "feeds.opml")


def feed(name: str, url: str, **more: str) -> str:
    others = "".join(f' {key}="{value}"' for key, value in more.items())
    return f'<outline type="rss" text="{name}" xmlUrl="{url}"{others}/>'


def outline(name: str, url: str, *tags: str) -> Outline:
    return Outline(name=name, slug=name.lower(), url=url, home="", tags=tags)


@pytest.mark.parametrize(
    ("lines", "tags"),
    [
        (["{feed}"], ()),
        (['<outline text="Tech"><outline text="Databases">{feed}</outline></outline>'], ("Tech", "Databases")),
        (['<outline text="Tech">', feed("B", "https://b.example/"), "{feed}", "</outline>"], ("Tech",)),
        (['<outline text="Tech">', feed("B", "https://b.example/"), "</outline>", "{feed}"], ()),
        (['<outline text="!!!"><outline title="C++">{feed}</outline></outline>'], ("C++",)),
        (['<outline text="sql">{category}</outline>'], ("sql", "Tech", "Databases", "maps")),
    ],
)
def test_nested_groups_and_categories_are_tags(lines: list[str], tags: tuple[str, ...]) -> None:
    plain = feed("A", "https://a.example/feed")
    category = feed("A", "https://a.example/feed", category="/Tech/Databases, maps,sql,")
    text = [one.replace("{feed}", plain).replace("{category}", category) for one in lines]
    found = [one for one in outlines(opml(*text)) if isinstance(one, Outline) and one.name == "A"]
    assert found == [outline("A", "https://a.example/feed", *tags)]


def test_each_feed_has_its_line(radio: Radio, server: FeedServer, readers: Readers) -> None:
    def url(path: str) -> str:
        return server.url(path, "127.0.0.1")

    server.pages["/one"] = Page(rss("a"))
    server.pages["/same"] = Page(rss("b"))
    server.pages["/page"] = Page(b'<head><link rel="alternate" type="application/rss+xml" href="/one"></head>')
    server.pages["/polled"] = Page(rss("c"))
    radio.add("polled", "/polled", host="127.0.0.1")
    material = opml(
        '<outline text="Sets">',
        feed("One", url("/one")),
        feed("One", url("/same")),
        "</outline>",
        feed("A page of One", url("/page")),
        feed("Gone", url("/gone")),
        feed("Polled", url("/polled")),
        feed("Bad", "file:///etc/passwd"),
    )
    found = read_outlines(radio.services, material)
    assert [one.name for one in found.new] == ["One", "One", "A page of One", "Gone"]
    assert found.there == [TakenUp("Polled", url("/polled"), Line.THERE, "polled")]
    assert [type(one) for one in found.rejected] == [Rejected]
    network = Network(settings=radio.services.settings)
    choices = Choices(tags=("mine",), status=Status.PUBLISHED)
    lines = list(take_up(radio.services, network, readers, found.new, choices))
    assert [(one.name, one.line, one.slug) for one in lines] == [
        ("One", Line.ADDED, "one"),
        ("One (127.0.0.1)", Line.ADDED, "one-127-0-0-1"),
        ("A page of One", Line.THERE, "one"),
        ("Gone", Line.NO_FEED, ""),
    ]
    assert lines[3].reason == f"{url('/gone')} answered 404 Not Found."
    polled = {one.slug: (one.tags, one.status) for one in polled_sources(radio.services)}
    assert polled["one-127-0-0-1"] == (("Sets", "mine"), Status.PUBLISHED)
    assert [one.line for one in take_up(radio.services, network, readers, found.new[:1], choices)] == [
        Line.THERE
    ]


def silence(handler: Handler) -> None:
    handler.server.over.wait(2)


def test_what_there_was_no_time_to_look_at_is_polled_all_the_same(
    radio: Radio, server: FeedServer, readers: Readers
) -> None:
    server.pages["/slow"] = silence
    wanted = [outline("Slow", server.url("/slow", "127.0.0.1"))]
    network = Network(settings=radio.services.settings)
    (line,) = take_up(radio.services, network, readers, wanted, Choices(), seconds=0.1)
    assert (line.line, line.slug) == (Line.UNSEEN, "slow")


def test_what_is_no_opml_is_refused_with_a_sentence(radio: Radio) -> None:
    with pytest.raises(BadImport, match="is no OPML file"):
        read_outlines(radio.services, Material.of_bytes(rss("one"), "a feed"))
    with pytest.raises(BadImport):
        read_outlines(radio.services, Material.of_bytes(b'<opml><!DOCTYPE a [<!ENTITY b "c">]>&b;', "bad"))


def test_what_goes_out_comes_in_again(radio: Radio) -> None:
    kept = {
        "Databases & more": ("sql", "C++"),
        "Slashed": ("CI/CD", "sql", "a, b"),
        "Plain": (),
        "Also sql": ("sql",),
    }
    for number, (name, tags) in enumerate(kept.items()):
        radio.add(name, f"/{number}?a=1&b=2", tags=tags)
    document = opml_of(radio.services)
    found = {
        one.name: set(one.tags)
        for one in outlines(Material.of_bytes(document, "a"))
        if isinstance(one, Outline)
    }
    assert found == {name: set(tags) for name, tags in kept.items()}
    assert document.count(b'<outline text="sql" title="sql">') == 1, "what has a tag in common is in one group"
    again = read_outlines(radio.services, Material.of_bytes(document, "a"))
    assert (again.new, len(again.there)) == ([], 4)
