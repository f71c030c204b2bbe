"""Reading a page as a browser would, and complaining where a browser would not.

``read`` makes a small tree of the HTML and fails on elements that are not closed in their
order: what hostile text breaks, it breaks there first.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

_VOID: Final = {"meta", "link", "input", "br", "hr", "img", "source", "wbr", "area", "col"}
_SELF_CLOSING: Final = {"circle", "path", "rect", "line", "polyline", "polygon", "use"}
_COUNTED: Final = re.compile(r"([\d,]+) entr(?:y|ies)")
_LEADS_TO: Final = re.compile(r"(?:Leave out .*, leaves )?([\d,]+)(?: entr(?:y|ies))?")


class Element:
    """An element of a page, with its attributes, its elements and its text."""

    def __init__(self, name: str, attributes: dict[str, str], parent: Element | None) -> None:
        self.name = name
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element | str] = []

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]

    def get(self, attribute: str) -> str:
        return self.attributes.get(attribute, "")

    @property
    def classes(self) -> set[str]:
        return set(self.get("class").split())

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, name: str = "", cls: str = "", **attributes: str) -> list[Element]:
        """Every element within with this name, class and attributes, in the order of the page."""
        return [
            one
            for one in self.walk()
            if (not name or one.name == name)
            and (not cls or cls in one.classes)
            and all(one.get(key.replace("_", "-")) == value for key, value in attributes.items())
        ]

    def one(self, name: str = "", cls: str = "", **attributes: str) -> Element:
        found = self.all(name, cls, **attributes)
        assert len(found) == 1, f"{len(found)} of {name}.{cls} {attributes}"
        return found[0]

    def text(self) -> str:
        """The text as read aloud: white space is one space."""
        return " ".join("".join(self._strings()).split())

    def _strings(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._strings()

    def links(self) -> list[str]:
        return [one["href"] for one in self.all("a") if one.get("href")]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = self.here = Element("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(element)
        if tag not in _VOID:
            self.here = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _VOID | _SELF_CLOSING, f"<{tag}/> is not closed in HTML"
        self.here.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.here))

    def handle_endtag(self, tag: str) -> None:
        assert self.here.name == tag, f"</{tag}> closes <{self.here.name}>, line {self.getpos()[0]}"
        assert self.here.parent is not None
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


def parse(html: str) -> Element:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.here is reader.top, f"<{reader.here.name}> is never closed"
    return reader.top


def read(response: TestResponse, status: int = 200) -> Element:
    """Return the page of a response that is to have this status."""
    assert response.status_code == status, f"{response.request.path}: {response.status} {response.location}"
    assert response.content_type == "text/html; charset=utf-8"
    page = parse(response.get_data(as_text=True))
    assert len(page.all("h1")) == 1
    ids = [one["id"] for one in page.walk() if one.get("id")]
    assert len(ids) == len(set(ids)), f"an id is on the page twice: {sorted(ids)}"
    return page


def look(client: FlaskClient, address: str, status: int = 200) -> Element:
    return read(client.get(address), status)


def titles(page: Element) -> list[str]:
    """The headings of the entries in a list, in its order."""
    return [
        one.all("h2")[0].text() if one.all("h2") else one.all("h3")[0].text() for one in page.all("article")
    ]


def total(page: Element) -> int:
    """How many entries the page says there are."""
    found = _COUNTED.search(page.one(cls="facts").text())
    assert found, page.one(cls="facts").text()
    return int(found.group(1).replace(",", ""))


def foreign_scripts(page: Element) -> list[Element]:
    """The scripts that are not ours: the one for the keyboard, and data for search engines that is none."""
    ours = [one for one in page.all("script") if one.get("src").startswith("/static/keys.js")]
    data = [one for one in page.all("script") if one.get("type") == "application/ld+json"]
    return [one for one in page.all("script") if one not in ours and one not in data]


def promises(page: Element) -> dict[str, int]:
    """Every address that the page gives a count for, with the count."""
    found: dict[str, int] = {}
    for link in page.one(cls="page").all("a"):
        count = _promised(link)
        if count is not None:
            assert found.setdefault(link["href"], count) == count, f"two counts for {link['href']}"
    return found


def _promised(link: Element) -> int | None:
    """The count in a facet, in the words of a calendar's day or of "leave out", or in a sentence."""
    counts = link.all(cls="count")
    if counts:
        return int(re.sub(r"\D", "", counts[0].text()))
    words = _LEADS_TO.fullmatch(link.get("title")) or _COUNTED.fullmatch(link.text())
    return int(words.group(1).replace(",", "")) if words else None
