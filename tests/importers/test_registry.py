"""Formats are told by their bytes, and packages can add theirs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from blog.domain.errors import BadImport
from importers import registry
from importers.material import Material

if TYPE_CHECKING:
    from pathlib import Path

RSS = b"<rss version='2.0'><channel><title>T</title></channel></rss>"

PLUGIN = """
from importers.registry import Importer

star = Importer("stars", "a list of stars", lambda m: True, lambda m: iter(()), lambda m: 0)
not_one = "a string"
"""


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (RSS, "feed"),
        (b"\xef\xbb\xbf\n  <?xml version='1.0'?>\n<!-- hello <feed> -->\n" + RSS, "feed"),
        (b"<!DOCTYPE rss [<!ENTITY a '>'> <!-- ]> --> ]>" + RSS, "feed"),
        (RSS.decode().encode("utf-16"), "feed"),
        (RSS.decode().encode("utf-16-be"), "feed"),
        (b"<rss xmlns:wp='http://wordpress.org/export/1.2/'><channel/></rss>", "wordpress"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'/>", "feed"),
        (b"<atom:feed xmlns:atom='http://www.w3.org/2005/Atom'/>", "feed"),
        (b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>", "feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "json-feed"),
        (b"<?xml version='1.0'?><!-- <rss> --><!DOCTYPE opml><OPML version='1.0'/>", "opml"),
        (b"---\ntitle: Hello\n---\nText", "markdown"),
        (b"\xef\xbb\xbf+++\r\ntitle = 'Hello'\r\n+++\r\nText", "markdown"),
    ],
)
def test_a_single_file_is_told_by_its_bytes(data: bytes, name: str) -> None:
    assert registry.detect(Material.of_bytes(data, "export.bin")).name == name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0",
        b"<html><body>404 <feed> not found</body></html>",
        b"<!-- never closed <rss>",
        b"<!DOCTYPE rss [ never closed <rss>",
        b"<rssx/>",
        b"----\ntitle",
        b'{"version": "https://example.org/version/1.1"}',
    ],
)
def test_what_is_in_no_known_format_is_refused_naming_the_known_ones(data: bytes) -> None:
    with pytest.raises(
        BadImport, match=r"x is in no format known here.*RSS or Atom.*bookmarks.*Markdown files"
    ):
        registry.detect(Material.of_bytes(data, "x"))


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"a/2009.md": "---\ntitle: A\n---\n", "README.md": "hello"}, "markdown"),
        ({"2009-05-25-uuid.md": "no front matter", "style.css": ""}, "markdown"),
        (
            {"blog_note.metadata.json": '{"columns": ["id"]}', "blog_note.ndjson": "[1]", "README.md": "---"},
            "backup",
        ),
        ({"x/blog_tag.metadata.json": "{}", "x/blog_tag.ndjson": "", "README.md": "hello"}, None),
        ({"blog_note.metadata.json": "broken", "blog_note.ndjson": "[1]"}, None),
        ({"blog_note.metadata.json": '{"columns": ["id"]}'}, None),
        ({"feed.xml": RSS.decode(), "other.txt": ""}, None),
        ({"README.md": "hello", "notes.txt": "---\n"}, None),
    ],
)
def test_a_folder_is_told_by_what_is_in_it(tmp_path: Path, files: dict[str, str], name: str | None) -> None:
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    material = Material.of_path(tmp_path)
    found = next((importer.name for importer in registry.IMPORTERS if importer.detect(material)), None)
    assert found == name


def test_an_importer_is_found_by_its_name() -> None:
    assert registry.by_name("feed") is registry.IMPORTERS[1]
    with pytest.raises(BadImport, match=r"no importer called “fed”; there are backup; feed; .*; markdown"):
        registry.by_name("fed")


def install(folder: Path, entry_point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package the way pip leaves it: a module beside its metadata."""
    (folder / "starlist.py").write_text(PLUGIN)
    metadata = folder / "starlist-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: starlist\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[crosstag.importers]\nstars = {entry_point}\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "starlist", raising=False)


def test_an_installed_importer_is_asked_before_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "starlist:star", monkeypatch)
    assert [importer.name for importer in registry.importers()][:2] == ["stars", "backup"]
    assert registry.detect(Material.of_bytes(RSS, "x")).title == "a list of stars"


@pytest.mark.parametrize(
    ("entry_point", "sentence"),
    [
        ("starlist:not_one", "“stars” .* is not an Importer"),
        ("starlist:gone", "“stars” .* does not load"),
        ("nowhere:star", "“stars” .* does not load"),
    ],
)
def test_an_installed_importer_that_is_broken_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry_point: str, sentence: str
) -> None:
    install(tmp_path, entry_point, monkeypatch)
    with pytest.raises(BadImport, match=sentence):
        registry.importers()
