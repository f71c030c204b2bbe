"""``Filter``: one value, one address, one sentence for each thing that can be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blog.domain.addresses import (
    parse_domain,
    parse_page,
    parse_path,
    parse_period,
    parse_search,
    parse_slug,
    parse_tags,
)
from blog.domain.entry import Kind
from blog.domain.errors import BadFilter
from blog.domain.filters import EVERYTHING, MAX_TERMS, Filter, Sort

if TYPE_CHECKING:
    from collections.abc import Callable


def some(*tags: str) -> frozenset[str]:
    return frozenset(tags)


ADDRESSES = [
    (Filter(), "/", "/feed.atom", "Posts"),
    (Filter(tags=some("scaling", "python")), "/tags/python+scaling/", "/tags/python+scaling.atom", "Posts tagged python, scaling"),
    (Filter(tags=some("python"), without=some("django")), "/tags/python+-django/", "/tags/python+-django.atom", "Posts tagged python, excluding django"),
    (Filter(tags=some("scaling"), any_of=frozenset({some("ruby", "python")})), "/tags/python,ruby+scaling/", "/tags/python,ruby+scaling.atom", "Posts tagged scaling, and python or ruby"),
    (Filter(without=some("ai")), "/tags/-ai/", "/tags/-ai.atom", "Posts excluding ai"),
    (Filter(tags=some("日本語")), "/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E/", "/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E.atom", "Posts tagged 日本語"),
    (Filter(kinds=frozenset({Kind.LINK})), "/links/", "/links.atom", "Links"),
    (Filter(kinds=frozenset({Kind.ACTIVITY})), "/activity/", "/activity.atom", "Activity"),
    (Filter(source="github"), "/sources/github/", "/sources/github.atom", "Posts from github"),
    (Filter(domain="example.com"), "/domains/example.com/", "/domains/example.com.atom", "Posts pointing to example.com"),
    (Filter(series="sqlite"), "/series/sqlite/", "/series/sqlite.atom", "Posts in the series sqlite"),
    (Filter(year=2009), "/2009/", "/2009.atom", "Posts in 2009"),
    (Filter(year=2009, month=5), "/2009/May/", "/2009/May.atom", "Posts in May 2009"),
    (Filter(year=2009, month=5, day=25), "/2009/May/25/", "/2009/May/25.atom", "Posts on 25 May 2009"),
    (
        Filter(text="index", kinds=frozenset({Kind.LINK}), tags=some("python"), without=some("django"), year=2009, month=5),
        "/search/?q=index&tag=python&exclude.tag=django&type=link&year=2009&month=5",
        "/search.atom?q=index&tag=python&exclude.tag=django&type=link&year=2009&month=5",
        "“index” in links tagged python, excluding django, in May 2009",
    ),
    (Filter(text="a b", sort=Sort.DATE), "/search/?q=a+b&sort=date", "/search.atom?q=a+b", "“a b” in posts"),
    (
        Filter(since=date(2009, 5, 1), until=date(2009, 6, 30)),
        "/search/?from=2009-05-01&to=2009-06-30",
        "/search.atom?from=2009-05-01&to=2009-06-30",
        "Posts from 1 May 2009 to 30 June 2009",
    ),
    (
        Filter(kinds=frozenset({Kind.LINK, Kind.NOTE}), source="a", domain="b.com"),
        "/search/?type=link&type=note&source=a&domain=b.com",
        "/search.atom?type=link&type=note&source=a&domain=b.com",
        "Links and notes from a, pointing to b.com",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "url", "feed", "title"), ADDRESSES)
def test_a_filter_has_one_address_one_feed_and_one_sentence(
    wanted: Filter, url: str, feed: str, title: str
) -> None:
    assert (wanted.url(), wanted.feed_url("atom"), wanted.title()) == (url, feed, title)


def test_pages_after_the_first_are_part_of_the_address() -> None:
    assert Filter(tags=some("python")).url(1) == "/tags/python/"
    assert Filter(tags=some("python")).url(3) == "/tags/python/?page=3"
    assert Filter(text="x").url(3) == "/search/?q=x&page=3"


SAME = [
    ("python+python", "python"),
    ("Python+SCALING", "python+scaling"),
    ("python,ruby+python", "python"),
    ("python,python", "python"),
    ("python,ruby+-ruby", "python+-ruby"),
    ("a,b+a,b,c", "a,b"),
    ("a,b+b,c+-b", "a+c+-b"),
    ("C++", "cplusplus"),
]


@pytest.mark.parametrize(("spelling", "normal"), [pair for pair in SAME if pair[0] != "C++"])
def test_filters_that_mean_the_same_are_the_same_value(spelling: str, normal: str) -> None:
    assert parse_tags(spelling) == parse_tags(normal)
    assert hash(parse_tags(spelling)) == hash(parse_tags(normal))
    assert parse_tags(spelling).tag_expression() == normal


BAD_TAGS = ["", "+", "python+", "+python", ",", "a,,b", "-", "python+-", "-python+python", "a,b+-a+-b", "!", "a" * 10_000, "+".join(f"t{n}" for n in range(21)), "a\x00b", "a\ufffdb"]  # fmt: skip


@pytest.mark.parametrize("expression", BAD_TAGS)
def test_an_expression_that_means_nothing_is_refused_with_a_sentence(expression: str) -> None:
    with pytest.raises(BadFilter) as caught:
        parse_tags(expression)
    assert caught.value.sentence.endswith(".")


BAD_SEARCHES = [
    "year=abc", "year=1200", "year=99999999999999", "month=5", "year=2009&month=13", "year=2009&month=0", "year=2009&day=4",
    "year=2009&month=2&day=29", "from=2009-13-01", "from=yesterday", "from=2010-01-01&to=2009-01-01",
    "year=2009&from=2009-01-01", "type=novel", "sort=size", "domain=a/b", "source=%2B%2B", "tag=,",
    "q=a&q=b", "tag=a&exclude.tag=a", "year=-2009",
]  # fmt: skip


@pytest.mark.parametrize("query", BAD_SEARCHES)
def test_a_search_that_means_nothing_is_refused_with_a_sentence(query: str) -> None:
    with pytest.raises(BadFilter) as caught:
        parse_search(parse_qs(query, keep_blank_values=True))
    assert caught.value.sentence.endswith(".")


SEARCHES = [
    ("", Filter()),
    ("q=&tag=&year=", Filter()),
    ("type=blogmark", Filter(kinds=frozenset({Kind.LINK}))),
    ("type=entry&type=quotation", Filter(kinds=frozenset({Kind.ARTICLE, Kind.QUOTATION}))),
    ("&".join(f"type={kind}" for kind in Kind), Filter()),
    ("tag=python&tag=scaling", Filter(tags=some("python", "scaling"))),
    ("tag=python,ruby", Filter(any_of=frozenset({some("python", "ruby")}))),
    ("q=x&sort=relevance", Filter(text="x")),
    ("sort=relevance", Filter()),
    ("q=+two++words+", Filter(text="two words")),
    ("year=2009&month=May", Filter(year=2009, month=5)),
    ("domain=WWW.Example.com", Filter(domain="example.com")),
    ("utm_source=news", Filter()),
    ("q=" + "x" * 300, Filter(text="x" * 200)),
    ("q=index+tag:C%2B%2B+-tag:ruby", Filter(text="index", tags=some("cplusplus"), without=some("ruby"))),
    ("q=tag:python&tag=scaling", Filter(tags=some("python", "scaling"))),
    ("q=domain:example.com+source:github", Filter(domain="example.com", source="github")),
    ("q=tag:a+-tag:a", Filter(text="tag:a -tag:a")),
    ("q=tag:!!!", Filter(text="tag:!!!")),
    ("q=tag:a+OR+tag:b", Filter(text="tag:a OR tag:b")),
]


@pytest.mark.parametrize(("query", "wanted"), SEARCHES)
def test_a_search_is_read_as_it_was_meant(query: str, wanted: Filter) -> None:
    assert parse_search(parse_qs(query, keep_blank_values=True)) == wanted


@pytest.mark.parametrize(("text", "number"), [("", 1), ("1", 1), ("7", 7)])
def test_a_page_number_is_read(text: str, number: int) -> None:
    assert parse_page([text]) == number


@pytest.mark.parametrize("text", ["0", "-1", "abc", "1.5", "9" * 13, "٣"])
def test_a_page_number_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadFilter):
        parse_page([text])


names = st.sampled_from(["python", "ruby", "scaling", "django", "日本語", "c", "web-2-0"])


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    """Any filter that can be asked for."""
    year, month, day = draw(
        st.sampled_from([(None, None, None), (2009, None, None), (2009, 5, None), (2009, 5, 25)])
    )
    dated = year is not None
    values: dict[str, Any] = {
        "tags": draw(st.frozensets(names, max_size=3)),
        "any_of": draw(st.frozensets(st.frozensets(names, min_size=1, max_size=3), max_size=2)),
        "without": draw(st.frozensets(names, max_size=2)),
        "kinds": draw(st.frozensets(st.sampled_from(list(Kind)))),
        "source": draw(st.sampled_from(["", "github"])),
        "domain": draw(st.sampled_from(["", "example.com"])),
        "series": draw(st.sampled_from(["", "sqlite"])),
        "since": None if dated else draw(st.sampled_from([None, date(2008, 1, 2)])),
        "until": None if dated else draw(st.sampled_from([None, date(2010, 3, 4)])),
        "text": draw(st.sampled_from(["", "index", "a  “b” & c+d?"])),
        "sort": draw(st.sampled_from([None, *Sort])),
    }
    try:
        return Filter(**values, year=year, month=month, day=day)
    except BadFilter:
        assume(False)
        raise


def read(address: str) -> Filter:
    """Read an address of any filter page the way the routes do."""
    parts = urlsplit(address)
    path = unquote(parts.path).strip("/").split("/")
    kinds = {kind.plural: kind for kind in Kind}
    if path == [""]:
        return EVERYTHING
    if path[0] == "search":
        return parse_search(parse_qs(parts.query))
    if path[0] in kinds:
        return Filter(kinds=frozenset({kinds[path[0]]}))
    if path[0] in ("tags", "sources", "domains", "series"):
        by_folder: dict[str, Callable[[str], Filter]] = {
            "tags": parse_tags,
            "sources": lambda slug: Filter(source=parse_slug("source", slug)),
            "domains": lambda host: Filter(domain=parse_domain(host)),
            "series": lambda slug: Filter(series=parse_slug("series", slug)),
        }
        return by_folder[path[0]](path[1])
    return parse_period(*path)


@given(filters())
def test_reading_a_filters_address_gives_the_filter_back(wanted: Filter) -> None:
    assert read(wanted.url()) == wanted
    assert read(wanted.url()).url() == wanted.url()


ENTRIES = [frozenset(tag for bit, tag in enumerate(["python", "ruby", "scaling", "c"]) if number >> bit & 1) for number in range(16)]  # fmt: skip
few = st.sampled_from(["python", "ruby", "scaling", "c"])


@given(
    st.frozensets(few, max_size=3),
    st.frozensets(st.frozensets(few, min_size=1, max_size=3), max_size=3),
    st.frozensets(few, max_size=3),
)
def test_the_normal_form_asks_for_the_same_entries(
    tags: frozenset[str], groups: frozenset[frozenset[str]], without: frozenset[str]
) -> None:
    asked = [
        entry
        for entry in ENTRIES
        if tags <= entry and all(group & entry for group in groups) and not without & entry
    ]
    try:
        made = Filter(tags=tags, any_of=groups, without=without)
    except BadFilter:
        assert asked == []
        return
    assert asked == [
        entry
        for entry in ENTRIES
        if made.tags <= entry and all(group & entry for group in made.any_of) and not made.without & entry
    ]


@given(filters(), names)
def test_copies_do_what_their_names_say(wanted: Filter, tag: str) -> None:
    assume(wanted.terms < MAX_TERMS)
    with_tag = wanted.with_tag(tag)
    assert tag in with_tag.tags
    assert tag not in with_tag.without
    assert tag not in with_tag.without_tag(tag).all_tags
    assert tag in wanted.excluding(tag).without
    if tag not in wanted.all_tags:
        assert wanted.url_with_tag(tag) == with_tag.url()
        assert wanted.url_excluding(tag) == wanted.excluding(tag).url()
    # Copies made by the shorter way are in normal form, too.
    copies = [
        with_tag, wanted.excluding(tag), wanted.with_kind(Kind.NOTE), wanted.in_period(2009, 5),
        wanted.at_any_time(), wanted.with_source("til"), wanted.with_domain("a.com"), wanted.with_series(""),
    ]  # fmt: skip
    assert [replace(copy) for copy in copies] == copies


@pytest.mark.parametrize("period", [(2009, 13), (2009, 2, 30), (99, None)])
def test_a_copy_is_of_no_period_that_there_is_not(period: tuple[int, ...]) -> None:
    with pytest.raises(BadFilter):
        EVERYTHING.in_period(*period)


def test_display_names_are_spoken_and_never_part_of_the_address() -> None:
    names = {"cplusplus": "C++", "source:gh": "GitHub", "series:s": "On SQLite"}
    wanted = Filter(tags=some("cplusplus"), source="gh", series="s")
    assert wanted.title(names) == "Posts tagged C++, from GitHub, in the series On SQLite"
    assert wanted.url() == "/search/?tag=cplusplus&source=gh&series=s"


PLAIN = ["/", "/tags/python/", "/links/", "/sources/there/", "/domains/a.example/", "/series/deep/"]
NOT_PLAIN = [
    *("/tags/python+sql/", "/tags/python,sql/", "/tags/-python/", "/2009/", "/2009/May/25/"),
    *(
        "/search/?q=words",
        "/search/?tag=python&year=2009",
        "/search/?type=link&type=note",
        "/search/?from=2009-01-01",
    ),
]


@pytest.mark.parametrize("address", [*PLAIN, *NOT_PLAIN])
def test_plain_is_what_there_are_no_more_of_than_the_blog_has(address: str) -> None:
    path, _, query = address.partition("?")
    wanted = parse_search(parse_qs(query)) if query else parse_path(path)
    assert wanted.url() == address
    assert wanted.is_plain == (address in PLAIN)
