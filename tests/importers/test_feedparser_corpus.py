"""Every file of feedparser's own tests, hostile ones above all: nothing crashes, and nothing runs.

The files are not ours and not here. ``FEEDPARSER_TESTS=DIR`` names the folder ``tests`` of feedparser's
source (github.com/kurtmckee/feedparser); without it this is skipped. What was found to be wrong by it is
in test_feed_importer.py, in our own words.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from blog.changes.imports import ImportLedger
from blog.domain.entry import Draft, Rejected
from blog.domain.errors import BadImport
from blog.models import Entry, Tag
from importers import feed
from importers.feed_document import read_document
from importers.material import Material
from importers.pipeline import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from flask.testing import FlaskClient

    from blog.domain.entry import Item

FOLDER: Final = os.environ.get("FEEDPARSER_TESTS", "")
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
ADDRESSES: Final = frozenset("href src srcset cite poster action formaction background data".split())
SCHEME: Final = re.compile(r"\s*(?:javascript|vbscript|livescript|data)\s*:", re.IGNORECASE)
NEVER: Final = frozenset(
    "script style iframe object embed applet meta link base form input button svg math template frame".split()
)

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="FEEDPARSER_TESTS does not say where the files of feedparser's tests are"
)


class Dangers(HTMLParser):
    """Collects what may not be in stored HTML, as another parser than the one that cleaned it sees it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in NEVER:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name == "style" or (name in ADDRESSES and is_script(value or "")):
                self.found.append(f"{tag} {name}={value}")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}>")


def is_script(address: str) -> bool:
    """Whether a browser, which skips control characters in a scheme, would run it or take it for a page."""
    bare = re.sub(r"[\x00-\x20\x7f]+", "", address)
    return bool(SCHEME.match(bare) or SCHEME.match(unquote(bare)))


def dangers_in(html: str) -> list[str]:
    parser = Dangers()
    parser.feed(html)
    parser.close()
    return parser.found


def files() -> list[Path]:
    return sorted(
        path for path in Path(FOLDER).rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
    )


def items_of(number: int, path: Path, folder: Path) -> Iterator[Item]:
    """What the importer makes of a file; what has no date, which is most of them, is given one of its own."""
    name = path.relative_to(folder).as_posix()
    data = path.read_bytes()
    try:
        list(feed.parse(Material.of_bytes(data, f"https://feeds.example/{name}")))
        document = read_document(data)
        dated = replace(document, updated=document.updated or NOW - timedelta(hours=8 * number))
        for item in feed.read_items(dated, now=NOW, address=f"https://feeds.example/{name}"):
            if isinstance(item, Draft):
                yield replace(item, external_id=f"{name} {item.external_id}")
            else:
                yield item
    except BadImport as error:
        yield Rejected(external_id=name, reason=error.sentence)


def test_nothing_of_it_crashes_and_nothing_that_is_stored_runs(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog(base_url="https://blog.example", feed_size=200)
    folder = Path(FOLDER)
    found = files()
    assert len(found) > 1_000
    report = run(
        (item for number, path in enumerate(found) for item in items_of(number, path, folder)),
        ImportLedger(blog.services),
    )
    with blog.services.sessions.read() as session:
        entries = [dict(row._mapping) for row in session.execute(select(*Entry.__table__.columns))]
        tags = [dict(row._mapping) for row in session.execute(select(*Tag.__table__.columns))]
    # Half of the files are about what stands outside of any item.
    assert len(entries) > len(found) / 3, report
    assert [fault for row in (*entries, *tags) for fault in faults_of(row)] == []
    months = sorted({(row["day"].year, row["day"].month) for row in entries})
    assert [fault for year, month in months for fault in faults_of_feeds(blog.client(), year, month)] == []


def faults_of(row: dict[str, Any]) -> Iterator[str]:
    called = row.get("external_id") or row["slug"]
    for name, value in row.items():
        if isinstance(value, str) and CONTROL.search(value):
            yield f"{called}: a control character in {name}: {value[:80]!r}"
        if (
            isinstance(value, str)
            and name.endswith("url")
            and value
            and not value.lower().startswith(("http://", "https://", "/"))
        ):
            yield f"{called}: {name} is {value[:80]!r}"
        if isinstance(value, str) and name.endswith("html"):
            yield from (f"{called}: {name} has {danger}" for danger in dangers_in(value))


def faults_of_feeds(client: FlaskClient, year: int, month: int) -> Iterator[str]:
    """What is wrong with a month in both forms of feed: neither can be read by another, or something runs."""
    atom, other = (client.get(f"/{year}/{month}.{form}", follow_redirects=True) for form in ("atom", "json"))
    root = ElementTree.fromstring(atom.data)
    said = [entry["content_html"] for entry in json.loads(other.text)["items"]]
    said += [content.text or "" for content in root.iter("{http://www.w3.org/2005/Atom}content")]
    if not said:
        yield f"{year}-{month}: nothing in the feeds"
    for html in said:
        yield from (f"{year}-{month}: {danger}" for danger in dangers_in(html))
