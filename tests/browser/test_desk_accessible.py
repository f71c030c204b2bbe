"""axe-core and the Nu HTML checker find nothing on the author's pages either: all that links lead to."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit

import pytest
from authoring import Author, browsing, serving
from test_accessible import RUN
from test_valid_html import complaints

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import ViewportSize

pytestmark = pytest.mark.browser
LOOKS: tuple[tuple[Literal["light", "dark"], ViewportSize], ...] = (
    ("light", {"width": 1280, "height": 900}),
    ("dark", {"width": 360, "height": 740}),
)
HREF = re.compile(r'<a\b[^>]*?\shref="([^"#]+)')
# Of a hundred entries, tags or sources one stands for all: they differ by number, slug or query only.
SAME = re.compile(r"(?<=/admin/)([\w-]+)/[^/]+")


def shape_of(path: str) -> str:
    return SAME.sub(r"\1/*", path)


def pages_of(author: Author) -> dict[str, str]:
    """The author's pages, as served, by their addresses: one of each shape."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = ["/admin/"]
    while waiting:
        path = waiting.pop(0)
        if (shape := shape_of(path)) in seen:
            continue
        seen.add(shape)
        answer = author.context.request.get(path, max_redirects=0)
        if not answer.headers.get("content-type", "").startswith("text/html") or answer.status != 200:
            continue
        found[path] = answer.text()
        links = (urlsplit(urljoin(author.server.base + path, one)) for one in HREF.findall(found[path]))
        waiting += [one.path for one in links if one.path.startswith("/admin/")]
    return found


def test_nothing_keeps_an_author_out(tmp_path: Path, axe: str, npm_packages: Path) -> None:
    with browsing() as browser, serving(tmp_path / "data", "--demo") as server:
        author = Author(browser, server)
        author.arrive()
        pages = pages_of(author)
        assert len(pages) > 20, sorted(pages)
        files = []
        for path, html in pages.items():
            files.append(tmp_path / f"{path.strip('/').replace('/', '-')}.html")
            files[-1].write_text(html, encoding="utf-8")
        assert complaints(npm_packages, files) == []

        found: list[str] = []
        for path in pages:
            author.page.goto(path)
            for scheme, size in LOOKS:
                author.page.emulate_media(color_scheme=scheme)
                author.page.set_viewport_size(size)
                # Past the policy of the page, as an extension of the browser would be.
                author.page.evaluate(f"{axe}; 0")
                told = json.loads(author.page.evaluate(RUN))
                nodes = [(rule, node) for rule in told for node in rule["nodes"]]
                found += [
                    f"{path}: {rule['id']}: {node['html'][:120]} ({node['failureSummary'][:160]})"
                    for rule, node in nodes
                ]
                wide = author.page.evaluate("document.scrollingElement.scrollWidth > innerWidth")
                found += [f"{path} scrolls sideways"] if wide else []
        assert found == []
        assert author.complaints == []
