"""Reading feeds as a subscriber does: from the feed back through its archives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from xml.etree import ElementTree

from atomcheck import ATOM, faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

HISTORY: Final = "{http://purl.org/syndication/history/1.0}"
TOMBSTONES: Final = "{http://purl.org/atompub/tombstones/1.0}"
FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Document:
    """One Atom document: where it was found, what it links to by relation, and what is in it."""

    address: str
    links: dict[str, str]
    is_archive: bool
    cached: str
    ids: list[str]
    titles: list[str]
    gone: list[str]
    body: bytes


def fetch(client: FlaskClient, address: str) -> Document:
    """Get a document, wherever it leads, and complain if it is not a valid one that says where it is."""
    answer = client.get(address, follow_redirects=True)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml"), address
    found_faults = faults(answer.data)
    assert found_faults == []
    feed = ElementTree.fromstring(answer.data)
    links = {link.get("rel", "alternate"): local(link.get("href", "")) for link in feed.findall(f"{ATOM}link")}
    found = Document(
        local(answer.request.url),
        links,
        feed.find(f"{HISTORY}archive") is not None,
        answer.headers["Cache-Control"],
        [one.text or "" for one in feed.iterfind(f"{ATOM}entry/{ATOM}id")],
        [one.text or "" for one in feed.iterfind(f"{ATOM}entry/{ATOM}title")],
        [one.get("ref", "") for one in feed.iterfind(f"{TOMBSTONES}deleted-entry")],
        answer.data,
    )
    assert links["self"] == found.address
    return found


def local(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def walk(client: FlaskClient, address: str, between: Callable[[], object] = lambda: None) -> list[Document]:
    """Follow a feed back through all of its archives; ``between`` happens before each of them."""
    found = [fetch(client, address)]
    while "prev-archive" in found[-1].links:
        between()
        found.append(fetch(client, found[-1].links["prev-archive"]))
        assert found[-1].is_archive
        assert found[-1].cached == FOR_EVER
        assert found[-1].links["current"] == found[0].address
        assert len(found) < 1_000
    return found
