"""The pages of filters: one address each, lists that are right, and the way through the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from library import opened
from reading import look, titles, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from flask.testing import FlaskClient


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with opened(tmp_path_factory.mktemp("library")) as blog:
        yield blog.client()


# One address each.

SPELLINGS = {
    "/tags/scaling+python/": "/tags/python+scaling/",
    "/tags/Python/": "/tags/python/",
    "/tags/python+PYTHON/": "/tags/python/",
    "/tags/-ruby+scaling/": "/tags/scaling+-ruby/",
    "/tags/ruby,python/": "/tags/python,ruby/",
    "/tags/python,ruby+python/": "/tags/python/",
    "/tags/ruby,python+scaling/": "/tags/python,ruby+scaling/",
    "/tags/C%2B%2B/": "/tags/cplusplus/",
    "/tags/C++/": "/tags/cplusplus/",
    "/tags/python+C%2B%2B/": "/tags/cplusplus+python/",
    "/tags/C%2B%2B+python/": "/tags/cplusplus+python/",
    "/tags/python+-C%2B%2B/": "/tags/python+-cplusplus/",
    "/tags/ruby,C%2B%2B/": "/tags/cplusplus,ruby/",
    "/tags/python/?page=1": "/tags/python/",
    "/tags/python/?page=01": "/tags/python/",
    "/tags/python/?page=": "/tags/python/",
    "/tags/python/?utm_source=newsletter&utm_medium=mail": "/tags/python/",
    "/tags/python/?fbclid=1": "/tags/python/",
    "/?page=1": "/",
    "/?utm_source=x": "/",
    "/2009/5/": "/2009/May/",
    "/2009/may/": "/2009/May/",
    "/2009/May/025/": "/2009/May/25/",
    "/2009/05/25/": "/2009/May/25/",
    "/2009/June/1/": "/2009/Jun/1/",
    "/sources/GitHub/": "/sources/github/",
    "/domains/WWW.Example.ORG/": "/domains/example.org/",
    "/domains/example.org./": "/domains/example.org/",
    "/series/SQLite-Inside/": "/series/sqlite-inside/",
    "/search/?q=": "/search/",
    "/search/?utm_source=x": "/search/",
    "/search/?q=&tag=&type=": "/search/",
    "/search/?page=1": "/",
    "/search/?tag=python": "/tags/python/",
    "/search/?tag=scaling&tag=python": "/tags/python+scaling/",
    "/search/?tag=C%2B%2B": "/tags/cplusplus/",
    "/search/?exclude.tag=python": "/tags/-python/",
    "/search/?tag=ruby,python": "/tags/python,ruby/",
    "/search/?type=blogmark": "/links/",
    "/search/?type=entry": "/articles/",
    "/search/?type=quotes": "/quotations/",
    "/search/?type=beat": "/activity/",
    "/search/?source=github": "/sources/github/",
    "/search/?domain=example.org": "/domains/example.org/",
    "/search/?series=sqlite-inside": "/series/sqlite-inside/",
    "/search/?year=2009": "/2009/",
    "/search/?month=5&year=2009": "/2009/May/",
    "/search/?day=25&month=May&year=2009": "/2009/May/25/",
    "/search/?year=2009&tag=python": "/search/?tag=python&year=2009",
    "/search/?month=May&year=2009&tag=python": "/search/?tag=python&year=2009&month=5",
    "/search/?type=blogmark&tag=python": "/search/?tag=python&type=link",
    "/search/?type=link&type=blogmark&tag=python": "/search/?tag=python&type=link",
    "/search/?type=article&type=link&type=quotation&type=note&type=activity": "/search/",
    "/search/?tag=python&year=2009&sort=date": "/search/?tag=python&year=2009",
    "/search/?q=closures&sort=relevance": "/search/?q=closures",
    "/search/?sort=date&q=closures": "/search/?q=closures&sort=date",
    "/search/?q=++closures++blocks+": "/search/?q=closures+blocks",
    "/search/?q=closures&q=closures": "/search/?q=closures",
    "/search/?q=tag:python": "/tags/python/",
    "/search/?q=closures+tag:ruby": "/search/?q=closures&tag=ruby",
    "/search/?tag=ruby&utm_campaign=1&q=closures": "/search/?q=closures&tag=ruby",
    "/tags/?sort=count": "/tags/",
    "/tags/?sort=": "/tags/",
    "/tags/?utm_source=x": "/tags/",
    "/on-this-day/5/25/": "/on-this-day/May/25/",
}

FEED_SPELLINGS = {
    "/tags/scaling+python.atom": "/tags/python+scaling.atom",
    "/tags/scaling+python.json": "/tags/python+scaling.json",
    "/tags/Python.atom?utm_source=x": "/tags/python.atom",
    "/tags/C%2B%2B.atom": "/tags/cplusplus.atom",
    "/search.atom": "/feed.atom",
    "/search.atom?tag=python": "/tags/python.atom",
    "/search.json?type=blogmark": "/links.json",
    "/search.atom?year=2009&tag=python": "/search.atom?tag=python&year=2009",
    "/feed.atom?page=2": "/feed.atom",
    "/2009/5.atom": "/2009/May.atom",
    "/2009/may/25.json": "/2009/May/25.json",
    "/domains/www.example.org.atom": "/domains/example.org.atom",
}


@pytest.mark.parametrize(("spelling", "address"), (SPELLINGS | FEED_SPELLINGS).items())
def test_every_other_spelling_leads_to_the_one_address(
    library: FlaskClient, spelling: str, address: str
) -> None:
    answer = library.get(spelling)
    assert (answer.status_code, answer.location) == (301, address)
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert library.get(address).status_code == 200


@pytest.mark.parametrize(
    "address", ["/tags/python", "/2009", "/2009/May", "/2009/May/25", "/links", "/sources/github"]
)
def test_a_missing_slash_is_put_there(library: FlaskClient, address: str) -> None:
    answer = library.get(f"{address}?page=2")
    assert (answer.status_code, answer.location) == (308, f"http://localhost{address}/?page=2")


@pytest.mark.parametrize(
    "address", sorted({*SPELLINGS.values(), "/tags/%E6%97%A5%E6%9C%AC%E8%AA%9E/"} - {"/on-this-day/May/25/"})
)
def test_the_one_address_is_the_canonical_one(library: FlaskClient, address: str) -> None:
    page = look(library, address)
    assert [one["href"] for one in page.all("link", rel="canonical")] == [f"http://localhost{address}"]


LISTS = {
    "/tags/python+scaling/": ["A queue in Redis", "Sharding at last"],
    "/tags/scaling+-python/": ["On speed", "Caching pages"],
    "/tags/redis,ruby+scaling/": ["On speed", "A queue in Redis"],
    "/tags/cplusplus/": ["Lambdas", "Templates"],
    "/tags/-python/": [
        "No tag at all", "Snow", "Part two", "Part one", "crosstag 0.2", "Lambdas", "On speed", "Blocks", "Caching pages",
    ],
    "/2010/": ["On speed", "Blocks", "Decorators"],
    "/2010/Feb/": ["On speed", "Blocks"],
    "/2012/Feb/29/": ["Lambdas"],
    "/sources/github/": ["crosstag 0.2", "crosstag 0.1"],
    "/domains/example.org/": ["A queue in Redis", "Sharding at last"],
    "/quotations/": ["On speed"],
    "/search/?tag=python&type=article": ["Decorators"],
    "/search/?type=note&type=quotation": ["No tag at all", "Snow", "Lambdas", "Templates", "On speed"],
    "/search/?from=2010-02-01&to=2011-12-31": ["Templates", "On speed", "Blocks"],
    "/search/?series=sqlite-inside&year=2014": ["Part two", "Part one"],
    "/search/?q=closures": ["Blocks"],
}  # fmt: skip


@pytest.mark.parametrize(("address", "listed"), LISTS.items())
def test_a_page_lists_what_its_filter_says_newest_first(
    library: FlaskClient, address: str, listed: list[str]
) -> None:
    page = look(library, address)
    # An activity's heading begins with its source.
    assert [one.removeprefix("Github ") for one in titles(page)] == listed
    assert total(page) == len(listed)


def test_titles_speak_of_tags_by_their_names(library: FlaskClient) -> None:
    assert look(library, "/tags/cplusplus+python/").one("h1").text() == "Posts tagged C++, python"
    assert look(library, "/sources/github/").one("h1").text() == "Posts from Github"
    page = look(library, "/search/?tag=cplusplus&type=note&year=2011")
    assert page.one("h1").text() == "Notes tagged C++, in 2011"
    assert [one.all("span")[0].text() for one in page.all("li", cls="chip")] == ["notes", "C++", "in 2011"]


CHIPS = {
    "/": {},
    "/tags/python/": {"python": "/"},
    "/tags/python+scaling/": {"python": "/tags/scaling/", "scaling": "/tags/python/"},
    "/tags/cplusplus+-ruby/": {"C++": "/tags/-ruby/", "not ruby": "/tags/cplusplus/"},
    "/tags/python,ruby+scaling/": {"scaling": "/tags/python,ruby/", "python or ruby": "/tags/scaling/"},
    "/links/": {"links": "/"},
    "/search/?type=link&type=note": {"links": "/notes/", "notes": "/links/"},
    "/search/?q=pages&tag=cache&sort=date": {"“pages”": "/tags/cache/", "cache": "/search/?q=pages&sort=date"},
    "/search/?tag=release&source=github&year=2013": {
        "release": "/search/?source=github&year=2013",
        "from Github": "/search/?tag=release&year=2013",
        "in 2013": "/search/?tag=release&source=github",
    },
    "/search/?domain=example.org&series=sqlite-inside": {"example.org": "/series/sqlite-inside/", "Sqlite inside": "/domains/example.org/"},
    "/search/?tag=python&from=2009-01-01": {"python": "/search/?from=2009-01-01", "since 1 January 2009": "/tags/python/"},
}  # fmt: skip


@pytest.mark.parametrize(("address", "expected"), CHIPS.items())
def test_a_chip_takes_one_term_out(library: FlaskClient, address: str, expected: dict[str, str]) -> None:
    chips = look(library, address).all("li", cls="chip")
    assert {chip.all("span")[0].text(): chip.one("a", cls="out")["href"] for chip in chips} == expected


TURNS = {
    "/tags/python/": [["not python"]],
    "/tags/python+scaling/": [["not python", "python or scaling"], ["not scaling", "python or scaling"]],
    "/tags/cplusplus+-ruby/": [["not C++"], []],
    "/tags/python,ruby+scaling/": [
        ["not scaling", "python or ruby or scaling"],
        ["not python, not ruby", "python alone", "ruby alone"],
    ],
    "/links/": [[]],
}


@pytest.mark.parametrize(("address", "expected"), TURNS.items())
def test_a_chip_opens_on_what_else_it_could_say_and_find(
    library: FlaskClient, address: str, expected: list[list[str]]
) -> None:
    chips = look(library, address).all("li", cls="chip")
    offered = [[link.text() for menu in chip.all(cls="turns") for link in menu.all("a")] for chip in chips]
    assert [[label.rpartition(" ")[0] for label in labels] for labels in offered] == expected


def test_a_kind_can_be_left_out(library: FlaskClient) -> None:
    types = look(library, "/tags/scaling/").one("aside").all("section")[0]
    assert [(one["href"], one["title"]) for one in types.all("a", cls="leave")][:1] == [
        (
            "/search/?tag=scaling&type=article&type=quotation",
            "Leave out links, leaves 2",
        )
    ]


# The histogram: address, unit, its bars that lead somewhere (chosen ones marked), the way back.
HISTOGRAMS = {
    "/tags/python/": ("years", {"2009": 2, "2010": 1, "2011": 1, "2012": 1}, ""),
    "/search/?tag=python&year=2009": ("months", {"May 2009": 2}, "/tags/python/"),
    "/search/?tag=scaling&year=2009&month=5": ("months", {"May 2009*": 2, "June 2009": 1}, "/tags/scaling/"),
    "/search/?tag=scaling&from=2010-01-01": ("years", {"2009": 3, "2010*": 1}, "/tags/scaling/"),
    "/search/?tag=scaling&year=2014": ("years", {"2009": 3, "2010": 1}, "/tags/scaling/"),
}


@pytest.mark.parametrize(("address", "expected"), HISTOGRAMS.items())
def test_the_histogram_shows_years_or_the_months_of_one_and_leads_there(
    library: FlaskClient, address: str, expected: tuple[str, dict[str, int], str]
) -> None:
    chart = look(library, address).one("div", cls="histogram")
    bars = {}
    for row in chart.all("tr"):
        label = row.one("th").all("span")[0].text()
        for bar in row.all("a"):
            bars[label + ("*" if bar.get("aria-current") else "")] = int(bar.one(cls="count").text())
    assert (
        next(iter(chart.classes - {"histogram"})),
        bars,
        "".join(one.one("a")["href"] for one in chart.all("p") if one.all("a")),
    ) == expected


def test_what_lies_in_one_month_has_no_histogram(library: FlaskClient) -> None:
    assert look(library, "/tags/redis/").all("div", cls="histogram") == []


# Pages.


@pytest.fixture
def many(make_blog: Callable[..., Blog]) -> FlaskClient:
    blog = make_blog("sqlite", page_size=2)
    for number in range(1, 18):
        blog.write(f"Entry {number}", "all odd" if number % 2 else "all", day=f"2009-05-{number:02}")
    return blog.client()


def test_pages_hold_every_entry_once_and_lead_to_each_other(many: FlaskClient) -> None:
    seen: list[str] = []
    address = "/tags/all/"
    while address:
        page = look(many, address)
        seen += titles(page)
        onward = page.all("a", rel="next")
        address = onward[0]["href"] if onward else ""
    assert seen == [f"Entry {number}" for number in range(17, 0, -1)]


PAGES = {
    "/tags/all/": ("", "?page=2", "1 2 3 … 9"),
    "/tags/all/?page=2": ("", "?page=3", "1 2 3 4 … 9"),
    "/tags/all/?page=5": ("?page=4", "?page=6", "1 2 3 4 5 6 7 8 9"),
    "/tags/all/?page=9": ("?page=8", "", "1 … 7 8 9"),
}


@pytest.mark.parametrize(("address", "expected"), PAGES.items())
def test_a_page_names_its_neighbours(many: FlaskClient, address: str, expected: tuple[str, str, str]) -> None:
    nav = look(many, address).one("nav", cls="pagination")
    previous, following = ("".join(one["href"] for one in nav.all("a", rel=rel)) for rel in ("prev", "next"))
    numbers = [one.text().removeprefix("Page ") for one in nav.all("li") if "step" not in one.classes]
    base = "/tags/all/"
    here = "" if address == base else base
    assert (previous, following) == (
        base + expected[0] if expected[0] else (base if address.endswith("=2") else ""),
        base + expected[1] if expected[1] else "",
    ), here
    assert " ".join(numbers) == expected[2]
    assert len(nav.all("a", aria_current="page")) == 1


def test_what_fits_on_one_page_has_no_page_links(many: FlaskClient) -> None:
    assert look(many, "/2009/May/3/").all("nav", cls="pagination") == []


LIMITS = {
    "0": 400,
    "-1": 400,
    "abc": 400,
    "1.5": 400,
    "²": 400,
    "1e3": 400,
    "9" * 30: 400,
    "99999999": 404,
    "10": 404,
}


@pytest.mark.parametrize("address", ["/?", "/tags/all/?", "/2009/?", "/search/?q=entry&"])
def test_pages_that_are_none_are_refused(many: FlaskClient, address: str) -> None:
    for number, status in LIMITS.items():
        page = look(many, f"{address}page={number}", status)
        assert page.one(cls="status").text() == str(status)
        assert page.one("p", cls="about").text().endswith(".")


def test_an_empty_blog_has_a_first_page_and_no_second(make_blog: Callable[..., Blog]) -> None:
    client = make_blog("sqlite").client()
    assert look(client, "/").all("article") == []
    assert client.get("/?page=2").status_code == 404
    for address in ("/links/", "/2009/", "/tags/", "/archive/", "/search/", "/search/?q=word", "/on-this-day/", "/sitemap.xml",
                    "/sitemap-tags.xml", "/feed.atom", "/feed.json", "/sources/", "/domains/", "/series/"):  # fmt: skip
        assert client.get(address).status_code == 200, address
    assert client.get("/random/").status_code == 404
