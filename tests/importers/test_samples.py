"""Real files, one of each format: they are told, and as much is read of each as was counted in it by hand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from blog.domain.entry import Draft, LeftOut, Rejected, SourceDraft
from importers import registry
from importers.material import Material

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"

COUNTS: dict[str, tuple[str, dict[type, int]]] = {
    "netscape-firefox.html": ("netscape", {Draft: 21, Rejected: 3}),  # three are queries, "place:"
    "netscape-delicious.html": ("netscape", {Draft: 5}),
    "netscape-linkding.html": ("netscape", {Draft: 3}),
    "shaarli.html": ("netscape", {Draft: 2}),
    "pinboard.json": ("pinboard", {Draft: 3}),
    "delicious.json": ("delicious", {Draft: 3}),
    "firefox-backup.json": ("firefox", {Draft: 2}),
    "chrome-bookmarks.json": ("chrome", {Draft: 1}),
    "pocket.csv": ("pocket", {Draft: 7}),
    "pocket.html": ("pocket", {Draft: 2}),
    "instapaper.csv": ("instapaper", {Draft: 4}),
    "omnivore.json": ("omnivore", {Draft: 20}),
    "wallabag-v2.json": ("wallabag", {Draft: 2}),
    "readability.json": ("readability", {Draft: 3}),
    "wordpress-wxr.xml": ("wordpress", {Draft: 8, LeftOut: 8}),  # six pictures, a menu, a style
    "github-starred.json": ("github-stars", {Draft: 1}),
    "h-feed-simple.html": ("microformats", {Draft: 1}),
    "subscriptions.opml": ("opml", {SourceDraft: 206, Rejected: 1}),  # one feed is there twice
    "feed-inessential.json": ("json-feed", {Draft: 20}),
    "feed-daringfireball.atom": ("feed", {Draft: 48}),
    "feed-scriptingnews.rss": ("feed", {Draft: 48, Rejected: 2}),  # two are there twice
}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real files, ../shared/samples, are not there")
@pytest.mark.parametrize("name", COUNTS)
def test_a_real_file_is_read(name: str) -> None:
    material = Material.of_path(SAMPLES / name)
    importer = registry.detect(material)
    first = list(importer.parse(material))
    assert (importer.name, Counter(type(item) for item in first)) == COUNTS[name]
    assert list(importer.parse(material)) == first


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real files, ../shared/samples, are not there")
def test_every_real_file_is_tried() -> None:
    assert {path.name for path in SAMPLES.iterdir()} - {"README.md"} == COUNTS.keys()
